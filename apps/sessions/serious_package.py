"""Everything that somebody asks who judges a serious event (clinical.md 2.9), from the record. Telek sends it nowhere.

De-identified: no name, number, birth date, address, clock time or free text; moments are minutes from the dose, the age
stops at 90. What a person wrote in their own words may name somebody, so that it is left out whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.core.clock import zone_of
from apps.patients.models import AllergyIntolerance, Condition, MedicationStatement
from apps.sessions.course_record import given_doses
from apps.sessions.evidence import age_on, local_day, standing_dose
from apps.sessions.models import AdverseEvent, DosingSession, MedicationAdministration
from apps.sessions.rems_content import Line, Section
from apps.sessions.words import listed

OLDEST = 90


@dataclass(frozen=True, slots=True)
class Package:
    """One event with its session, course and person. named False: de-identified."""

    event: AdverseEvent
    named: bool

    @property
    def session(self) -> DosingSession | None:
        """In or after which it happened."""
        return self.event.session

    @property
    def dose(self) -> MedicationAdministration | None:
        """Of that session."""
        return standing_dose(self.session) if self.session else None

    def when(self, at: datetime | None) -> str:
        """A moment as it may be told: the clinic's clock, or minutes from the dose."""
        if at is None:
            return ""
        if self.named:
            return f"{at.astimezone(zone_of(self.event.patient.clinic.time_zone)):%Y-%m-%d %H:%M}"
        start = self.dose.started_at if self.dose else self.event.onset_at
        return _("%(n)+d min") % {"n": round((at - start).total_seconds() / 60)}

    def words(self, text: str) -> str:
        """Free text, or that there was some."""
        return text if self.named or not text else _("(left out)")


def sections(package: Package) -> list[Section]:
    """Section by section; one without a line is not there."""
    found = [
        (_("Event"), list(_event(package))),
        (_("Person"), list(_person(package))),
        (_("Treatment"), list(_treatment(package))),
        (_("Doses of the course"), list(_doses(package))),
        (_("Conditions, allergies, medicines"), list(_history(package))),
        (_("Before the dose"), list(_before(package))),
        (_("What happened"), list(_happened(package))),
        (_("How it ended"), list(_end(package))),
    ]
    return [(name, lines) for name, lines in found if lines]


def package_json(package: Package) -> str:
    """The same as JSON: section, key, label, value."""
    rows: list[dict[str, Any]] = [
        {"section": name, "lines": [{"key": one.key, "label": one.label, "value": one.value} for one in lines]}
        for name, lines in sections(package)
    ]
    body = {"de_identified": not package.named, "event": str(package.event.pk) if package.named else None}
    return json.dumps({**body, "package": rows}, ensure_ascii=False, indent=1)


def _event(package: Package) -> Iterator[Line]:
    event = package.event
    yield Line("term", _("Term"), event.term)
    yield Line("grade", _("Grade"), str(event.grade))
    yield Line("seriousness", _("Serious because"), event.get_seriousness_display())
    yield Line("onset", _("Began"), package.when(event.onset_at))
    yield Line("offset", _("Ended"), package.when(event.offset_at) or _("not yet"))
    yield Line("action", _("What was done"), package.words(event.action))
    yield Line("follow_up", _("Follow-up"), package.words(event.follow_up))
    if package.named:
        yield Line("reported_by", _("Written down by"), f"{event.author.user.name}, {package.when(event.created_at)}")
    older, number = event.replaces, 1
    while older is not None and number < 50:
        said = (
            f"{package.when(older.created_at)}: {older.term}, {older.grade} {older.get_seriousness_display()}".strip()
        )
        yield Line(f"earlier_{number}", _("Earlier version"), said)
        older, number = older.replaces, number + 1


def _person(package: Package) -> Iterator[Line]:
    patient = package.event.patient
    day = package.event.onset_at.astimezone(zone_of(patient.clinic.time_zone)).date()
    age = age_on(patient.birth_on, day)
    if package.named:
        yield Line("name", _("Name"), f"{patient.given_name} {patient.family_name}")
        yield Line("number", _("Number"), patient.number)
        yield Line("birth_date", _("Birth date"), patient.birth_on.isoformat())
        yield Line("clinic", _("Clinic"), patient.clinic.name)
    yield Line("age", _("Age"), str(age) if age < OLDEST else _("90 or older"))
    yield Line("sex", _("Sex"), patient.get_sex_display())


def _treatment(package: Package) -> Iterator[Line]:
    session, dose = package.session, package.dose
    if session is None:
        return
    yield Line("course", _("Course"), f"{session.course}, {session.course.get_indication_display()}")
    yield Line("session", _("Session"), str(session.number))
    if dose is None:
        return
    given = dose.dose_mg if dose.given_mg is None else dose.given_mg
    yield Line("dose", _("Dose"), f"{float(given):g} mg, {dose.get_route_display()}")
    yield Line("mg_per_kg", _("mg/kg"), f"{dose.mg_per_kg:.2f}" if dose.mg_per_kg is not None else "")
    yield Line("lot", _("Lot"), dose.lot)
    yield Line("dose_began", _("Dose began"), package.when(dose.started_at))
    yield Line("dose_ended", _("Dose ended"), package.when(dose.ended_at))
    if dose.reasons:
        yield Line("limits", _("Limits"), listed(dose.reasons))


def _doses(package: Package) -> Iterator[Line]:
    if package.session is None:
        return
    for number, dose in enumerate(given_doses(package.session.course), 1):
        days = (dose.started_at - package.event.onset_at).days
        at = package.when(dose.started_at) if package.named else _("%(n)+d days") % {"n": days}
        yield Line(f"dose_{number}", str(number), f"{at}, {dose}")


def _history(package: Package) -> Iterator[Line]:
    patient = package.event.patient
    lists: tuple[tuple[str, Any, Any], ...] = (
        ("condition", _("Condition"), Condition),
        ("allergy", _("Allergy"), AllergyIntolerance),
        ("medicine", _("Medicine"), MedicationStatement),
    )
    for key, label, model in lists:
        for number, row in enumerate(model.objects.standing().filter(patient=patient).order_by("created_at"), 1):
            yield Line(f"{key}_{number}", label, f"{_told(package, row)}, {row.get_status_display()}")


def _told(package: Package, row: Any) -> str:
    """The entry; of what the person wrote themselves without names only why it matters beside ketamine."""
    if package.named or not row.by_patient:
        return str(row)
    return ", ".join([package.words(str(row)), *(str(flag) for flag in getattr(row, "flag_words", ()))])


def _before(package: Package) -> Iterator[Line]:
    if package.session is None:
        return
    check = package.session.pre_dose_checks.order_by("-created_at").first()
    if check is not None:
        yield Line("food_hours", _("Hours since food"), f"{float(check.food_hours):g}")
        yield Line("new", _("New that day"), listed(check.new_findings) or _("nothing"))
    for number, row in enumerate(package.session.overrides.order_by("created_at"), 1):
        yield Line(
            f"override_{number}", _("Decided to go on"), f"{listed([row.code])} {package.words(row.reason)}".strip()
        )


def _happened(package: Package) -> Iterator[Line]:
    if package.session is None:
        return
    events = list(package.session.events.order_by("occurred_at", "id"))
    replaced = {event.corrects_id for event in events if event.corrects_id}
    for number, event in enumerate(events, 1):
        if event.kind == "void":
            continue
        words = [event.get_kind_display(), event.term, *_numbers(event), package.words(event.text)]
        taken_back = _("(taken back)") if event.pk in replaced else ""
        said = " ".join(str(word) for word in [*words, taken_back] if word)
        yield Line(f"event_{number}", package.when(event.occurred_at), said)


def _numbers(event: Any) -> Iterator[str]:
    if event.sbp is not None:
        yield f"{event.sbp}/{event.dbp} mmHg"
    for value, unit in ((event.hr, "/min"), (event.spo2, "% SpO2"), (event.rr, _("breaths/min"))):
        if value is not None:
            yield f"{value} {unit}"
    if event.score is not None:
        yield str(event.score)
    if event.grade is not None:
        yield _("grade %(n)s") % {"n": event.grade}


def _end(package: Package) -> Iterator[Line]:
    session = package.session
    if session is None:
        return
    yield Line("outcome", _("Left"), session.get_outcome_display() or _("still here"))
    yield Line("left_at", _("Left at"), package.when(session.finished_at))
    if session.outcome_missing:
        yield Line("missing", _("Missing when they left"), listed(session.outcome_missing))
    if session.outcome_reason:
        yield Line("reason", _("Why"), package.words(session.outcome_reason))
    if package.named:
        yield Line("day", _("Day"), local_day(session, session.opened_at).isoformat())
