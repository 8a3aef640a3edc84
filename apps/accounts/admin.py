"""Admin pages of people and clinics. Other apps build on `ClinicAdmin`."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group

from apps.accounts.clinic_admin import AuditedAdmin, ClinicAdmin, ClinicInline

__all__ = ["AuditedAdmin", "ClinicAdmin", "ClinicInline"]

# Groups are not used (roles are one table), and nobody browses other people's second factors.
for model in (Group, EmailAddress, Authenticator):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
