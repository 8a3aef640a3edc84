"""Everything that happened to one person, in one line of time: doses, scores, effects, messages, visits, alerts, papers.

Each source is read through what the reader may see, so a timeline never shows more than its pages do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.messaging.models import Message
from apps.monitoring.models import Anchor, QuestionnaireResponse
from apps.patients.models import Patient
from apps.sessions.models import (
    AdverseEvent,
    DosingSession,
    MedicationAdministration,
    RemsForm,
    Screening,
    SessionEvent,
    TreatmentConsent,
    Visit,
)

MOST = 400  # of each source


@dataclass(frozen=True)
class Entry:
    """One line. kind: dose, score, effect, message, visit, alert, paper; gone: corrected or entered in error."""

    at: datetime
    kind: str
    words: str
    detail: str = ""
    path: str = ""
    gone: bool = False


def entries(patient: Patient, user: User, kinds: frozenset[str]) -> list[Entry]:
    """Newest first; only those kinds. Needs the clinic in scope."""
    found = [entry for kind, read in SOURCES.items() if kind in kinds for entry in read(patient, user)]
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _rows(model: Any, patient: Patient, user: User, order: str) -> Any:
    return model.objects.visible_to(user).filter(patient=patient).order_by(f"-{order}")[:MOST]


def _doses(patient: Patient, user: User) -> Iterator[Entry]:
    rows = MedicationAdministration.objects.visible_to(user).filter(patient=patient).select_related("session")
    for dose in rows.order_by("-started_at")[:MOST]:
        gone = dose.status == "entered-in-error"
        words = _("entered in error") if gone else _("given")
        detail = f"{words}, {dose.status_reason}" if dose.status_reason else words
        yield Entry(dose.started_at, "dose", str(dose), detail, dose.session.path, gone)
    others = (
        Anchor.objects.visible_to(user).filter(patient=patient, kind="dose").exclude(pk__in=rows.values("anchor_id"))
    )
    for anchor in others.order_by("-started_at")[:MOST]:
        gone = anchor.status == "entered-in-error"
        yield Entry(anchor.started_at, "dose", anchor.label, anchor.get_status_display(), gone=gone)
    for session in _rows(DosingSession, patient, user, "opened_at"):
        if session.finished_at is not None:
            words = _("Session %(n)s: %(how)s") % {"n": session.number, "how": session.get_outcome_display()}
            yield Entry(session.finished_at, "dose", words, session.outcome_reason, session.path)


def _scores(patient: Patient, user: User) -> Iterator[Entry]:
    rows = QuestionnaireResponse.objects.visible_to(user).filter(patient=patient).select_related("questionnaire")
    for row in rows.order_by("-authored_at")[:MOST]:
        total = _("answered") if row.total is None else f"{float(row.total):g}"
        gone = row.status == "entered-in-error"
        severity = row.severity.replace("_", " ")
        yield Entry(row.authored_at, "score", f"{row.questionnaire.title}: {total}", severity, gone=gone)


def _effects(patient: Patient, user: User) -> Iterator[Entry]:
    rows = SessionEvent.objects.visible_to(user).filter(session__patient=patient, kind__in=("effect", "effect-gone"))
    replaced = set(SessionEvent.objects.filter(corrects__in=rows).values_list("corrects_id", flat=True))
    for event in rows.select_related("session").order_by("-occurred_at")[:MOST]:
        grade = _("grade %(n)s") % {"n": event.grade} if event.grade else event.get_kind_display()
        yield Entry(event.occurred_at, "effect", event.term, grade, event.session.path, event.pk in replaced)
    for row in _rows(AdverseEvent, patient, user, "onset_at"):
        words = _("Adverse event: %(term)s, grade %(n)s") % {"term": row.term, "n": row.grade}
        yield Entry(row.onset_at, "effect", words, row.action)


def _messages(patient: Patient, user: User) -> Iterator[Entry]:
    if not user.may(Permission.CHAT):
        return
    rows = Message.objects.visible_to(user).filter(thread__patient=patient).select_related("sender", "thread")
    for message in rows.order_by("-sent_at")[:MOST]:
        yield Entry(message.sent_at, "message", message.sender.name, message.body[:160] or _("Photo or PDF"))


def _visits(patient: Patient, user: User) -> Iterator[Entry]:
    for visit in _rows(Visit, patient, user, "starts_at"):
        gone = visit.status == "cancelled"
        words = _("Video visit, %(status)s") % {"status": visit.get_status_display()}
        yield Entry(visit.starts_at, "visit", words, visit.reason, visit.desk_path, gone)


def _alerts(patient: Patient, user: User) -> Iterator[Entry]:
    for alert in _rows(Alert, patient, user, "raised_at"):
        yield Entry(alert.raised_at, "alert", f"{alert.level}: {alert.title}", alert.get_state_display(), alert.path)


def _papers(patient: Patient, user: User) -> Iterator[Entry]:
    for consent in _rows(TreatmentConsent, patient, user, "signed_at"):
        yield Entry(consent.signed_at, "paper", _("Consent signed"), consent.signed_name)
        if consent.withdrawn_at is not None:
            yield Entry(consent.withdrawn_at, "paper", _("Consent withdrawn"), consent.withdraw_reason)
    for screening in _rows(Screening, patient, user, "answered_at"):
        who = _("by the person") if screening.by_patient else _("with staff")
        yield Entry(screening.answered_at, "paper", _("Screening answered"), who)
    forms = RemsForm.objects.visible_to(user).filter(session__patient=patient, submitted_at__isnull=False)
    for form in forms.order_by("-submitted_at")[:MOST]:
        if form.submitted_at is not None:
            yield Entry(form.submitted_at, "paper", _("Monitoring form handed in"), form.get_submitted_how_display())


SOURCES = {
    "dose": _doses,
    "score": _scores,
    "effect": _effects,
    "message": _messages,
    "visit": _visits,
    "alert": _alerts,
    "paper": _papers,
}
