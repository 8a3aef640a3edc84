"""The demo's secrets: made once, kept in its data folder, readable by its owner only."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path


def demo_secrets(data: Path) -> dict[str, str]:
    """TELEK_SECRET_KEY and TELEK_ENCRYPTION_KEYS of the demo in the folder `data`."""
    path = data / "secrets.json"
    if not path.exists():
        _write(path)
    found = json.loads(path.read_text())
    return {str(name): str(value) for name, value in found.items()}


def _write(path: Path) -> None:
    made = {
        "TELEK_SECRET_KEY": secrets.token_urlsafe(48),
        "TELEK_ENCRYPTION_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    # Whole or not at all: half a key would make what it encrypted unreadable.
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(made, file)
    partial.rename(path)
