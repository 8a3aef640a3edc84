"""The audit trail, to read: filter, search, nothing to change."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.audit.models import AuditEvent

SEE_AUDIT = "see-audit"  # the permission's name: this app stands below the role table


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    """Events of the clinic in force. Who looks at the trail is in the trail."""

    actions_on_top = actions_on_bottom = True
    list_display = ("at", "actor", "action", "object_type", "object_tail", "patient_tail", "detail")
    list_filter = ("action", "object_type", ("created_at", admin.DateFieldListFilter))
    search_fields = ("detail", "object_type", "request_id")
    search_help_text = _("A detail, a kind of object, or the id of a person, patient, object or request")
    ordering = ("-created_at", "-id")
    list_per_page = 100
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[AuditEvent]:
        membership = getattr(request.user, "membership", None)
        people = get_user_model().objects.filter(pk=models.OuterRef("actor_id"))
        rows = super().get_queryset(request).annotate(actor_name=models.Subquery(people.values("name")[:1]))
        return rows.filter(clinic_id=membership.clinic_id) if membership else rows.none()

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[AuditEvent], search_term: str
    ) -> tuple[models.QuerySet[AuditEvent], bool]:
        """An id finds whatever bears it; words search the details."""
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        bears = models.Q(actor_id=wanted) | models.Q(patient_id=wanted) | models.Q(object_id=wanted)
        return queryset.filter(bears | models.Q(request_id=str(wanted))), False

    @admin.display(description=_("who"))
    def actor(self, event: AuditEvent) -> str:
        return getattr(event, "actor_name", None) or str(event.actor_id or _("the system"))

    @admin.display(description=_("when (UTC)"), ordering="created_at")
    def at(self, event: AuditEvent) -> str:
        return f"{event.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("object"))
    def object_tail(self, event: AuditEvent) -> str:
        return _tail(event.object_id)

    @admin.display(description=_("patient"))
    def patient_tail(self, event: AuditEvent) -> str:
        return _tail(event.patient_id)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return request.user.is_authenticated and bool(request.user.may(SEE_AUDIT))  # type: ignore[arg-type]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False


def _tail(key: UUID | None) -> str:
    """The end of an id, enough to tell rows apart; the page of the event has all of it."""
    return "" if key is None else f"…{str(key)[-12:]}"
