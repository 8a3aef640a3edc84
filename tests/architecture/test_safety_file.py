"""docs/safety.md and SECURITY.md name only tests that exist, and no hazard has another one's name."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def names_of_tests() -> set[str]:
    """Every test function below tests/."""
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.add(node.name)
    return found


def test_every_control_names_a_test_that_exists() -> None:
    rows = [line for line in (ROOT / "docs" / "safety.md").read_text().splitlines() if line.startswith("| H")]
    assert len(rows) > 15
    known = names_of_tests()
    for row in rows:
        named = re.findall(r"`(test_[a-z0-9_]+)`", row)
        assert named, f"no test in: {row[:60]}"
        assert not set(named) - known, row[:60]


def test_every_hazard_has_a_name_of_its_own() -> None:
    names = re.findall(r"^\| (H[0-9]+[a-z]?) \|", (ROOT / "docs" / "safety.md").read_text(), re.MULTILINE)
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_what_shows_a_wall_is_there() -> None:
    named = re.findall(r"`(tests/[a-z0-9_/.]+)`", (ROOT / "SECURITY.md").read_text())
    assert len(named) > 4
    assert [path for path in named if not (ROOT / path).exists()] == []
