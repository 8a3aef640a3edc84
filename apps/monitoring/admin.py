"""Instruments and schedules in the admin, to read: a published instrument never changes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.accounts.clinic_admin import AuditedAdmin, ClinicAdmin
from apps.accounts.permissions import Permission
from apps.monitoring.models import Assignment, Questionnaire


@admin.register(Questionnaire)
class QuestionnaireAdmin(AuditedAdmin):
    """What is published, with its licence; read-only for everybody."""

    audit_reads = False  # no person's data
    list_display = ("title", "key", "version", "language", "created_at")
    search_fields = ("title", "key")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = request.user
        return user.is_active and (user.is_superuser or user.may(Permission.MANAGE_CLINIC))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Assignment)
class AssignmentAdmin(ClinicAdmin):
    """Who fills in what, how often."""

    change_needs = ()
    list_display = ("patient", "questionnaire", "rhythm", "opens_time", "open_hours", "status")
    list_filter = ("rhythm", "status")
