"""Further reasons to be on the worklist: what each reads with the people, and the row it makes.

A reason is one subquery in `reasons`, one function in SOURCES, and its bucket in telek.worklist.BUCKETS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DateTimeField, Exists, JSONField, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import ClinicSetting, User
from apps.outcomes.models import Forecast, ForecastClock, Review
from apps.sessions.models import RemsForm, SafetyCheck

WINDOW_DAYS: Final = 7  # a window that opens within so many days
FRESH: Final = timedelta(days=2)  # an older forecast says nothing of today
FORM_DAYS: Final = 3  # before its last day
LAB_DAYS: Final = 7  # before its day


@dataclass(frozen=True, slots=True)
class Extra:
    """A row in the making. rank: orders it inside its bucket; waits: only where the person has no other row."""

    key: str
    bucket: str
    level: str
    rank: str
    why: str
    detail: str
    step: str
    subject: str = ""
    waits: bool = False


def reasons(user: User, at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """What the people of the worklist carry for it; no query of its own for each person."""
    reviews = Review.objects.visible_to(user).filter(patient=OuterRef("pk")).order_by("-at")
    soon = at.astimezone(zone).date() + timedelta(days=FORM_DAYS)
    forms = RemsForm.objects.visible_to(user).filter(
        session__patient=OuterRef("pk"), submitted_at__isnull=True, due_on__lte=soon
    )
    checks = SafetyCheck.objects.visible_to(user).filter(
        patient=OuterRef("pk"),
        due_on__lte=at.astimezone(zone).date() + timedelta(days=LAB_DAYS),
        next_step_at__isnull=False,  # else the task stands on the list
    )
    found = {
        "checks_due": ArraySubquery(checks.values(json=JSONObject(id="pk", kind="kind", due="due_on"))),
        "reviewed_at": Subquery(reviews.values("at")[:1], output_field=DateTimeField()),
        "forms_owed": ArraySubquery(forms.order_by("due_on").values(json=JSONObject(id="pk", due="due_on"))),
    }
    return found | _fading(user, at)


def _fading(user: User, at: datetime) -> dict[str, Any]:
    """The newest forecast, whether the clinic shows forecasts, and whether anything is known against them."""
    membership = user.membership
    if membership is None:
        return {}
    clinic = membership.clinic_id
    chosen = ClinicSetting.objects.filter(clinic_id=clinic, name="show_forecasts").order_by("-created_at", "-id")
    broken = ForecastClock.objects.filter(clinic_id=clinic, broken_at__isnull=False)
    rows = Forecast.objects.visible_to(user).filter(patient=OuterRef("pk"), made_at__gte=at - FRESH)
    newest = rows.order_by("-made_at").values(json=JSONObject(low="window_low", high="window_high"))
    return {
        "forecast": Subquery(newest[:1], output_field=JSONField()),
        "forecasts_shown": Subquery(chosen.values("value")[:1], output_field=JSONField()),
        "forecasts_broken": Exists(broken),
    }


def fading(patient: Any, _at: datetime, _zone: ZoneInfo) -> Iterator[Extra]:
    """The window for the next session opens: a reason to look, and no alert."""
    found = getattr(patient, "forecast", None)
    if not found or not patient.forecasts_shown or patient.forecasts_broken:
        return
    if found["low"] is None or found["low"] > WINDOW_DAYS:
        return
    words = {"low": round(found["low"]), "high": round(found["high"])}
    yield Extra(
        key=f"fading-{patient.pk}",
        bucket="fading",
        level="P3",
        rank=f"{found['low']:06.2f}",
        why=_("Effect fades: the window opens"),
        detail=_("%(low)s to %(high)s days from now, half of the time; simulation") % words,
        step="book",
        waits=True,
    )


def form_due(patient: Any, at: datetime, zone: ZoneInfo) -> Iterator[Extra]:
    """A monitoring form whose last day is near or over."""
    today = at.astimezone(zone).date()
    for form in getattr(patient, "forms_owed", None) or []:
        due = date.fromisoformat(form["due"])
        overdue = due < today
        yield Extra(
            key=f"form-{form['id']}",
            bucket="form",
            level="P2" if overdue else "P3",
            rank=form["due"],
            why=_("Monitoring form overdue") if overdue else _("Monitoring form due"),
            detail=_("last day %(day)s") % {"day": date_format(due, "D j M")},
            step="form",
            subject=str(form["id"]),
        )


def labs_due(patient: Any, _at: datetime, _zone: ZoneInfo) -> Iterator[Extra]:
    """The long-term checks whose day is near or past, in one row; after its days of grace each is a task of its own."""
    checks = sorted(getattr(patient, "checks_due", None) or [], key=lambda check: check["due"])
    if not checks:
        return
    kinds = dict(SafetyCheck._meta.get_field("kind").flatchoices)
    names = "; ".join(str(kinds.get(check["kind"], check["kind"])) for check in checks)
    words = ngettext("Check due: %(kinds)s", "Checks due: %(kinds)s", len(checks))
    yield Extra(
        key=f"checks-{patient.pk}",
        bucket="labs",
        level="P3",
        rank=checks[0]["due"],
        why=words % {"kinds": names},
        detail=_("the first on %(day)s") % {"day": date_format(date.fromisoformat(checks[0]["due"]), "D j M")},
        step="open",
    )


Source = Callable[[Any, datetime, ZoneInfo], Iterator[Extra]]
SOURCES: Final[tuple[Source, ...]] = (fading, form_due, labs_due)


def extras_of(patient: Any, at: datetime, zone: ZoneInfo, *, alone: bool) -> Iterator[Extra]:
    """Every further row of a person. alone: they have no alert."""
    for source in SOURCES:
        for extra in source(patient, at, zone):
            if alone or not extra.waits:
                yield extra
