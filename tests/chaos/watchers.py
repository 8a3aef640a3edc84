"""How fast a dead, frozen or blind engine is noticed at /health/alerts, and how fast work goes on after a death."""

import http.client
import os
import signal
import socket
import time

from tests.chaos import oracle
from tests.chaos.rig import Child, Rig

NOTICED_SECONDS = 32.0  # 30 s of silence, and the answer of /health/alerts may be 2 to 3 s old
RECOVERED_SECONDS = 15.0


def noticed(rig: Rig, trials: int) -> list[oracle.Finding]:
    """Stop the only engine (SIGSTOP: alive and useless) and wait until the health page says so; then let it go on."""
    port = free_port()
    words = ["-m", "uvicorn", "telek.asgi:application", "--host", "127.0.0.1", "--port", str(port), "--lifespan", "off"]
    rig.add("web", words, role="app")
    pump = rig.add_pump("pump")
    silent, healed = [], []
    for _ in range(trials):
        rig.wait_for(lambda: status(port) == 200, seconds=60, why="a healthy engine")
        assert pump.process is not None
        os.kill(pump.process.pid, signal.SIGSTOP)
        silent.append(rig.watch(lambda: status(port) == 503, seconds=60))
        os.kill(pump.process.pid, signal.SIGCONT)
        healed.append(rig.watch(lambda: status(port) == 200, seconds=60))
    rig.end_children()
    return [
        oracle.Finding("frozen engine to 503, max", max(silent), NOTICED_SECONDS, trials, "s"),
        oracle.Finding("engine back to 200, max", max(healed), 10.0, trials, "s"),
    ]


def recovered(rig: Rig, trials: int) -> list[oracle.Finding]:
    """Kill the only engine while the provider is slow (so that the kill hits a letter on the wire), and measure from
    the new engine's first sign of life to the moment at which nothing is stuck and every alert has been paged."""
    rig.provider.behave("slow:0.3")
    pump = rig.add_pump("pump")
    rig.wait_for(lambda: bool(rig.sql("select 1 from core_enginebeat")), seconds=30, why="a sign of life")
    took = [one_death(rig, pump, trial * 20) for trial in range(trials)]
    rig.end_children()
    rig.provider.behave("ok")
    return [
        oracle.Finding("engine back after a kill to nothing waiting, max", max(took), RECOVERED_SECONDS, trials, "s")
    ]


def one_death(rig: Rig, pump: Child, first: int) -> float:
    """Twenty alerts, a kill with letters on the wire; seconds from the new engine's first cycle until all is sent."""
    loader = rig.add_loader(first, 20, 0.02)
    rig.wait_for(
        lambda: on_the_wire(rig) > 0 and len(oracle.journal(rig)) > first + 5, seconds=60, why="letters on the wire"
    )
    killed_at = time.time()
    assert pump.kill()
    rig.wait_for(lambda: began(rig) > killed_at, seconds=60, why="the engine back")
    began_at = began(rig)
    rig.wait_for(lambda: len(oracle.journal(rig)) >= first + 20, seconds=60, why="twenty alerts")
    rig.watch(lambda: on_the_wire(rig) + waiting(rig) == 0, seconds=60)
    loader.wanted = False
    loader.kill()
    return time.time() - began_at


def began(rig: Rig) -> float:
    """When the engine's last cycle began, in Unix seconds."""
    return float(rig.sql("select extract(epoch from max(started_at)) from core_enginebeat")[0][0])


def on_the_wire(rig: Rig) -> int:
    """Letters that a sender holds, dead or alive."""
    return int(rig.sql("select count(*) from notifications_delivery where state in ('leased', 'sending')")[0][0])


def waiting(rig: Rig) -> int:
    """Letters that are due."""
    due = "select count(*) from notifications_delivery where state = 'pending' and not_before <= now()"
    return int(rig.sql(due)[0][0])


def status(port: int) -> int:
    """What the health page answers; 0 when nobody does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/alerts", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
