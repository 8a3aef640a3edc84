"""Admin of visits: what happened, to read. Visits are booked, changed and noted at the desk only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin import ClinicAdmin
from apps.accounts.permissions import Permission
from apps.sessions import calm_admin, protocol_admin
from apps.sessions.models import Visit, VisitEvent, VisitNote

__all__ = ["calm_admin", "protocol_admin"]


class ReadOnly(ClinicAdmin):
    """Rows of the clinic, for who may see clinical rows; nothing is added or changed here."""

    view_needs = (Permission.SEE_CLINICAL,)
    change_needs = ()
    may_add = may_change = False


@admin.register(Visit)
class VisitAdmin(ReadOnly):
    """Visits, newest first."""

    list_display = ("starts_at", "patient", "clinician_name", "status", "arrived_at", "finished_at")
    list_filter = ("status", "synthetic")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("patient", "clinician__user")

    @admin.display(description="clinician", ordering="clinician__user__name")
    def clinician_name(self, visit: Visit) -> str:
        """Who holds it."""
        return visit.clinician.user.name


@admin.register(VisitEvent)
class VisitEventAdmin(ReadOnly):
    """The history of visits."""

    list_display = ("created_at", "visit", "kind", "by_patient", "detail")
    list_filter = ("kind",)
    list_select_related = ("visit",)


@admin.register(VisitNote)
class VisitNoteAdmin(ReadOnly):
    """Notes, drafts included; a signed one is corrected at the desk."""

    list_display = ("visit", "author", "status", "next_step", "signed_at")
    list_filter = ("status", "next_step")
    list_select_related = ("visit", "author__user")
