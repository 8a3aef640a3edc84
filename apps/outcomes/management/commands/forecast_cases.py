"""Answer forecast cases from a file, after fitting the model to a clinic's courses."""

from pathlib import Path

from apps.outcomes.protocol.answering import CASE_COLUMNS, answer_cases
from apps.outcomes.protocol.commands import FileCommand, write_csv
from apps.outcomes.protocol.reading import read_cases


class Command(FileCommand):
    help = "Forecasts for the cases of a file (telek-forecast/1), as CSV. Needs no database."
    inputs = ("train", "cases")

    def work(self, *, train: Path, cases: Path, out: Path) -> None:  # type: ignore[override]
        asked = self.read(read_cases, cases)
        model = self.fitted(train)
        rows = answer_cases(asked, model, lambda done: self.say(f"{done} of {len(asked)} cases"))
        write_csv(out, CASE_COLUMNS, rows)
