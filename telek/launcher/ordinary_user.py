"""PostgreSQL refuses to run as root. This module finds the ordinary user to run it as.

Nothing on the machine is changed: root either takes a user namespace of its own, in which it is
nobody in particular, or, where namespaces are refused, becomes `nobody` in a folder outside every home.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from telek.launcher.refusals import LaunchRefused

OUTSIDE_EVERY_HOME = Path("/var/tmp")


@dataclass(frozen=True)
class OrdinaryUser:
    """How to start a command that must not be root.

    `prefix` goes before the command. With `uid` and `gid` the child becomes that user, and what
    it writes to must belong to it.
    """

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def give(self, path: Path) -> None:
        """Make `path` belong to the user, where the user is not the one who made it."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def start(self, command: list[str], *, log: int, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        """Start `command` in a session of its own, so that a Ctrl-C reaches the launcher only."""
        return subprocess.Popen(
            [*self.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=cwd,
            start_new_session=True,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )


@dataclass(frozen=True)
class Home:
    """Where PostgreSQL's programs and data are, and who runs them."""

    programs: Path
    data: Path
    user: OrdinaryUser


def find_home(programs: Path, folder: Path) -> Home:
    """Choose who runs the programs of the folder `programs` on data under `folder`.

    Raises LaunchRefused where neither way of not being root works.
    """
    if os.geteuid() != 0:
        return Home(programs, folder, OrdinaryUser())
    namespace = OrdinaryUser(prefix=_namespace_prefix())
    if namespace.prefix and _may_work(namespace, programs, folder):
        return Home(programs, folder, namespace)
    return home_of_nobody(programs, folder)


def home_of_nobody(programs: Path, folder: Path) -> Home:
    """A folder of `nobody` for the data of `folder`, the same one at every start."""
    entry = _nobody()
    user = OrdinaryUser(uid=entry.pw_uid, gid=entry.pw_gid)
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    home = OUTSIDE_EVERY_HOME / f"telek-{digest}"
    home.mkdir(mode=0o755, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != 0:
        raise LaunchRefused(f"{home} belongs to somebody else: remove it and start again.")
    data = home / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    user.give(data)
    if not _may_work(user, programs, data):
        programs = _copy_of(programs, home)
    if not _may_work(user, programs, data):
        raise LaunchRefused(
            "PostgreSQL does not run as root, and neither a user namespace nor the user nobody can "
            "run it here: start Telek as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
        )
    return Home(programs, data, user)


def _namespace_prefix() -> tuple[str, ...]:
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    # initdb looks its user up by number: map to one that /etc/passwd knows.
    entry = _nobody()
    return (unshare, "--user", f"--map-user={entry.pw_uid}", f"--map-group={entry.pw_gid}")


def _nobody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        return next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)


def _may_work(user: OrdinaryUser, programs: Path, folder: Path) -> bool:
    test = '"$1" --version && test -w "$2"'
    probe = ["/bin/sh", "-c", test, "probe", str(programs / "postgres"), str(folder)]
    return user.start(probe, log=subprocess.DEVNULL, cwd=Path("/")).wait() == 0


def _copy_of(programs: Path, home: Path) -> Path:
    """The installation copied to where nobody can read it (a checkout under /root, say)."""
    package = programs.parent.parent
    version = hashlib.sha256((programs / "postgres").read_bytes()).hexdigest()[:12]
    target = home / f"programs-{version}"
    if not target.exists():
        partial = home / f"programs-{version}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(programs.parent, partial / package.name / programs.parent.name)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name)
        partial.rename(target)
    return target / package.name / programs.parent.name / programs.name
