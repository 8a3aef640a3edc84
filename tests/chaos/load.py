"""Raise alerts as a web process would, and write down which ones were committed, forced to disk, one a line.

`python -m tests.chaos.load JOURNAL FIRST COUNT EVERY` may be killed at any time: it goes on where its journal ends,
with the same source for the same alert, as a browser does that repeats a request whose answer it did not see.
"""

import json
import os
import sys
import time
from pathlib import Path
from uuid import UUID, uuid5

import django

SPACE = UUID("6f2b1c58-9c11-4f64-9d0e-1f0b3a7d2c11")


def run(journal: Path, first: int, count: int, every: float) -> None:
    from django.db import InterfaceError, OperationalError

    from telek.pump_loop import forget_connections

    done = {json.loads(line)["number"] for line in journal.read_text().splitlines()} if journal.exists() else set()
    with journal.open("a") as file:
        for number in (n for n in range(first, first + count) if n not in done):
            time.sleep(every)
            while True:
                try:
                    alert = raise_one(number)
                    break
                except (OperationalError, InterfaceError):
                    forget_connections()
                    time.sleep(0.2)
            file.write(json.dumps({"number": number, "alert": str(alert), "at": time.time()}) + "\n")
            file.flush()
            os.fsync(file.fileno())


def raise_one(number: int) -> UUID:
    from django.db import transaction

    from apps.accounts.models import Clinic
    from apps.alerts.actions import raise_alert
    from apps.core.db.scope import use_clinic
    from apps.patients.models import Patient

    clinic = Clinic.objects.get(slug="riverside")
    with use_clinic(clinic.pk), transaction.atomic():
        alert = raise_alert(
            patient=Patient.objects.select_related("clinic", "user").get(number="20417"),
            cause=f"chaos-{number}",
            level="P1",
            title="A drill",
            source_kind="item-answer",
            source_id=uuid5(SPACE, str(number)),
            rule_code="drill",
            value=3,
        )
    pk: UUID = alert.pk
    return pk


if __name__ == "__main__":
    django.setup()
    run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    while True:  # all are raised: stay, so that nobody takes the end for a death
        time.sleep(1)
