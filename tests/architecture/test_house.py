"""The habits of the house that a machine can check."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.xdist_group("house")  # so that one process reads the modules, once

ROOT = Path(__file__).parents[2]
CODE = [ROOT / "apps", ROOT / "telek"]
FORBIDDEN_NAMES = {"utils", "helpers", "services", "managers", "signals", "common", "misc", "base"}
KNOWN_NAMES = {
    "telek/launcher/services.py": "the two services, PostgreSQL and Valkey, by their proper name",
    "apps/core/db/base.py": "Django looks for DatabaseWrapper in a module of this name",
}
LONGEST_FUNCTION = 40
SIGNALS = re.compile(r"\b(post_save|pre_save|m2m_changed|post_delete|pre_delete|user_logged_in|receiver|Signal)\b")
# Words that must not stand in anything that leaves the system.
CLINICAL = re.compile(
    r"ketamin|depress|suicid|self-harm|anxiet|phq|gad-?7|score|dose|diagnos|medicat|psych|mental|symptom|mood|crisis"
    r"|therap|treatment|blood pressure|heart rate|safety plan|journal",
    re.IGNORECASE,
)


def modules() -> Iterator[Path]:
    for folder in CODE:
        yield from (path for path in folder.rglob("*.py") if "migrations" not in path.parts)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_module_has_a_name_that_says_nothing() -> None:
    wrong = [
        relative(path) for path in modules() if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES
    ]
    assert sorted(set(wrong) - set(KNOWN_NAMES)) == []


@dataclass(frozen=True)
class Module:
    """What these tests ask of a module. names: those it uses; functions: line, name and length of each."""

    path: Path
    silent: bool
    names: frozenset[str]
    functions: tuple[tuple[int, str, int], ...]


@cache
def read_modules() -> tuple[Module, ...]:
    """All modules, each parsed once."""
    return tuple(read_module(path) for path in modules())


def read_module(path: Path) -> Module:
    tree = ast.parse(path.read_text())
    names, functions = set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.name)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.append((node.lineno, node.name, lines_of(node)))
    silent = bool(tree.body) and not ast.get_docstring(tree)
    return Module(path, silent, frozenset(names), tuple(functions))


def test_no_signals() -> None:
    using = {}
    for module in read_modules():
        if hits := {name for name in module.names if SIGNALS.fullmatch(name.rpartition(".")[2])}:
            using[relative(module.path)] = hits
    assert using == {}


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Signature and body; what a docstring explains does not make a function longer."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) and first.end_lineno:
        total -= first.end_lineno - first.lineno + 1
    return total


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{relative(module.path)}:{line} {name} {length}"
        for module in read_modules()
        for line, name, length in module.functions
        if length > LONGEST_FUNCTION
    ]
    assert long == []


def test_functions_are_short_on_the_whole() -> None:
    lengths = sorted(length for module in read_modules() for _line, _name, length in module.functions)
    assert 3 <= lengths[len(lengths) // 2] <= 8


def test_every_module_and_public_thing_says_what_it_is() -> None:
    silent = [module.path for module in read_modules() if module.silent]
    assert [relative(path) for path in silent if path.name not in ("__init__.py", "apps.py")] == []


def test_actions_never_enqueue_and_never_import_tasks() -> None:
    for path in (ROOT / "apps").rglob("actions*"):
        for file in [path] if path.suffix == ".py" else path.glob("*.py"):
            text = file.read_text()
            assert "import tasks" not in text, relative(file)
            assert not re.search(r"\.(delay|apply_async)\(", text), relative(file)


def test_the_only_now_is_the_clock() -> None:
    pattern = re.compile(r"\b(timezone\.now|datetime\.now|datetime\.utcnow|date\.today)\(")
    wrong = [
        relative(path)
        for path in modules()
        if pattern.search(path.read_text()) and relative(path) not in ("apps/core/clock.py",)
    ]
    assert wrong == []


def test_a_zone_that_stands_in_a_row_is_read_with_a_fallback() -> None:
    """A name that this machine does not know (any more) stops no page: clock.zone_of."""
    pattern = re.compile(r"\bZoneInfo\((?!self\.)[a-z_.]*\.time_zone\)|\bZoneInfo\(clinic_of")
    assert [relative(path) for path in modules() if pattern.search(path.read_text())] == []


def test_what_leaves_as_csv_holds_no_formula() -> None:
    """Whoever writes a table for people's spreadsheets writes its cells by core.spreadsheet."""
    writes = re.compile(r"\bcsv\.(writer|DictWriter)\(")
    own = {"apps/outcomes/protocol/commands.py": "forecasts for a computer: ids and numbers"}
    wrong = [
        relative(path)
        for path in modules()
        if writes.search(text := path.read_text()) and "cell(" not in text and "commands" not in path.parts
    ]
    assert sorted(set(wrong) - set(own)) == []


@pytest.mark.django_db
def test_the_migrations_say_what_the_models_say() -> None:
    said = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=said)
    assert "No changes detected" in said.getvalue()


def test_nothing_clinical_stands_in_what_leaves_the_system() -> None:
    templates = [path for path in (ROOT / "templates" / "notifications").rglob("*") if path.is_file()]
    templates += [path for path in (ROOT / "templates").rglob("email/*") if path.is_file()]
    assert templates
    for path in templates:
        words = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}|{[%{].*?[%}]}", "", path.read_text(), flags=re.DOTALL)
        said = words + " ".join(re.findall(r'translate "([^"]*)"', path.read_text()))
        assert not CLINICAL.search(said), f"{relative(path)}: {CLINICAL.search(said)}"


def test_templates_carry_no_inline_style_or_script() -> None:
    pattern = re.compile(
        r"<style|\sstyle=|\son[a-z]+=\"|\shx-on|javascript:|<script(?![^>]*(src=|type=\"application/json\"))"
    )
    wrong = [
        f"{relative(path)}: {hit.group()}"
        for path in (ROOT / "templates").rglob("*.html")
        if (hit := pattern.search(path.read_text()))
    ]
    assert wrong == []
