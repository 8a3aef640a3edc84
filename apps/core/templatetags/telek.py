"""Template tags of every page: icons, priorities, times, the server's clock.

Load with `{% load telek %}`. Nothing here knows the domain; a priority is its letter and digit.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from apps.core import clock
from apps.core.days import in_words
from apps.core.templatetags.icon_paths import DESK, PATIENT, PRIORITY

register = template.Library()

PRIORITY_WORDS = {
    "p1": pgettext_lazy("priority", "Act now"),
    "p2": pgettext_lazy("priority", "Today"),
    "p3": pgettext_lazy("priority", "Soon"),
    "ok": pgettext_lazy("priority", "On track"),
}
TURNS = {"back", "forward", "logout"}  # arrows, which point the other way where one reads from the right
NAMED_DAYS = {-1: gettext_lazy("Yesterday"), 0: gettext_lazy("Today"), 1: gettext_lazy("Tomorrow")}


def _svg(box: int, inner: str, classes: str, label: str = "") -> SafeString:
    """One inline icon: hidden from screen readers, or an image with a name when it carries meaning alone."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" {}>{}</svg>',
        classes,
        box,
        box,
        spoken,
        mark_safe(inner),  # noqa: S308  (a constant of icon_paths)
    )


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """A 24 px icon of the patient's side; size "s" is 20 px. KeyError for a name that is not drawn."""
    classes = ("i", "i-s" if size == "s" else "", "turn" if name in TURNS else "")
    return _svg(24, PATIENT[name], " ".join(filter(None, classes)), label)


@register.simple_tag
def desk_icon(name: str, size: str = "", label: str = "") -> SafeString:
    """A 16 px icon of the workstation; size "s" is 12 px, "l" 26 px. KeyError for a name that is not drawn."""
    box, inner = DESK[name]
    return _svg(box, inner, f"i i-{size}" if size else "i", label)


@register.simple_tag
def priority(level: object, word: str = "") -> SafeString:
    """Shape, word and colour of a priority: "P1", "P2", "P3" or "ok" (also 1, 2, 3). `word` replaces the usual one."""
    key = _priority_key(level)
    shape = _svg(14, PRIORITY[key], "shape")
    return format_html('<span class="pri-m {}">{}{}</span>', key, shape, word or PRIORITY_WORDS[key])


def _priority_key(level: object) -> str:
    text = str(level).lower()
    return f"p{text}" if text.isdigit() else text


def _zone(zone: object) -> tzinfo:
    """A zone from its name, a tzinfo, or an object with `time_zone`; nothing means the active zone."""
    zone = getattr(zone, "time_zone", zone)
    if isinstance(zone, tzinfo):
        return zone
    return clock.zone_of(str(zone)) if zone else timezone.get_current_timezone()


def _time(at: datetime, shown: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), shown)


@register.filter
def clock_time(at: datetime | None, zone: object = None) -> SafeString | str:
    """The time of day, 08:41, in a zone (name, tzinfo or object with `time_zone`). Empty for None."""
    if at is None:
        return ""
    there = timezone.localtime(at, _zone(zone))
    return _time(there, there.strftime("%H:%M"))


@register.filter
def box_time(at: datetime | None, zone: object = None) -> str:
    """As a box of date and time takes it, 2026-11-25T08:41, in a zone. Empty for None."""
    return "" if at is None else timezone.localtime(at, _zone(zone)).strftime("%Y-%m-%dT%H:%M")


@register.filter
def clock_seconds(at: datetime | None, zone: object = None) -> SafeString | str:
    """The time of day with seconds, 08:41:16. Empty for None."""
    if at is None:
        return ""
    there = timezone.localtime(at, _zone(zone))
    return _time(there, there.strftime("%H:%M:%S"))


@register.filter
def how_long(minutes: float | None) -> str:
    """Minutes as people say them: "6 min", "2 h 5 min", "4 days". Empty for None."""
    if minutes is None:
        return ""
    whole = round(minutes)
    hours, rest = divmod(whole, 60)
    if hours >= 48:
        return gettext("%(days)d days") % {"days": round(hours / 24)}
    if hours:
        return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
    return gettext("%(minutes)d min") % {"minutes": whole}


@register.filter
def span(length: timedelta | None) -> str:
    """How long, to the second: "48 s", "2 min 5 s", "1 h 3 min". Empty for None."""
    if length is None:
        return ""
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return gettext("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds}
    return gettext("%(seconds)d s") % {"seconds": seconds}


@register.filter
def local_time(at: datetime | None, zone: object = None) -> SafeString | str:
    """Day and time, Wed 25 Nov 08:41, in a zone. Empty for None."""
    if at is None:
        return ""
    there = timezone.localtime(at, _zone(zone))
    return _time(there, f"{_day(there.date())} {there:%H:%M}")


@register.filter
def local_day(at: datetime | date | None, zone: object = None) -> SafeString | str:
    """The day, Wed 25 Nov, in a zone; with the year when it is another one. Empty for None."""
    if at is None:
        return ""
    day = timezone.localtime(at, _zone(zone)).date() if isinstance(at, datetime) else at
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), _day(day))


@register.filter
def relative_day(at: datetime | date | None, zone: object = None) -> str:
    """Yesterday, Today, Tomorrow, else Wed 25 Nov, seen from now in that zone. Empty for None."""
    if at is None:
        return ""
    there = _zone(zone)
    day = timezone.localtime(at, there).date() if isinstance(at, datetime) else at
    named = NAMED_DAYS.get((day - timezone.localtime(clock.now(), there).date()).days)
    return str(named) if named else _day(day)


@register.filter
def both_times(at: datetime | None, zones: tuple[object, object]) -> SafeString | str:
    """The clinic's time, then the person's in brackets when their clocks differ; `zones` is (clinic, person)."""
    if at is None:
        return ""
    ours, theirs = (timezone.localtime(at, _zone(zone)) for zone in zones)
    if ours.utcoffset() == theirs.utcoffset():
        return clock_time(at, zones[0])
    other = gettext("%(time)s for the patient") % {"time": theirs.strftime("%H:%M")}
    return format_html("{} ({})", clock_time(at, zones[0]), other)


def _day(day: date) -> str:
    pattern = "D j M" if day.year == clock.now().year else "D j M Y"
    return in_words(day, pattern)


@register.simple_tag
def server_now() -> str:
    """The server's present moment in ISO 8601, for the countdowns of the page."""
    return clock.now().isoformat(timespec="milliseconds")


@register.simple_tag
def initials(name: object) -> str:
    """Two letters for a person without a photo: "Maria Alvarez" gives MA."""
    words = str(name).replace(",", " ").split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.simple_tag
def percent(part: float, whole: float) -> int:
    """Whole percent of part in whole, 0 to 100, for <progress>; 0 when there is no whole."""
    return round(min(max(part / whole, 0), 1) * 100) if whole else 0
