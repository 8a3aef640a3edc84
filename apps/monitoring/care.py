"""What the crisis card and the first-survey notice say about the clinic: who calls, until when, and who watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Clinic
from apps.alerts.actions import CallPromise, call_promise
from apps.alerts.hours import hours_from
from apps.core import clock
from apps.patients.models import Patient


@dataclass(frozen=True, slots=True)
class Cover:
    """What a clinic staffs. night_cover: somebody is paged day and night; opens, closes: of the desk, "08:00"."""

    night_cover: bool
    opens: str
    closes: str
    call_back_minutes: int
    is_open: bool


def cover_of(clinic: Clinic) -> Cover:
    """The clinic's cover now, from its settings."""
    values = settings_of(clinic)
    hours = hours_from(values, clock.zone_of(clinic.time_zone))
    return Cover(
        night_cover=values["night_cover"],
        opens=f"{hours.opens:%H:%M}",
        closes=f"{hours.closes:%H:%M}",
        call_back_minutes=values["call_back_minutes"],
        is_open=hours.is_open(clock.now()),
    )


def call_words(patient: Patient, *, after_positive: bool) -> str:
    """What asking for a call will bring, truthfully, before it is asked: no promise that nobody can keep."""
    promise = call_promise(patient=patient, after_positive=after_positive)
    cover = cover_of(patient.clinic)
    if promise.by is None:
        return _("Nobody is on duty right now. Your clinic sees it as soon as somebody is back.")
    if not cover.night_cover and not cover.is_open:
        return _("Nobody watches this right now. We aim to call by %(time)s.") % {
            "time": time_words(patient, promise.by)
        }
    words = _("We aim to call within %(minutes)s minutes.") % {"minutes": cover.call_back_minutes}
    return words if cover.night_cover else f"{words} {_night(cover)}"


def _night(cover: Cover) -> str:
    return _("Until %(time)s today. We do not watch this at night.") % {"time": cover.closes}


def promised_words(patient: Patient, by: datetime | None) -> str:
    """What was promised, after it was asked."""
    if by is None:
        return _(
            "Your wish to be called is with your clinic. Nobody is on duty right now, so we cannot say when. "
            "If it cannot wait, use the numbers above."
        )
    return _("Your clinic has it. We aim to call you by %(time)s.") % {"time": time_words(patient, by)}


def reminded_words(patient: Patient, at: datetime) -> str:
    """When we remind somebody of a form who asked for later."""
    return _("We will remind you at %(time)s. You can fill it in any time before.") % {"time": time_words(patient, at)}


def names_on_duty(promise: CallPromise) -> list[str]:
    """Who is asked first, as the person knows them."""
    return [person.user.name for person in promise.people]


def time_words(patient: Patient, moment: datetime) -> str:
    """10:30, 00:30 tomorrow, or 08:30 on Monday, 30 November, by the person's clock."""
    zone = clock.zone_of(patient.time_zone)
    local, today = moment.astimezone(zone), clock.now().astimezone(zone).date()
    shown = local.strftime("%H:%M")
    if local.date() == today:
        return shown
    if local.date() == today + timedelta(days=1):
        return _("%(time)s tomorrow") % {"time": shown}
    return _("%(time)s on %(day)s") % {"time": shown, "day": date_format(local.date(), "l, j F")}
