"""`bin/bench`: first figures of speed, one JSON line each, beside what the machine itself can do in the same run.

    bin/bench --seed 1              everything, in about three minutes on 2 cores
    bin/bench --only pump           the figures whose name holds that word
    bin/bench --only board --seconds 600

The rig is the one of the chaos tests: PostgreSQL with fsync on, Valkey, the fake provider, and real processes of the
pump and the web server. Latencies are by the wall; costs are CPU milliseconds of this process.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory

from tests.bench.figures import Figure
from tests.chaos.rig import Rig, running_rig

Measure = Callable[[Rig, argparse.Namespace], Iterator[Figure]]


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="First figures of speed beside their ceilings.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5, help="of interleaved comparisons")
    parser.add_argument("--clients", type=int, default=200, help="sockets of the chat")
    parser.add_argument("--only", default="", help="a word of the names that are wanted")
    parser.add_argument("--seconds", type=int, default=30, help="how long the board is watched")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    options = parse(words)
    random.seed(options.seed)
    with TemporaryDirectory() as static, running_rig(TELEK_DATABASE_POOL="40", TELEK_STATIC_ROOT=static) as rig:
        rig.run("manage.py", "collectstatic", "--no-input", "-v", "0", role="app")
        os.environ.update(rig.environment | {"TELEK_DATABASE_ROLE": "app", "TELEK_LOG_LEVEL": "ERROR"})
        import django

        django.setup()
        from django.conf import settings

        from tests.bench import measures

        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # hundreds of people are made

        for name, measure in measures.ALL.items():
            if options.only in name:
                for figure in measure(rig, options):
                    print(figure.line(options.seed), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
