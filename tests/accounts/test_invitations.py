"""Coming in by invitation: a link that works once, for a week, for one person."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from apps.accounts import invitations
from apps.accounts.models import Invitation, Membership, User
from apps.accounts.permissions import Role
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.notifications.models import Delivery
from apps.notifications.rendering import letter_of
from tests.cast import Cast

pytestmark = pytest.mark.django_db
NEWCOMER = {"name": "Ana Lima", "password": "four quiet green boats"}


def invite(cast: Cast, email: str = "Ana.Lima@Riverside.example", role: Role = Role.NURSE) -> tuple[Invitation, str]:
    """The invitation and the path of its link, as it went into the outbox."""
    with cast.acting(cast.clinic_admin):
        invitation = invitations.invite(
            clinic=cast.clinic, email=email, name="Ana Lima", role=role, actor=cast.clinic_admin
        )
        sent = Delivery.objects.get(subject_id=invitation.pk)
    return invitation, sent.context["link"]


def test_a_newcomer_sets_a_password_and_is_signed_in(cast: Cast) -> None:
    invitation, link = invite(cast)
    client = Client()
    assert "Riverside Clinic" in client.get(link).content.decode()
    assert client.post(link, NEWCOMER).status_code == 302
    user = User.objects.get(email="ana.lima@riverside.example")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert user.check_password(NEWCOMER["password"])
    assert EmailAddress.objects.get(user=user).verified
    with use_clinic(cast.clinic.pk):
        assert Membership.objects.get(user=user).role == "nurse"
        assert Invitation.objects.get(pk=invitation.pk).accepted_at is not None


def test_only_the_hash_of_the_link_is_stored(cast: Cast) -> None:
    invitation, link = invite(cast)
    token = link.strip("/").split("/")[1]
    assert re.fullmatch(r"[0-9a-f]{64}", invitation.token_hash)
    assert token not in str(Invitation.__dict__)
    assert invitation.token_hash != token


def test_the_letter_carries_the_link_and_the_clinics_name(cast: Cast) -> None:
    invitation, link = invite(cast)
    with use_clinic(cast.clinic.pk):
        letter = letter_of(Delivery.objects.get(subject_id=invitation.pk))
    assert f"{settings.PUBLIC_URL}{link}" in letter.body
    assert "Riverside Clinic" in letter.subject


def test_a_link_works_once(cast: Cast) -> None:
    _invitation, link = invite(cast)
    Client().post(link, NEWCOMER)
    again = Client().post(link, {"name": "Somebody Else", "password": "another long pass phrase"})
    assert again.status_code == 410
    assert User.objects.get(email="ana.lima@riverside.example").check_password(NEWCOMER["password"])


def test_a_link_ends_after_seven_days(cast: Cast) -> None:
    _invitation, link = invite(cast)
    clock.shift(timedelta(days=7, minutes=1))
    assert Client().get(link).status_code == 410


def test_a_revoked_link_is_over_and_the_membership_with_it(cast: Cast) -> None:
    invitation, link = invite(cast)
    with cast.acting(cast.clinic_admin):
        invitations.revoke_invitation(membership=invitation.membership, actor=cast.clinic_admin)
        assert Membership.objects.get(pk=invitation.membership_id).ended_at is not None
        assert Delivery.objects.get(subject_id=invitation.pk).state == "cancelled"
    assert Client().get(link).status_code == 410


def test_a_link_sent_again_voids_the_first(cast: Cast) -> None:
    invitation, link = invite(cast)
    with cast.acting(cast.clinic_admin):
        second = invitations.resend_invitation(membership=invitation.membership, actor=cast.clinic_admin)
        newer = Delivery.objects.get(subject_id=second.pk).context["link"]
    assert Client().get(link).status_code == 410
    assert Client().get(newer).status_code == 200


@pytest.mark.parametrize("token", ["x", "0" * 500, "%00", "..", "ana'--"])
def test_a_made_up_link_is_over(db: None, token: str) -> None:
    assert Client().get(f"/invitation/{token}/").status_code in (404, 410)


@pytest.mark.parametrize("password", ["short", "123456789012345", "password1234", ""])
def test_a_weak_password_is_refused_and_the_link_stays_open(cast: Cast, password: str) -> None:
    _invitation, link = invite(cast)
    assert Client().post(link, {"name": "Ana Lima", "password": password}).status_code == 200
    assert Client().post(link, NEWCOMER).status_code == 302


def test_an_invitation_never_sets_the_password_of_an_existing_account(cast: Cast) -> None:
    _invitation, link = invite(cast, email=cast.other_prescriber.email)
    before = User.objects.get(pk=cast.other_prescriber.pk).password
    answer = Client().post(link, {"name": "Mallory", "password": "mallory takes it over"})
    assert answer["Location"].startswith("/accounts/login/")
    after = User.objects.get(pk=cast.other_prescriber.pk)
    assert (after.password, after.name) == (before, "Dr Della Marsh")


def test_who_has_an_account_joins_with_it(cast: Cast) -> None:
    _invitation, link = invite(cast, email=cast.other_prescriber.email)
    client = cast.client(cast.other_prescriber)
    assert client.post(link).status_code == 302
    assert client.session["clinic"] == str(cast.clinic.pk)


def test_somebody_else_who_is_signed_in_cannot_take_the_invitation(cast: Cast) -> None:
    _invitation, link = invite(cast, email=cast.other_prescriber.email)
    assert cast.client(cast.nurse).post(link).status_code == 404


def test_who_belongs_to_the_clinic_is_not_invited_again(cast: Cast) -> None:
    with pytest.raises(ValidationError, match="already"):
        invite(cast, email=cast.nurse.email)


def test_staff_are_invited_by_administrators_and_patients_by_who_registers_them(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        made = invitations.invite(
            clinic=cast.clinic, email="p@riverside.example", name="Pat One", role=Role.PATIENT, actor=cast.nurse
        )
        assert made.membership.role == "patient"
        with pytest.raises(PermissionDenied):
            invitations.invite(
                clinic=cast.clinic, email="n@riverside.example", name="New", role=Role.NURSE, actor=cast.nurse
            )
    with cast.acting(cast.clinic_admin), pytest.raises(PermissionDenied):
        invitations.invite(
            clinic=cast.clinic, email="q@riverside.example", name="Q", role=Role.PATIENT, actor=cast.clinic_admin
        )


def test_a_platform_admin_invites_the_first_administrator_and_nobody_else(cast: Cast) -> None:
    with use_clinic(cast.other_clinic.pk):
        made = invitations.invite(
            clinic=cast.other_clinic,
            email="first@hillside.example",
            name="First",
            role=Role.CLINIC_ADMIN,
            actor=cast.platform_admin,
        )
        assert made.membership.role == "clinic-admin"
        with pytest.raises(PermissionDenied):
            invitations.invite(
                clinic=cast.other_clinic,
                email="spy@hillside.example",
                name="Spy",
                role=Role.NURSE,
                actor=cast.platform_admin,
            )
