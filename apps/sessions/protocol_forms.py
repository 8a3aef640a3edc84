"""The editors of the admin: course templates and consent texts, as plain boxes that are checked as a whole."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.sessions.models import Course, DoseRoute
from apps.sessions.treatment.protocols import ProtocolFaults, read_body

FAULTS = {
    "missing": gettext_lazy("Fill this in."),
    "route": gettext_lazy("Choose a route."),
    "indication": gettext_lazy("Choose what it is for."),
    "phases": gettext_lazy("Each line: name; doses (or open, only the last); fewest days; most days."),
    "numbers": gettext_lazy("Numbers of doses from 2, with commas, each once."),
    "limits": gettext_lazy("Numbers above 0, or empty."),
    "days": gettext_lazy("Whole days from 1 to 365, or empty."),
    "not-with-this-route": gettext_lazy("Esketamine is for its label indications, ketamine for the others."),
    "closer-than-the-label": gettext_lazy("Esketamine: at least 3 days from one dose to the next."),
    "looser-than-the-hard-limit": gettext_lazy("A course can only be tighter than the hard limit of its route."),
}
#: Fields of a body to the box that shows their faults.
BOXES = {"limits": "max_mg"}
CODE = re.compile(r"[a-z][a-z0-9-]{1,30}")


class ProtocolForm(forms.Form):
    """One version of a course template."""

    key = forms.SlugField(
        label=gettext_lazy("Key"),
        max_length=40,
        help_text=gettext_lazy("The key of one that ships (iv-depression ...) takes its place."),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    route = forms.ChoiceField(label=gettext_lazy("Route"), choices=DoseRoute.choices)
    indication = forms.ChoiceField(
        label=gettext_lazy("For"), choices=lambda: Course._meta.get_field("indication").flatchoices
    )
    phases = forms.CharField(
        label=gettext_lazy("Phases"),
        widget=forms.Textarea({"rows": 4, "class": "vLargeTextField"}),
        help_text=FAULTS["phases"],
    )
    review_before = forms.CharField(
        label=gettext_lazy("Review before dose"), required=False, help_text=FAULTS["numbers"]
    )
    max_mg = forms.FloatField(label=gettext_lazy("Not more than, mg"), required=False)
    max_mg_per_kg = forms.FloatField(label=gettext_lazy("Not more than, mg/kg"), required=False)
    min_minutes = forms.FloatField(label=gettext_lazy("Not faster than, minutes"), required=False)
    screening_days = forms.IntegerField(label=gettext_lazy("Screening holds, days"), required=False)
    source = forms.CharField(label=gettext_lazy("Source"), max_length=200)

    def __init__(self, *args: Any, body: dict[str, Any] | None = None, key: str = "", **kwargs: Any) -> None:
        if body is not None:
            kwargs["initial"] = {**_initial(body), "key": key}
        super().__init__(*args, **kwargs)
        if key:
            self.fields["key"].disabled = True
            self.fields["key"].initial = key

    def clean(self) -> dict[str, Any]:
        """Adds `body`: what is stored."""
        found = super().clean() or {}
        if self.errors:
            return found
        try:
            found["body"] = self._body(found)
            read_body(found["key"], found["body"])
        except ProtocolFaults as faults:
            for one in faults.faults:
                self.add_error(BOXES.get(one.field, one.field), str(FAULTS[one.code]))
        except ValueError as error:
            self.add_error(str(error), str(FAULTS["phases" if str(error) == "phases" else "numbers"]))
        return found

    def _body(self, found: dict[str, Any]) -> dict[str, Any]:
        return {
            "name": found["name"],
            "route": found["route"],
            "indication": found["indication"],
            "phases": [_phase(line) for line in found["phases"].splitlines() if line.strip()],
            "review_before": _numbers(found["review_before"]),
            "limits": {name: found[name] for name in ("max_mg", "max_mg_per_kg", "min_minutes")},
            "screening_days": found["screening_days"],
            "source": found["source"],
        }


def _initial(body: dict[str, Any]) -> dict[str, Any]:
    lines = [
        "; ".join([one["name"], str(one["doses"] or "open"), *map(str, one["days_between"])]) for one in body["phases"]
    ]
    given = {name: body[name] for name in ("name", "route", "indication", "screening_days", "source")}
    reviews = ", ".join(map(str, body["review_before"]))
    return {**given, **body["limits"], "phases": "\n".join(lines), "review_before": reviews}


def _phase(line: str) -> dict[str, Any]:
    parts = [part.strip() for part in line.split(";")]
    if len(parts) != 4 or not all(part.isdecimal() for part in parts[2:]):
        raise ValueError("phases")
    if parts[1] != "open" and not parts[1].isdecimal():
        raise ValueError("phases")
    doses = None if parts[1] == "open" else int(parts[1])
    return {"name": parts[0], "doses": doses, "days_between": [int(parts[2]), int(parts[3])]}


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise ValueError("review_before")
    return [int(part) for part in parts]


class ConsentTextForm(forms.Form):
    """A new version of the text that people sign."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    body = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=20_000,
        widget=forms.Textarea({"rows": 16, "class": "vLargeTextField"}),
    )
    items = forms.CharField(
        label=gettext_lazy("Points to agree to"),
        widget=forms.Textarea({"rows": 8, "class": "vLargeTextField"}),
        help_text=gettext_lazy("Each line: code; required or optional; words. The code treatment must be there."),
    )

    def clean_items(self) -> list[dict[str, Any]]:
        """As they are stored. Raises ValidationError with the line."""
        found: list[dict[str, Any]] = []
        for number, line in enumerate(self.cleaned_data["items"].splitlines(), 1):
            if line.strip():
                found.append(_item(line, number))
        codes = [one["code"] for one in found]
        if len(set(codes)) != len(codes):
            raise forms.ValidationError(_("A code stands there twice."))
        if not any(one["code"] == "treatment" and one["required"] for one in found):
            raise forms.ValidationError(_("The point treatment must be there, and be required."))
        return found


def items_text(items: list[dict[str, Any]]) -> str:
    """As the box shows them."""
    return "\n".join(f"{one['code']}; {'required' if one['required'] else 'optional'}; {one['words']}" for one in items)


def _item(line: str, number: int) -> dict[str, Any]:
    parts = [part.strip() for part in line.split(";", 2)]
    if len(parts) != 3 or not CODE.fullmatch(parts[0]) or parts[1] not in ("required", "optional") or not parts[2]:
        raise forms.ValidationError(_("Line %(n)s: code; required or optional; words.") % {"n": number})
    return {"code": parts[0], "words": parts[2], "required": parts[1] == "required"}
