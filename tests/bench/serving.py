"""A web server of its own for a measurement: uvicorn as a clinic runs it."""

from __future__ import annotations

from contextlib import ExitStack

import httpx

from tests.browser.server import free_port
from tests.chaos.rig import Rig


def serve(rig: Rig, stack: ExitStack, module: str = "telek.asgi", name: str = "web", **more: str) -> str:
    """Its address; it ends with the stack."""
    port = free_port()
    base = f"http://localhost:{port}"
    words = ["-m", "uvicorn", f"{module}:application", "--host", "127.0.0.1", "--port", str(port), "--lifespan", "off"]
    words += ["--log-level", "warning", "--no-access-log", "--ws-per-message-deflate", "false"]
    rig.add(name, words, role="app", TELEK_PUBLIC_URL=base, TELEK_SOCKET_ORIGINS=base, **more)
    stack.callback(lambda: rig.children.pop(name).stop())
    rig.wait_for(lambda: _is_up(base), seconds=60, why=f"{module} answers")
    return base


def _is_up(base: str) -> bool:
    try:
        return (
            httpx.get(f"{base}/health/live", trust_env=False, timeout=5).status_code < httpx.codes.INTERNAL_SERVER_ERROR
        )
    except httpx.TransportError:
        return False
