"""What the application needs, the environment of its tests has too, in the same version; and nothing is asked twice."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def pins(name: str) -> list[str]:
    """The lines "package==version" of a file, in small letters."""
    lines = (
        line.partition("#")[0].strip().lower().replace("_", "-") for line in (ROOT / name).read_text().splitlines()
    )
    return [
        line.split("[")[0] + "==" + line.partition("==")[2] if "[" in line else line for line in lines if "==" in line
    ]


def test_every_pin_of_the_application_is_in_both_locks() -> None:
    asked, locked, tests = (
        set(pins(name)) for name in ("requirements.txt", "requirements.lock", "requirements-dev.lock")
    )
    assert asked - locked == set()
    assert locked - tests == set()
    assert set(pins("requirements-dev.txt")) - tests == set()


def test_no_package_is_pinned_twice() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        names = [pin.partition("==")[0] for pin in pins(name)]
        assert sorted(names) == sorted(set(names)), name
