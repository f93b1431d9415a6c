"""Random tokens that stand for something: the holder keeps the token, the database its hash."""

import hashlib
import secrets


def new_token() -> str:
    """Return 256 random bits as 43 characters that fit into an address or a cookie."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return the hash under which a token is kept, 64 hex digits: a random token needs no slow one."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
