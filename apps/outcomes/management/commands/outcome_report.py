"""How the courses of a file ended."""

from pathlib import Path

from apps.outcomes.mathematics.report import as_file, outcomes
from apps.outcomes.protocol.commands import FileCommand, write_json
from apps.outcomes.protocol.reading import read_streams


class Command(FileCommand):
    help = "Response, remission and time to relapse of the courses of a file (telek-stream/1), as JSON. No database."
    inputs = ("stream",)

    def work(self, *, stream: Path, out: Path) -> None:  # type: ignore[override]
        found = self.read(read_streams, stream)
        self.say(f"Counting {len(found)} courses ...")
        write_json(out, as_file(outcomes([each.treated for each in found])))
