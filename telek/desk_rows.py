"""The rows of the worklist as HTML, for the page and for the live socket alike; and the people without a row.

The hot templates: compiled by Jinja2, their words looked up once a page and not once a row.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import get_template
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from apps.core.templatetags.telek import clock_time, priority
from telek.worklist import Entry, Person

TEMPLATE = "desk/row.jinja"
ON_TRACK = "desk/on_track.jinja"
ON_TRACK_SHOWN = 200
ANCHORS = {"contact": "#contact", "close": "#close", "open": ""}


class DeskRow:
    """An entry with the addresses and class names that its row needs."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.alert = entry.alert
        self.person = entry.person
        self.name = str(entry.person.patient)

    @cached_property
    def href(self) -> str:
        """The alert's page, else the chart."""
        return self.alert["path"] if self.alert else reverse("chart", args=[self.person.patient.pk])

    @property
    def step_href(self) -> str:
        """Where the next step is done."""
        step, entry = self.entry.step, self.entry
        if step in ANCHORS:
            return self.href + ANCHORS[step]
        if step == "message":
            thread = getattr(self.person.patient, "thread_id", None)
            return reverse("desk-thread", args=[thread]) if thread else self.href
        if step == "book":
            return f"{reverse('desk-visits')}?patient={self.person.patient.pk}#book"
        return reverse("rems-form" if step == "form" else "desk-visit", args=[entry.subject])

    @property
    def classes(self) -> str:
        if self.entry.level != "P1" or not self.alert:
            return ""
        return "is1 own" if self.alert["owner"] else "is1"

    @property
    def due(self) -> str:
        return clock_time(self.entry.due, self.person.zone)


def rows_html(entries: Iterable[Entry], request: HttpRequest | None = None) -> SafeString:
    """The rows in order. request: of the page, for the token of its forms; the socket's rows are sent by script."""
    rows = [DeskRow(entry) for entry in entries]
    if not rows:
        return mark_safe("")
    context = {"rows": rows, "words": _words(get_language()), "csrf": _csrf(request) if request else ""}
    return mark_safe(get_template(TEMPLATE, using="jinja2").render(context))  # noqa: S308  (autoescaped)


def on_track_html(people: Sequence[Person]) -> SafeString:
    """The people without a row, one line each; "" without any."""
    lines = [(reverse("chart", args=[person.patient.pk]), person) for person in people[:ON_TRACK_SHOWN]]
    return mark_safe(get_template(ON_TRACK, using="jinja2").render({"people": lines}) if lines else "")  # noqa: S308  (autoescaped)


def _csrf(request: HttpRequest) -> SafeString:
    return format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request))


@cache
def _words(_language: str | None) -> dict[str, Any]:
    """Everything that a row says of itself, in the language in force, which is the one named."""
    return {
        "priority": {level: priority(level) for level in ("P1", "P2", "P3")},
        "no_answer": _("no answer yet"),
        "reached": _("reached, not yet closed"),
        "contact_in": _("contact in"),
        "to_take_it": _("to take it"),
        "until_due": _("until due"),
        "overdue": _("overdue"),
        "today": _("today"),
        "acknowledge": _("Acknowledge"),
        "steps": {
            "contact": pgettext("verb", "Contact"),
            "close": pgettext("alert", "Close"),
            "message": pgettext("verb", "Message"),
            "visit": _("Open visit"),
            "sign": pgettext("note", "Sign"),
            "book": pgettext("verb", "Book a visit"),
            "form": _("Open the form"),
            "open": pgettext("verb", "Open"),
        },
    }
