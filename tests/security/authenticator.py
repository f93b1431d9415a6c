"""A passkey in Python: it says and signs what it is told to, also what no browser would send."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

PRESENT, VERIFIED, KEY_FOLLOWS = 1, 4, 64
"""Flags of an authenticator's answer: somebody touched it, it knows its holder, the public key stands in it."""


class Authenticator:
    """One passkey for the site at `origin`, known there as `rp_id`."""

    def __init__(self, origin: str = "http://localhost:8080", rp_id: str = "localhost") -> None:
        self.origin, self.rp_id = origin, rp_id
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)
        self.handle = ""
        self.counter = 0

    def register(self, options: dict[str, Any], *, verified: bool = True) -> str:
        """Answer the options of a registration with a new public key."""
        self.handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public_key = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        )
        of_key = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public_key
        said = self._data(verified, KEY_FOLLOWS) + of_key
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": said})
        client = self._client("webauthn.create", options["challenge"])
        return self._answer(clientDataJSON=client, attestationObject=attestation)

    def sign(self, options: dict[str, Any], *, verified: bool = True) -> str:
        """Answer the options of a sign-in; the counter goes on by one."""
        self.counter += 1
        said = self._data(verified)
        client = self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(said + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=said, signature=signature)

    def _data(self, verified: bool, further: int = 0) -> bytes:
        flags = PRESENT | (VERIFIED if verified else 0) | further
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, **parts: bytes) -> str:
        name = bytes_to_base64url(self.credential_id)
        response = {part: bytes_to_base64url(content) for part, content in parts.items()}
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "clientExtensionResults": {},
                "response": response | {"userHandle": self.handle},
            }
        )
