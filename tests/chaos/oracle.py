"""Was anything lost or doubled? Answered from three sources that Telek cannot colour: what the loader was told is
committed, what the provider received, and the tables by SQL. Never from Telek's own logs.
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.chaos.rig import Rig


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


def judge(rig: Rig, waiting: int | None = None) -> list[Finding]:
    """Everything that must be 0, and the repeats, which may be as many as the kills.

    waiting: `stuck` as it was before the processes were ended; else it is counted now.
    """
    return [*answers(rig), *pages(rig, stuck(rig) if waiting is None else waiting)]


def answers(rig: Rig) -> list[Finding]:
    """An unsafe answer and its alert are one: both are there, or neither."""
    told = journal(rig)
    stored = {str(row[0]) for row in rig.sql("select id from monitoring_itemanswer")}
    raised = {str(row[0]) for row in rig.sql("select id from alerts_alert")}
    bare = rig.sql(
        "select count(*) from monitoring_itemanswer a where a.link_id = 'q9' and a.value > 0 and not exists"
        " (select from alerts_alertoccurrence o where o.source_id = a.id)"
    )[0][0]
    orphans = rig.sql(
        "select count(*) from alerts_alertoccurrence o where o.source_kind = 'item-answer' and not exists"
        " (select from monitoring_itemanswer a where a.id = o.source_id)"
    )[0][0]
    return [
        Finding(
            "acknowledged answers that are not there", len({line["answer"] for line in told} - stored), 0, len(told)
        ),
        Finding("acknowledged alerts that are not there", len({line["alert"] for line in told} - raised), 0, len(told)),
        Finding("unsafe answers without an alert", bare, 0, len(stored)),
        Finding("alerts without their answer", orphans, 0, len(raised)),
    ]


def pages(rig: Rig, waiting: int) -> list[Finding]:
    """Every alert has been paged; nothing is lost, stuck or made twice; repeats are at most as many as the kills."""
    alerts = {str(row[0]) for row in rig.sql("select id from alerts_alert where not synthetic")}
    rows = rig.sql(
        "select id, state, subject_id, kind from notifications_delivery where channel <> 'in-app' and kind <> '6-canary'"
    )
    received = rig.provider.keys()
    sent = {str(row[0]) for row in rows if row[1] in ("sent", "delivered")}
    reached = {str(row[2]) for row in rows if str(row[0]) in received}
    dead = sum(row[1] == "dead" for row in rows)
    strange = set(received) - {str(row[0]) for row in rows}
    doubled = sum(times - 1 for times in received.values())
    steps = rig.sql("select count(*) - count(distinct (alert_id, cycle, step_no)) from alerts_alertstep")[0][0]
    return [
        Finding("alerts of which no page reached the provider", len(alerts - reached), 0, len(alerts)),
        Finding("pages recorded as sent that the provider never saw", len(sent - set(received)), 0, len(sent)),
        Finding("messages at the provider that no row stands for", len(strange), 0, len(received)),
        Finding("dead pages, with a provider that works", dead, 0, len(rows)),
        Finding("steps made twice", steps, 0, len(alerts)),
        Finding("pages that are stuck", waiting, 0, len(rows)),
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
