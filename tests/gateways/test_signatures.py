"""The published signatures of Nagad and SSLCommerz, and what is not signed rightly."""

from hashlib import md5, sha256

import pytest

from app.gateways import nagad, sslcommerz
from tests.gateways import vectors

KEYS = {"merchant": vectors.NAGAD_MERCHANT_KEY, "gateway": vectors.NAGAD_GATEWAY_KEY}


@pytest.mark.parametrize(("signer", "content", "digest", "signature"), vectors.NAGAD_SIGNATURES)
def test_a_published_signature_of_nagad_is_right(signer: str, content: str, digest: str, signature: str) -> None:
    assert sha256(content.encode()).hexdigest() == digest
    assert nagad.is_signed(content.encode(), signature, nagad.load_public_key(KEYS[signer]))


@pytest.mark.parametrize(("signer", "content", "digest", "signature"), vectors.NAGAD_SIGNATURES)
def test_a_changed_byte_or_another_key_is_found_out(signer: str, content: str, digest: str, signature: str) -> None:
    other = "gateway" if signer == "merchant" else "merchant"
    assert not nagad.is_signed(content.encode() + b" ", signature, nagad.load_public_key(KEYS[signer]))
    assert not nagad.is_signed(content.encode(), signature, nagad.load_public_key(KEYS[other]))
    assert not nagad.is_signed(content.encode(), "not base64!", nagad.load_public_key(KEYS[signer]))


def test_a_key_is_read_as_one_line_with_line_breaks_and_as_pem() -> None:
    line = vectors.NAGAD_MERCHANT_KEY
    pem = f"-----BEGIN PUBLIC KEY-----\n{line}\n-----END PUBLIC KEY-----\n"
    broken = "\n".join(line[at : at + 64] for at in range(0, len(line), 64))
    assert {nagad.load_public_key(text).public_numbers().n for text in (line, broken, pem)} == {
        nagad.load_public_key(line).public_numbers().n
    }


@pytest.mark.parametrize("text", ["", "abc", vectors.NAGAD_MERCHANT_KEY, "-----BEGIN PRIVATE KEY-----\nabc"])
def test_what_is_no_private_key_is_said_to_be_none(text: str) -> None:
    with pytest.raises(nagad.BrokenKey):
        nagad.load_private_key(text)


def notice() -> dict[str, str]:
    """The fields of the published notice."""
    fields = dict(pair.split("=", 1) for pair in vectors.SSLCOMMERZ_CANONICAL.split("&"))
    del fields["store_passwd"]
    return fields | {"verify_key": vectors.SSLCOMMERZ_VERIFY_KEY}


def test_the_published_signatures_of_sslcommerz_are_right() -> None:
    assert sslcommerz.canonical(notice(), vectors.SSLCOMMERZ_PASSWORD, md5) == vectors.SSLCOMMERZ_CANONICAL
    old = notice() | {"verify_sign": vectors.SSLCOMMERZ_MD5}
    new = old | {"verify_sign_sha2": vectors.SSLCOMMERZ_SHA2}
    assert sslcommerz.is_signed(old, vectors.SSLCOMMERZ_PASSWORD)
    assert sslcommerz.is_signed(new, vectors.SSLCOMMERZ_PASSWORD)


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "10000.00"},
        {"tran_id": "ANOTHER"},
        {"val_id": "another"},
        {"verify_sign_sha2": "0" * 64},
        {"verify_sign_sha2": "", "verify_sign": ""},
        {"verify_key": "status,tran_id"},
        {"verify_key": ""},
        # the hash can be lengthened by what sorts last: a field that verify_key names must be the posted one
        {"value_d": "appended"},
    ],
)
def test_a_notice_that_was_changed_is_not_believed(changed: dict[str, str]) -> None:
    fields = notice() | {"verify_sign": vectors.SSLCOMMERZ_MD5, "verify_sign_sha2": vectors.SSLCOMMERZ_SHA2} | changed
    assert not sslcommerz.is_signed(fields, vectors.SSLCOMMERZ_PASSWORD)


def test_a_notice_signed_with_another_password_is_not_believed() -> None:
    assert not sslcommerz.is_signed(notice() | {"verify_sign": vectors.SSLCOMMERZ_MD5}, "another password")
