"""The desk's topic "alerts" with its rows as html: what the page shows first is what the socket brings later."""

from typing import Any

from apps.alerts.models import Alert, AlertState
from apps.alerts.rows import with_people
from apps.alerts.topics import Alerts
from apps.audit import actions as audit
from apps.core import clock
from apps.core.topics import Row
from telek.desk_rows import rows_html
from telek.worklist import alert_entries


class DeskAlerts(Alerts):
    """Rows of apps.alerts; `dress` adds "html" to those that the client has not in that version."""

    def dress(self, user: Any, key: str, rows: list[Row]) -> list[Row]:
        """Three queries whatever the number of rows; every row that is shown is audited."""
        wanted = Alert.objects.visible_to(user).filter(pk__in=[row["id"] for row in rows])
        alerts = list(with_people(wanted.exclude(state=AlertState.RESOLVED)))
        if not alerts:
            return rows
        html = {e.alert["id"]: rows_html([e]) for e in alert_entries(alerts, user, clock.now()) if e.alert}
        audit.record_seen(alerts, actor_id=user.pk, detail="live worklist")
        return [row | {"html": html[row["id"]]} if row["id"] in html else row for row in rows]
