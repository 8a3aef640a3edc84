"""What can be said to `bin/demo` and `manage.py launch`. Standard library only: see setup.py."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Options:
    """`port` on loopback, `data` folder (absolute), and whether to make the demo clinic."""

    port: int
    data: Path
    seed: bool

    def as_arguments(self) -> list[str]:
        """The same options as words of a command line."""
        words = ["--port", str(self.port), "--data", str(self.data)]
        return words if self.seed else [*words, "--no-seed"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the three options on a parser."""
    parser.add_argument("--port", type=_port, default=8000, help="port on this machine (default 8000)")
    parser.add_argument(
        "--data", type=Path, default=ROOT / ".telek", metavar="DIR", help="data folder (default .telek)"
    )
    parser.add_argument("--no-seed", dest="seed", action="store_false", help="start without the demo clinic")


def parse_options(words: list[str]) -> Options:
    """Options from the words of a command line; a wrong word ends the program with usage."""
    parser = argparse.ArgumentParser(prog="bin/demo", description="Set Telek up and run all of it on this machine.")
    add_options(parser)
    found = parser.parse_args(words)
    return Options(found.port, found.data.absolute(), found.seed)


def _port(word: str) -> int:
    number = int(word)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return number
