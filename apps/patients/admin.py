"""Records in the admin: to read, inside the walls of the clinic; verbs are on the desk."""

from django.contrib import admin

from apps.accounts.clinic_admin import ClinicAdmin
from apps.patients.models import Consent, EmergencyContact, Patient


@admin.register(Patient)
class PatientAdmin(ClinicAdmin):
    """Who is in care; for emergency access and for questions about the record itself."""

    change_needs = ()
    list_display = ("__str__", "number", "birth_on", "treating", "time_zone", "status")
    list_filter = ("status",)
    search_fields = ("family_name", "given_name", "number")


@admin.register(EmergencyContact)
class EmergencyContactAdmin(ClinicAdmin):
    """Who may be told."""

    change_needs = ()
    list_display = ("name", "relation", "phone", "may_be_told", "patient")


@admin.register(Consent)
class ConsentAdmin(ClinicAdmin):
    """Which text was read, in which version, when."""

    change_needs = ()
    list_display = ("patient", "scope", "version", "status", "auth_level", "created_at")
    list_filter = ("scope", "status")
