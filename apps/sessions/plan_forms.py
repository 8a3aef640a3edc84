"""What is filled in to plan a course. The rules are the actions'; forms only read."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from apps.core.clock import zone_of
from apps.sessions.models import Course
from apps.sessions.protocols import plan_of
from apps.sessions.treatment.planning import AT_MOST, PlannedDay

Days = dict[int, tuple[datetime, datetime]]


class ProposeForm(forms.Form):
    """From when on, at what time, how long, how many."""

    first = forms.DateField(label=_("First day"), widget=forms.DateInput({"type": "date"}))
    at = forms.TimeField(label=_("Time"), initial=time(9), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    minutes = forms.IntegerField(label=_("Minutes in the chair"), min_value=30, max_value=480, initial=150)
    count = forms.IntegerField(label=_("How many doses"), min_value=1, max_value=AT_MOST, initial=6)

    def days(self, proposed: list[PlannedDay], zone: str) -> Days:
        """The proposal as moments."""
        length = timedelta(minutes=self.cleaned_data["minutes"])
        at = self.cleaned_data["at"]
        starts = {one.number: datetime.combine(one.day, at, tzinfo=zone_of(zone)) for one in proposed}
        return {number: (start, start + length) for number, start in starts.items()}


class MoveDayForm(forms.Form):
    """Another time for one planned dose."""

    starts_at = forms.CharField(label=_("New time"), widget=forms.TextInput({"type": "datetime-local"}))
    reason = forms.CharField(label=_("Why"), max_length=300)


class PhaseForm(forms.Form):
    """Into which phase, and why."""

    phase = forms.TypedChoiceField(label=_("Phase"), coerce=int, choices=())
    reason = forms.CharField(label=_("Why"), max_length=300)

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        phases = list(enumerate(plan_of(course).phases))
        self.fields["phase"].choices = [  # type: ignore[attr-defined]
            (number, phase.name) for number, phase in phases if number != course.phase
        ]


def local_moment(text: str, zone: str) -> datetime | None:
    """A box of date and time as the clinic's moment; None for what is none."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None:
        return None
    return found.replace(tzinfo=zone_of(zone)) if found.tzinfo is None else found


def posted_days(post: QueryDict, zone: str) -> Days | None:
    """The boxes day-1, day-2 ... with minutes; None when one cannot be read."""
    try:
        length = timedelta(minutes=min(max(int(post.get("minutes", "")), 30), 480))
    except ValueError:
        return None
    days: Days = {}
    for name, text in post.items():
        if not name.startswith("day-") or not name[4:].isdecimal() or len(name) > 8:
            continue
        start = local_moment(str(text), zone)
        if start is None:
            return None
        days[int(name[4:])] = (start, start + length)
    return days


def next_monday(today: date) -> date:
    """Where a proposal begins unless somebody says otherwise."""
    return today + timedelta(days=7 - today.weekday())
