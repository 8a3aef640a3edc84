"""The Django admin as a workplace inside the walls: who may enter, and through which sign-in."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import BreakGlass
from apps.accounts.permissions import Permission
from apps.core import clock

ENTRANCE = (Permission.MANAGE_CLINIC, Permission.SEE_AUDIT, Permission.SEE_DELIVERIES)


class TelekAdminSite(admin.AdminSite):
    """Entered by platform admins and by whoever manages their clinic; each page asks for its own permission."""

    site_header = _("Telek administration")
    site_title = _("Telek administration")
    index_title = _("Administration")
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if not user.is_authenticated or not user.is_active:
            return False
        return user.is_superuser or any(user.may(permission) for permission in ENTRANCE)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """A clinic's administrators see at once who holds emergency access now."""
        user = request.user
        managing = user.is_authenticated and user.may(Permission.MANAGE_CLINIC)
        running = BreakGlass.objects.visible_to(user).filter(expires_at__gt=clock.now()) if managing else []
        return super().index(request, {"emergencies": running, **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """allauth's sign-in, second factor included: the admin's own would let a password in alone."""
        return secure_admin_login(super().login)(request, extra_context)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Password changes go through allauth too."""
        context = super().each_context(request)
        context["site_url"] = "/"
        context["password_url"] = reverse("account_change_password")
        return context
