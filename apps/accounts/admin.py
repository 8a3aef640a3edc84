"""Admin pages of people and clinics. Other apps build on `ClinicAdmin`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import actions, invitations
from apps.accounts.catalogue import CATALOGUE
from apps.accounts.clinic_admin import AuditedAdmin, ClinicAdmin, ClinicInline, clinic_in_force, membership_of
from apps.accounts.clinic_settings import ask_for_setting, settings_of
from apps.accounts.forms import ContactForm, InviteForm, SettingForm
from apps.accounts.logo_admin import logo_page
from apps.accounts.models import ApiToken, BreakGlass, Clinic, ClinicSetting, ContactPoint, Membership, User
from apps.accounts.permissions import Permission, Role
from apps.accounts.staff_contacts import add_contact, ask_for_contact
from apps.accounts.tokens import revoke_token
from apps.core.db.scope import use_clinic

__all__ = ["WAITS_WORDS", "AuditedAdmin", "ClinicAdmin", "ClinicInline"]

WAITS_WORDS = gettext_lazy(
    "Not in force yet: this makes the paging weaker. A second person confirms it at the desk, under Roster."
)

# Groups are not used (roles are one table), and nobody browses other people's second factors.
for model in (Group, EmailAddress, Authenticator):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


def each(
    modeladmin: admin.ModelAdmin[Any], request: HttpRequest, rows: Iterable[Any], do: Callable[[Any], Any], done: str
) -> None:
    """Do one thing to each chosen row; what is refused is said, row by row."""
    for row in rows:
        try:
            do(row)
        except ValidationError as error:
            modeladmin.message_user(request, f"{row}: {' '.join(error.messages)}", messages.ERROR)
        else:
            modeladmin.message_user(request, done % {"name": row}, messages.SUCCESS)


@admin.register(Clinic)
class ClinicsAdmin(AuditedAdmin):
    """A platform admin sees every clinic, a clinic's administrator their own."""

    audit_reads = False
    list_display = ("name", "country", "time_zone", "phone", "is_active")
    fields = ("name", "slug", "country", "time_zone", "phone", "is_active", "synthetic")
    change_form_template = "admin/clinic_change.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Clinic]:
        rows = Clinic.objects.order_by("name")
        if _is_platform(request):
            return rows
        membership = membership_of(request)
        return rows.filter(pk=membership.clinic_id) if membership else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Clinic | None = None) -> bool:
        user = request.user
        return _is_platform(request) or (user.is_authenticated and user.may(Permission.MANAGE_CLINIC))

    def has_change_permission(self, request: HttpRequest, obj: Clinic | None = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_platform(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Clinic | None = None) -> tuple[str, ...]:
        """What a clinic is called in addresses and whether it exists is the platform's matter."""
        return () if _is_platform(request) else ("slug", "is_active", "synthetic")

    def get_urls(self) -> list[URLPattern]:
        """Beside the stock pages: the invitation of a clinic's administrator."""
        invite = self.admin_site.admin_view(self.invite_administrator)
        return [path("<uuid:pk>/invite/", invite, name="accounts_clinic_invite"), *super().get_urls()]

    def invite_administrator(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """A platform admin invites a clinic's first administrator (or another one)."""
        if not _is_platform(request):
            raise PermissionDenied
        clinic = get_object_or_404(Clinic, pk=pk)
        form = InviteForm(request.POST or None, roles=[Role.CLINIC_ADMIN])
        if request.method == "POST" and form.is_valid():
            raise_if_reauthentication_required(request, app="account")
            with use_clinic(clinic.pk):
                if invite_by_form(self, request, form, clinic):
                    return redirect("admin:accounts_clinic_change", clinic.pk)
        return form_page(self, request, "admin/invite.html", title=_("Invite an administrator"), form=form)


@admin.register(User)
class UsersAdmin(AuditedAdmin):
    """Accounts, for platform admins: no role and no clinic is told here."""

    list_display = ("name", "email", "is_active", "is_superuser", "last_login")
    search_fields = ("name", "email")
    fields = ("name", "email", "is_active", "language", "time_zone", "last_login")
    readonly_fields = ("email", "last_login")
    actions = ("sign_out",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_platform(request)

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return _is_platform(request)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return _is_platform(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people come in by invitation

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        """An account that is switched off loses its sessions at once."""
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data and not obj.is_active:
            actions.sign_out_everywhere(user=obj, actor=_user(request))

    @admin.action(description=gettext_lazy("Sign out on every device"))
    def sign_out(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        actor = _user(request)
        each(
            self,
            request,
            rows,
            lambda row: actions.sign_out_everywhere(user=row, actor=actor),
            _("%(name)s is signed out everywhere."),
        )


@admin.register(Membership)
class PeopleAdmin(ClinicAdmin):
    """Who works here and who is treated here; roles, invitations, endings. Each change asks who you are again."""

    view_needs = (Permission.MANAGE_CLINIC,)
    list_display = ("user", "email", "role", "licence", "ended_at")
    list_filter = ("role", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("user__name", "user__email", "licence")
    ordering = ("user__name",)
    list_select_related = ("user",)
    fields = ("who", "email", "role", "licence", "ended_at")
    readonly_fields = ("who", "email", "ended_at")
    actions = ("end", "invite_again", "take_invitation_back", "sign_out", "reset_factor")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Under a name that says what it is."""
        return super().changelist_view(request, {"title": _("People"), **(extra_context or {})})

    @admin.display(description=gettext_lazy("who"))
    def who(self, row: Membership) -> str:
        """The name alone: the page of the user is the platform administrators'."""
        return row.user.name

    @admin.display(description=gettext_lazy("email"))
    def email(self, row: Membership) -> str:
        return row.user.email

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """To add somebody is to invite them."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        clinic = Clinic.objects.get(pk=clinic_in_force(request))
        form = InviteForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            raise_if_reauthentication_required(request, app="account")
            if invite_by_form(self, request, form, clinic):
                return redirect("admin:accounts_membership_changelist")
        return form_page(self, request, "admin/invite.html", title=_("Invite somebody"), form=form)

    def save_model(self, request: HttpRequest, obj: Membership, form: ModelForm[Membership], change: bool) -> None:
        """The role goes through its action, with all its refusals; the licence is a plain field."""
        raise_if_reauthentication_required(request, app="account")
        if "licence" in form.changed_data:
            Membership.objects.filter(pk=obj.pk).update(licence=obj.licence)
        if "role" in form.changed_data:
            try:
                actions.change_role(membership=obj, role=Role(form.cleaned_data["role"]), actor=_user(request))
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)

    @admin.action(description=gettext_lazy("End the membership"))
    def end(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        raise_if_reauthentication_required(request, app="account")
        actor = _user(request)
        each(
            self,
            request,
            rows,
            lambda row: actions.end_membership(membership=row, actor=actor),
            _("%(name)s no longer belongs to the clinic."),
        )

    @admin.action(description=gettext_lazy("Send the invitation again"))
    def invite_again(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        actor = _user(request)
        each(
            self,
            request,
            rows,
            lambda row: invitations.resend_invitation(membership=row, actor=actor),
            _("%(name)s gets a new link."),
        )

    @admin.action(description=gettext_lazy("Take the invitation back"))
    def take_invitation_back(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        actor = _user(request)
        each(
            self,
            request,
            rows,
            lambda row: invitations.revoke_invitation(membership=row, actor=actor),
            _("The invitation of %(name)s is void."),
        )

    @admin.action(description=gettext_lazy("Sign out on every device"))
    def sign_out(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        actor = _user(request)
        each(
            self,
            request,
            rows,
            lambda row: actions.sign_out_everywhere(user=row.user, actor=actor),
            _("%(name)s is signed out everywhere."),
        )

    @admin.action(description=gettext_lazy("Reset the second factor"))
    def reset_factor(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        raise_if_reauthentication_required(request, app="account")
        actor = _user(request)
        each(
            self,
            request,
            rows,
            lambda row: actions.reset_second_factor(membership=row, actor=actor),
            _("%(name)s sets up a new second factor at the next sign-in."),
        )


@admin.register(ContactPoint)
class ContactPointsAdmin(ClinicAdmin):
    """How staff are reached. Patients' own contact points are kept where patients are managed."""

    view_needs = (Permission.MANAGE_CLINIC,)
    list_display = ("user", "channel", "address", "rank", "opted_out_at")
    list_filter = ("channel",)
    search_fields = ("user__name", "address")
    list_select_related = ("user",)
    form = ContactForm
    fields = ("user", "channel", "address", "rank", "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: ContactPoint | None = None) -> tuple[str, ...]:
        """A contact point does not pass to somebody else."""
        return () if obj is None else ("user",)

    def save_model(self, request: HttpRequest, obj: ContactPoint, form: ModelForm[Any], change: bool) -> None:
        """What would page a colleague elsewhere or later is in force only once a second person has confirmed it."""
        given = {name: form.cleaned_data[name] for name in ("channel", "address", "rank", "reason")}
        if change:
            request.waits = ask_for_contact(point=obj, actor=_user(request), **given) is not None  # type: ignore[attr-defined]
            return
        clinic = Clinic.objects.get(pk=clinic_in_force(request))
        made = add_contact(clinic=clinic, user=obj.user, actor=_user(request), **given)
        request.waits = not isinstance(made, ContactPoint)  # type: ignore[attr-defined]
        obj.pk = made.pk

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The verb has written it to the trail."""

    log_addition = log_change

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._that_it_waits(request) or super().response_change(request, obj)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._that_it_waits(request) or super().response_add(request, obj, post_url_continue)

    def _that_it_waits(self, request: HttpRequest) -> HttpResponse | None:
        if not getattr(request, "waits", False):
            return None
        self.message_user(request, WAITS_WORDS, messages.WARNING)
        return redirect("admin:accounts_contactpoint_changelist")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactPoint]:
        rows = super().get_queryset(request)
        staff = Membership.objects.filter(clinic_id__in=rows.values("clinic_id"), ended_at__isnull=True)
        return rows.filter(user_id__in=staff.exclude(role=Role.PATIENT).values("user_id"))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            staff = Membership.objects.filter(clinic_id=clinic_in_force(request), ended_at__isnull=True)
            kwargs["queryset"] = User.objects.filter(pk__in=staff.exclude(role=Role.PATIENT).values("user_id"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(ClinicSetting)
class SettingsAdmin(ClinicAdmin):
    """Every number that a clinic may change, with its unit, limits and source; a change is a new row with a reason."""

    may_change = False
    change_list_template = "admin/setting_list.html"
    list_display = ("created_at", "name", "value", "changed_by", "reason")
    list_filter = ("name",)
    list_select_related = ("changed_by",)
    ordering = ("-created_at",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """What is in force, above the history."""
        values = settings_of(Clinic.objects.get(pk=clinic_in_force(request)))
        rows = [(definition, values[name]) for name, definition in CATALOGUE.items()]
        extra = {"in_force": rows, "title": _("Settings"), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change one setting: /admin/accounts/clinicsetting/add/?name=..."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        clinic = Clinic.objects.get(pk=clinic_in_force(request))
        if request.GET.get("name") == "logo":
            return logo_page(request, clinic, _user(request), partial(form_page, self, request))
        definition = CATALOGUE.get(request.GET.get("name", ""))
        if definition is None:
            return redirect("admin:accounts_clinicsetting_changelist")
        initial = {"value": settings_of(clinic)[definition.name]}
        form = SettingForm(request.POST or None, definition=definition, initial=initial)
        if request.method == "POST" and form.is_valid():
            given = {"value": form.cleaned_data["value"], "reason": form.cleaned_data["reason"]}
            try:
                pending = ask_for_setting(clinic=clinic, name=definition.name, actor=_user(request), **given)
            except ValidationError as error:
                form.add_error("value", error)
            else:
                said = _("Saved. It is in force now.") if pending is None else WAITS_WORDS
                self.message_user(request, said, messages.SUCCESS if pending is None else messages.WARNING)
                return redirect("admin:accounts_clinicsetting_changelist")
        title = definition.name.replace("_", " ")
        return form_page(self, request, "admin/setting_change.html", title=title, form=form, definition=definition)


@admin.register(BreakGlass)
class EmergencyAccessAdmin(ClinicAdmin):
    """Who opened emergency access, when and why: to read."""

    view_needs = (Permission.MANAGE_CLINIC, Permission.SEE_AUDIT)
    change_needs = ()
    list_display = ("created_at", "user", "reason", "expires_at")
    list_select_related = ("user",)
    ordering = ("-created_at",)


@admin.register(ApiToken)
class TokensAdmin(ClinicAdmin):
    """The clinic's API tokens: to see, and to end."""

    change_needs = ()
    list_display = ("label", "membership", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("membership__user",)
    fields = ("label", "membership", "scopes", "expires_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    @admin.action(description=gettext_lazy("End the token"))
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> None:
        actor = _user(request)
        each(self, request, rows, lambda row: revoke_token(token=row, actor=actor), _("%(name)s has ended."))


def form_page(
    modeladmin: admin.ModelAdmin[Any], request: HttpRequest, template: str, **context: Any
) -> TemplateResponse:
    """A page of the admin with a plain form of ours."""
    around = modeladmin.admin_site.each_context(request)
    return TemplateResponse(
        request, template, {**around, "opts": modeladmin.opts, "media": modeladmin.media, **context}
    )


def invite_by_form(modeladmin: admin.ModelAdmin[Any], request: HttpRequest, form: InviteForm, clinic: Clinic) -> bool:
    """Invite as the form says; refusals land on the form."""
    data = form.cleaned_data
    try:
        invitations.invite(clinic=clinic, actor=_user(request), **{**data, "role": Role(data["role"])})
    except ValidationError as error:
        form.add_error("email", error)
        return False
    text = _("%(name)s is invited: the link goes to %(email)s.") % data
    modeladmin.message_user(request, text, messages.SUCCESS)
    return True


def _is_platform(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_superuser


def _user(request: HttpRequest) -> User:
    assert request.user.is_authenticated  # noqa: S101  (behind the admin's own door)
    return request.user
