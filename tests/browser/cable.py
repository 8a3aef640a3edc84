"""A cable between browser and server that can be pulled and plugged in again, and a colleague in another process."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR, create_connection, create_server, socket

from tests.browser.server import ROOT, environment

COLLEAGUE = """
import sys, time, uuid
import django
django.setup()
from django.db import transaction
from apps.alerts.actions import raise_alert
from apps.core.db.scope import use_clinic
from apps.patients.models import Patient
print("ready", flush=True)
for line in sys.stdin:
    clinic, patient, level, cause, title = line.rstrip("\\n").split("|")
    with use_clinic(uuid.UUID(clinic)), transaction.atomic():
        raise_alert(patient=Patient.objects.get(pk=patient), cause=cause, level=level, title=title,
                    source_kind="test", source_id=uuid.uuid4(), rule_code=cause)
    print(time.time(), flush=True)
"""


class Colleague:
    """Another process of the system, which raises alerts."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def raise_alert(self, patient: object, level: str, title: str, cause: str = "") -> float:
        """Returns when it was committed, in seconds of the epoch."""
        assert self._process.stdin
        assert self._process.stdout
        words = (str(patient.clinic_id), str(patient.pk), level, cause or title[:30], title)  # type: ignore[attr-defined]
        self._process.stdin.write("|".join(words) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


@contextmanager
def colleague(port: int) -> Iterator[Colleague]:
    """Start one, ready to act."""
    process = subprocess.Popen(
        [sys.executable, "-c", COLLEAGUE],
        cwd=ROOT,
        env=environment(port, "app"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    try:
        yield Colleague(process)
    finally:
        process.terminate()
        process.wait(10)


class Cable:
    """Passes TCP from its own port to the server's; pulled, it cuts what runs and takes nothing new."""

    def __init__(self) -> None:
        self._door = create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self.to_port = 0
        self.plugged = True
        self._running: set[socket] = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def pull(self) -> None:
        self.plugged = False
        for one in list(self._running):
            with suppress(OSError):
                one.shutdown(SHUT_RDWR)

    def plug_in(self) -> None:
        self.plugged = True

    def close(self) -> None:
        self.pull()
        self._door.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._door.accept()
                if not self.plugged:
                    client.close()
                    continue
                server = create_connection(("127.0.0.1", self.to_port))
                self._running |= {client, server}
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source: socket, target: socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for one in (source, target):
            self._running.discard(one)
            with suppress(OSError):
                one.shutdown(SHUT_RDWR)
            one.close()
