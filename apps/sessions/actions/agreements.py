"""Screening, consent and wishes: told, signed, withdrawn. A withdrawal stops what depends on it at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, User
from apps.accounts.permissions import Permission, Role
from apps.alerts.actions import raise_alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.patients.models import Patient
from apps.sessions.actions.sitting import announce, member_of, refusals_audited
from apps.sessions.agreements import TREATMENT, consent_digest, digest_of, text_in_force
from apps.sessions.models import ConsentText, DosingSession, Screening, SessionWishes, TreatmentConsent
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.signature_words import refused_words
from apps.sessions.treatment import screening as questions
from apps.sessions.treatment.signature import Strokes, Unreadable, checked

#: What is asked, and how long an answer may be.
WISHES = {
    "touch": 120,
    "calm": 200,
    "words_to_avoid": 200,
    "surroundings": 200,
    "call": 120,
    "intention": 300,
    "music": 120,
}
EYE_MASK = frozenset({"", "yes", "no", "later"})


@refusals_audited
@transaction.atomic
def publish_consent(
    *, clinic: Clinic, title: str, body: str, items: list[dict[str, object]], actor: User
) -> ConsentText:
    """A new version; whoever signed an older one signs anew before the next dose."""
    member = member_of(actor, Permission.MANAGE_CLINIC, Permission.PRESCRIBE)
    if not title.strip() or not body.strip() or not items:
        raise TreatmentRefused("text", _("A consent needs a title, a text and items."))
    last = ConsentText.objects.filter(clinic=clinic, key=TREATMENT).order_by("-version").first()
    text = ConsentText.objects.create(
        clinic=clinic,
        key=TREATMENT,
        version=last.version + 1 if last else 2,  # 1 is the starter
        title=clean(title, 120),
        body=body.replace("\x00", ""),
        items=items,
        digest=digest_of(clean(title, 120), body, items),
        published_by=member,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=text, detail=f"version {text.version}")
    return text


@refusals_audited
@transaction.atomic
def sign_consent(
    *, patient: Patient, digest: str, agreed: Iterable[str], name: str, actor: User, strokes: Strokes | None = None
) -> TreatmentConsent:
    """The person signs the text that they were shown (its digest), item by item, with their typed name or a drawn one.

    Raises TreatmentRefused: not-yours, changed (another text is in force by now), required, name, drawing.
    """
    if patient.user_id != actor.pk:
        raise TreatmentRefused("not-yours", _("Only the person can sign."))
    text = text_in_force(patient.clinic)
    if text.digest != digest:
        raise TreatmentRefused("changed", _("The text has changed. Please read it again."))
    codes = [str(item["code"]) for item in text.items]
    given = [code for code in codes if code in set(agreed)]
    if any(item["required"] and item["code"] not in given for item in text.items):
        raise TreatmentRefused("required", _("Treatment needs your agreement to each marked point."))
    signed_name = _signed_by(patient, name, strokes)
    for old in TreatmentConsent.objects.select_for_update().filter(patient=patient, status="active"):
        old.status = "inactive"
        old.save(update_fields=["status"])
    consent = TreatmentConsent(
        clinic_id=patient.clinic_id,
        patient=patient,
        text=_saved(text),
        agreed=given,
        signed_name=signed_name,
        strokes=strokes,
        signed_at=clock.now(),
    )
    consent.digest = consent_digest(consent)
    consent.save(force_insert=True)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=consent, detail=f"version {text.version}")
    _tell_board(patient)
    return consent


def _signed_by(patient: Patient, name: str, strokes: Strokes | None) -> str:
    """The typed name; whoever draws may leave it out and signs as the person of this record."""
    if strokes is not None:
        try:
            checked(strokes)
        except Unreadable as fault:
            raise TreatmentRefused("drawing", refused_words(fault)) from None
    typed = clean(name, 120)
    if not typed and strokes is None:
        raise TreatmentRefused("name", _("Type your name to sign, or draw your signature."))
    return typed or clean(f"{patient.given_name} {patient.family_name}", 120)


def _saved(text: ConsentText) -> ConsentText:
    """The starter becomes a row when it is signed for the first time."""
    if not text._state.adding:
        return text
    try:
        with transaction.atomic():
            text.save(force_insert=True)
    except IntegrityError:  # somebody signed it at the same moment
        return ConsentText.objects.get(clinic=text.clinic, key=text.key, version=text.version)
    return text


@refusals_audited
@transaction.atomic
def withdraw_consent(*, patient: Patient, reason: str, actor: User) -> TreatmentConsent:
    """Nothing that depends on it goes on from here. A person in the chair: somebody is told at once (P2)."""
    if patient.user_id != actor.pk:
        member_of(actor, Permission.GIVE_DOSES)
    rows = TreatmentConsent.objects.select_for_update().filter(patient=patient, status="active")
    consent = rows.order_by("-signed_at", "-id").first()
    if consent is None:
        raise TreatmentRefused("nothing", _("There is no consent to withdraw."))
    consent.status, consent.withdrawn_at, consent.withdraw_reason = "inactive", clock.now(), clean(reason, 300)
    consent.save(update_fields=["status", "withdrawn_at", "withdraw_reason"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=consent, detail="withdrawn")
    in_chair = _tell_board(patient)
    _tell_withdrawn(consent, in_chair=in_chair)
    return consent


@for_the_desk()
def _tell_withdrawn(consent: TreatmentConsent, *, in_chair: bool) -> None:
    patient = consent.patient
    raise_alert(
        patient=patient,
        cause="consent-withdrawn",
        level="P2" if in_chair else "P3",
        title=_("Withdrew the consent to treatment, in the chair")
        if in_chair
        else _("Withdrew the consent to treatment"),
        source_kind="consent",
        source_id=consent.pk,
        rule_code="consent-withdrawn",
        synthetic=patient.synthetic,
    )


def _tell_board(patient: Patient) -> bool:
    """Is the person in a session now?"""
    session = DosingSession.objects.select_for_update().filter(patient=patient, status="in-progress").first()
    if session is not None:
        session.version += 1
        session.save(update_fields=["version"])
        announce(session)
    return session is not None


@refusals_audited
@transaction.atomic
def answer_screening(
    *,
    patient: Patient,
    answers: Mapping[str, str],
    actor: User,
    medicines: str = "",
    notes: str = "",
    child_pugh: str = "",
) -> Screening:
    """By the person, or by staff with them (child_pugh is staff's). Raises TreatmentRefused: not-yours, answer."""
    membership = actor.membership
    own = membership is not None and membership.role == Role.PATIENT
    if own and patient.user_id != actor.pk:
        raise TreatmentRefused("not-yours", _("This is not your record."))
    member = membership if own and membership else member_of(actor, Permission.WRITE_OBSERVATIONS)
    try:
        questions.check_answers(answers)
    except ValueError:
        raise TreatmentRefused("answer", _("Please answer every question.")) from None
    row = Screening.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        answers=dict(answers),
        medicines=clean(medicines, 1000),
        notes=clean(notes, 1000),
        child_pugh="" if own else child_pugh,
        by_patient=own,
        author=member,
        answered_at=clock.now(),
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    _tell_board(patient)
    return row


@refusals_audited
@transaction.atomic
def tell_wishes(*, patient: Patient, wishes: Mapping[str, str], actor: User) -> SessionWishes:
    """How the person wants to be treated in the chair; the newest row counts."""
    if patient.user_id != actor.pk:
        member_of(actor, Permission.WRITE_OBSERVATIONS)
    fields = {name: clean(wishes.get(name, ""), limit) for name, limit in WISHES.items()}
    mask = wishes.get("eye_mask", "")
    fields["eye_mask"] = mask if mask in EYE_MASK else ""
    row = SessionWishes.objects.create(clinic_id=patient.clinic_id, patient=patient, **fields)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    _tell_board(patient)
    return row
