"""Score every day of monitoring streams from a file, after fitting the model to a clinic's courses."""

from pathlib import Path

from apps.outcomes.protocol.answering import STREAM_COLUMNS, watch_streams
from apps.outcomes.protocol.commands import FileCommand, write_csv
from apps.outcomes.protocol.reading import read_streams


class Command(FileCommand):
    help = "A score for every day of the streams of a file (telek-stream/1), as CSV. Needs no database."
    inputs = ("train", "stream")

    def work(self, *, train: Path, stream: Path, out: Path) -> None:  # type: ignore[override]
        watched = self.read(read_streams, stream)
        model = self.fitted(train)
        rows = watch_streams(watched, model, lambda done: self.say(f"{done} of {len(watched)} people"))
        write_csv(out, STREAM_COLUMNS, rows)
