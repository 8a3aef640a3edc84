"""What bin/demo and bin/test say on a machine that cannot run them: one sentence, exit 1, nothing half-made."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_SECONDS, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the set-up consists of, with no package to install."""
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "bin", root / "bin")
    shutil.copytree(ROOT / "telek" / "launcher", root / "telek" / "launcher")
    shutil.copy(ROOT / "telek" / "__init__.py", root / "telek")
    for name in ("requirements.lock", "requirements-dev.lock"):
        (root / name).write_text("# nothing\n")
    return root


def _run(checkout: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A script of bin/ in the copy. The Python that runs these tests comes first on PATH."""
    return subprocess.run(
        ["/bin/sh", str(checkout / "bin" / words[0]), *words[1:]],
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=60,
    )


def _environment(changes: Mapping[str, str]) -> dict[str, str]:
    given = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "REDIS_", "TELEK_", "PYTHONPYCACHE"))
    }
    given["PATH"] = f"{Path(sys.executable).resolve().parent}:{given['PATH']}"
    return given | changes


def _assert_one_sentence(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode == 1, done
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.strip().endswith(".")
    for part in parts:
        assert part in done.stderr


def test_a_python_that_is_too_old_is_named_with_the_remedy(checkout: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    script = old / "python3"
    script.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    script.chmod(0o755)
    for name in ("demo", "test"):
        done = _run(checkout, name, PATH=str(old))
        _assert_one_sentence(done, "needs Python 3.11 or newer", "found Python 3.9.2", "apt-get install python3")
    assert not (checkout / ".venv").exists()


def test_no_python_at_all_is_said(checkout: Path, tmp_path: Path) -> None:
    _assert_one_sentence(_run(checkout, "demo", PATH=str(tmp_path)), "found none", "apt-get install python3")


def test_a_python_without_its_venv_module_is_said_with_the_package_to_install(checkout: Path, tmp_path: Path) -> None:
    lacking = tmp_path / "lacking"
    lacking.mkdir()
    (lacking / "ensurepip.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'ensurepip'\", name='ensurepip')\n"
    )
    done = _run(checkout, "demo", "--port", str(_free_port()), PYTHONPATH=str(lacking))
    _assert_one_sentence(done, "lacks its ensurepip module", "apt-get install python3-venv")
    assert not (checkout / ".venv").exists()
    assert not (checkout / ".telek").exists()


def test_a_failing_install_leaves_no_environment_behind(checkout: Path) -> None:
    (checkout / "requirements-dev.lock").write_text("telek-package-that-nobody-made==1.0\n")
    done = _run(checkout, "test", PIP_NO_INDEX="1")
    _assert_one_sentence(done, "Installing Telek's packages failed", "start again", ".venv.log")
    assert not (checkout / ".venv").exists()
    assert "telek-package-that-nobody-made" in (checkout / ".venv.log").read_text()


def test_packages_are_installed_when_the_pins_change_and_only_then(checkout: Path) -> None:
    assert "Packages of requirements-dev.lock" in _run(checkout, "environment").stdout
    assert _run(checkout, "environment").stdout == ""
    (checkout / "requirements-dev.lock").write_text("telek-package-that-nobody-made==1.0\n")
    _assert_one_sentence(_run(checkout, "environment", PIP_NO_INDEX="1"), "failed")
    assert (checkout / ".venv" / "bin" / "python").exists(), "an environment that others may use is kept"
    (checkout / "requirements-dev.lock").write_text("# nothing again\n")
    assert "done" in _run(checkout, "environment").stdout
    stamp = json.loads((checkout / ".venv" / "telek-packages.json").read_text())
    assert list(stamp) == ["requirements-dev.lock"]


def test_what_python_compiles_is_kept_in_the_environment_whatever_the_machine_says(checkout: Path) -> None:
    (checkout / "pytest.py").write_text("import os, telek.launcher.options; print(os.environ)")
    done = _run(checkout, "test", PYTHONDONTWRITEBYTECODE="1")
    assert list((checkout / ".venv" / "bytecode").rglob("launcher/options.cpython-*.pyc"))
    assert "PYTHONDONTWRITEBYTECODE" not in done.stdout
    assert not list((checkout / "telek").rglob("*.pyc"))


def test_an_interrupted_install_leaves_nothing_half_made(checkout: Path) -> None:
    child = subprocess.Popen(
        ["/bin/sh", str(checkout / "bin" / "demo"), "--port", str(_free_port())],
        env=_environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((checkout / ".venv" / "pyvenv.cfg").exists, "the environment is begun")
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=PATIENCE_SECONDS)
    assert (child.returncode, said) == (0, "")
    assert not (checkout / ".venv").exists()


def test_a_taken_port_is_said_before_anything_is_made(checkout: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _run(checkout, "demo", "--port", str(port))
    _assert_one_sentence(done, f"Port {port} is already in use", "--port")
    assert not (checkout / ".venv").exists()
    assert not (checkout / ".telek").exists()


def test_a_data_folder_that_cannot_be_is_said_before_anything_is_made(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    data = tmp_path / "file" / "data"
    done = _run(checkout, "demo", "--data", str(data), "--port", str(_free_port()))
    _assert_one_sentence(done, str(data), "is not a folder", "--data DIR")
    assert not (checkout / ".venv").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_said_before_anything_is_made(checkout: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    done = _run(checkout, "demo", "--data", str(closed / "data"), "--port", str(_free_port()))
    _assert_one_sentence(done, "no permission to write", "--data DIR")
    assert not (checkout / ".venv").exists()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
