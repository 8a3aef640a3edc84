"""The Python environment: made once, brought up to date when the pinned packages change.

This runs under whatever Python the machine has, before any package is installed, so this module and
those that it imports use the standard library only. `bin/demo` and `bin/test` come here by
`bin/_setup.py`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from telek.launcher.options import ROOT, parse_options
from telek.launcher.preconditions import refuse_taken_port, refuse_unwritable
from telek.launcher.progress import step
from telek.launcher.refusals import LaunchRefused

ENVIRONMENT: Final = ROOT / ".venv"
PYTHON: Final = ENVIRONMENT / "bin" / "python"
BYTECODE: Final = ENVIRONMENT / "bytecode"
INSTALL_LOG: Final = ROOT / ".venv.log"
# The second list holds the first.
LISTS: Final = {"demo": "requirements.lock", "test": "requirements-dev.lock"}


class Interrupted(Exception):
    """Somebody asked to stop in the middle of the set-up."""


def main(words: list[str]) -> int:
    """`demo`, `test`, `bench` or `chaos` with their arguments, or `environment`; returns only without going on."""
    errand, rest = words[0], words[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return ERRANDS[errand](rest)
    except LaunchRefused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except Interrupted:
        return 0 if errand == "demo" else 130


def _demo(words: list[str]) -> int:
    options = parse_options(words)
    refuse_unwritable(options.data)
    refuse_taken_port(options.port)
    _bring_up_to_date(LISTS["demo"])
    _become([str(PYTHON), "-m", "telek.launcher", *options.as_arguments()])


def _module(module: str, words: list[str]) -> int:
    _bring_up_to_date(LISTS["test"])
    _become([str(PYTHON), "-m", module, *words])


def _environment(words: list[str]) -> int:
    _bring_up_to_date(LISTS["test"])
    return 0


ERRANDS: Final[dict[str, Callable[[list[str]], int]]] = {
    "demo": _demo,
    "test": partial(_module, "pytest"),
    "bench": partial(_module, "tests.bench.run"),
    "chaos": partial(_module, "tests.chaos.run"),
    "environment": _environment,
}


def _become(command: list[str]) -> NoReturn:
    """Go on as that program. What Python compiles is kept in .venv by it and every process that it starts.

    The packages were installed uncompiled, and on many machines Python is told to write nothing beside the sources:
    each process would compile a thousand modules anew.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(BYTECODE))
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(command[0], command)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted


def _bring_up_to_date(name: str) -> None:
    """Install the packages of a list unless exactly these are installed already."""
    wanted = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
    if PYTHON.exists() and wanted in _installed().values():
        return
    made_here = not ENVIRONMENT.exists()
    try:
        if not PYTHON.exists():
            _make_environment()
        with step(f"Packages of {name} (about a minute the first time)"):
            _install(name)
        _note_installed(name, wanted)
    except BaseException:
        if made_here:
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        raise


def _stamp() -> Path:
    return ENVIRONMENT / "telek-packages.json"


def _installed() -> dict[str, str]:
    """Which lists are installed, by name and digest. What cannot be read counts as not installed."""
    try:
        found = json.loads(_stamp().read_text())
    except (FileNotFoundError, ValueError):
        return {}
    # The short list is part of the long one: with the long one installed, it is too.
    if LISTS["test"] in found:
        found[LISTS["demo"]] = hashlib.sha256((ROOT / LISTS["demo"]).read_bytes()).hexdigest()
    return {str(name): str(digest) for name, digest in found.items()}


def _note_installed(name: str, digest: str) -> None:
    _stamp().write_text(json.dumps({name: digest}))


def _make_environment() -> None:
    try:
        import ensurepip
        import venv
    except ImportError as error:
        raise LaunchRefused(
            f"This Python lacks its {error.name} module, which makes the environment for Telek's packages: "
            "install it (on Debian and Ubuntu: apt-get install python3-venv) and start again."
        ) from error
    del ensurepip, venv
    with step("Python environment in .venv"):
        _run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], "Making the Python environment failed")


def _install(name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        _stamp().unlink()
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    # Compiling what nobody will import takes a third of it; Python compiles the rest when it is first read.
    _run([*pip, "--no-deps", "--no-compile", "--requirement", str(ROOT / name)], "Installing Telek's packages failed")


def _run(command: list[str], failure: str) -> None:
    """Run a command with its output in a log, which stays only if the command fails."""
    try:
        log = INSTALL_LOG.open("wb")
    except OSError as error:
        raise LaunchRefused(
            f"Telek's own folder {ROOT} cannot be written ({error.strerror}): "
            "change its permissions or copy it to a folder of yours."
        ) from error
    with log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code = child.wait()
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
    if code != 0:
        raise LaunchRefused(
            f"{failure} ({_complaint()}): see that this machine reaches the Python package index and has room on "
            f"its disk, then start again; everything that was said is in {INSTALL_LOG}."
        )
    INSTALL_LOG.unlink()


def _complaint() -> str:
    lines = [line for line in INSTALL_LOG.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["it said nothing"])[-1].strip().rstrip(".")
