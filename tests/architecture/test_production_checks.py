"""A real installation refuses to start with anything of the demo; with proper settings its checks are clean."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROPER = {
    "TELEK_PRODUCTION": "1",
    "TELEK_SECRET_KEY": "k7Qw-9zR_pLx3" * 5,
    "TELEK_ENCRYPTION_KEYS": base64.b64encode(bytes(range(32))).decode(),
    "TELEK_HOSTS": "telek.clinic.example",
    "TELEK_PUBLIC_URL": "https://telek.clinic.example",
    "DATABASE_URL": "postgresql://telek_app@db.example/telek",
    "REDIS_URL": "redis://redis.example/0",
    "TELEK_SMS_TRANSPORT": "http",
    "TELEK_TRANSPORT_URL": "https://sms.example/send",
    "TELEK_TRANSPORT_TOKEN": "token",
}
WRONG: list[tuple[dict[str, str], set[str]]] = [
    ({"TELEK_SECRET_KEY": "short"}, {"E001"}),
    (
        {
            "TELEK_ENCRYPTION_KEYS": "c2hvcnQ=",
            "TELEK_TRANSPORT_TOKEN": "",
            "TELEK_VOICE_TRANSPORT": "twilio",
            "TELEK_PUSH_TRANSPORT": "web-push",
        },
        {"E003", "E015", "E016", "E017"},
    ),
    (
        {
            "TELEK_SECRET_KEY": "demo-secret-not-for-production-use-0123456789abcdef",
            "TELEK_ENCRYPTION_KEYS": "",
            "TELEK_DEBUG": "1",
            "TELEK_CLOCK_MOVABLE": "1",
            "TELEK_HOSTS": "",
            "TELEK_PUBLIC_URL": "http://telek.clinic.example",
            "TELEK_EMAIL_TRANSPORT": "demo",
            "TELEK_SMS_TRANSPORT": "none",
        },
        {"E001", "E002", "E004", "E007", "E011", "E012", "E013", "E014"},
    ),
    (
        {
            "TELEK_ENCRYPTION_KEYS": "dGVsZWstZGVtby1rZXktbm90LWZvci1wcm9kdWN0aW8=",
            "TELEK_DEMO": "1",
            "TELEK_TESTING": "1",
            "TELEK_FAILPOINTS": "step.before-commit=exit",
            "TELEK_TIME_SCALE": "60",
            "TELEK_HOSTS": "*",
        },
        {"E003", "E005", "E006", "E007", "E008", "E009", "E010", "E011", "E013"},
    ),
]


def run(extra: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=kept | PROPER | extra, capture_output=True, text=True, check=False
    )


def test_check_deploy_is_clean_with_proper_settings() -> None:
    done = run({}, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(("extra", "numbers"), WRONG)
def test_exactly_the_wrong_settings_are_named(extra: dict[str, str], numbers: set[str]) -> None:
    # Of all checks only those of this kind: to look at every model as well takes twice as long. That a plain `check` asks
    # them too is shown by the secret of the source, below.
    done = run(extra, "manage.py", "check", "--tag", "security")
    assert done.returncode == 1
    assert set(re.findall(r"telek\.(E\d+)", done.stderr)) == numbers


@pytest.mark.parametrize("extra", [{"TELEK_DEMO": "1"}, {"TELEK_SECRET_KEY": ""}])
def test_web_worker_and_pump_do_not_start(extra: dict[str, str]) -> None:
    for module in ("telek.asgi", "telek.celery"):
        program = (
            "import importlib, django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'telek.settings';"
            f"importlib.import_module({module!r}); django.setup()"
        )
        done = run(extra, "-c", program)
        assert done.returncode != 0
        assert "ImproperlyConfigured" in done.stderr


def test_a_host_of_the_world_is_not_served_with_the_secret_of_the_source() -> None:
    extra = {"TELEK_PRODUCTION": "0", "TELEK_SECRET_KEY": "demo-secret-not-for-production-use-0123456789abcdef"}
    done = run(extra, "manage.py", "check")
    assert "telek.E020" in done.stderr


def test_every_variable_of_the_settings_is_explained() -> None:
    import re

    settings = (ROOT / "telek" / "settings.py").read_text()
    explained = (ROOT / ".env.example").read_text()
    names = set(re.findall(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"", settings)) | {"DATABASE_OWNER_URL", "DATABASE_PUMP_URL"}
    assert sorted(name for name in names if not re.search(rf"^# ?{name}=|^{name}=", explained, re.MULTILINE)) == []
