"""`bin/chaos`: the long form. Many alerts, many kills, one JSON line a figure; exit code 1 when a ceiling is broken.

    bin/chaos --alerts 1000 --kills 200 --seed 7
    bin/chaos --alerts 1000 --kills 0 --pumps 8      eight racing pumps and no faults: nothing may be sent twice
    bin/chaos --sweep 20                             every named place with every fault, so many alerts each
    bin/chaos --watchers 5                           how fast a frozen engine is noticed, and a killed one made good
    bin/chaos --frames 20000                         odd frames over real sockets
    bin/chaos --sockets 200 --messages 50 --cuts 10000   chat through lines that are cut, PostgreSQL and Valkey killed

Every kill is a SIGKILL that is checked to have been one. The figures come from the loader's journal, the provider's
file and SQL. The seed decides who is killed when; what the machine does in between it cannot decide.
"""

import argparse
import json
import random
import sys
import time

from tests.chaos import oracle, sweep, watchers
from tests.chaos.rig import Rig, running_rig

VICTIMS = ["pump", "pump", "pump", "pump", "worker", "worker", "loader", "valkey", "postgres"]
REPEAT_SECONDS = 300.0  # an open alert is paged again after 5 minutes, divided by the scale


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/chaos", description="Kill everything at random and count what was lost.")
    parser.add_argument("--alerts", type=int, default=300)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--pumps", type=int, default=2)
    parser.add_argument("--every", type=float, default=0.1, help="seconds between two alerts")
    parser.add_argument("--scale", type=float, default=4.0, help="policy delays are divided by it")
    parser.add_argument("--watchers", type=int, default=0, help="trials of the watchers, instead of the kills")
    parser.add_argument("--sockets", type=int, default=0, help="chat clients on lines that are cut, instead of alerts")
    parser.add_argument("--messages", type=int, default=20, help="that each of the sockets writes")
    parser.add_argument("--cuts", type=int, default=0, help="of lines; the default is ten for each socket")
    parser.add_argument("--frames", type=int, default=0, help="odd frames to the live socket, instead of alerts")
    parser.add_argument("--sweep", type=int, default=0, help="alerts in each cell of every place and fault, instead")
    parser.add_argument("--only", default="", help="words of the places that are wanted, apart by commas")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    options = parse(words)
    findings = _findings(options)
    for finding in findings:
        print(line_of(finding, options.seed), flush=True)
    return int(any(one.ceiling is not None and one.value > one.ceiling for one in findings))


def _findings(options: argparse.Namespace) -> list[oracle.Finding]:
    if options.watchers:
        return watch(options)
    if options.sweep:
        return sweep.run(options)
    if options.frames:
        return fuzz(options)
    return talk(options) if options.sockets else storm(options)


def talk(options: argparse.Namespace) -> list[oracle.Finding]:
    """Chat on lines that are cut; PostgreSQL is killed twice meanwhile, and Valkey twice."""
    with running_rig(TELEK_DATABASE_POOL="40") as rig:
        from tests.chaos import talking

        return talking.judged(
            rig, options.sockets, options.messages, options.cuts or 10 * options.sockets, options.seed
        )


def fuzz(options: argparse.Namespace) -> list[oracle.Finding]:
    """Frames that no client of ours would send; nobody is killed."""
    with running_rig(TELEK_DATABASE_POOL="40") as rig:
        from tests.chaos import fuzzing

        return fuzzing.judged(rig, options.frames, options.seed)


def watch(options: argparse.Namespace) -> list[oracle.Finding]:
    """The watchers, at the real speed and with the real time limit of a send."""
    with running_rig(TELEK_SEND_TIMEOUT_SECONDS="5") as rig:
        return [*watchers.recovered(rig, options.watchers), *watchers.noticed(rig, options.watchers)]


def storm(options: argparse.Namespace) -> list[oracle.Finding]:
    """Alerts and kills at the same time."""
    with running_rig(TELEK_TIME_SCALE=str(options.scale)) as rig:
        for number in range(options.pumps):
            rig.add_pump(f"pump-{number}")
        rig.add_worker()
        rig.add_loader(0, options.alerts, options.every)
        be_cruel(rig, options)
        patience = 300 + options.alerts * max(options.every, 0.1) * 4
        rig.wait_for(
            lambda: len(oracle.journal(rig)) >= options.alerts, seconds=patience, why="all alerts acknowledged"
        )
        settled = rig.watch(lambda: is_settled(rig, options.alerts), seconds=90)
        return [*oracle.judge(rig), *times(rig, options), oracle.Finding("time to settle", settled, 30, 1, "s")]


def is_settled(rig: Rig, alerts: int) -> bool:
    """Every alert has reached the provider, and nothing waits."""
    return len(oracle.first_page_seconds(rig)) >= alerts and not oracle.stuck(rig)


def be_cruel(rig: Rig, options: argparse.Namespace) -> None:
    """As many kills as asked for, spread over the time that the alerts take."""
    dice = random.Random(options.seed)
    pause = options.alerts * options.every / max(options.kills, 1)
    while rig.kills < options.kills:
        time.sleep(dice.uniform(0.5, 1.5) * max(pause, 0.2))
        victim = dice.choice(VICTIMS)
        if victim == "postgres":
            rig.kill_postgres(down=dice.uniform(0.2, 1.0))
        elif victim == "valkey":
            rig.kill_valkey(down=dice.uniform(0.2, 1.0))
        else:
            names = [name for name in rig.children if name.startswith(victim)]
            rig.kill_child(dice.choice(names))


def times(rig: Rig, options: argparse.Namespace) -> list[oracle.Finding]:
    """Lateness: of first pages against the commit, of repeats against their time. With kills there is no ceiling."""
    first, steps = oracle.first_page_seconds(rig), oracle.repeat_lateness(rig, REPEAT_SECONDS / options.scale)
    calm = options.kills == 0
    found = [oracle.Finding("kills", rig.kills, None, rig.kills)]
    for name, values in (("first page after the commit", first), ("repeated page after its time", steps)):
        for label, part, most in (("p50", 0.5, None), ("p99", 0.99, 5.0), ("max", 1.0, 10.0)):
            ceiling = most if calm else None
            found.append(oracle.Finding(f"{name}, {label}", oracle.share(values, part), ceiling, len(values), "s"))
    return found


def line_of(finding: oracle.Finding, seed: int) -> str:
    """{name, value, unit, ceiling, ratio, n, seed}; ratio: value by ceiling, null without one or with 0."""
    ratio = round(finding.value / finding.ceiling, 3) if finding.ceiling else None
    return json.dumps(
        {
            "name": finding.name,
            "value": round(finding.value, 3),
            "unit": finding.unit or "1",
            "ceiling": finding.ceiling,
            "ratio": ratio,
            "n": finding.n,
            "seed": seed,
        }
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
