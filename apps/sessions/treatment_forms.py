"""What staff and the person fill in about a treatment. The rules are the actions'; forms only read."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Clinic, Membership, User
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.sessions.actions import Asked, Order, Tap, may_confirm
from apps.sessions.evidence import newest_weight
from apps.sessions.models import CalmTrack, DoseRoute, DosingSession
from apps.sessions.protocols import offered
from apps.sessions.signature_words import refused_words
from apps.sessions.sites import sites_of
from apps.sessions.treatment.screening import QUESTIONS
from apps.sessions.treatment.signature import Unreadable, strokes_of
from apps.sessions.words import ELIGIBILITY, STOP_REASONS

# What may be new on the day of a dose; history does not begin today.
NEW_TODAY = (
    "mi_or_stroke_within_6_weeks",
    "intracerebral_haemorrhage_history",
    "pregnant",
    "breastfeeding",
    "active_psychosis",
    "active_substance_use_disorder",
    "uncontrolled_hypertension",
    "unstable_cardiac_disease",
    "possible_mania",
    "bladder_symptoms",
    "maoi",
    "psychostimulant",
    "benzodiazepine",
    "opioid",
    "other_cns_depressant",
)


class CourseForm(forms.Form):
    """Which course, and the enrolment where the label asks for one."""

    template = forms.ChoiceField(label=_("Course"), choices=())
    rems_enrolled_on = forms.DateField(
        label=_("Enrolled in REMS on"),
        required=False,
        help_text=_("Esketamine in the US, outpatients: before the first dose."),
        widget=forms.DateInput({"type": "date"}),
    )
    inpatient = forms.BooleanField(label=_("Inpatient"), required=False)
    site = forms.ChoiceField(label=_("Site"), choices=())

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = sites_of(clinic)
        if len(sites) > 1:
            self.fields["site"].choices = [("", _("Choose")), *((site, site) for site in sites)]  # type: ignore[attr-defined]
        else:
            del self.fields["site"]
        self.fields["template"].choices = list(offered(clinic).items())  # type: ignore[attr-defined]


class OpenForm(forms.Form):
    """Which chair."""

    chair = forms.CharField(label=_("Chair"), max_length=30, initial=_("Chair 1"))


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Why"), max_length=300, required=False)


class StopForm(ReasonForm):
    """Why a course is held or ends."""

    why = forms.ChoiceField(label=_("Because of"), choices=list(STOP_REASONS.items()), initial="other", required=False)
    field_order = ["why", "reason"]


class SignedForm(forms.Form):
    """The second person on the same screen."""

    second = forms.ModelChoiceField(label=_("Second person"), queryset=Membership.objects.none(), required=False)
    pin = forms.CharField(
        label=_("Their PIN"),
        max_length=12,
        required=False,
        widget=forms.PasswordInput({"inputmode": "numeric", "autocomplete": "off", "data-pin": ""}),
    )
    passkey = forms.CharField(max_length=600, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, session: DosingSession, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session = session
        second = self.fields["second"]
        second.queryset = may_confirm(session.clinic, actor)  # type: ignore[attr-defined]
        second.label_from_instance = lambda member: member.user.name  # type: ignore[attr-defined]

    def signed(self) -> dict[str, Any]:
        """As the actions take it."""
        second = self.cleaned_data["second"]
        return {
            "second_id": second.pk if second else None,
            "pin": self.cleaned_data["passkey"] or self.cleaned_data["pin"],
        }


class LeaveForm(SignedForm):
    """Why in spite of what is missing."""

    reason = forms.CharField(label=_("Why in spite of what is missing"), max_length=300, required=False)
    field_order = ["reason", "second", "pin", "passkey"]


class DriverForm(forms.Form):
    """Who takes the person home; with a phone the link is sent there."""

    name = forms.CharField(label=_("Goes home with"), max_length=120)
    phone = forms.CharField(
        label=_("Their mobile phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput({"inputmode": "tel"}),
        help_text=_("Empty: show them the link on this screen."),
    )


class PreDoseForm(forms.Form):
    """Today's questions before the dose."""

    food_hours = forms.DecimalField(label=_("Hours since food"), min_value=0, max_value=999, decimal_places=1)
    liquid_minutes = forms.IntegerField(label=_("Minutes since a drink"), min_value=0, max_value=9999)
    nasal_spray_minutes = forms.IntegerField(
        label=_("Minutes since another nasal spray"), min_value=0, max_value=9999, required=False
    )
    ride = forms.BooleanField(label=_("Somebody takes them home"), required=False)
    ride_name = forms.CharField(label=_("Who"), max_length=120, required=False)
    prescriber_present = forms.BooleanField(label=_("A prescriber is on site"), required=False)
    intoxicated = forms.BooleanField(label=_("Seems intoxicated"), required=False)
    new_findings = forms.MultipleChoiceField(
        label=_("New since the screening"),
        choices=[(code, ELIGIBILITY[code]) for code in NEW_TODAY],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    nothing_new = forms.BooleanField(label=_("Asked, nothing is new"), required=False)

    def asked(self) -> Asked:
        """As the action takes it."""
        data = self.cleaned_data
        return Asked(**{**data, "new_findings": tuple(data["new_findings"])})


class DoseForm(SignedForm):
    """The dose, in mg; weight and length where the route asks for them."""

    dose_mg = forms.FloatField(label=_("Dose, mg"), required=False, widget=forms.NumberInput({"step": "any", "min": 0}))
    weight_kg = forms.FloatField(
        label=_("Weight, kg"), required=False, widget=forms.NumberInput({"step": "any", "min": 0})
    )
    duration_minutes = forms.FloatField(
        label=_("Over how many minutes"), required=False, widget=forms.NumberInput({"step": "any", "min": 0})
    )
    lot = forms.CharField(label=_("Lot number"), max_length=40, required=False)
    wasted_mg = forms.FloatField(
        label=_("Wasted, mg"), required=False, widget=forms.NumberInput({"step": "any", "min": 0})
    )
    reason = forms.CharField(label=_("Why, if above usual"), max_length=300, required=False)
    field_order = ["dose_mg", "weight_kg", "duration_minutes", "lot", "wasted_mg", "reason", "second", "pin", "passkey"]

    def __init__(self, *args: Any, session: DosingSession, actor: User, **kwargs: Any) -> None:
        weight = newest_weight(session.patient)
        minutes = 40 if session.course.route == DoseRoute.IV else None
        initial = {"weight_kg": weight.value if weight else None, "duration_minutes": minutes}
        super().__init__(*args, session=session, actor=actor, **{"initial": initial} | kwargs)
        route = session.course.route
        if route == DoseRoute.NASAL:
            del self.fields["weight_kg"]
            self.fields["dose_mg"] = forms.TypedChoiceField(
                label=_("Dose"),
                coerce=float,
                choices=[(28, _("28 mg, 1 device")), (56, _("56 mg, 2 devices")), (84, _("84 mg, 3 devices"))],
                initial=56,
            )
            self.order_fields(self.field_order)
        if route not in (DoseRoute.IV, DoseRoute.PAIN):
            del self.fields["duration_minutes"]

    def order(self) -> Order:
        """As the action takes it; what was left out counts as missing."""
        data = self.cleaned_data
        return Order(
            dose_mg=data["dose_mg"] if data["dose_mg"] is not None else 0,
            lot=data["lot"],
            weight_kg=data.get("weight_kg"),
            duration_minutes=data.get("duration_minutes"),
            wasted_mg=data["wasted_mg"] or 0,
            reason=data["reason"],
        )


class EndDoseForm(forms.Form):
    """How much of it, when it was stopped."""

    given_mg = forms.FloatField(
        label=_("Stopped early: mg given"), required=False, widget=forms.NumberInput({"step": "any", "min": 0})
    )


class MoveForm(forms.Form):
    """When it really began, by the clinic's clock, and why it was written otherwise."""

    started_at = forms.TimeField(label=_("Began at"), widget=forms.TimeInput({"type": "time", "step": "1"}))
    reason = forms.CharField(label=_("Why"), max_length=300)

    def moment(self, session: DosingSession) -> datetime:
        """On the day of the session."""
        zone = clock.zone_of(session.clinic.time_zone)
        day = (session.dose_started_at or session.opened_at).astimezone(zone).date()
        return datetime.combine(day, self.cleaned_data["started_at"], zone)


class TapForm(forms.Form):
    """One event. occurred_at: the browser's, else now; client_id: the same again is the same event."""

    kind = forms.CharField(max_length=16)
    client_id = forms.UUIDField(required=False)
    occurred_at = forms.DateTimeField(required=False)
    sbp = forms.IntegerField(required=False)
    dbp = forms.IntegerField(required=False)
    hr = forms.IntegerField(required=False)
    spo2 = forms.IntegerField(required=False)
    rr = forms.IntegerField(required=False)
    score = forms.IntegerField(required=False)
    grade = forms.IntegerField(required=False)
    rate_ml_h = forms.DecimalField(required=False)
    term = forms.CharField(max_length=60, required=False)
    text = forms.CharField(max_length=300, required=False)
    corrects = forms.UUIDField(required=False)

    def tap(self) -> Tap:
        """As the action takes it."""
        data = self.cleaned_data
        names = ("sbp", "dbp", "hr", "spo2", "rr", "score", "grade")
        return Tap(
            client_id=data["client_id"] or uuid4(),
            kind=data["kind"],
            occurred_at=data["occurred_at"] or clock.now(),
            values={name: data[name] for name in names if data[name] is not None},
            term=data["term"],
            text=data["text"],
            rate_ml_h=data["rate_ml_h"],
            corrects=data["corrects"],
        )


class PinForm(forms.Form):
    """A PIN of one's own, twice."""

    pin = forms.CharField(
        label=_("New PIN, 6 to 12 digits"),
        max_length=12,
        widget=forms.PasswordInput({"inputmode": "numeric", "autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same again"),
        max_length=12,
        widget=forms.PasswordInput({"inputmode": "numeric", "autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Both must be the same."""
        data = super().clean() or {}
        if data.get("pin") != data.get("again"):
            self.add_error("again", _("The two are not the same."))
        return data


QUESTION_WORDS = {
    "aneurysm": _("Has a doctor ever told you that you have an aneurysm (a bulge in a large or brain blood vessel)?"),
    "avm": _("Were you told of an AVM (a tangle of blood vessels)?"),
    "brain-bleed": _("Have you ever had bleeding in the brain?"),
    "ketamine-allergy": _("Have you had an allergic reaction to ketamine or esketamine?"),
    "recent-heart-attack-or-stroke": _("Have you had a heart attack or a stroke in the last 6 weeks?"),
    "heart-not-stable": _("Do you have a heart condition that is not under control?"),
    "pressure-not-controlled": _("Is your blood pressure often too high, even with medicine?"),
    "head-pressure": _("Were you told of raised pressure in your head, or of a head injury not long ago?"),
    "liver": _("Do you have a liver disease?"),
    "bladder": _("Do you have pain when you pass urine, blood in it, or must you go very often?"),
    "psychosis-now": _("Do you hear or see things now that others do not?"),
    "psychosis-ever": _("Have you ever had psychosis or schizophrenia?"),
    "bipolar": _("Were you told that you have bipolar disorder (mania)?"),
    "pregnant": _("Are you pregnant, or could you be?"),
    "breastfeeding": _("Do you breastfeed?"),
    "substances-now": _("Do alcohol or drugs cause you problems now?"),
    "substances-ever": _("Did alcohol or drugs cause you problems in the past?"),
    "maoi": _("Do you take an MAO inhibitor (for example tranylcypromine or phenelzine)?"),
    "stimulant": _("Do you take a stimulant (for example for ADHD)?"),
    "benzodiazepine": _("Do you take a benzodiazepine (for example lorazepam or diazepam)?"),
    "opioid": _("Do you take an opioid (strong pain medicine, methadone, buprenorphine)?"),
    "other-sedative": _("Do you take anything else that makes you sleepy?"),
}
ANSWER_WORDS = [("no", _("No")), ("yes", _("Yes")), ("unsure", _("Not sure"))]


class ScreeningForm(forms.Form):
    """Every question in plain words; a clinician may add what only they know."""

    def __init__(self, *args: Any, by_staff: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in QUESTIONS:
            self.fields[question.key] = forms.ChoiceField(
                label=QUESTION_WORDS[question.key], choices=ANSWER_WORDS, widget=forms.RadioSelect
            )
        area = forms.Textarea({"rows": 3})
        self.fields["medicines"] = forms.CharField(
            label=_("Which medicines do you take? Also those without a prescription."),
            max_length=1000,
            required=False,
            widget=area,
        )
        self.fields["notes"] = forms.CharField(
            label=_("Past treatments, or anything else we should know"), max_length=1000, required=False, widget=area
        )
        if by_staff:
            self.fields["child_pugh"] = forms.ChoiceField(
                label=_("Child-Pugh class, if there is a liver disease"),
                choices=[("", "\u2013"), ("A", "A"), ("B", "B"), ("C", "C")],
                required=False,
            )

    def told(self) -> dict[str, Any]:
        """As the action takes it."""
        data = self.cleaned_data
        answers = {question.key: data[question.key] for question in QUESTIONS}
        return {name: data.get(name, "") for name in ("medicines", "notes", "child_pugh")} | {"answers": answers}


class WishesForm(forms.Form):
    """How the person wants to be treated in the chair."""

    intention = forms.CharField(
        label=_("What do you hope for this time?"),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("One sentence is enough. Nothing has to come true."),
    )
    touch = forms.CharField(label=_("May we touch you, for example hold your hand?"), max_length=120, required=False)
    calm = forms.CharField(label=_("What calms you?"), max_length=200, required=False)
    words_to_avoid = forms.CharField(label=_("Words or topics to avoid"), max_length=200, required=False)
    music = forms.ChoiceField(label=_("Which music?"), required=False)
    eye_mask = forms.ChoiceField(
        label=_("An eye mask?"),
        required=False,
        choices=[("", _("no answer")), ("yes", _("Yes")), ("no", _("No")), ("later", _("Ask me then"))],
    )
    surroundings = forms.CharField(label=_("Light, blanket, anything else around you"), max_length=200, required=False)
    call = forms.CharField(label=_("Whom should we call?"), max_length=120, required=False)

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = CalmTrack.objects.filter(clinic=clinic, kind="music", withdrawn_at__isnull=True)
        titles = list(rows.values_list("title", flat=True))
        offered = [(title, title) for title in dict.fromkeys([self.initial.get("music") or "", *titles]) if title]
        with for_the_desk():  # the team reads what is kept
            own = [(str(words), words) for words in (_("My own music"), _("No music"))]
        choices = dict([("", _("no answer")), *offered, *own])
        self.fields["music"].choices = list(choices.items())  # type: ignore[attr-defined]


class ConsentForm(forms.Form):
    """The items of the text in force, and the signature: the name typed, or strokes drawn."""

    digest = forms.CharField(widget=forms.HiddenInput)
    drawing = forms.CharField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=_("Type your name to sign"), max_length=120, required=False)

    def __init__(self, *args: Any, items: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for item in items:
            field = forms.BooleanField(label=item["words"], required=item["required"])
            field.error_messages["required"] = _("Treatment needs your agreement to this.")
            self.fields[f"item-{item['code']}"] = field
        self.order_fields(["digest", "drawing", *(name for name in self.fields if name.startswith("item-")), "name"])

    def clean(self) -> dict[str, Any]:
        """Typed or drawn. What is wrong with a drawing is said at the name, which is the other way."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            given["strokes"] = strokes_of(given.get("drawing", ""))
        except Unreadable as fault:
            self.add_error("name", refused_words(fault))
        else:
            if given["strokes"] is None and not given.get("name"):
                self.add_error("name", _("Type your name, or draw your signature."))
        return given

    def agreed(self) -> list[str]:
        """Codes of the items that were ticked."""
        return [
            name.removeprefix("item-") for name, yes in self.cleaned_data.items() if name.startswith("item-") and yes
        ]
