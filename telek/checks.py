"""What a real installation must not have. Run by `manage.py check`, and by every process as it starts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from telek.settings import DEMO_ENCRYPTION_KEY, DEMO_SECRET, DEMO_VAPID_KEY

SECRET_LETTERS = 50
KEY_BYTES = 32
LOCAL = {"localhost", "127.0.0.1", "[::1]", "testserver"}
Fault = tuple[str, str, str]


@register(Tags.security)
def production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Errors of a production installation; none elsewhere."""
    if not settings.PRODUCTION:
        return []
    faults = [*_secrets(), *_modes(), *_addresses(), *_transports()]
    return [Error(message, hint=hint, id=f"telek.{number}") for number, message, hint in faults]


@register(Tags.security)
def open_to_others(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The secret that everybody can read in the source guards this machine only."""
    strangers = [host for host in settings.ALLOWED_HOSTS if host not in LOCAL]
    if settings.PRODUCTION or settings.SECRET_KEY != DEMO_SECRET or not strangers:
        return []
    hint = "Set TELEK_PRODUCTION=1 and the secrets that .env.example explains."
    return [Error(f"Served as {strangers[0]} with the secret of the source code.", hint=hint, id="telek.E020")]


def _secrets() -> Iterator[Fault]:
    if settings.SECRET_KEY == DEMO_SECRET or len(settings.SECRET_KEY) < SECRET_LETTERS:
        yield "E001", "TELEK_SECRET_KEY is missing, short, or the demo's.", f"Use {SECRET_LETTERS} random letters."
    if not settings.ENCRYPTION_KEYS:
        yield "E002", "TELEK_ENCRYPTION_KEYS is missing.", "Without it no journal and no safety plan can be written."
    for key in settings.ENCRYPTION_KEYS:
        if key == DEMO_ENCRYPTION_KEY or not _is_key(key):
            yield "E003", "A key in TELEK_ENCRYPTION_KEYS is the demo's or no base64 of 32 bytes.", "Make a new one."


def _modes() -> Iterator[Fault]:
    wrong = {
        "E004": ("TELEK_DEBUG", settings.DEBUG),
        "E005": ("TELEK_DEMO", settings.DEMO),
        "E006": ("TELEK_TESTING", settings.TESTING),
        "E007": ("TELEK_CLOCK_MOVABLE", settings.CLOCK_MOVABLE),
        "E008": ("TELEK_FAILPOINTS", settings.FAILPOINTS),
    }
    for number, (name, value) in wrong.items():
        if value:
            yield number, f"{name} is set in production.", f"Unset {name}."
    if settings.TIME_SCALE != 1:
        yield "E009", "TELEK_TIME_SCALE is not 1: alerts would climb too fast.", "Unset TELEK_TIME_SCALE."
    if not settings.SECOND_FACTOR_REQUIRED or settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN:
        yield "E010", "Staff could sign in without a second factor, or passkeys over http.", "Unset TELEK_DEMO."


def _addresses() -> Iterator[Fault]:
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        yield "E011", "TELEK_HOSTS is missing or lets every name in.", "Name the hosts, separated by commas."
    origins = [settings.PUBLIC_URL, *settings.SOCKET_ORIGINS, *settings.CSRF_TRUSTED_ORIGINS]
    plain = [origin for origin in origins if urlsplit(origin).scheme != "https"]
    if plain:
        yield "E012", f"{plain[0]} is no https address.", "See TELEK_PUBLIC_URL, _SOCKET_ORIGINS, _TRUSTED_ORIGINS."


def _transports() -> Iterator[Fault]:
    demo = [channel for channel, transport in settings.TRANSPORTS.items() if transport == "demo"]
    if demo or "demo" in settings.EMAIL_BACKEND:
        yield (
            "E013",
            f"{', '.join(demo) or 'email'} would be shown on a page and sent to nobody.",
            "Set TELEK_*_TRANSPORT.",
        )
    if settings.TRANSPORTS["sms"] == settings.TRANSPORTS["push"] == settings.TRANSPORTS["voice"] == "none":
        yield "E014", "Alerts would reach staff by email only.", "Set TELEK_SMS_TRANSPORT or TELEK_VOICE_TRANSPORT."
    if "http" in settings.TRANSPORTS.values() and not (settings.TRANSPORT_URL and settings.TRANSPORT_TOKEN):
        yield "E015", "The http transport has no address or no token.", "Set TELEK_TRANSPORT_URL and _TOKEN."
    if settings.TRANSPORTS["push"] == "web-push" and settings.VAPID_KEY in ("", DEMO_VAPID_KEY):
        yield "E017", "The web-push transport has no key, or the demo's.", "Set TELEK_VAPID_KEY (manage.py vapid_key)."
    twilio = (settings.TWILIO_ACCOUNT, settings.TWILIO_TOKEN, settings.TWILIO_FROM)
    if "twilio" in settings.TRANSPORTS.values() and not all(twilio):
        yield (
            "E016",
            "The twilio transport has no account, token or number.",
            "Set TELEK_TWILIO_ACCOUNT, _TOKEN, _FROM.",
        )


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False
