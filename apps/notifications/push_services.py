"""Which addresses a browser may name for its notifications, and the key that it subscribes with."""

from urllib.parse import urlsplit

from django.conf import settings
from py_vapid import Vapid02


def is_push_service(endpoint: str) -> bool:
    """An https address of a push service that settings.PUSH_HOSTS names (or a whole origin of it), and no other:
    whoever is signed in says where we send, so that anything else would make us ask for what only we can reach."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if f"{parts.scheme}://{parts.netloc}" in settings.PUSH_HOSTS:
        return True
    known = any(host == name or (name.startswith(".") and host.endswith(name)) for name in settings.PUSH_HOSTS)
    return known and parts.scheme == "https" and port in (None, 443) and not parts.username


def signer() -> Vapid02:
    """The installation's key pair."""
    return Vapid02.from_string(settings.VAPID_KEY)


def application_key() -> str:
    """The public key (base64url of the uncompressed point) that a browser subscribes with; empty where none is set."""
    if not settings.VAPID_KEY:
        return ""
    signed = signer().sign({"sub": settings.VAPID_CONTACT, "aud": "https://telek.invalid"})
    return str(signed["Authorization"]).rpartition("k=")[2]
