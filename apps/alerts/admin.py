"""Admin of alerts: ladders, the roster, and what happened (read only)."""

import itertools
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.admin import WAITS_WORDS, ClinicAdmin, ClinicInline
from apps.accounts.clinic_admin import clinic_in_force
from apps.accounts.doors import door
from apps.accounts.models import Clinic, User
from apps.accounts.permissions import Permission
from apps.alerts import roster
from apps.alerts.actions import ladders
from apps.alerts.actions.rostering import check_shift, import_shifts
from apps.alerts.models import (
    Alert,
    AlertEvent,
    AlertStep,
    ContactAttempt,
    EscalationPolicy,
    EscalationRung,
    ReviewedLevel,
    RosterShift,
)
from apps.core import clock

RUNGS_AT_MOST = 10
_DESK = (Permission.SEE_DESK,)
_ROSTER = (Permission.MANAGE_CLINIC, Permission.SEE_DESK)


class ClinicForm(forms.ModelForm):
    """A form that knows the clinic in force (set by `_knowing`)."""

    clinic_id: Any = None


def _knowing(form: type[forms.ModelForm], request: HttpRequest) -> type[forms.ModelForm]:
    return type(form.__name__, (form,), {"clinic_id": clinic_in_force(request)})


# --- ladders ---------------------------------------------------------------------------------------


class RungsFormSet(forms.BaseInlineFormSet):
    """The rungs of one ladder: at least one, none right after itself, in the order of their numbers."""

    def add_fields(self, form: Any, index: Any) -> None:
        """The box that takes a rung away says so."""
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].widget.attrs["aria-label"] = _("Take this rung away")

    def kept(self) -> list[forms.ModelForm]:
        """The rungs as they will be, first to page first."""
        filled = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        return sorted(filled, key=lambda form: form.cleaned_data["rung"])

    def clean(self) -> None:
        super().clean()
        if any(form.errors for form in self.forms):
            return
        targets = [form.cleaned_data["target"] for form in self.kept()]
        if not 1 <= len(targets) <= RUNGS_AT_MOST:
            raise ValidationError(_("A ladder has at least one rung and at most ten."))
        if any(one == following for one, following in itertools.pairwise(targets)):
            raise ValidationError(_("Two rungs in a row cannot page the same people: the page is repeated anyway."))


class RungInline(ClinicInline):
    """Whom to page, in which order."""

    model = EscalationRung
    formset = RungsFormSet
    can_delete = True

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.has_change_permission(request, obj)


class PolicyForm(ClinicForm):
    """One ladder a level, and one more for the time in which the desk is closed."""

    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Read by the second person, who must confirm any change but more rungs at the end."),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        level, hours = given.get("level", self.instance.level), given.get("hours", self.instance.hours)
        others = EscalationPolicy.objects.filter(clinic_id=self.clinic_id, level=level, hours=hours)
        if others.exclude(pk=self.instance.pk).exists():
            self.add_error(None, _("There is a ladder for this level and time already: change that one."))
        return given


@admin.register(EscalationPolicy)
class PolicyAdmin(ClinicAdmin):
    """Ladders. Open alerts keep the ladder that they were raised with; new ones take the new one."""

    form = PolicyForm
    inlines = (RungInline,)
    list_display = ("name", "level", "hours", "in_words", "off_at")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return _knowing(super().get_form(request, obj, change=change, **kwargs), request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("level", "hours", "off_at") if obj is not None else ("off_at",)

    @admin.display(description=gettext_lazy("pages"))
    def in_words(self, row: EscalationPolicy) -> str:
        return " → ".join(str(rung.get_target_display()) for rung in row.rungs.all())

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[EscalationPolicy]:
        return super().get_queryset(request).prefetch_related("rungs")

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Rungs are numbered from 0 without holes, whatever numbers were typed; a weaker ladder waits for a second person."""
        formset.save(commit=False)
        waits = ladders.change_rungs(
            policy=form.instance,
            targets=[row.instance.target for row in formset.kept()],
            actor=_person(request),
            reason=form.cleaned_data.get("reason", ""),
        )
        if waits is not None:
            self.message_user(request, WAITS_WORDS, messages.WARNING)


def _person(request: HttpRequest) -> User:
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


# --- the roster -------------------------------------------------------------------------------------


class ShiftForm(ClinicForm):
    """A shift, in the clinic's wall clock."""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if {"rota", "membership", "starts_at", "ends_at"} <= given.keys():
            check_shift(
                clinic=Clinic.objects.get(pk=self.clinic_id),
                rota=given["rota"],
                membership=given["membership"],
                starts_at=given["starts_at"],
                ends_at=given["ends_at"],
                but=self.instance.pk,
            )
        return given


class ImportForm(forms.Form):
    """A pasted table."""

    table = forms.CharField(
        label=gettext_lazy("Table"),
        max_length=200_000,
        widget=forms.Textarea({"rows": 16, "class": "vLargeTextField"}),
        help_text=gettext_lazy(
            "Columns: day, from, to, rota (on-call or director), email. The same twice is harmless."
        ),
    )


@admin.register(RosterShift)
class RosterAdmin(ClinicAdmin):
    """Who holds which pager from when to when; holes and overlaps are said in words."""

    form = ShiftForm
    view_needs = _ROSTER
    list_display = ("starts_at", "ends_at", "rota", "membership", "stands_in_for")
    list_filter = ("rota",)
    list_select_related = ("membership__user", "stands_in_for__user")
    date_hierarchy = "starts_at"
    fields = ("rota", "membership", "starts_at", "ends_at", "stands_in_for")
    change_list_template = "admin/roster_list.html"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return _knowing(super().get_form(request, obj, change=change, **kwargs), request)

    def get_urls(self) -> list[URLPattern]:
        """Beside the stock pages: the import of a table."""
        page = door(*self.change_needs)(self.admin_site.admin_view(self.import_table))
        return [path("import/", page, name="alerts_rostershift_import"), *super().get_urls()]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only who may take alerts is offered."""
        kwargs["queryset"] = roster.handlers(clinic_in_force(request), clock.now())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return self._here(request, super().changelist_view, request, extra_context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._here(request, super().changeform_view, request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: RosterShift, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._say_holes(request)

    def import_table(self, request: HttpRequest) -> HttpResponse:
        """Paste a table of shifts; all of it is taken, or nothing."""
        if not self.has_add_permission(request) or not request.user.is_authenticated:
            raise PermissionDenied
        form = ImportForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            clinic = Clinic.objects.get(pk=clinic_in_force(request))
            done = import_shifts(clinic=clinic, text=form.cleaned_data["table"], actor=request.user)
            if not done.faults:
                words = {"added": done.added, "unchanged": done.unchanged}
                said = _("%(added)s shifts added, %(unchanged)s were there already.") % words
                self.message_user(request, said, messages.SUCCESS)
                self._say_holes(request)
                return redirect("admin:alerts_rostershift_changelist")
            for fault in done.faults[:50]:
                form.add_error("table", fault)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "form": form,
            "title": _("Import shifts"),
        }
        return TemplateResponse(request, "admin/roster_import.html", context)

    def _here(self, request: HttpRequest, view: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page in the clinic's wall clock, down to its rendering."""
        clinic = Clinic.objects.filter(pk=clinic_in_force(request)).first()
        with timezone.override(clock.zone_of(clinic.time_zone) if clinic else None):
            response: HttpResponse = view(*args, **kwargs)
            if isinstance(response, TemplateResponse):
                response.render()
        return response

    def _say_holes(self, request: HttpRequest) -> None:
        clinic = Clinic.objects.get(pk=clinic_in_force(request))
        at, zone = clock.now(), clock.zone_of(clinic.time_zone)
        for rota in roster.rotas_in_use(clinic):
            for gap in roster.gaps_ahead(clinic, rota, at, at + roster.LOOK_AHEAD)[:3]:
                start, end = (f"{moment.astimezone(zone):%a %d %b %H:%M}" for moment in (gap.starts_at, gap.ends_at))
                words = {"rota": rota, "from": start, "to": end}
                said = _("Nobody holds the pager %(rota)s from %(from)s to %(to)s.") % words
                self.message_user(request, said, messages.WARNING)


# --- what happened: read only ----------------------------------------------------------------------------


class ReadOnlyInline(ClinicInline):
    """Rows of an alert's history."""

    view_needs = _DESK
    change_needs = ()


class EventInline(ReadOnlyInline):
    model = AlertEvent
    fields = readonly_fields = ("created_at", "kind", "actor", "text")


class StepInline(ReadOnlyInline):
    model = AlertStep
    fields = readonly_fields = ("fired_at", "cycle", "step_no", "rung", "targets", "nobody_on_call")


class AttemptInline(ReadOnlyInline):
    model = ContactAttempt
    fields = readonly_fields = ("created_at", "actor", "channel", "reached", "note")


@admin.register(Alert)
class AlertAdmin(ClinicAdmin):
    """Every alert with its whole history; nothing is changed here."""

    change_needs = ()
    may_add = may_change = False
    list_display = ("code", "level", "state", "patient", "title", "raised_at", "owner", "count")
    list_filter = ("level", "state", "cause", "synthetic")
    search_fields = ("code", "patient__family_name", "patient__number")
    list_select_related = ("patient", "owner__user")
    date_hierarchy = "raised_at"
    inlines = (EventInline, StepInline, AttemptInline)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Alert]:
        """As at the desk: by the audience of each."""
        return super().get_queryset(request).filter(pk__in=Alert.objects.visible_to(request.user).values("pk"))


@admin.register(ReviewedLevel)
class ReviewedLevelAdmin(ClinicAdmin):
    """Known levels that clinicians signed; signed at the alert, not here."""

    change_needs = ()
    may_add = may_change = False
    list_display = ("patient", "cause", "value", "signed_by", "expires_at")
    list_filter = ("cause",)
    list_select_related = ("patient", "signed_by__user")
