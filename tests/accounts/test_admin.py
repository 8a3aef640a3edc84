"""The admin as a workplace: inside the walls, by the role table, everything written down."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import actions
from apps.accounts.clinic_settings import setting
from apps.accounts.models import ClinicSetting, ContactPoint, Membership, User
from apps.accounts.permissions import Role
from apps.audit.models import AuditEvent
from apps.core.db.scope import use_clinic
from tests.cast import Cast, make_person

pytestmark = pytest.mark.django_db
PASSWORD = "a long pass phrase"
CLINIC_PAGES = ["membership", "contactpoint", "clinicsetting", "breakglass", "apitoken", "clinic"]


def proven(client: Client) -> Client:
    """As somebody who has just proven again who they are."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


@pytest.fixture
def admin(cast: Cast) -> Client:
    return proven(cast.client(cast.clinic_admin))


def listing(model: str) -> str:
    return reverse(f"admin:accounts_{model}_changelist")


@pytest.mark.parametrize("model", CLINIC_PAGES)
def test_a_clinics_administrator_opens_every_list(admin: Client, model: str) -> None:
    assert admin.get(listing(model)).status_code == 200


@pytest.mark.parametrize("name", ["nurse", "prescriber", "therapist", "patient_user", "nobody"])
def test_nobody_without_its_permissions_enters(cast: Cast, name: str) -> None:
    client = cast.client(getattr(cast, name))
    assert client.get("/admin/").status_code in (302, 403)
    assert client.get(listing("membership")).status_code in (302, 403, 404)


def test_the_lists_show_only_the_own_clinic(admin: Client, cast: Cast) -> None:
    for model in CLINIC_PAGES:
        page = admin.get(listing(model)).content.decode()
        assert "Della Marsh" not in page
        assert "Hillside" not in page


def test_a_row_of_another_clinic_is_not_there(admin: Client, cast: Cast) -> None:
    foreign = cast.other_prescriber.membership
    assert foreign is not None
    answer = admin.get(reverse("admin:accounts_membership_change", args=[foreign.pk]))
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert admin.get(reverse("admin:accounts_membership_history", args=[foreign.pk])).status_code == 404
    assert admin.get(reverse("admin:accounts_clinic_change", args=[cast.other_clinic.pk])).status_code == 302


def test_what_is_shown_is_written_down(admin: Client, cast: Cast) -> None:
    admin.get(listing("membership"))
    with use_clinic(cast.clinic.pk):
        seen = AuditEvent.objects.filter(action="read", detail="admin-list", object_type="accounts.membership")
        assert seen.count() == Membership.objects.count()


def test_an_administrator_invites_somebody(admin: Client, cast: Cast) -> None:
    form = {"name": "Ana Lima", "email": "ana@riverside.example", "role": "nurse", "licence": ""}
    assert admin.post(reverse("admin:accounts_membership_add"), form).status_code == 302
    with use_clinic(cast.clinic.pk):
        assert Membership.objects.get(user__email="ana@riverside.example").role == "nurse"


@pytest.mark.parametrize("role", ["patient", "emergency-access", "root"])
def test_only_roles_of_staff_are_offered(admin: Client, role: str) -> None:
    form = {"name": "Ana Lima", "email": "ana@riverside.example", "role": role, "licence": ""}
    assert admin.post(reverse("admin:accounts_membership_add"), form).status_code == 200
    assert not User.objects.filter(email="ana@riverside.example").exists()


def test_a_role_is_changed_through_its_action(admin: Client, cast: Cast) -> None:
    nurse, own = cast.nurse.membership, cast.clinic_admin.membership
    assert nurse
    assert own
    admin.post(reverse("admin:accounts_membership_change", args=[nurse.pk]), {"role": "therapist", "licence": "RN 1"})
    admin.post(reverse("admin:accounts_membership_change", args=[own.pk]), {"role": "nurse", "licence": ""})
    with use_clinic(cast.clinic.pk):
        nurse.refresh_from_db()
        own.refresh_from_db()
        assert (nurse.role, nurse.licence, nurse.revision) == ("therapist", "RN 1", 1)
        assert own.role == "clinic-admin"


def test_a_change_of_role_asks_who_you_are_again(cast: Cast) -> None:
    nurse = cast.nurse.membership
    assert nurse
    address = reverse("admin:accounts_membership_change", args=[nurse.pk])
    answer = cast.client(cast.clinic_admin).post(address, {"role": "therapist", "licence": ""})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    with use_clinic(cast.clinic.pk):
        nurse.refresh_from_db()
        assert nurse.role == "nurse"


def test_memberships_are_ended_from_the_list_and_refusals_are_said(admin: Client, cast: Cast) -> None:
    chosen = [cast.nurse.membership.pk, cast.clinic_admin.membership.pk]  # type: ignore[union-attr]
    form = {"action": "end", "_selected_action": [str(pk) for pk in chosen]}
    page = admin.post(listing("membership"), form, follow=True).content.decode()
    assert "no longer belongs" in page
    assert "Nobody ends their own membership" in page
    with use_clinic(cast.clinic.pk):
        assert list(Membership.objects.filter(ended_at__isnull=False).values_list("pk", flat=True)) == chosen[:1]


def test_nothing_can_be_deleted(admin: Client, cast: Cast) -> None:
    nurse = cast.nurse.membership
    assert nurse
    assert admin.post(reverse("admin:accounts_membership_delete", args=[nurse.pk])).status_code == 403
    form = {"action": "delete_selected", "_selected_action": [str(nurse.pk)]}
    admin.post(listing("membership"), form)
    with use_clinic(cast.clinic.pk):
        assert Membership.objects.filter(pk=nurse.pk).exists()


def test_a_setting_is_changed_with_a_reason_and_within_its_limits(admin: Client, cast: Cast) -> None:
    address = reverse("admin:accounts_clinicsetting_add") + "?name=p1_acknowledge_minutes"
    assert "clinical reference 4.2" in admin.get(address).content.decode()
    assert admin.post(address, {"value": "10", "reason": ""}).status_code == 200
    assert admin.post(address, {"value": "999", "reason": "slower"}).status_code == 200
    assert admin.post(address, {"value": "10", "reason": "agreed on Monday"}).status_code == 302
    with use_clinic(cast.clinic.pk):
        assert setting(cast.clinic, "p1_acknowledge_minutes") == 10
        row = ClinicSetting.objects.get(name="p1_acknowledge_minutes")
        assert (row.changed_by_id, row.reason) == (cast.clinic_admin.pk, "agreed on Monday")
    page = admin.get(listing("clinicsetting")).content.decode()
    assert "agreed on Monday" in page


def test_a_switch_is_changed_too(admin: Client, cast: Cast) -> None:
    address = reverse("admin:accounts_clinicsetting_add") + "?name=night_cover"
    assert admin.post(address, {"reason": "no nights any more"}).status_code == 302
    with use_clinic(cast.clinic.pk):
        assert setting(cast.clinic, "night_cover") is False


def test_a_contact_point_belongs_to_somebody_of_the_clinic(admin: Client, cast: Cast) -> None:
    address = reverse("admin:accounts_contactpoint_add")
    for user, status in ((cast.other_prescriber, 200), (cast.patient_user, 200), (cast.nurse, 302)):
        form = {"user": str(user.pk), "channel": "voice", "address": "+15550199", "rank": "3"}
        assert admin.post(address, form).status_code == status
    with use_clinic(cast.clinic.pk):
        assert ContactPoint.objects.get(address="+15550199").clinic_id == cast.clinic.pk


def test_a_clinic_cannot_be_smuggled_into_a_form(admin: Client, cast: Cast) -> None:
    form = {
        "user": str(cast.nurse.pk),
        "channel": "voice",
        "address": "+15550198",
        "rank": "3",
        "clinic": str(cast.other_clinic.pk),
    }
    admin.post(reverse("admin:accounts_contactpoint_add"), form)
    with use_clinic(cast.clinic.pk):
        assert ContactPoint.objects.filter(address="+15550198").exists()
    with use_clinic(cast.other_clinic.pk):
        assert not ContactPoint.objects.filter(address="+15550198").exists()


def test_an_administrator_edits_their_own_clinic_but_not_what_it_is(admin: Client, cast: Cast) -> None:
    address = reverse("admin:accounts_clinic_change", args=[cast.clinic.pk])
    form = {"name": "Riverside", "country": "US", "time_zone": "America/Chicago", "phone": "1", "slug": "stolen"}
    assert admin.post(address, form).status_code == 302
    cast.clinic.refresh_from_db()
    assert (cast.clinic.name, cast.clinic.slug, cast.clinic.is_active) == ("Riverside", "riverside", True)


def test_the_audit_trail_is_read_filtered_and_searched(admin: Client, cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        actions.change_role(membership=cast.nurse.membership, role=Role.THERAPIST, actor=cast.clinic_admin)
    trail = reverse("admin:audit_auditevent_changelist")
    page = admin.get(trail, {"q": str(cast.nurse.membership.pk)}).content.decode()  # type: ignore[union-attr]
    assert "role nurse &gt; therapist" in page
    assert "Ruth Adler" in page
    assert "role nurse" not in admin.get(trail, {"q": str(cast.patient.pk)}).content.decode()
    assert admin.get(trail, {"action__exact": "update"}).status_code == 200
    assert admin.post(reverse("admin:audit_auditevent_add")).status_code == 403


def test_the_audit_trail_of_another_clinic_is_not_in_the_list(admin: Client, cast: Cast) -> None:
    with use_clinic(cast.other_clinic.pk):
        person = make_person(cast.other_clinic, "boss", "Hill Boss", Role.CLINIC_ADMIN)
        helper = make_person(cast.other_clinic, "aide", "Hill Aide", Role.NURSE)
        actions.change_role(membership=helper.membership, role=Role.THERAPIST, actor=person)
    assert "Hill Boss" not in admin.get(reverse("admin:audit_auditevent_changelist")).content.decode()


def test_a_platform_admin_sees_clinics_and_accounts_but_no_row_of_a_clinic(cast: Cast) -> None:
    client = cast.client(cast.platform_admin)
    clinics = client.get(listing("clinic")).content.decode()
    assert "Riverside" in clinics
    assert "Hillside" in clinics
    assert "Rosa Osei" in client.get(listing("user")).content.decode()
    assert client.get(listing("membership")).status_code == 403
    assert client.get(reverse("admin:audit_auditevent_changelist")).status_code == 403


def test_a_clinics_administrator_sees_at_once_who_holds_emergency_access(admin: Client, cast: Cast) -> None:
    assert "holds emergency access" not in admin.get("/admin/").content.decode()
    actions.break_glass(clinic=cast.clinic, reason="Restoring a lost record", actor=cast.platform_admin)
    page = admin.get("/admin/").content.decode()
    assert "Platform Admin" in page
    assert "Restoring a lost record" in page
    assert "Restoring a lost record" in admin.get(listing("breakglass")).content.decode()


def test_a_platform_admin_invites_the_administrator_of_a_clinic(cast: Cast) -> None:
    client = proven(cast.client(cast.platform_admin))
    form = {"name": "First", "email": "first@hillside.example", "role": "clinic-admin", "licence": ""}
    address = reverse("admin:accounts_clinic_invite", args=[cast.other_clinic.pk])
    assert client.post(address, form).status_code == 302
    with use_clinic(cast.other_clinic.pk):
        assert Membership.objects.get(user__email="first@hillside.example").role == "clinic-admin"
    assert cast.client(cast.clinic_admin).get(address).status_code == 403


def test_an_account_that_is_switched_off_is_out_at_once(cast: Cast) -> None:
    nurse, platform = cast.client(cast.nurse), cast.client(cast.platform_admin)
    assert nurse.get("/account/").status_code == 200
    form = {"name": "Rosa Osei", "language": "en", "time_zone": "UTC"}
    assert platform.post(reverse("admin:accounts_user_change", args=[cast.nurse.pk]), form).status_code == 302
    assert nurse.get("/account/").status_code == 302


def test_the_history_of_a_row_is_its_audit_trail(admin: Client, cast: Cast) -> None:
    nurse = cast.nurse.membership
    assert nurse
    admin.get(reverse("admin:accounts_membership_change", args=[nurse.pk]))
    page = admin.get(reverse("admin:accounts_membership_history", args=[nurse.pk])).content.decode()
    assert "admin-page" in page


def test_no_page_of_the_admin_carries_inline_style_or_script(admin: Client, cast: Cast) -> None:
    nurse = cast.nurse.membership
    assert nurse
    pages = ["/admin/", *(listing(model) for model in CLINIC_PAGES), reverse("admin:accounts_membership_add")]
    pages += [
        reverse("admin:accounts_membership_change", args=[nurse.pk]),
        reverse("admin:accounts_clinicsetting_add") + "?name=desk_opens",
        reverse("admin:audit_auditevent_changelist"),
    ]
    for page in pages:
        answer = admin.get(page)
        html = answer.content.decode()
        assert answer.status_code == 200, page
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*(src=|type=\"application/json\"))", html), page
        assert "script-src 'self'" in answer["Content-Security-Policy"]
