"""Was anything lost or doubled? Answered from three sources that Telek cannot colour: what the loader was told is
committed, what the provider received, and the tables by SQL. Never from Telek's own logs.
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.chaos.rig import Rig

# A page is over when it went out, was taken back, or ended with the next way on its way.
ENDED = ("sent", "delivered", "cancelled", "dead", "unknown")


@dataclass(frozen=True)
class Finding:
    """One count with what it may be at most."""

    name: str
    value: float
    ceiling: float | None
    n: int
    unit: str = ""


def journal(rig: Rig) -> list[dict[str, Any]]:
    """Every alert of which the loader was told that it is committed."""
    path = rig.folder / "acknowledged.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def judge(rig: Rig) -> list[Finding]:
    """Everything that must be 0, and the repeats, which may be as many as the kills."""
    told = [line["alert"] for line in journal(rig)]
    alerts = {str(row[0]) for row in rig.sql("select id from alerts_alert")}
    rows = rig.sql(
        "select id, state, subject_id, dedupe_key, kind from notifications_delivery where channel <> 'in-app'"
    )
    received = rig.provider.keys()
    sent = {str(row[0]) for row in rows if row[1] in ("sent", "delivered")}
    reached = {str(row[2]) for row in rows if str(row[0]) in received}
    doubled = sum(times - 1 for times in received.values())
    steps = rig.sql("select count(*) - count(distinct (alert_id, cycle, step_no)) from alerts_alertstep")[0][0]
    return [
        Finding("acknowledged alerts that are not there", len(set(told) - alerts), 0, len(told)),
        Finding("alerts of which no page reached the provider", len(alerts - reached), 0, len(alerts)),
        Finding("pages recorded as sent that the provider never saw", len(sent - set(received)), 0, len(sent)),
        Finding(
            "messages at the provider that no row stands for",
            len(set(received) - {str(r[0]) for r in rows}),
            0,
            len(received),
        ),
        Finding("steps made twice", steps, 0, len(alerts)),
        Finding("pages that are stuck", stuck(rig), 0, len(rows)),
        Finding("messages sent again, each under its own key", doubled, rig.kills, sum(received.values())),
    ]


def stuck(rig: Rig) -> int:
    """Rows that wait although their time has come, or are held by nobody alive, by more than three seconds."""
    (count,) = rig.sql(
        """
        select (select count(*) from notifications_delivery
                 where state = 'pending' and not_before < now() - interval '3 s')
             + (select count(*) from notifications_delivery
                 where state in ('leased', 'sending') and lease_until < now() - interval '3 s')
             + (select count(*) from alerts_alert where next_step_at < now() - interval '3 s')
        """
    )[0]
    return int(count)


def first_page_seconds(rig: Rig) -> list[float]:
    """For each acknowledged alert: from the commit to its first page at the provider."""
    rows = rig.sql("select id, subject_id from notifications_delivery")
    alert_of = {str(row[0]): str(row[1]) for row in rows}
    arrived: dict[str, float] = {}
    for line in rig.provider.received():
        arrived.setdefault(alert_of.get(line["key"], ""), line["at"])
    return sorted(arrived[line["alert"]] - line["at"] for line in journal(rig) if line["alert"] in arrived)


def share(values: list[float], part: float) -> float:
    """A percentile of sorted values; 0 without any."""
    return values[min(int(len(values) * part), len(values) - 1)] if values else 0.0


def repeat_lateness(rig: Rig, interval: float) -> list[float]:
    """Of each page but an alert's first: how many seconds after its time it was made (the time of the page before
    plus `interval`)."""
    rows = rig.sql(
        """
        select extract(epoch from fired_at - lag(fired_at) over (partition by alert_id order by step_no))::float
          from alerts_alertstep
        """
    )
    return sorted(max(0.0, row[0] - interval) for row in rows if row[0] is not None)
