"""Django's admin application with Telek's own site (apart from apps.py, which may hold one default only)."""

from django.contrib.admin.apps import AdminConfig


class TelekAdminConfig(AdminConfig):
    """`default_site` is what `admin.site` and `@admin.register` mean everywhere."""

    default_site = "apps.accounts.admin_site.TelekAdminSite"
