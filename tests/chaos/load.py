"""Give unsafe answers as a web process would, and write down which were committed, forced to disk, one a line.

`python -m tests.chaos.load JOURNAL FIRST COUNT EVERY` may be killed at any time: it goes on where its journal ends,
with the same client id for the same answer, as a browser does that repeats a request whose answer it did not see.
"""

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
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
                    answer, alert = answer_one(number)
                    break
                except (OperationalError, InterfaceError):
                    forget_connections()
                    time.sleep(0.2)
            line = {"number": number, "answer": str(answer), "alert": str(alert), "at": time.time()}
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def answer_one(number: int) -> tuple[UUID, UUID]:
    """One person's unsafe answer: the ids of the answer and of its alert, once both are committed."""
    from django.db import transaction

    from apps.accounts.models import Clinic
    from apps.alerts.models import AlertOccurrence
    from apps.core import clock
    from apps.core.db.scope import use_clinic
    from apps.monitoring.actions import save_answer

    clinic = Clinic.objects.get(slug="riverside")
    with use_clinic(clinic.pk):
        with transaction.atomic():
            slot = slot_of(clinic, number)
        with transaction.atomic():
            saved = save_answer(
                slot=slot,
                link_id="q9",
                value=3,
                client_id=uuid5(SPACE, str(number)),
                answered_at=clock.now(),
                actor=None,
                auth_level="session",
                presentation="pages",
            )
            alert_id = AlertOccurrence.objects.get(source_id=saved.answer.pk).alert_id
    return saved.answer.pk, alert_id


def slot_of(clinic: Any, number: int) -> Any:
    """The open survey of the person with that number, both made on first use; needs the clinic in scope."""
    from apps.accounts.models import Membership, User
    from apps.accounts.permissions import Role
    from apps.core import clock
    from apps.monitoring.models import Assignment, Questionnaire, Slot, SlotState
    from apps.patients.models import Patient
    from tests.cast import make_patient

    name = f"C{number}"
    known = Slot.objects.filter(patient__number=name).select_related("patient").first()
    if known is not None:
        return known
    # No password: a real hash takes half a second by intent.
    user = User.objects.create_user(f"{name.lower()}@telek.example", name=f"Person {number}")
    Membership.objects.create(clinic=clinic, user=user, role=Role.PATIENT)
    treating = Patient.objects.get(number="20417").treating
    assert treating is not None
    patient = make_patient(clinic, user, name, "Person", str(number), treating)
    now, survey = clock.now(), Questionnaire.objects.get(key="phq-9", language="en")
    shared = {"clinic": clinic, "patient": patient, "questionnaire": survey}
    once = Assignment.objects.create(**shared, rhythm="once", starts_on=now.date())
    later = now + timedelta(hours=8)
    times = {"opens_at": now - timedelta(hours=1), "closes_at": later, "next_step_at": later}
    return Slot.objects.create(
        **shared, **times, assignment=once, slot_key="once", time_zone="UTC", state=SlotState.OPEN
    )


if __name__ == "__main__":
    django.setup()
    run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    while True:  # all are raised: stay, so that nobody takes the end for a death
        time.sleep(1)
