"""What every page of the portal shows beside its own: how many messages wait to be read."""

from functools import partial
from typing import Any

from django.http import HttpRequest

from apps.accounts.permissions import Permission
from apps.messaging.rows import unread_count


def patient(request: HttpRequest) -> dict[str, Any]:
    """`unread_messages`, counted only when a template asks for it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.may(Permission.OWN_RECORD):
        return {}
    return {"unread_messages": partial(unread_count, user)}
