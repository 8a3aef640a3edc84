"""Every window on purpose, with real processes: each named place x death, error, stall past the lease, cut connection.

In each cell a victim works on fresh alerts under that fault, then sound processes do what is left, and the oracle counts.
Lost, stuck and doubled must be 0 in every cell; a letter may come again, under its key, only where the victim had it on
the wire.
"""

import argparse
import sys
from collections import Counter

from tests.chaos import oracle
from tests.chaos.rig import Child, Rig, running_rig

ANSWERS = ["answer.before-insert", "answer.after-insert", "answer.before-commit"]
RAISING = ["alert.before-insert", "alert.before-commit", "queue.after-insert"]
ENGINE = ["step.after-claim", "step.before-insert", "step.after-insert", "step.before-commit", "step.after-commit"]
SENDER = ["send.after-lease", "send.after-asking", "send.before-wire", "send.after-wire", "send.after-record"]
TROUBLE = ["send.after-retry", "send.before-death", "sweep.after-free", "sweep.before-commit"]
CYCLE = ["cycle.before-count", "cycle.before-beat", "canary.before-commit"]
TAKING = ["ack.before-commit", "accept.before-commit"]
PLACES = [*ANSWERS, *RAISING, *ENGINE, *SENDER, *TROUBLE, *CYCLE, *TAKING]
FAULTS = ["exit", "raise", "sleep:5", "drop"]  # a row on the wire is held for 4.5 s here
MODES = {"send.after-retry": "sms=500", "send.before-death": "sms=422"}
ON_THE_WIRE = {"send.before-wire", "send.after-wire", "send.after-record"}
TABLES = "alerts_alertoccurrence alerts_alertstep alerts_alertevent alerts_alert notifications_delivery"
LETTERS_IN_HAND = 8  # four lanes, two channels
VICTIM_SECONDS = 2.0
PATIENCE_SECONDS = 90.0  # a process needs ten seconds to start where the machine has other work


def run(options: argparse.Namespace) -> list[oracle.Finding]:
    """The sum over all cells, each finding once, and how many cells there were."""
    sums: Counter[str] = Counter()
    shape: dict[str, oracle.Finding] = {}
    cells = [(place, fault) for place in PLACES for fault in FAULTS if is_wanted(f"{place}={fault}", options.only)]
    with running_rig(TELEK_TIME_SCALE="20") as rig:
        for place, fault in cells:
            for finding in cell(rig, place, fault, options.sweep):
                shape[finding.name] = finding
                sums[finding.name] += int(finding.value)
                if finding.ceiling is not None and finding.value > finding.ceiling:
                    print(f"{place}={fault}: {finding}", file=sys.stderr, flush=True)
                    sums["cells in which a ceiling was broken"] += 1
    found = [oracle.Finding(name, sums[name], _ceiling(one), len(cells) * options.sweep) for name, one in shape.items()]
    broken = oracle.Finding(
        "cells in which a ceiling was broken", sums["cells in which a ceiling was broken"], 0, len(cells)
    )
    return [*found, broken]


def is_wanted(name: str, words: str) -> bool:
    """name: "place=fault". words: parts of names, apart by commas."""
    return any(word in name for word in words.split(","))


def _ceiling(finding: oracle.Finding) -> float | None:
    """Repeats have one in each cell (none but where the victim was on the wire), and none over all of them."""
    return 0 if finding.ceiling == 0 and not finding.name.startswith("messages sent again") else None


def cell(rig: Rig, place: str, fault: str, alerts: int) -> list[oracle.Finding]:
    """One place with one fault."""
    clean(rig)
    rig.provider.behave("ok", *filter(None, [MODES.get(place, "")]))
    fault_at = {"TELEK_FAILPOINTS": f"{place}={fault}"}
    if place in ANSWERS + RAISING:
        end(rig, rig.add_loader(0, alerts, 0.0, **fault_at))
    load(rig, alerts)
    if place in TAKING:
        end(rig, rig.add("taker", ["-m", "tests.chaos.take"], role="app", **fault_at))
        rig.run("-m", "tests.chaos.take", "--once", role="app")
    elif place not in ANSWERS + RAISING:
        if place in TROUBLE[2:]:  # somebody must have died with letters in hand
            end(rig, rig.add_pump("dead", TELEK_FAILPOINTS="send.before-wire=exit"))
        if place in ENGINE:  # the second page is due
            rig.sql("update alerts_alert set next_step_at = now()")
        end(rig, rig.add_pump("victim", **fault_at))
    rig.provider.behave("ok")
    rig.add_pump("sound")
    rig.watch(lambda: not oracle.stuck(rig) and settled(rig, alerts, taken=place in TAKING), seconds=PATIENCE_SECONDS)
    waiting = oracle.stuck(rig)  # while somebody works: open alerts are due again every few seconds
    rig.end_children()
    rig.kills = LETTERS_IN_HAND * alerts if place in ON_THE_WIRE or place in TROUBLE[2:] else 0
    return [one for one in oracle.judge(rig, waiting) if counts(one, place)]


def counts(finding: oracle.Finding, place: str) -> bool:
    """A page that the provider refused for good is dead, and one that was taken first needs no page."""
    if place == "send.before-death" and finding.name.startswith("dead pages"):
        return False
    return place not in TAKING or "no page reached" not in finding.name


def clean(rig: Rig) -> None:
    rig.empty(*TABLES.split(), "monitoring_itemanswer", "core_enginebeat")
    (rig.folder / "acknowledged.jsonl").unlink(missing_ok=True)
    rig.provider.forget()


def load(rig: Rig, alerts: int) -> None:
    loader = rig.add_loader(0, alerts, 0.0)
    rig.wait_for(lambda: len(oracle.journal(rig)) >= alerts, seconds=60, why="alerts acknowledged")
    end(rig, loader, wait=0)


def end(rig: Rig, child: Child, wait: float = VICTIM_SECONDS) -> None:
    """Let it do its worst until it is dead or its time is over, and see that it does not come back."""
    child.wanted = False
    rig.watch(lambda: child.process is None or child.process.poll() is not None, seconds=wait + 3 if wait else 0)
    child.kill()
    rig.children.pop(child.name, None)


def settled(rig: Rig, alerts: int, *, taken: bool) -> bool:
    if taken:
        (open_ones,) = rig.sql("select count(*) from alerts_alert where state = 'open'")[0]
        return int(open_ones) == 0
    return len(oracle.first_page_seconds(rig)) >= alerts
