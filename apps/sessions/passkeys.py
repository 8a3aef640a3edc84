"""The second person confirms with their passkey, on a colleague's screen. What comes of it is a proof for ten seconds.

The challenge lies in the session of whoever is signed in, for one named colleague. The answer of that colleague's own
device, with face, finger or device code, becomes a token that is worth one signature: theirs, for this colleague, now.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import get_authenticator_by_credential_id, get_credentials, get_server
from django.core import signing
from django.utils.translation import gettext as _
from fido2.webauthn import UserVerificationRequirement

from apps.accounts.models import Membership, User
from apps.core import clock
from apps.core.throttle import allow
from apps.sessions.refusal import TreatmentRefused

STATE = "sessions.second-passkey"
SALT = "sessions.second-passkey"
PREFIX = "passkey:"
HOLDS_S = 10
KEPT = timedelta(minutes=5)


def has_passkey(member: Membership) -> bool:
    """Can that colleague confirm so?"""
    return Authenticator.objects.filter(user_id=member.user_id, type=Authenticator.Type.WEBAUTHN).exists()


def begin(session: Any, member: Membership) -> dict[str, Any]:
    """What the browser asks the colleague's device; the challenge is kept in that session."""
    found = get_credentials(member.user)
    if not found:
        raise TreatmentRefused("no-passkey", _("This person has no passkey. Use their PIN."))
    server = get_server()
    options, state = server.authenticate_begin(
        credentials=found, user_verification=UserVerificationRequirement.REQUIRED
    )
    session[STATE] = {"member": str(member.pk), "state": state}
    return dict(options)


def prove(session: Any, member: Membership, response: Any, actor: User) -> str:
    """The proof. A challenge is worth one try. Raises TreatmentRefused wrong-passkey."""
    kept = session.pop(STATE, None) or {}
    if kept.get("member") != str(member.pk) or not isinstance(response, dict):
        raise _wrong()
    try:
        binding = get_server().authenticate_complete(kept["state"], get_credentials(member.user), response)
    except (ValueError, TypeError, KeyError) as error:
        raise _wrong() from error
    key = get_authenticator_by_credential_id(member.user, binding.credential_id)
    if key is None:
        raise _wrong()
    key.record_usage()
    return PREFIX + signing.dumps([str(member.pk), str(actor.pk), uuid4().hex, clock.now().timestamp()], salt=SALT)


def is_proof(text: str) -> bool:
    """And no PIN."""
    return text.startswith(PREFIX)


def check_proof(text: str, member_id: UUID, actor: User) -> None:
    """Of that colleague, for this one, not older than ten seconds, never used. Raises TreatmentRefused wrong-passkey."""
    try:
        who, whose, once, at = signing.loads(text.removeprefix(PREFIX), salt=SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise _wrong() from error
    fresh = 0 <= clock.now().timestamp() - at <= HOLDS_S
    if (
        not fresh
        or (who, whose) != (str(member_id), str(actor.pk))
        or not allow(f"passkey:{once}", limit=1, within=KEPT)
    ):
        raise _wrong()


def _wrong() -> TreatmentRefused:
    return TreatmentRefused("wrong-passkey", _("The passkey did not confirm this. Please try again, or use the PIN."))
