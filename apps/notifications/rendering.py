"""The words of a message, from templates/notifications/<template>.txt and .subject.txt. Nothing clinical, ever.

A channel may have words of its own: <template>.voice.txt.
"""

from django.conf import settings
from django.template import Context, Engine
from django.utils import translation

from apps.notifications.keys import one_tap_token
from apps.notifications.models import Delivery, Kind
from apps.notifications.transports import Letter

ACCEPTED_BY_LINK = "alert_page"


def letter_of(delivery: Delivery) -> Letter:
    """The delivery in its recipient's language. Raises TemplateDoesNotExist for a template that nobody wrote."""
    with translation.override(delivery.language):
        words = delivery.context | _one_tap(delivery)
        return Letter(
            key=str(delivery.pk),
            channel=delivery.channel,
            address=delivery.address,
            subject=" ".join(_render([f"{delivery.template}.subject"], words).split()),
            body=_render([f"{delivery.template}.{delivery.channel}", delivery.template], words),
            link=_absolute(str(words.get("accept") or words.get("link", ""))),
            token=one_tap_token(delivery.pk),
            urgent=delivery.kind in (Kind.ALERT, Kind.CANARY),
            clinic_id=delivery.clinic_id,
            calendar=str(delivery.context.get("calendar", "")),
        )


def _one_tap(delivery: Delivery) -> dict[str, str]:
    """The link with which a page is accepted, for a person of the clinic (the fallback contact is none)."""
    if delivery.template != ACCEPTED_BY_LINK or delivery.recipient_id == delivery.clinic_id:
        return {}
    return {"accept": f"{settings.PUBLIC_URL}/p/{one_tap_token(delivery.pk)}/"}


def _render(names: list[str], words: dict[str, str]) -> str:
    """Plain text of the first template that exists: no escaping. A link that is a path becomes an address of this installation."""
    absolute = _absolute(str(words.get("link", "")))
    template = Engine.get_default().select_template([f"notifications/{name}.txt" for name in names])
    return template.render(Context({**words, "link": absolute}, autoescape=False)).strip()


def _absolute(link: str) -> str:
    return f"{settings.PUBLIC_URL}{link}" if link.startswith("/") else link
