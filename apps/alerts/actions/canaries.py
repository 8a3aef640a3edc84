"""The alerts of the canary end by themselves: they are nobody's, and no others ever do."""

from apps.accounts.models import Clinic
from apps.alerts.models import Alert, AlertState, Audience, Disposition, EventKind
from apps.alerts.standing import keep
from apps.core import clock


def close_canaries(*, clinic: Clinic) -> int:
    """Close what the canary has raised; how many. In the transaction of the next one. Needs the clinic in scope."""
    rows = Alert.objects.unresolved().filter(clinic=clinic, audience=Audience.NOBODY, patient__is_canary=True)
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    for alert in found:
        alert.state, alert.next_step_at, alert.lease_until = AlertState.RESOLVED, None, None
        alert.resolved_at, alert.disposition, alert.quieted_step = clock.now(), Disposition.DONE, alert.step_no
        keep(alert, EventKind.CLOSED)
    return len(found)
