"""Write, change, share and remove an entry; make and keep a commitment; lock and open the journal."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.alerts.actions import raise_alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.core.throttle import allow
from apps.messaging.phrases import find_phrases
from apps.patients.models import Patient
from apps.therapy.locking import WORDS_AT_LEAST, WrongWords, check_value, fits, fresh_salt, key_of, seal, unseal
from apps.therapy.models import Commitment, JournalEntry, JournalKey, Privacy
from apps.therapy.prompts import KEYS

LONGEST = 8000
TRIES, WITHIN = 10, timedelta(minutes=10)


class TherapyRefused(Exception):
    """What was asked does not fit: code is a short word, message is for the person. Nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def unlock(*, patient: Patient, words: str, actor: User) -> bytes:
    """The journal's key; the first words that are ever given become the person's own.

    Raises TherapyRefused: not-yours, words (too short), wrong, slow.
    """
    _own(patient, actor)
    if len(words.strip()) < WORDS_AT_LEAST:
        raise TherapyRefused(
            "words", _("Use at least %(n)s letters: a short sentence is good.") % {"n": WORDS_AT_LEAST}
        )
    if not allow(f"journal:{patient.pk}", limit=TRIES, within=WITHIN):
        raise TherapyRefused("slow", _("Too many tries. Wait ten minutes."))
    row = JournalKey.objects.filter(patient=patient).first()
    if row is None:
        return _first_words(patient, words, actor)
    key = key_of(words, bytes(row.salt))
    if not fits(key, bytes(row.check_value)):
        raise TherapyRefused("wrong", _("These are not your words."))
    return key


@transaction.atomic
def _first_words(patient: Patient, words: str, actor: User) -> bytes:
    salt = fresh_salt()
    key = key_of(words, salt)
    row = JournalKey.objects.create(
        clinic_id=patient.clinic_id, patient=patient, salt=salt, check_value=check_value(key)
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail="journal locked")
    return key


def _own(patient: Patient, actor: User) -> None:
    if patient.user_id != actor.pk:
        raise TherapyRefused("not-yours", _("This is not your journal."))


@transaction.atomic
def write_entry(
    *, patient: Patient, text: str, privacy: str, actor: User, key: bytes | None = None, prompt: str = ""
) -> JournalEntry:
    """A new entry. "Only me" needs the key. Raises TherapyRefused: not-yours, empty, locked, privacy."""
    _own(patient, actor)
    at = clock.now()
    entry = JournalEntry(
        clinic_id=patient.clinic_id,
        patient=patient,
        prompt=prompt if prompt in KEYS else "",
        written_at=at,
        changed_at=at,
        synthetic=patient.synthetic,
    )
    _put(entry, text, privacy, key)
    entry.save(force_insert=True)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=entry, detail=entry.privacy)
    _look_for_danger(entry, text)
    return entry


def _put(entry: JournalEntry, text: str, privacy: str, key: bytes | None) -> None:
    text = text.replace("\x00", "").strip()[:LONGEST]
    if not text:
        raise TherapyRefused("empty", _("Write something first."))
    if privacy not in Privacy.values:
        raise TherapyRefused("privacy", _("Choose who may read it."))
    if privacy == Privacy.ME and key is None:
        raise TherapyRefused("locked", _("Open your journal with your words first."))
    entry.privacy = privacy
    entry.text = seal(key, text, str(entry.pk)) if privacy == Privacy.ME and key is not None else text


def read_entry(entry: JournalEntry, key: bytes | None) -> str | None:
    """The text for its reader; None while it is locked, or where another key was brought."""
    if not entry.is_private:
        return str(entry.text)
    try:
        return None if key is None else unseal(key, str(entry.text), str(entry.pk))
    except WrongWords:
        return None


@transaction.atomic
def change_entry(*, entry: JournalEntry, text: str, privacy: str, actor: User, key: bytes | None) -> JournalEntry:
    """Other words, or another reader. Raises TherapyRefused as write_entry, and locked for one that is not open."""
    _own(entry.patient, actor)
    row = JournalEntry.objects.select_for_update(of=("self",)).select_related("patient").get(pk=entry.pk)
    if row.removed_at is not None or read_entry(row, key) is None:
        raise TherapyRefused("locked", _("Open your journal with your words first."))
    _put(row, text, privacy, key)
    row.changed_at = clock.now()
    row.save()
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail=row.privacy)
    _look_for_danger(row, text)
    return row


@transaction.atomic
def remove_entry(*, entry: JournalEntry, actor: User) -> None:
    """The words are gone for good; that there was an entry stays."""
    _own(entry.patient, actor)
    row = JournalEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    row.text, row.removed_at = "", clock.now()
    row.save(update_fields=["text", "removed_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="removed")


@for_the_desk()
def _look_for_danger(entry: JournalEntry, text: str) -> None:
    """Of shared entries only; "only me" is read by nobody and by no rule, and the page says so."""
    hits = [] if entry.is_private else find_phrases(text)
    if not hits:
        return
    raise_alert(
        patient=entry.patient,
        cause="journal-phrase",
        level="P2",
        title=_("Journal entry shared with the team: please look"),
        source_kind="journal-entry",
        source_id=entry.pk,
        rule_code=f"phrase-{entry.changed_at:%Y%m%d%H%M%S}",
        synthetic=entry.synthetic,
    )


@transaction.atomic
def commit_to(*, patient: Patient, text: str, privacy: str, actor: User, by_on: date | None = None) -> Commitment:
    """Something small and concrete. Raises TherapyRefused: not-yours, empty, privacy."""
    _own(patient, actor)
    text = text.replace("\x00", "").strip()[:500]
    if not text:
        raise TherapyRefused("empty", _("Write what you mean to do."))
    if privacy not in (Privacy.THERAPIST, Privacy.TEAM):
        raise TherapyRefused("privacy", _("Choose who may read it."))
    row = Commitment(
        clinic_id=patient.clinic_id,
        patient=patient,
        privacy=privacy,
        text=text,
        by_on=by_on,
        synthetic=patient.synthetic,
    )
    row.save(force_insert=True)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    return row


@transaction.atomic
def settle_commitment(*, commitment: Commitment, done: bool, actor: User) -> Commitment:
    """Done, or let go; both are fine."""
    _own(commitment.patient, actor)
    row = Commitment.objects.select_for_update(of=("self",)).get(pk=commitment.pk)
    if row.done_at is None and row.dropped_at is None:
        at = clock.now()
        row.done_at, row.dropped_at = (at, None) if done else (None, at)
        row.save(update_fields=["done_at", "dropped_at"])
        audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="done" if done else "let go")
    return row
