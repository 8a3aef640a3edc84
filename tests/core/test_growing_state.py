"""Migrating with models that grow says to PostgreSQL, word for word, what Django's own way says."""

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.commands import migrate
from django.db import connection, models
from django.db.migrations import operations as op
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from apps.core.db.growing_state import GrowingExecutor, GrowingState

KEY = ("id", models.BigAutoField(primary_key=True))
SEEN: list[list[str]] = []


def _look(apps: object, editor: object) -> None:
    """What a RunPython operation finds: fields, and relations both ways."""
    found = [apps.get_model("zoo", name)._meta for name in ("keeper", "animal", "visit")]  # type: ignore[attr-defined]
    SEEN.append([f"{meta.model_name}.{field.name}" for meta in found for field in meta.get_fields()])
    SEEN.append([one.name for meta in found for one in [*meta.indexes, *meta.constraints]])


def _to(model: str, **more: object) -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(model, models.CASCADE, **more)  # type: ignore[arg-type]


OPERATIONS: list[Operation] = [
    op.CreateModel("Keeper", [KEY, ("name", models.CharField(max_length=20))]),
    op.CreateModel("Animal", [KEY, ("keeper", _to("zoo.Keeper", related_name="animals"))]),
    op.AddConstraint("animal", models.UniqueConstraint(fields=["keeper", "id"], name="one_keeper")),
    op.AddField("animal", "weight", models.IntegerField(default=3), preserve_default=False),
    op.AddIndex("animal", models.Index(fields=["weight"], name="by_weight")),
    op.CreateModel("Visit", [KEY, ("animal", _to("zoo.Animal"))], options={"unique_together": {("id", "animal")}}),
    op.AddField("keeper", "chief", _to("zoo.Keeper", null=True)),
    op.AddField("animal", "mother", _to("zoo.Animal", null=True, related_name="+")),
    op.AddField("visit", "keepers", models.ManyToManyField("zoo.Keeper")),
    op.RunPython(_look),
    op.AlterField("keeper", "name", models.TextField(db_index=True)),
    op.AddField("keeper", "note", models.TextField(null=True, db_index=True)),
    op.AddConstraint("animal", models.CheckConstraint(condition=models.Q(weight__gt=0), name="%(class)s_weighs")),
    op.RemoveIndex("animal", "by_weight"),
    op.RemoveConstraint("animal", "one_keeper"),
    op.RenameField("animal", "weight", "kilos"),
    op.CreateModel("Ward", [KEY, ("visit", models.OneToOneField("zoo.Visit", models.CASCADE))]),
    op.RunPython(_look),
    op.RemoveField("animal", "mother"),
    op.RenameModel("Ward", "Room"),
    op.AddField("room", "keeper", _to("zoo.Keeper", null=True)),
    op.AlterModelOptions("keeper", {"ordering": ["name"]}),
    op.DeleteModel("Room"),
    op.RunPython(_look),
]


def _said(state: ProjectState) -> list[str]:
    migration = Migration("0001_zoo", "zoo")
    migration.operations = OPERATIONS
    state.apps  # noqa: B018  (rendered from the beginning, as the executor does)
    with connection.schema_editor(collect_sql=True) as editor:
        migration.apply(state, editor, collect_sql=True)
    return list(editor.collected_sql)


def _seen_along(state: ProjectState) -> list[list[str]]:
    """The same operations one by one, with what RunPython sees."""
    SEEN.clear()
    state.apps  # noqa: B018
    for operation in OPERATIONS:
        operation.state_forwards("zoo", state)
        if isinstance(operation, op.RunPython):
            state.clear_delayed_apps_cache()
            _look(state.apps, None)
    return [list(one) for one in SEEN]


@pytest.mark.django_db
def test_the_statements_are_those_of_django() -> None:
    said = _said(GrowingState())
    assert len(said) > 20
    assert said == _said(ProjectState())


def test_a_function_of_a_migration_finds_the_fields_relations_indexes_and_constraints_of_its_moment() -> None:
    grown, rendered = _seen_along(GrowingState()), _seen_along(ProjectState())
    assert len(grown) == 6
    assert [sorted(one) for one in grown] == [sorted(one) for one in rendered]


def test_the_command_migrates_so() -> None:
    load_command_class(get_commands()["migrate"], "migrate")
    assert migrate.MigrationExecutor is GrowingExecutor
