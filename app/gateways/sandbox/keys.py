"""The sandbox's keys and credentials: made on this machine at first use, kept beside the demo's database, worth nothing elsewhere."""

import fcntl
import os
from base64 import b64encode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.gateways.nagad import load_private_key
from app.gateways.sandbox.desk import Keys

BKASH = {
    "username": "sandboxTokenizedUser",
    "password": "sandbox-password-1",
    "app_key": "sandbox-app-key",
    "app_secret": "sandbox-app-secret",
}
NAGAD_MERCHANT = "683002007104225"
# the documented demonstration store
SSLCOMMERZ = {"store_id": "testbox", "store_passwd": "qwerty"}


def load_keys(folder: Path) -> Keys:
    """Return the sandbox's side of the keys of a folder, made where they are missing."""
    gateway, merchant = _pairs(folder)
    return Keys(gateway, merchant.public_key())


def credentials(folder: Path) -> dict[str, dict[str, str]]:
    """Return what a merchant of the sandbox types into its settings, by gateway."""
    gateway, merchant = _pairs(folder)
    public = gateway.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "bkash": dict(BKASH),
        "nagad": {
            "merchant_id": NAGAD_MERCHANT,
            "private_key": _text(merchant),
            "gateway_key": b64encode(public).decode(),
        },
        "sslcommerz": dict(SSLCOMMERZ),
    }


def _pairs(folder: Path) -> tuple[RSAPrivateKey, RSAPrivateKey]:
    place = folder / "sandbox-gateways"
    place.mkdir(parents=True, exist_ok=True)
    # the demo's filling and the server may start at the same moment
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        gateway, merchant = (_pair(place / f"nagad-{name}.key") for name in ("gateway", "merchant"))
    return gateway, merchant


def _pair(file: Path) -> RSAPrivateKey:
    if not file.exists():
        key = generate_private_key(public_exponent=65537, key_size=2048)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write(_text(key))
    return load_private_key(file.read_text())


def _text(key: RSAPrivateKey) -> str:
    return b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
