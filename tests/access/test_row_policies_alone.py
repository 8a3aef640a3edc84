"""What PostgreSQL itself shows and takes, with every filter of the application out of the way."""

import pytest
from django.db import DatabaseError, connection, transaction

from apps.core.db.scope import use_clinic
from tests.access.world import World
from tests.architecture.test_tenancy import clinic_tables, grants

pytestmark = pytest.mark.xdist_group("walls")  # in one process, which makes the world once

# Rows of no clinic (sign-ins) may be read under any; they name no patient.
WITHOUT_CLINIC = {"audit_auditevent"}


def ask(query: str, *parameters: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture(scope="module")
def tables(world: World) -> list[str]:
    return sorted(clinic_tables())


def test_the_world_has_rows_of_both_clinics_in_most_tables(world: World, tables: list[str]) -> None:
    filled = 0
    for table in tables:
        for clinic in (world.cast.clinic, world.cast.other_clinic):
            with use_clinic(clinic.pk):
                filled += bool(ask(f"select 1 from {table} limit 1"))
    assert filled >= len(tables)


def test_without_a_clinic_there_are_no_rows(world: World, tables: list[str]) -> None:
    seen = {table: ask(f"select count(*) from {table} where clinic_id is not null")[0][0] for table in tables}
    assert {table for table, count in seen.items() if count} == set()


def test_under_a_clinic_there_are_only_its_rows(world: World, tables: list[str]) -> None:
    for clinic in (world.cast.clinic, world.cast.other_clinic):
        with use_clinic(clinic.pk):
            for table in tables:
                found = {row[0] for row in ask(f"select distinct clinic_id from {table}")}
                assert found - ({None} if table in WITHOUT_CLINIC else set()) <= {clinic.pk}, table


def test_rows_of_another_clinic_can_be_neither_changed_nor_deleted(world: World, tables: list[str]) -> None:
    here, there = world.cast.clinic.pk, world.cast.other_clinic.pk
    granted = grants("telek_app")
    with use_clinic(here):
        for table in tables:
            for verb, statement in (
                ("update", f"update {table} set clinic_id = clinic_id where clinic_id = %s returning 1"),
                ("delete", f"delete from {table} where clinic_id = %s returning 1"),
            ):
                if verb not in granted[table]:
                    continue
                assert ask(statement, there) == [], f"{verb} {table}"


def test_a_row_cannot_be_moved_into_another_clinic(world: World, tables: list[str]) -> None:
    granted = grants("telek_app")
    with use_clinic(world.cast.clinic.pk):
        for table in tables:
            if "update" not in granted[table] or not ask(f"select 1 from {table} limit 1"):
                continue
            with pytest.raises(DatabaseError), transaction.atomic():
                ask(f"update {table} set clinic_id = %s returning 1", world.cast.other_clinic.pk)


def test_the_scope_ends_with_its_transaction(world: World) -> None:
    with use_clinic(world.cast.clinic.pk):
        assert ask("select count(*) from patients_patient")[0][0] == 3  # two of the cast, and the drill's
    assert ask("select count(*) from patients_patient")[0][0] == 0
    with pytest.raises(ZeroDivisionError), use_clinic(world.cast.clinic.pk):
        raise ZeroDivisionError
    assert ask("select count(*) from patients_patient")[0][0] == 0
