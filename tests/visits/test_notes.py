"""The note: saves itself as a draft, is signed with a next step, and is corrected only by a new one."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.audit.models import AuditEvent
from apps.sessions import actions
from apps.sessions.models import VisitNote
from apps.sessions.refusal import VisitRefused
from tests.cast import Cast
from tests.visits.scene import admitted, arrived, finished


def refused(code: str, verb: Any, **what: Any) -> None:
    with pytest.raises(VisitRefused) as refusal:
        verb(**what)
    assert refusal.value.code == code


def signed(cast: Cast) -> VisitNote:
    visit = finished(cast)
    with cast.acting(cast.prescriber) as actor:
        draft = actions.save_note(visit=visit, text="Sleeps seven hours.", actor=actor)
        return actions.sign_note(note=draft, next_step="maintenance", actor=actor)


def test_saving_again_changes_the_one_draft(cast: Cast) -> None:
    visit = admitted(cast)
    with cast.acting(cast.prescriber) as actor:
        first = actions.save_note(visit=visit, text="Sl", actor=actor)
        second = actions.save_note(visit=visit, text="Sleeps", next_step="continue", actor=actor)
        assert first.pk == second.pk
        assert VisitNote.objects.get(visit=visit).text == "Sleeps"


def test_there_is_no_note_before_the_visit(cast: Cast) -> None:
    visit = arrived(cast)
    with cast.acting(cast.prescriber) as actor:
        refused("not-begun", actions.save_note, visit=visit, text="x", actor=actor)


@pytest.mark.parametrize("step", ["", "sideways"])
def test_signing_needs_a_next_step(cast: Cast, step: str) -> None:
    visit = admitted(cast)
    with cast.acting(cast.prescriber) as actor:
        draft = actions.save_note(visit=visit, text="Sleeps", actor=actor)
        refused("next-step", actions.sign_note, note=draft, next_step=step, actor=actor)


def test_an_empty_note_and_somebody_elses_are_not_signed(cast: Cast) -> None:
    visit = admitted(cast)
    with cast.acting(cast.prescriber) as actor:
        draft = actions.save_note(visit=visit, text="  ", actor=actor)
        refused("blank", actions.sign_note, note=draft, next_step="continue", actor=actor)
    with cast.acting(cast.nurse) as actor:
        refused("author", actions.sign_note, note=draft, next_step="continue", actor=actor)
        refused("not-yours", actions.save_note, visit=visit, text="x", actor=actor)
    with cast.acting(cast.coordinator) as actor:
        refused("not-allowed", actions.save_note, visit=visit, text="x", actor=actor)


def test_a_signed_note_is_not_saved_over(cast: Cast) -> None:
    note = signed(cast)
    with cast.acting(cast.prescriber) as actor:
        refused("signed", actions.save_note, visit=note.visit, text="Other", actor=actor)
        assert actions.sign_note(note=note, next_step="stop", actor=actor).next_step == "maintenance"


def test_the_database_refuses_to_change_a_signed_note(cast: Cast) -> None:
    note = signed(cast)
    refusal = pytest.raises(DatabaseError, match="corrected by a new one")
    with cast.acting(cast.prescriber), refusal, transaction.atomic():
        VisitNote.objects.filter(pk=note.pk).update(text="Other")


def test_a_correction_is_a_new_signed_note_and_the_old_one_stays_readable(cast: Cast) -> None:
    old = signed(cast)
    with cast.acting(cast.prescriber) as actor:
        new = actions.correct_note(note=old, text="Sleeps six hours.", next_step="hold", actor=actor)
        old.refresh_from_db()
        assert (new.status, new.corrects_id, new.text) == ("final", old.pk, "Sleeps six hours.")
        assert (old.status, old.text) == ("entered-in-error", "Sleeps seven hours.")
        refused("not-signed", actions.correct_note, note=old, text="y", next_step="hold", actor=actor)
        assert AuditEvent.objects.filter(object_id=old.pk, detail="corrected").exists()
