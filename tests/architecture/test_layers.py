"""Imports point down, and foreign keys obey the same arrows."""

import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models

ROOT = Path(__file__).parents[2]
# From the bottom up; an app may point at its own level's apps above it in no way, and below in every way.
LEVELS = [
    {"core"},
    {"audit", "notifications"},
    {"accounts"},
    {"patients"},
    {"alerts"},
    {"messaging", "monitoring"},
    {"care_sessions"},
    {"outcomes", "therapy"},
    {"interop"},
]


def level_of(label: str) -> int:
    return next(number for number, labels in enumerate(LEVELS) if label in labels)


def own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def test_imports_point_down() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_app_has_a_level() -> None:
    labels = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    assert labels <= set().union(*LEVELS)


def test_foreign_keys_point_down() -> None:
    wrong = []
    for model in own_models():
        for field in model._meta.get_fields():
            target = field.related_model if field.is_relation and field.concrete else None
            if not isinstance(target, type) or not target.__module__.startswith("apps."):
                continue
            here, there = model._meta.app_label, target._meta.app_label
            if here != there and level_of(there) >= level_of(here):
                wrong.append(f"{model._meta.label}.{field.name} > {target._meta.label}")
    assert wrong == []


def test_the_sessions_app_is_not_called_as_djangos_own() -> None:
    assert apps.get_app_config("care_sessions").name == "apps.sessions"
    assert apps.get_app_config("sessions").name == "django.contrib.sessions"
    assert "session" not in {model._meta.model_name for model in own_models()}


def test_people_are_our_own_user() -> None:
    assert get_user_model()._meta.label == "accounts.User"
