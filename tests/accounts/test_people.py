"""Roles, memberships, sessions and emergency access."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from apps.accounts import actions
from apps.accounts.middleware import resolve_membership
from apps.accounts.models import ApiToken, BreakGlass, Membership
from apps.accounts.permissions import Permission, Role
from apps.accounts.tokens import create_token, revoke_token
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.db.scope import use_clinic, use_user
from apps.notifications.models import Delivery
from apps.patients.models import Patient
from tests.cast import Cast, make_person

pytestmark = pytest.mark.django_db


def test_an_administrator_gives_a_member_another_role(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        row = actions.change_role(membership=cast.nurse.membership, role=Role.THERAPIST, actor=cast.clinic_admin)
        assert (row.role, row.revision) == ("therapist", 1)
        assert AuditEvent.objects.get(object_id=row.pk).detail == "role nurse > therapist"


def test_nobody_changes_their_own_role(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin), pytest.raises(ValidationError, match="own role"):
        actions.change_role(membership=cast.clinic_admin.membership, role=Role.NURSE, actor=cast.clinic_admin)


@pytest.mark.parametrize("role", [Role.PATIENT, Role.EMERGENCY])
def test_a_role_that_cannot_be_given_is_refused(cast: Cast, role: Role) -> None:
    with cast.acting(cast.clinic_admin), pytest.raises(ValidationError):
        actions.change_role(membership=cast.nurse.membership, role=role, actor=cast.clinic_admin)


def test_a_patient_is_not_made_staff(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin), pytest.raises(ValidationError):
        actions.change_role(membership=cast.patient_user.membership, role=Role.NURSE, actor=cast.clinic_admin)


@pytest.mark.parametrize("name", ["prescriber", "nurse", "coordinator", "other_prescriber"])
def test_only_administrators_of_the_clinic_change_roles(cast: Cast, name: str) -> None:
    actor = getattr(cast, name)
    with cast.acting(cast.clinic_admin), pytest.raises(PermissionDenied):
        actions.change_role(membership=cast.therapist.membership, role=Role.NURSE, actor=actor)


def test_the_last_administrator_is_neither_demoted_nor_ended(cast: Cast) -> None:
    with use_clinic(cast.clinic.pk):
        second = make_person(cast.clinic, "second", "Second Admin", Role.CLINIC_ADMIN)
    with cast.acting(second):
        actions.end_membership(membership=cast.clinic_admin.membership, actor=second)
    with cast.acting(second):
        helper = make_person(cast.clinic, "third", "Third Admin", Role.CLINIC_ADMIN)
        actions.change_role(membership=helper.membership, role=Role.NURSE, actor=second)
        assert [one.pk for one in actions.administrators(cast.clinic.pk)] == [second.membership.pk]
        with pytest.raises(ValidationError, match="at least one administrator"):
            actions.end_membership(membership=second.membership, actor=None)


def test_an_ended_membership_opens_nothing_any_more(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        actions.end_membership(membership=cast.nurse.membership, actor=cast.clinic_admin)
        with pytest.raises(ValidationError, match="already"):
            actions.end_membership(membership=cast.nurse.membership, actor=cast.clinic_admin)
    with use_user(cast.nurse.pk):
        assert resolve_membership(cast.nurse, str(cast.clinic.pk)) is None


def test_signing_out_everywhere_ends_every_session(cast: Cast) -> None:
    phone, desk = cast.client(cast.nurse), cast.client(cast.nurse)
    assert phone.get("/account/").status_code == 200
    assert desk.post("/account/sign-out-everywhere/").status_code == 302
    assert [client.get("/account/").status_code for client in (phone, desk)] == [302, 302]


def test_break_glass_needs_a_reason_and_a_platform_admin(cast: Cast) -> None:
    with pytest.raises(ValidationError, match="reason"):
        actions.break_glass(clinic=cast.clinic, reason="  help   me ", actor=cast.platform_admin)
    with pytest.raises(PermissionDenied):
        actions.break_glass(clinic=cast.clinic, reason="I would like to see", actor=cast.clinic_admin)


def test_break_glass_lets_a_platform_admin_read_for_an_hour_and_tells_the_clinic(cast: Cast) -> None:
    admin = cast.platform_admin
    actions.break_glass(clinic=cast.clinic, reason="Restoring a lost record with the nurse", actor=admin)
    with use_clinic(cast.clinic.pk):
        assert AuditEvent.objects.get(action="break-glass").actor_id == admin.pk
        told = Delivery.objects.filter(recipient_id=cast.clinic_admin.pk, template="emergency-access")
        assert set(told.values_list("channel", flat=True)) == {"email", "in-app"}
    with use_user(admin.pk):
        admin.membership = resolve_membership(admin, str(cast.clinic.pk))
    assert admin.membership is not None
    with cast.acting(admin):
        assert Patient.objects.visible_to(admin).count() == 2
        assert not admin.may(Permission.MANAGE_PATIENTS)
        assert not admin.may(Permission.HANDLE_ALERTS)
    with use_user(admin.pk):
        assert resolve_membership(admin, str(cast.other_clinic.pk)) is None


def test_emergency_access_ends_after_an_hour(cast: Cast) -> None:
    actions.break_glass(clinic=cast.clinic, reason="Restoring a lost record", actor=cast.platform_admin)
    clock.shift(timedelta(minutes=61))
    with use_user(cast.platform_admin.pk):
        assert resolve_membership(cast.platform_admin, str(cast.clinic.pk)) is None


def test_without_broken_glass_a_platform_admin_sees_no_clinical_row(cast: Cast) -> None:
    with use_user(cast.platform_admin.pk):
        assert resolve_membership(cast.platform_admin, str(cast.clinic.pk)) is None
    assert not Patient.objects.visible_to(cast.platform_admin).exists()


def test_the_break_glass_page_does_not_exist_for_anybody_else(cast: Cast) -> None:
    for user in (cast.clinic_admin, cast.nurse, cast.patient_user):
        assert cast.client(user).get("/break-glass/").status_code == 404
    assert cast.client(cast.platform_admin).get("/break-glass/").status_code == 200
    assert not BreakGlass.objects.exists()


def test_the_break_glass_page_asks_who_you_are_again(cast: Cast) -> None:
    form = {"clinic": str(cast.clinic.pk), "reason": "Restoring a lost record"}
    answer = cast.client(cast.platform_admin).post("/break-glass/", form)
    assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_a_person_with_two_clinics_chooses_where_to_work(cast: Cast) -> None:
    with use_clinic(cast.other_clinic.pk):
        Membership.objects.create(clinic=cast.other_clinic, user=cast.nurse, role=Role.NURSE)
    client = cast.client(cast.nurse)
    page = client.get("/choose-clinic/").content.decode()
    assert "Hillside Clinic" in page
    assert "Riverside Clinic" in page
    assert client.post("/choose-clinic/", {"clinic": str(cast.other_clinic.pk)}).status_code == 302
    assert client.session["clinic"] == str(cast.other_clinic.pk)


@pytest.mark.parametrize("clinic", ["other", "not-a-uuid", ""])
def test_a_clinic_of_others_cannot_be_chosen(cast: Cast, clinic: str) -> None:
    wanted = str(cast.other_clinic.pk) if clinic == "other" else clinic
    assert cast.client(cast.nurse).post("/choose-clinic/", {"clinic": wanted}).status_code == 404


def test_a_token_is_shown_once_and_never_wider_than_its_holder(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        row, text = create_token(label="lab", scopes=[Permission.SEE_CLINICAL], days=30, actor=cast.nurse)
        assert text not in str(ApiToken.objects.values().get(pk=row.pk))
        for scopes in ([Permission.MANAGE_CLINIC], []):
            with pytest.raises(ValidationError):
                create_token(label="lab", scopes=scopes, days=30, actor=cast.nurse)


def test_a_token_is_revoked_by_its_holder_or_an_administrator_only(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        row, _text = create_token(label="lab", scopes=[Permission.SEE_CLINICAL], days=30, actor=cast.nurse)
        for stranger in (cast.therapist, cast.other_prescriber):
            with pytest.raises(PermissionDenied):
                revoke_token(token=row, actor=stranger)
        revoke_token(token=row, actor=cast.clinic_admin)
        row.refresh_from_db()
        assert row.revoked_at is not None
