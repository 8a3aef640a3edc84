"""Migrating forwards without rendering all models again for each new field, index, constraint and table.

Django keeps the models of a moment of the migrations as classes. To add a field it throws away the class and, because
relations point at classes, every class related to it: with one clinic behind every table that is all of them, at each of
some three hundred operations, and nine tenths of what migrating an empty database costs. Going forwards nobody
needs the class as it was before such an addition, so here the class grows instead. What takes something away or changes it
renders again as Django does, and with all relations, so that no class ever points at a forgotten one.
"""

from typing import Any

from django.db import models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ModelState, ProjectState

Plan = list[tuple[Migration, bool]]


class GrowingState(ProjectState):
    """A project's state whose rendered models grow in place. For going forwards only."""

    _relations: Any

    def add_model(self, model_state: ModelState) -> None:
        key = model_state.app_label, model_state.name_lower
        if not self._rendered or key in self.models:
            super().add_model(model_state)
            return
        self.models[key] = model_state
        if self._relations is not None:
            self.resolve_model_relations(key)
        self.apps.render_multiple([model_state])

    def add_field(self, app_label: str, model_name: str, name: str, field: Any, preserve_default: bool) -> None:
        if not self._rendered or field.many_to_many or self._has_heirs(app_label, model_name):
            super().add_field(app_label, model_name, name, field, preserve_default)
            return
        with _Unrendered(self):
            super().add_field(app_label, model_name, name, field, preserve_default)
        grown = self.models[app_label, model_name].fields[name].clone()
        self._class(app_label, model_name).add_to_class(name, grown)
        self.apps.clear_cache()

    def _append_option(self, app_label: str, model_name: str, option_name: str, obj: Any) -> None:
        with _Unrendered(self):
            super()._append_option(app_label, model_name, option_name, obj)  # type: ignore[misc]
        self._show(app_label, model_name, option_name)

    def _remove_option(self, app_label: str, model_name: str, option_name: str, obj_name: str) -> None:
        with _Unrendered(self):
            super()._remove_option(app_label, model_name, option_name, obj_name)  # type: ignore[misc]
        self._show(app_label, model_name, option_name)

    def reload_model(self, app_label: str, model_name: str, delay: bool = False) -> None:
        super().reload_model(app_label, model_name, delay=False)

    @property
    def _rendered(self) -> bool:
        return "apps" in self.__dict__

    def _class(self, app_label: str, model_name: str) -> type[models.Model]:
        found: type[models.Model] = self.apps.get_model(app_label, model_name)
        return found

    def _has_heirs(self, app_label: str, model_name: str) -> bool:
        named = f"{app_label}.{model_name}".lower()
        return any(
            isinstance(base, str) and base.lower() == named for one in self.models.values() for base in one.bases
        )

    def _show(self, app_label: str, model_name: str, option_name: str) -> None:
        """The state's indexes or constraints on the rendered class."""
        if self._rendered:
            meta: Any = self._class(app_label, model_name)._meta
            setattr(meta, option_name, meta._format_names(self.models[app_label, model_name].options[option_name]))
            meta._expire_cache()


class _Unrendered:
    """For the length of a block the state has no classes, so that Django only writes down what changes."""

    def __init__(self, state: ProjectState) -> None:
        self.state = state

    def __enter__(self) -> None:
        self.apps = self.state.__dict__.pop("apps", None)

    def __exit__(self, *why: object) -> None:
        if self.apps is not None:
            self.state.__dict__["apps"] = self.apps


class GrowingExecutor(MigrationExecutor):
    """Django's executor; forwards it lets the state grow."""

    def _migrate_all_forwards(
        self, state: ProjectState, plan: Plan, full_plan: Plan, fake: bool, fake_initial: bool
    ) -> ProjectState:
        growing = GrowingState({key: one.clone() for key, one in state.models.items()}, state.real_apps)
        reached: ProjectState = super()._migrate_all_forwards(growing, plan, full_plan, fake, fake_initial)  # type: ignore[misc]
        return reached
