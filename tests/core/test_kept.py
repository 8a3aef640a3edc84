"""Kept queries find what the querysets find that they were made from, and are planned once a connection."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from apps.accounts.models import ClinicSetting, Membership
from apps.accounts.visible import VisibleQuery
from apps.core.db import kept
from apps.core.db.hot import hot_rows
from apps.core.db.kept import KeptQuery
from apps.patients.models import Patient
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_rows_and_what_they_join_are_those_of_the_queryset(cast: Cast) -> None:
    build = lambda clinic, role: Membership.objects.select_related("user", "clinic").filter(clinic=clinic, role=role)  # noqa: E731
    query: KeptQuery[Membership] = KeptQuery(build)
    with cast.acting(cast.nurse), transaction.atomic():
        for role in ("nurse", "patient", "nobody"):
            found = query.rows(cast.clinic.pk, role)
            rows = list(build(cast.clinic.pk, role))
            assert sorted(found, key=lambda one: one.pk) == sorted(rows, key=lambda one: one.pk)
            assert {one.pk: vars(one.user)["email"] for one in found} == {one.pk: one.user.email for one in rows}
            assert all(one._state.fields_cache["clinic"] == cast.clinic for one in found)
    assert query.rows(cast.clinic.pk, "nurse") == []  # outside of a scope the wall stands before it as well


def test_everybody_sees_by_a_kept_query_what_they_may_see(cast: Cast) -> None:
    query: VisibleQuery[Patient] = VisibleQuery(Patient, lambda rows, number: rows.filter(number__gte=number))
    for who in (cast.nurse, cast.prescriber, cast.clinic_admin, cast.patient_user, cast.patient_2_user):
        with cast.acting(who), transaction.atomic():
            rows = Patient.objects.visible_to(who).filter(number__gte="2")
            assert {one.pk for one in query.rows(who, "2")} == {one.pk for one in rows}
    with cast.acting(cast.nurse), transaction.atomic():
        assert query.rows(cast.nobody, "2") == []


@pytest.mark.parametrize(
    ("build", "value"),
    [
        (lambda word: ClinicSetting.objects.filter(name__icontains=word), "a"),
        (lambda _word: ClinicSetting.objects.all(), "a"),
        (lambda pk: Patient.objects.filter(pk=pk).prefetch_related("consents"), uuid4()),
        (lambda pk: Patient.objects.filter(pk=pk), None),
        (lambda pk: Patient.objects.filter(pk=pk).values("number"), uuid4()),
    ],
)
def test_what_cannot_be_kept_safely_is_refused(build: Any, value: Any) -> None:
    with pytest.raises(ImproperlyConfigured):
        KeptQuery(build).rows(value)


def test_a_row_is_written_as_save_writes_it(cast: Cast) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        row = kept.insert(ClinicSetting(clinic=cast.clinic, name="x", value={"a": [1, None]}, reason="test"))
        assert row == ClinicSetting.objects.get(pk=row.pk)
        assert (row.created_at, row.value) == ClinicSetting.objects.values_list("created_at", "value").get(pk=row.pk)
        cast.patient.given_name, cast.patient.number = "Marie", "77"
        kept.update(cast.patient, ["given_name"])
        assert Patient.objects.values_list("given_name", "number").get(pk=cast.patient.pk) == ("Marie", "20417")
        with pytest.raises(Patient.DoesNotExist):
            kept.update(Patient(pk=uuid4(), given_name="No"), ["given_name"])


def test_a_hot_statement_is_prepared(cast: Cast) -> None:
    hot_rows("select %s::int + 407", [1])
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_prepared_statements where statement like %s", ["%+ 407"])
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_a_lock_is_refused_outside_of_a_transaction(cast: Cast) -> None:
    query: KeptQuery[Patient] = KeptQuery(lambda pk: Patient.objects.filter(pk=pk).select_for_update())
    with cast.acting(cast.nurse):
        with transaction.atomic():
            assert query.first(cast.patient.pk) == cast.patient
        with pytest.raises(TransactionManagementError):
            query.first(cast.patient.pk)
