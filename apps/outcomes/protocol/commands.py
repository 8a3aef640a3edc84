"""What the three commands share: paths, progress on stderr, refusals without a traceback."""

import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.outcomes.mathematics.fit import Model
from apps.outcomes.mathematics.widening import learn
from apps.outcomes.prior import learning_prior, starting_model
from apps.outcomes.protocol.checked import Refused
from apps.outcomes.protocol.lines import line_of
from apps.outcomes.protocol.reading import read_training


class FileCommand(BaseCommand):
    """Reads files, writes one, and touches no database."""

    requires_system_checks = []
    inputs: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        for name in (*self.inputs, "out"):
            parser.add_argument(f"--{name}", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.work(**{name: options[name] for name in (*self.inputs, "out")})
        except Refused as refusal:
            raise CommandError(f"{self.reading}, line {self._line(refusal)}: {refusal}") from None
        except OSError as error:
            raise CommandError(f"{options['out']}: cannot be written: {error.strerror}") from None

    def work(self, **paths: Path) -> None:
        """The command's own work."""
        raise NotImplementedError

    def _line(self, refusal: Refused) -> int:
        if refusal.line is not None:
            return refusal.line
        try:
            return line_of(self.reading.read_text(encoding="utf-8-sig"), refusal.place)
        except (OSError, UnicodeDecodeError):
            return 1

    reading = Path()

    def read(self, read: Any, path: Path) -> Any:
        """Read a file by this function; its name is said if it is refused."""
        self.reading = path
        return read(path)

    def say(self, words: str) -> None:
        """Progress, on stderr."""
        self.stderr.write(words, style_func=lambda text: text)
        sys.stderr.flush()

    def fitted(self, path: Path) -> Model:
        """The model of a training file."""
        courses = self.read(read_training, path)
        self.say(f"Fitting the model to {len(courses)} simulated or observed courses ...")
        return learn(courses, start=starting_model().model.noise, prior=learning_prior())


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[list[str]]) -> None:
    """A header and rows."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_json(path: Path, value: Any) -> None:
    """Indented, with a newline at the end."""
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
