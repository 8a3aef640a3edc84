"""The second wall: what PostgreSQL itself shows of another clinic's rows."""

import pytest
from django.db import connection, transaction

from apps.accounts.models import Clinic, Membership, User
from apps.core.db.scope import use_clinic

pytestmark = pytest.mark.django_db


def test_the_suite_runs_without_superuser_and_bypass_rights() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_user, rolsuper, rolbypassrls from pg_roles where rolname = current_user")
        assert cursor.fetchone() == ("telek_app", False, False)


def test_a_row_of_another_clinic_is_not_there() -> None:
    here, there = (Clinic.objects.create(name=name, slug=name) for name in ("here", "there"))
    user = User.objects.create_user("somebody@telek.example", name="Some Body")
    with use_clinic(here.pk), transaction.atomic():
        Membership.objects.create(clinic=here, user=user, role="nurse")
        assert Membership.objects.count() == 1
    with use_clinic(there.pk), transaction.atomic():
        assert Membership.objects.count() == 0
    assert Membership.objects.count() == 0
