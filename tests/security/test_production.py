"""In production: cookies bound to host and https, a known address, no forged host."""

import pytest
from cryptography.fernet import Fernet

from app.accounts.services import create_super_admin, hash_password
from app.core.database import transaction
from config import Production
from tests.conftest import form_fields
from tests.security.conftest import PASSWORD

BOSS = "boss@jamuna.example.com"
SETTINGS = {
    "SECRET_KEY": "8d1f0c3b5a7e9264c7b9a0d2e4f60813",
    "LOG_KEY": "17e3d5c7b9a1f8e6d4c2b0a193847566",
    "FIELD_KEYS": (Fernet.generate_key().decode(),),
    "PUBLIC_URL": "https://panel.example.com",
    "JOBS_FILE": None,
}


@pytest.mark.parametrize("address", ["http://panel.example.com", "http://localhost:8080", ""])
def test_without_an_https_address_it_does_not_start(another_app, address):
    with pytest.raises(RuntimeError, match="PUBLIC_URL"):
        another_app(Production, **SETTINGS | {"PUBLIC_URL": address})


@pytest.fixture
def panel(app, another_app):
    """The application as it runs in production, with somebody who is not of the demo."""
    with app.app_context(), transaction():
        create_super_admin(BOSS, "Boss", hash_password(PASSWORD))
    return another_app(Production, **SETTINGS)


def test_a_forged_host_is_refused_and_the_own_one_is_not(panel):
    client = panel.test_client()
    assert client.get("/login/", base_url="https://evil.example.com").status_code == 400
    assert client.get("/login/", base_url="https://panel.example.com").status_code == 200
    assert client.get("/healthz", base_url="http://127.0.0.1:8080").status_code == 200


def test_the_cookies_carry_every_flag(panel):
    client = panel.test_client()
    page = client.get("/login/", base_url="https://panel.example.com")
    form = form_fields(page.text, "email") | {"email": BOSS, "password": PASSWORD, "remember": "y"}
    answer = client.post(
        "/login/",
        data=form,
        base_url="https://panel.example.com",
        headers={"Referer": "https://panel.example.com/login/"},
    )
    assert answer.status_code == 302
    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-sanjog", "__Host-sanjog-device"}
    for cookie in cookies:
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie
        assert len(cookie) < 4096


def test_no_demo_accounts_are_offered(panel):
    page = panel.test_client().get("/login/", base_url="https://panel.example.com").text
    assert PASSWORD not in page
    assert "demo-title" not in page
