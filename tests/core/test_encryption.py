"""A person's words under a person's key."""

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection

from apps.core import clock
from apps.core.encryption import KeyGone
from apps.core.models import DataKey
from apps.patients.models import SafetyNote
from tests.cast import Cast

pytestmark = pytest.mark.django_db
TEXT = "Medicines are kept at her sister's house."


def write_note(cast: Cast, text: str = TEXT) -> SafetyNote:
    return SafetyNote.objects.create(clinic=cast.clinic, patient=cast.patient, author=cast.nurse.membership, text=text)


def stored(note: SafetyNote) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("select text from patients_safetynote where id = %s", [note.pk])
        return bytes(cursor.fetchone()[0])


def test_the_text_comes_back_and_is_not_in_the_table(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        note = write_note(cast)
        assert SafetyNote.objects.get(pk=note.pk).text == TEXT
        assert b"sister" not in stored(note)


def test_empty_text_needs_no_key(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        note = write_note(cast, "")
        assert SafetyNote.objects.get(pk=note.pk).text == ""
        assert not DataKey.objects.exists()


def test_a_value_moved_to_another_row_does_not_open(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        first, second = write_note(cast), write_note(cast, "Something else.")
        with connection.cursor() as cursor:
            cursor.execute("update patients_safetynote set text = %s where id = %s", [stored(first), second.pk])
        with pytest.raises(InvalidTag):
            _text = SafetyNote.objects.get(pk=second.pk).text


def test_destroying_the_key_makes_the_text_unreadable(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        note = write_note(cast)
        DataKey.objects.filter(person_id=cast.patient.pk).update(destroyed_at=clock.now(), wrapped=b"")
        with pytest.raises(KeyGone):
            _text = SafetyNote.objects.get(pk=note.pk).text


def test_saving_another_field_keeps_the_text(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        note = SafetyNote.objects.get(pk=write_note(cast).pk)
        note.status = "entered-in-error"
        note.save()
        assert SafetyNote.objects.get(pk=note.pk).text == TEXT


def test_a_new_installation_key_still_opens_what_the_old_one_sealed(cast: Cast, settings: object) -> None:
    with cast.acting(cast.nurse):
        note = write_note(cast)
        settings.ENCRYPTION_KEYS = ["bmV3ZXIta2V5LW5ld2VyLWtleS1uZXdlci1rZXktMTI=", *settings.ENCRYPTION_KEYS]  # type: ignore[attr-defined]
        assert SafetyNote.objects.get(pk=note.pk).text == TEXT
        settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]  # type: ignore[attr-defined]
        with pytest.raises(KeyGone):
            _text = SafetyNote.objects.get(pk=note.pk).text
