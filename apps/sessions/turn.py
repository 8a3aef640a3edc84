"""What a browser needs to find its way to the other one: STUN and TURN servers, with credentials for this call.

Credentials are coturn's time-limited ones: user "<expiry>:<name>", password base64(HMAC-SHA1(secret, user)).
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

TTL: Final = timedelta(hours=1)


def turn_user(expires_at: datetime, name: str) -> str:
    """The user name that says itself until when it holds."""
    return f"{int(expires_at.timestamp())}:{name}"


def turn_password(secret: str, user: str) -> str:
    """What the server computes as well; SHA-1 is its protocol's choice."""
    return base64.b64encode(hmac.new(secret.encode(), user.encode(), hashlib.sha1).digest()).decode()


def call_name(visit_id: UUID, user_id: UUID) -> str:
    """Names one person in one call to the TURN server, without naming anybody."""
    return hashlib.sha256(f"{visit_id}:{user_id}".encode()).hexdigest()[:24]


def ice_configuration(
    *, stun_urls: list[str], turn_urls: list[str], secret: str, name: str, now: datetime, relay_only: bool
) -> dict[str, Any]:
    """RTCConfiguration as JSON, and until when it holds (ISO 8601). Without servers the list is empty.

    relay_only: the other side never sees this one's address; only where a TURN server is configured.
    """
    servers: list[dict[str, Any]] = [{"urls": stun_urls}] if stun_urls else []
    has_turn = bool(turn_urls and secret)
    if has_turn:
        user = turn_user(now + TTL, name)
        servers.append({"urls": turn_urls, "username": user, "credential": turn_password(secret, user)})
    return {
        "iceServers": servers,
        "iceTransportPolicy": "relay" if has_turn and relay_only else "all",
        "expires_at": (now + TTL).isoformat(),
    }
