"""Tests marked `browser` need an installed Chromium; where one did not run, that is said loudly.

With TELEK_REQUIRE_BROWSER=1 (CI) a run in which a browser test did not run has failed.
"""

import os
import shutil
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
not_run: list[str] = []


def installed_browser() -> str | None:
    """The program of a Chromium: TELEK_BROWSER, then an installed one, then Playwright's own download."""
    named = os.environ.get("TELEK_BROWSER")
    if named:
        return named
    found = next(filter(None, map(shutil.which, NAMES)), None)
    downloads = sorted(Path.home().glob(".cache/ms-playwright/chromium-*/chrome-linux*/chrome"))
    return found or (str(downloads[-1]) if downloads else None)


def required() -> bool:
    """Whether a browser test that did not run fails the run."""
    return os.environ.get("TELEK_REQUIRE_BROWSER") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if installed_browser() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="no Chromium is installed"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and "browser" in report.keywords:
        not_run.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not_run and required() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not not_run:
        return
    terminalreporter.section("BROWSER TESTS THAT DID NOT RUN", sep="!", red=True, bold=True)
    for name in not_run:
        terminalreporter.line(name)
    advice = "Install Chromium (on Debian: apt-get install chromium) or name one in TELEK_BROWSER."
    terminalreporter.line(f"{len(not_run)} did not run. {advice}", red=True)
