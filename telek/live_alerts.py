"""The desk's topic "alerts" with its rows as html: what the page shows first is what the socket brings later."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.accounts.models import User
from apps.alerts.models import Alert, AlertState, sees_every_alert
from apps.alerts.rows import alert_row, with_people
from apps.alerts.topics import Alerts
from apps.audit import actions as audit
from apps.audit.actions import Fact
from apps.audit.models import Action
from apps.core import clock
from apps.core.topics import Row
from telek.desk_rows import rows_html
from telek.worklist import alert_entries

Viewer = tuple[User, Mapping[str, int]]


class DeskAlerts(Alerts):
    """Rows of apps.alerts, with "html" for those that a client has not in that version."""

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        return self.for_all([(user, {})], key, only)[0]

    def for_all(self, viewers: Sequence[Viewer], key: str, only: list[str] | None) -> list[list[Row]]:
        """The rows of each viewer, who has these versions. They are of one clinic, role and language.

        Three queries whatever the number of rows and viewers; each row that somebody is shown is audited. A row is
        made twice at most: for whoever has the alert, and for all others.
        """
        if not viewers:
            return []
        if len(viewers) > 1 and not all(map(_sees_every_alert, viewers)):  # what they see hangs on each person
            return [self.for_all([viewer], key, only)[0] for viewer in viewers]
        alerts = list(with_people(self.wanted(viewers[0][0], only)))
        rows: list[list[Row]] = [[] for _viewer in viewers]
        news = [alert for alert in alerts if _is_news(alert, viewers)]
        audience = _Audience([user for user, _have in viewers], news)
        shown: list[Fact] = []
        for alert in alerts:
            for place, (user, have) in enumerate(viewers):
                row = audience.row(alert, user)
                if alert.state != AlertState.RESOLVED and have.get(row["id"]) != row["version"]:
                    row = row | {"html": audience.html(alert, user)}
                    shown.append(Fact(Action.READ, user.pk, alert, "live worklist"))
                rows[place].append(row)
        audit.record_together(shown)
        return rows


def _sees_every_alert(viewer: Viewer) -> bool:
    member = viewer[0].membership
    return member is not None and sees_every_alert(member)


def _is_news(alert: Alert, viewers: Sequence[Viewer]) -> bool:
    if alert.state == AlertState.RESOLVED:
        return False
    return any(have.get(str(alert.pk)) != alert.version for _user, have in viewers)


class _Audience:
    """Each row once for its owner and once for everybody else."""

    def __init__(self, users: list[User], news: list[Alert]) -> None:
        self._rows: dict[tuple[Any, bool], Row] = {}
        self._html: dict[tuple[Any, bool], str] = {}
        if news:
            for user in self._kinds(users, news):
                self._render(user, news)

    def _kinds(self, users: list[User], news: list[Alert]) -> list[User]:
        """One user for each way in which the news look: the owners among them, and one who owns none."""
        owners = {alert.owner_id for alert in news if alert.owner_id}
        by_member = {_member(user): user for user in users}
        none = next((user for user in users if _member(user) not in owners), None)
        return [user for member, user in by_member.items() if member in owners] + ([none] if none else [])

    def _render(self, user: User, news: list[Alert]) -> None:
        for entry, alert in zip(alert_entries(news, user, clock.now()), news, strict=True):
            key = _key(alert, user)
            if key not in self._html:
                self._html[key] = rows_html([entry])

    def html(self, alert: Alert, user: User) -> str:
        return self._html[_key(alert, user)]

    def row(self, alert: Alert, user: User) -> Row:
        key = _key(alert, user)
        if key not in self._rows:
            self._rows[key] = alert_row(alert, user)
        return self._rows[key]


def _member(user: User) -> Any:
    return user.membership.pk if user.membership else None


def _key(alert: Alert, user: User) -> tuple[Any, bool]:
    return alert.pk, alert.owner_id is not None and alert.owner_id == _member(user)
