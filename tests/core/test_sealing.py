"""Secrets at rest open with the installation's keys, for their own purpose and row alone."""

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from app.core.sealing import BrokenSeal, seal, unseal


def test_a_sealed_secret_does_not_show_and_opens_again(context: Flask) -> None:
    token = seal("gateway", 7, "merchant-password")
    assert "merchant-password" not in token
    assert unseal("gateway", 7, token) == "merchant-password"


@pytest.mark.parametrize(("purpose", "owner"), [("totp", 7), ("gateway", 8)])
def test_a_secret_copied_to_another_purpose_or_row_does_not_open(context: Flask, purpose: str, owner: int) -> None:
    token = seal("gateway", 7, "merchant-password")
    with pytest.raises(BrokenSeal):
        unseal(purpose, owner, token)


@pytest.mark.parametrize("token", ["", "nonsense", "gAAAAA"])
def test_what_is_no_seal_is_refused(context: Flask, token: str) -> None:
    with pytest.raises(BrokenSeal):
        unseal("gateway", 7, token)


def test_a_secret_of_an_older_key_still_opens_and_one_of_a_withdrawn_key_does_not(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setitem(context.config, "FIELD_KEYS", (old,))
    token = seal("gateway", 7, "merchant-password")
    monkeypatch.setitem(context.config, "FIELD_KEYS", (new, old))
    assert unseal("gateway", 7, token) == "merchant-password"
    monkeypatch.setitem(context.config, "FIELD_KEYS", (new,))
    with pytest.raises(BrokenSeal):
        unseal("gateway", 7, token)
