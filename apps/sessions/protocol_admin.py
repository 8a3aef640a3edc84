"""The editors of the admin: course templates (draft, look, compare, publish, withdraw) and consent texts."""

from __future__ import annotations

import difflib
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from apps.accounts.clinic_admin import ClinicAdmin, clinic_in_force
from apps.accounts.models import Clinic
from apps.accounts.permissions import Permission
from apps.core import clock
from apps.sessions import actions
from apps.sessions.agreements import text_in_force
from apps.sessions.course_record import house_of
from apps.sessions.models import ConsentText, Protocol
from apps.sessions.plan_forms import next_monday
from apps.sessions.protocol_forms import ConsentTextForm, ProtocolForm, items_text
from apps.sessions.protocols import in_force, starting_body, template_of
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.planning import propose
from apps.sessions.treatment.protocols import differences, tried
from apps.sessions.words import LEVEL, listed

PREVIEWED = 14


class Editor(ClinicAdmin):
    """Pages of our own in the frame of the admin."""

    view_needs = (Permission.MANAGE_CLINIC,)
    audit_reads = False  # no person's data

    def _shown(self, request: HttpRequest, template: str, title: str, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **more}
        return TemplateResponse(request, template, context)

    def _may_add(self, request: HttpRequest) -> Clinic:
        if not self.has_add_permission(request) or not request.user.is_authenticated:
            raise PermissionDenied
        return Clinic.objects.get(pk=clinic_in_force(request))


@admin.register(Protocol)
class ProtocolAdmin(Editor):
    """A clinic's own course templates in versions; a published one never changes."""

    list_display = ("__str__", "key", "version", "status", "published_at", "author")
    list_filter = ("status", "key")
    list_select_related = ("author__user",)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """?key= begins with the template that ships under that key."""
        clinic = self._may_add(request)
        key = str(request.GET.get("key", ""))[:40]
        form = ProtocolForm(request.POST or None, body=starting_body(key))
        if request.method == "POST" and form.is_valid():
            return self._kept(request, clinic, form)
        return self._shown(request, "admin/protocol_edit.html", _("New course template"), form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The version on a made-up person, beside the one in force. Post: do=keep (a draft), publish, withdraw."""
        row = self.get_object(request, object_id)
        if row is None or not request.user.is_authenticated:
            raise Http404
        form = ProtocolForm(request.POST if "name" in request.POST else None, body=row.body, key=row.key)
        if request.method == "POST":
            if not self.has_change_permission(request, row):
                raise PermissionDenied
            if request.POST.get("do") != "keep":
                return self._put(request, row)
            if form.is_valid():
                return self._kept(request, row.clinic, form)
        return self._shown(request, "admin/protocol_show.html", str(row), **self._facts(row), form=form, original=row)

    def _facts(self, row: Protocol) -> dict[str, Any]:
        template, before = template_of(row), in_force(row.clinic, row.key)
        house = house_of(row.clinic)
        first = next_monday(clock.now().date())
        days = propose(template, [], first, PREVIEWED, house)
        return {
            "protocol": row,
            "running": row.courses.filter(status__in=["active", "on-hold"]).count(),
            "before": before if before is not None and before.pk != row.pk else None,
            "diff": differences(before.body, row.body) if before is not None and before.pk != row.pk else [],
            "days": [(one, template.phases[one.phase].name, one.day - first + timedelta(days=1)) for one in days],
            "tried": [(one.words, LEVEL[one.level], listed(one.codes)) for one in tried(template)],
        }

    def _kept(self, request: HttpRequest, clinic: Clinic, form: ProtocolForm) -> HttpResponse:
        found = form.cleaned_data
        try:
            row = actions.draft_protocol(clinic=clinic, key=found["key"], body=found["body"], actor=request.user)  # type: ignore[arg-type]
        except TreatmentRefused as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return redirect("admin:care_sessions_protocol_changelist")
        self.message_user(request, _("Draft kept. Look at it, then publish it."), messages.SUCCESS)
        return redirect("admin:care_sessions_protocol_change", row.pk)

    def _put(self, request: HttpRequest, row: Protocol) -> HttpResponse:
        verbs = {"publish": actions.publish_protocol, "withdraw": actions.retire_protocol}
        verb = verbs.get(request.POST.get("do", ""))
        try:
            if verb is None:
                raise TreatmentRefused("unknown", _("Choose one of the buttons."))
            verb(protocol=row, actor=request.user)  # type: ignore[arg-type]
        except TreatmentRefused as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, _("Done. Courses that run keep what they began with."), messages.SUCCESS)
        return redirect("admin:care_sessions_protocol_change", row.pk)


@admin.register(ConsentText)
class ConsentTextAdmin(Editor):
    """The text that people sign, in versions: a new one is looked at, compared, published; people sign it anew."""

    list_display = ("title", "version", "created_at", "published_by")
    list_select_related = ("published_by__user",)
    ordering = ("-version",)
    may_change = False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Begins with the text in force. do=look shows it and what changed; do=publish publishes it."""
        clinic = self._may_add(request)
        now = text_in_force(clinic)
        initial = {"title": now.title, "body": now.body, "items": items_text(now.items)}
        form = ConsentTextForm(request.POST or None, initial=initial)
        shown: dict[str, Any] = {"form": form, "now": now}
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            if request.POST.get("do") == "publish":
                return self._published(request, clinic, given)
            shown |= {"looked": given, "diff": _lines(initial, given)}
        return self._shown(request, "admin/consent_edit.html", _("New version of the consent"), **shown)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One version, to read; published texts don't change."""
        row = self.get_object(request, object_id)
        if row is None or not request.user.is_authenticated:
            raise Http404
        if request.method == "POST":
            raise PermissionDenied
        looked = {"title": row.title, "body": row.body, "items": row.items}
        return self._shown(request, "admin/consent_show.html", str(row), looked=looked, original=row)

    def _published(self, request: HttpRequest, clinic: Clinic, given: dict[str, Any]) -> HttpResponse:
        try:
            actions.publish_consent(clinic=clinic, **given, actor=request.user)  # type: ignore[arg-type]
        except TreatmentRefused as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, _("Published. Everybody signs it before their next dose."), messages.SUCCESS)
        return redirect("admin:care_sessions_consenttext_changelist")


def _lines(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    """(sign, line) of what changed: - gone, + new."""
    old = [before["title"], *before["body"].splitlines(), *before["items"].splitlines()]
    new = [after["title"], *after["body"].splitlines(), *items_text(after["items"]).splitlines()]
    found = difflib.ndiff(old, new)
    return [(line[0], line[2:]) for line in found if line[0] in "+-"]
