"""Live: "alerts" (the desk's list) and "alert:<id>" (one alert's page), as states with versions.

Rows are data; telek adds their html.
"""

from typing import Any
from uuid import UUID

from apps.accounts.permissions import Permission
from apps.alerts.models import Alert, AlertQuerySet
from apps.alerts.rows import alert_row, with_people
from apps.core.topics import Offer, Row


class Alerts:
    """Every unresolved alert of the clinic; of those asked for by id the resolved ones too, as gone."""

    def may_follow(self, user: Any, key: str) -> bool:
        return bool(user.may(Permission.SEE_DESK)) and not key

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        return [alert_row(alert, user) for alert in with_people(self.wanted(user, only))]

    def wanted(self, user: Any, only: list[str] | None) -> AlertQuerySet:
        """The alerts in the order of the list."""
        visible: AlertQuerySet = Alert.objects.visible_to(user)
        wanted = visible.unresolved() if only is None else visible.filter(pk__in=filter(_is_id, only))
        return wanted.order_by("level", "raised_at", "pk")


class OneAlert:
    """One alert; key: its id."""

    def may_follow(self, user: Any, key: str) -> bool:
        return _is_id(key) and Alert.objects.visible_to(user).filter(pk=key).exists()

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        visible: AlertQuerySet = Alert.objects.visible_to(user)
        return [alert_row(alert, user) for alert in with_people(visible.filter(pk=key))] if _is_id(key) else []


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


OFFER = Offer(states={"alerts": Alerts(), "alert": OneAlert()})
