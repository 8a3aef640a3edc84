"""A security key made of software: it registers a passkey for somebody and answers challenges as a real one does."""

from __future__ import annotations

import json
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from apps.accounts.models import User

ORIGIN, RELYING = "https://testserver", "testserver"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class SoftKey:
    """One credential of one person."""

    def __init__(self, user: User) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = token_bytes(16)
        cose = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(bytes(16), self.name, cose)
        data = self._data(PRESENT | VERIFIED | ATTESTED, credential)
        response = {
            "clientDataJSON": websafe_encode(self._client("webauthn.create", b"x")),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        stored = self._named(response) | {"clientExtensionResults": {"credProps": {"rk": True}}}
        Authenticator.objects.create(user=user, type="webauthn", data={"name": "soft", "credential": stored})

    def answer(self, ask: dict[str, Any], *, verified: bool = True) -> str:
        """What a browser hands in for `ask`; verified: with face, finger or code."""
        challenge = ask["publicKey"]["challenge"]
        client = self._client("webauthn.get", challenge)
        data = self._data(PRESENT | (VERIFIED if verified else 0), None)
        signature = self.key.sign(bytes(data) + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(bytes(data)),
            "signature": websafe_encode(signature),
        }
        return json.dumps(self._named(response) | {"clientExtensionResults": {}})

    def _named(self, response: dict[str, str]) -> dict[str, Any]:
        name = websafe_encode(self.name)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}

    def _data(self, flags: int, credential: AttestedCredentialData | None) -> AuthenticatorData:
        return AuthenticatorData.create(sha256(RELYING.encode()).digest(), flags, 1, credential or b"")

    def _client(self, kind: str, challenge: Any) -> bytes:
        return bytes(CollectedClientData.create(kind, challenge, ORIGIN))
