"""The base of every admin page that shows rows of a clinic.

class RosterShiftAdmin(ClinicAdmin):
    view_needs = (Permission.MANAGE_CLINIC,)      # default: the model's view_permission
    change_needs = (Permission.MANAGE_CLINIC,)    # default; () makes the page read-only

A person sees the clinic that they work in now and no other; row-level security says the same below. Nothing is
deleted. What is shown and what is changed is written to the audit trail, which is also the page's history.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from apps.accounts.models import ClinicRow, Membership, User
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.audit.models import Action, AuditEvent

HISTORY_ROWS = 200


class NamedFields:
    """Every single box of a form has a name of its own, also those in tables and the two of a date and time."""

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: Any, **kwargs: Any) -> Any:
        """The stock field, its boxes named after it."""
        found = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if found is not None:
            outer = getattr(found.widget, "widget", found.widget)
            for box in getattr(outer, "widgets", [outer]):
                box.attrs.setdefault("aria-label", str(found.label))
        return found


class AuditedAdmin(NamedFields, admin.ModelAdmin):
    """Writes to the audit trail instead of Django's own log, and never deletes."""

    actions_on_top = actions_on_bottom = True  # with both off the stock page carries an inline style
    list_per_page = 50
    show_full_result_count = False
    object_history_template = "admin/audit_history.html"
    # Reading these rows is worth an audit row each; clinics and the like are not a person's data.
    audit_reads: ClassVar[bool] = True

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", None) or {}
        if self.audit_reads and "cl" in shown:
            audit.record_seen(list(shown["cl"].result_list), actor_id=request.user.pk, detail="admin-list")
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        response = super().changeform_view(request, object_id, form_url, extra_context)
        shown = getattr(response, "context_data", None) or {}
        if self.audit_reads and shown.get("original") is not None:
            audit.record_seen([shown["original"]], actor_id=request.user.pk, detail="admin-page")
        return response

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        audit.record(action=Action.CREATE, actor_id=request.user.pk, obj=obj, detail="admin")

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        """detail: the names of the changed fields, never their values."""
        audit.record(action=Action.UPDATE, actor_id=request.user.pk, obj=obj, detail=_changed_names(message))

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        raise PermissionDenied

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit trail of this row."""
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        rows = AuditEvent.objects.filter(object_type=self.opts.label_lower, object_id=obj.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %(name)s") % {"name": obj},
            "events": name_actors(rows.order_by("-created_at")[:HISTORY_ROWS]),
            "module_name": self.opts.verbose_name_plural,
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.object_history_template, context)


class ClinicAdmin(AuditedAdmin):
    """Rows of the clinic in force, by the role table."""

    view_needs: ClassVar[tuple[Permission, ...]] = ()
    change_needs: ClassVar[tuple[Permission, ...]] = (Permission.MANAGE_CLINIC,)
    # Write-once rows: may be added, never changed.
    may_add: ClassVar[bool] = True
    may_change: ClassVar[bool] = True

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The clinic's rows, by this page's own permission."""
        membership = membership_of(request)
        rows = super().get_queryset(request)
        if membership is None or not self.has_view_permission(request):
            return rows.none()
        return rows.filter(clinic_id=membership.clinic_id)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        needed = self.view_needs or (self.model.view_permission,)
        return _holds(request, needed) and _in_clinic(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and _holds(request, self.change_needs)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.may_change and _holds(request, self.change_needs) and _in_clinic(request, obj)

    def get_exclude(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        """The clinic is never a choice: it is the one in force."""
        return [*(super().get_exclude(request, obj) or []), "clinic"]

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("queryset", choices_within(request, db_field.related_model))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        """Fills the clinic in; a row never moves to another one."""
        if not change:
            obj.clinic_id = clinic_in_force(request)
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Rows of an inline belong to the clinic of their page."""
        for row in formset.save(commit=False):
            if isinstance(row, ClinicRow) and row.clinic_id is None:
                row.clinic_id = clinic_in_force(request)
            row.save()
        formset.save_m2m()


class ClinicInline(NamedFields, admin.TabularInline):
    """Rows that belong to the row of a ClinicAdmin page, by the same permission."""

    extra = 0
    can_delete = False
    exclude = ("clinic",)
    view_needs: ClassVar[tuple[Permission, ...]] = (Permission.MANAGE_CLINIC,)
    change_needs: ClassVar[tuple[Permission, ...]] = (Permission.MANAGE_CLINIC,)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return _holds(request, self.view_needs)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return _holds(request, self.change_needs)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return _holds(request, self.change_needs)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("queryset", choices_within(request, db_field.related_model))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def membership_of(request: HttpRequest) -> Membership | None:
    """The membership in force; None for a platform admin without emergency access."""
    return request.user.membership if request.user.is_authenticated else None


def clinic_in_force(request: HttpRequest) -> UUID:
    """The clinic that a new row belongs to. Raises PermissionDenied without one."""
    membership = membership_of(request)
    if membership is None:
        raise PermissionDenied
    return membership.clinic_id


def choices_within(request: HttpRequest, model: Any) -> models.QuerySet[Any]:
    """What a form may offer: rows and people of the clinic in force, nobody else's."""
    membership = membership_of(request)
    if membership is None:
        return model._default_manager.none()
    if issubclass(model, ClinicRow):
        return model._default_manager.filter(clinic_id=membership.clinic_id)
    if issubclass(model, User):
        return User.objects.filter(memberships__clinic_id=membership.clinic_id).distinct()
    return model._default_manager.all()


def name_actors(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """The events with `actor_name`: audit rows hold plain uuids."""
    rows = list(events)
    names = dict(User.objects.filter(pk__in={row.actor_id for row in rows}).values_list("pk", "name"))
    for row in rows:
        row.actor_name = names[row.actor_id] if row.actor_id in names else _("the system")  # type: ignore[attr-defined]
    return rows


def _holds(request: HttpRequest, needed: Iterable[Permission]) -> bool:
    user = request.user
    return user.is_authenticated and any(user.may(permission) for permission in needed)


def _in_clinic(request: HttpRequest, obj: models.Model | None) -> bool:
    membership = membership_of(request)
    return obj is None or (membership is not None and getattr(obj, "clinic_id", None) == membership.clinic_id)


def _changed_names(message: Any) -> str:
    parts = message if isinstance(message, list) else []
    names = [name for part in parts if isinstance(part, dict) for name in part.get("changed", {}).get("fields", [])]
    return ", ".join(map(str, names)) or "admin"
