"""Instruments, content packs and schedules in the admin. What is published never changes."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.clinic_admin import AuditedAdmin, ClinicAdmin, clinic_in_force, membership_of
from apps.accounts.doors import door
from apps.accounts.models import Clinic
from apps.accounts.permissions import Permission
from apps.monitoring.actions import packs
from apps.monitoring.actions.assignments import check_rhythm
from apps.monitoring.instruments import LIBRARY
from apps.monitoring.instruments.definition import Respondent
from apps.monitoring.instruments.fhir_questionnaire import to_questionnaire
from apps.monitoring.instruments.pack import SIZE_LIMIT, PackRefused
from apps.monitoring.models import Assignment, ContentPack, Holiday, PackState, Questionnaire, ScheduleLine
from apps.monitoring.refusals import SurveyRefused

PROBLEMS_SHOWN = 50


@admin.register(Questionnaire)
class QuestionnaireAdmin(AuditedAdmin):
    """What is published, with its licence; read-only for everybody."""

    audit_reads = False  # no person's data
    list_display = ("title", "key", "version", "language", "created_at")
    search_fields = ("title", "key")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Questionnaire]:
        """The library's, and the wording that this clinic has installed; not that of others."""
        membership = membership_of(request)
        own = ContentPack.objects.filter(clinic_id=membership.clinic_id) if membership else ContentPack.objects.none()
        return super().get_queryset(request).filter(Q(from_pack=False) | Q(pk__in=own.values("questionnaire")))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = request.user
        return user.is_active and (user.is_superuser or user.may(Permission.MANAGE_CLINIC))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PackForm(forms.Form):
    """A file or a pasted text; the rest only where a FHIR Questionnaire does not say it."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=forms.FileInput({"accept": ".json,application/json"}),
        help_text=gettext_lazy("JSON: our own schema (docs/content-packs.md), or a FHIR R4 Questionnaire."),
    )
    text = forms.CharField(
        label=gettext_lazy("or its text"),
        required=False,
        max_length=SIZE_LIMIT,
        widget=forms.Textarea({"rows": 12, "class": "vLargeTextField"}),
    )
    instrument = forms.ChoiceField(
        label=gettext_lazy("Instrument"),
        required=False,
        choices=lambda: [("", gettext_lazy("as the file says")), *((key, LIBRARY[key].title) for key in _packable())],
    )
    licence = forms.CharField(label=gettext_lazy("Licence"), required=False, max_length=2000)
    attribution = forms.CharField(label=gettext_lazy("Attribution"), required=False, max_length=2000)
    source_url = forms.URLField(
        label=gettext_lazy("Source"), required=False, max_length=300, assume_scheme="https",
        help_text=gettext_lazy("These four fill in what a Questionnaire leaves out."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Adds `pack`: what the file holds."""
        found = super().clean() or {}
        upload, text = found.get("file"), found.get("text") or ""
        if upload is None and not text.strip():
            raise forms.ValidationError(_("Choose a file, or paste its text."))
        given = {name: found.get(name) or "" for name in ("instrument", "licence", "attribution", "source_url")}
        raw = upload.read(SIZE_LIMIT + 1) if upload is not None else text
        try:
            found["pack"] = packs.read_upload(raw, given)
        except PackRefused as refusal:
            raise forms.ValidationError([str(one) for one in refusal.problems[:PROBLEMS_SHOWN]]) from None
        return found


def _packable() -> list[str]:
    return sorted(key for key, definition in LIBRARY.items() if not definition.own_wording)


@admin.register(ContentPack)
class ContentPackAdmin(ClinicAdmin):
    """Wording that the clinic installs: checked, looked at, published, exported, withdrawn."""

    audit_reads = False  # no person's data
    list_display = ("title", "key", "version", "language", "state", "published_at", "installed_by")
    list_filter = ("state", "key")
    list_select_related = ("installed_by__user",)

    def get_urls(self) -> list[URLPattern]:
        """Beside the stock pages: the pack as a FHIR Questionnaire."""
        page = door(Permission.MANAGE_CLINIC)(self.admin_site.admin_view(self.export))
        return [path("<uuid:pk>/fhir/", page, name="monitoring_contentpack_fhir"), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Check a file; a good one becomes a draft to be looked at."""
        if not self.has_add_permission(request) or not request.user.is_authenticated:
            raise PermissionDenied
        form = PackForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            clinic = Clinic.objects.get(pk=clinic_in_force(request))
            try:
                row = packs.stage_pack(clinic=clinic, pack=form.cleaned_data["pack"], actor=request.user)
                return redirect("admin:monitoring_contentpack_change", row.pk)
            except PackRefused as refusal:
                form.add_error(None, [str(one) for one in refusal.problems])
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form}
        context["title"] = _("Install a content pack")
        return TemplateResponse(request, "admin/pack_install.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The pack as people will see it. Post: do=publish or do=withdraw."""
        row = self.get_object(request, object_id)
        if row is None or not request.user.is_authenticated:
            raise Http404
        if request.method == "POST":
            return self._put(request, row)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "pack": row, "original": row}
        definition = packs.definition_of_pack(row)
        context |= {"title": str(row), "definition": definition, "published": row.state == PackState.PUBLISHED}
        context["facts"] = [
            (_("Instrument"), row.key),
            (_("Version"), f"{row.version}, {row.language}"),
            (_("State"), row.get_state_display()),
            (_("Licence"), row.licence),
            (_("Attribution"), row.attribution),
            (_("Source"), row.source_url),
            (_("Installed by"), row.installed_by),
            (_("Published"), row.published_at),
        ]
        return TemplateResponse(request, "admin/pack_show.html", context)

    def _put(self, request: HttpRequest, row: ContentPack) -> HttpResponse:
        if not self.has_change_permission(request, row) or not request.user.is_authenticated:
            raise PermissionDenied
        if request.POST.get("do") == "publish":
            packs.publish_pack(pack=row, actor=request.user)
            self.message_user(request, _("Published. It does not change any more."), messages.SUCCESS)
        elif request.POST.get("do") == "withdraw":
            packs.withdraw_pack(pack=row, actor=request.user)
            self.message_user(request, _("Withdrawn: no new schedule uses it."), messages.SUCCESS)
        return redirect("admin:monitoring_contentpack_change", row.pk)

    def export(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """The pack as a FHIR R4 Questionnaire; installing that file gives the same pack."""
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        resource = to_questionnaire(packs.definition_of_pack(row), language=row.language)
        response = JsonResponse(resource, json_dumps_params={"indent": 2, "ensure_ascii": False})
        response["Content-Type"] = "application/fhir+json"
        response["Content-Disposition"] = f'attachment; filename="{row.key}-{row.version}.json"'
        return response


@admin.register(Assignment)
class AssignmentAdmin(ClinicAdmin):
    """Who fills in what, how often."""

    change_needs = ()
    list_display = ("patient", "questionnaire", "rhythm", "opens_time", "open_hours", "status")
    list_filter = ("rhythm", "status")


class LineForm(forms.ModelForm):
    """A line that `assign` would take."""

    key = forms.ChoiceField(label=gettext_lazy("Instrument"), choices=lambda: [(k, LIBRARY[k].title) for k in _given()])

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        offsets = found.get("offsets") or []
        whole = isinstance(offsets, list) and all(type(one) is int for one in offsets)
        if not whole:
            raise forms.ValidationError(_("Minutes after a dose: a list of whole numbers, such as [240, 1440]."))
        try:
            check_rhythm(found.get("rhythm", ""), 0, 1, found.get("every") or 0, offsets)
        except SurveyRefused as refusal:
            raise forms.ValidationError(refusal.message) from None
        return found


def _given() -> list[str]:
    return sorted(key for key, one in LIBRARY.items() if one.respondent is Respondent.PATIENT)


@admin.register(ScheduleLine)
class ScheduleLineAdmin(ClinicAdmin):
    """The clinic's own sets. A phase with any line here uses these alone; running schedules stay as they are."""

    form = LineForm
    audit_reads = False
    list_display = ("phase", "key", "rhythm", "every", "offsets")
    list_filter = ("phase",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for row in queryset:
            self.log_change(request, row, [])


@admin.register(Holiday)
class HolidayAdmin(ClinicAdmin):
    """Days on which the clinic is closed: weekly forms open on the next day."""

    audit_reads = False
    list_display = ("day", "name")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for row in queryset:
            self.log_change(request, row, [])
