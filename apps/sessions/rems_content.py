"""What the REMS monitoring form asks (clinical.md 2.5), answered from the session's evidence. What is not known stays blank.

Shaped like the form, not the form itself: a person copies or faxes it, Telek files nothing.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.core.clock import zone_of
from apps.core.spreadsheet import cell
from apps.sessions.agreements import digest_of
from apps.sessions.evidence import closing_limits, facts_of, given_of, newest_screening, standing_dose
from apps.sessions.history import history_of
from apps.sessions.models import DosingSession, MedicationAdministration
from apps.sessions.treatment.facts import DISSOCIATION, Fact, close_out, pressure
from apps.sessions.treatment.screening import findings

#: What the two hours and the ride add to being well (the form asks when the person would have been ready without them).
NOT_THE_PERSON = frozenset({"under_2h_since_last_device", "under_60min_since_end", "no_bp_at_40min", "no_escort"})
ACCEPTABLE = (140, 90)  # mm[Hg], as the label's "weigh the risk above"


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the form. key: stable, for CSV and JSON; label: words; value: text, blank where not known."""

    key: str
    label: str
    value: str


Section = tuple[str, list[Line]]


def rems_content(session: DosingSession) -> list[Section]:
    """Section by section, in the order of the form."""
    dose = standing_dose(session)
    facts = facts_of(session)
    return [
        (_("Patient"), list(_patient(session))),
        (_("Medicines at the same time"), list(_medicines(session))),
        (_("Setting and monitoring person"), list(_setting(session))),
        (_("Treatment"), list(_treatment(session, dose, facts)) if dose else []),
        (_("Vital signs"), list(_vitals(dose, facts)) if dose else []),
        (_("Sedation, dissociation, breathing"), list(_effects(session, facts))),
        (_("Serious adverse events"), list(_serious(session))),
    ]


def as_json(session: DosingSession) -> str:
    """Keys and values, by section."""
    rows = {section: {line.key: line.value for line in lines} for section, lines in rems_content(session)}
    return json.dumps({"session": str(session.pk), "form": rows}, ensure_ascii=False, indent=1)


def as_csv(session: DosingSession) -> str:
    """One row a field: section, key, label, value. A value that a sheet would run as a formula is quoted."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(["section", "key", "label", "value"])
    for section, lines in rems_content(session):
        for line in lines:
            writer.writerow([section, line.key, line.label, cell(line.value)])
    return out.getvalue()


def digest_of_form(session: DosingSession) -> str:
    """SHA-256 over what the form says now."""
    return digest_of(as_json(session))


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")


def _patient(session: DosingSession) -> Iterator[Line]:
    patient, enrolled = session.patient, session.course.rems_enrolled_on
    yield Line("patient_name", _("Name"), f"{patient.given_name} {patient.family_name}")
    yield Line("birth_date", _("Birth date"), patient.birth_on.isoformat())
    yield Line("sex", _("Sex"), patient.get_sex_display())
    yield Line("first_treatment", _("First treatment"), _yes(session.number == 1))
    yield Line("enrolled_on", _("Enrolled on"), enrolled.isoformat() if enrolled else "")


def _medicines(session: DosingSession) -> Iterator[Line]:
    screened = newest_screening(session.patient)
    check = session.pre_dose_checks.order_by("-created_at").first()
    found = set(findings(screened.answers)) if screened else set()
    found |= set(check.new_findings) if check else set()
    found |= history_of(session.patient).flags
    known = screened is not None or check is not None
    for code, label in (
        ("benzodiazepine", _("Benzodiazepine")),
        ("other_cns_depressant", _("Another sedative or hypnotic")),
        ("opioid", _("Opioid")),
        ("psychostimulant", _("Stimulant")),
        ("maoi", _("MAO inhibitor")),
    ):
        yield Line(code, label, _yes(code in found) if known else "")


def _setting(session: DosingSession) -> Iterator[Line]:
    user = session.opened_by.user
    yield Line("setting", _("Setting"), session.clinic.name)
    yield Line("setting_phone", _("Phone"), session.clinic.phone)
    yield Line("monitor_name", _("Monitored by"), user.name)
    yield Line("monitor_email", _("Email"), user.email)


def _treatment(session: DosingSession, dose: MedicationAdministration, facts: list[Fact]) -> Iterator[Line]:
    zone = zone_of(session.clinic.time_zone)
    yield Line("date", _("Date"), dose.started_at.astimezone(zone).date().isoformat())
    yield Line("dose_mg", _("Dose, mg"), f"{dose.dose_mg if dose.given_mg is None else dose.given_mg:.0f}")
    yield Line("lot", _("Lot number"), dose.lot)
    total = _minutes(dose.started_at, session.finished_at)
    yield Line("total_minutes", _("Minutes from the first device to the end of monitoring"), total)
    ready = ready_at(session, dose, facts)
    words = _("Minutes until ready to leave, without the rule of two hours")
    yield Line("ready_minutes", words, _minutes(dose.started_at, ready))
    yield Line("left", _("How the person left"), session.get_outcome_display() if session.outcome else "")


def ready_at(session: DosingSession, dose: MedicationAdministration, facts: list[Fact]) -> datetime | None:
    """The first moment at which the person themselves was well, by the evidence of that moment."""
    limits, given = closing_limits(session), given_of(dose)
    for fact in facts:
        known = [one for one in facts if one.at <= fact.at]
        if fact.at > dose.started_at and not set(close_out(given, known, fact.at, limits).blockers) - NOT_THE_PERSON:
            return fact.at
    return None


def _minutes(start: datetime, end: datetime | None) -> str:
    return "" if end is None else str(int((end - start).total_seconds() // 60))


def _vitals(dose: MedicationAdministration, facts: list[Fact]) -> Iterator[Line]:
    before = pressure([fact for fact in facts if fact.at <= dose.started_at])
    after = [fact for fact in facts if dose.ended_at is not None and fact.at > dose.ended_at]
    forty = [f for f in after if dose.ended_at and 30 <= (f.at - dose.ended_at).total_seconds() / 60 <= 50]
    end = pressure(after)
    for key, label, value in (
        ("bp_before", _("Blood pressure before"), before),
        ("bp_40", _("Blood pressure about 40 minutes after"), pressure(forty)),
        ("bp_end", _("Blood pressure at the end"), end),
    ):
        yield Line(key, label, f"{value[0]}/{value[1]}" if value else "")
    for key, label, value in (
        ("acceptable_before", _("Acceptable before"), before),
        ("acceptable_end", _("Acceptable at the end"), end),
    ):
        yield Line(key, label, _yes(value[0] <= ACCEPTABLE[0] and value[1] <= ACCEPTABLE[1]) if value else "")


def _effects(session: DosingSession, facts: list[Fact]) -> Iterator[Line]:
    zone = zone_of(session.clinic.time_zone)
    sedated = [fact for fact in facts if fact.kind == "moaas" and (fact.score or 0) < 5]
    awake = [f for f in facts if f.kind == "moaas" and f.score == 5 and sedated and f.at > sedated[-1].at]
    yield Line("sedation", _("Sedation"), _span(sedated, awake, zone))
    for key, term, label in (
        ("dissociation", DISSOCIATION, _("Dissociation")),
        ("respiratory_depression", "Respiratory depression", _("Respiratory depression")),
    ):
        begun = [fact for fact in facts if fact.kind == "effect" and fact.term == term]
        gone = [fact for fact in facts if fact.kind == "effect-gone" and fact.term == term]
        yield Line(key, label, _span(begun, gone, zone))


def _span(begun: list[Fact], gone: list[Fact], zone: ZoneInfo) -> str:
    if not begun:
        return _("no")
    start = begun[0].at.astimezone(zone)
    if not gone:
        return _("yes, from %(start)s, end not noted") % {"start": f"{start:%H:%M}"}
    end = gone[-1].at.astimezone(zone)
    return _("yes, %(start)s to %(end)s") % {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}


def _serious(session: DosingSession) -> Iterator[Line]:
    rows = [row for row in session.adverse_events.all() if row.is_serious]
    yield Line("serious", _("Any"), _yes(bool(rows)))
    for number, row in enumerate(rows, start=1):
        what = f"{row.term}, {_('grade %(n)s') % {'n': row.grade}}, {row.get_seriousness_display()}: {row.action}"
        yield Line(f"serious_{number}", _("Event %(n)s") % {"n": number}, what)
