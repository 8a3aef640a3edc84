"""A browser test that cannot run is said loudly, and fails the run where it is required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TESTS = """
import pytest

def test_plain():
    assert True

@pytest.mark.browser
def test_page():
    assert True
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    browser: needs an installed Chromium\n")
    (tmp_path / "test_suite.py").write_text(TESTS)
    return tmp_path


def _run(suite: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("TELEK_", "PYTEST_"))}
    own = ["-p", "tests.browser_gate", "--rootdir", str(suite), "-c", str(suite / "pytest.ini")]
    # No other plugin that is installed: to import them all costs a second a run.
    plugins = ["-p", "no:cacheprovider", "-p", "xdist"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, *own, *words, str(suite)],
        cwd=ROOT,
        env=given | {"PATH": str(suite), "HOME": str(suite), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | environment,
        capture_output=True,
        text=True,
    )


def test_without_a_browser_the_others_run_and_what_did_not_is_named_at_the_end(suite: Path) -> None:
    done = _run(suite)
    assert done.returncode == 0
    assert "BROWSER TESTS THAT DID NOT RUN" in done.stdout
    assert "test_suite.py::test_page" in done.stdout
    assert "1 passed, 1 skipped" in done.stdout


@pytest.mark.parametrize("words", [(), ("-n", "1")])
def test_where_browsers_are_required_the_run_has_failed(suite: Path, words: tuple[str, ...]) -> None:
    done = _run(suite, *words, TELEK_REQUIRE_BROWSER="1")
    assert done.returncode == 1
    assert "1 did not run" in done.stdout


def test_with_a_browser_nothing_is_skipped(suite: Path) -> None:
    (suite / "chromium").write_text("#!/bin/sh\n")
    (suite / "chromium").chmod(0o755)
    done = _run(suite, TELEK_REQUIRE_BROWSER="1")
    assert (done.returncode, "2 passed" in done.stdout) == (0, True)
    assert "DID NOT RUN" not in done.stdout
