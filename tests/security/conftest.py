"""Fixtures of sign-in: codes of an authenticator app, the authentication log, the browser's cookies."""

import re
from collections.abc import Callable

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.scope import everywhere
from app.activity.models import Authentication
from app.core.clock import now
from app.core.database import db

PASSWORD = "sanjog-demo-1"


@pytest.fixture
def events(app: Flask) -> Callable[..., list[str]]:
    """`events(account_id=None)`: the events of the authentication log, oldest first, of one account or of all."""

    def read(account_id: int | None = None) -> list[str]:
        with app.app_context(), everywhere("tests read the log"):
            rows = select(Authentication.event).order_by(Authentication.id)
            if account_id is not None:
                rows = rows.where(Authentication.actor_id == account_id)
            return list(db.session.execute(rows).scalars())

    return read


@pytest.fixture
def whole_log(app: Flask) -> Callable[[], str]:
    """`whole_log()`: everything the authentication log says, as one text."""

    def read() -> str:
        with app.app_context(), everywhere("tests read the log"):
            rows = db.session.execute(select(Authentication)).scalars()
            return "\n".join(f"{row.event} {row.actor_name} {row.detail} {row.device} {row.result}" for row in rows)

    return read


class App:
    """An authenticator app on somebody's phone, with the secret it was given."""

    def __init__(self, secret: str) -> None:
        self._totp = pyotp.TOTP(secret)

    def code(self, steps: int = 0) -> str:
        """Return the code the app shows, or one of so many half minutes later."""
        return self._totp.generate_otp(int(now().timestamp()) // 30 + steps)

    @property
    def wrong(self) -> str:
        """A code that none of the present steps has."""
        near = {self.code(steps) for steps in range(-2, 3)}
        return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)


@pytest.fixture
def set_up_app(fill: Callable[..., object]) -> Callable[[FlaskClient], tuple[App, list[str]]]:
    """`set_up_app(client)`: set up an authenticator app through the pages; returns it and the recovery codes."""

    def through_the_pages(client: FlaskClient) -> tuple[App, list[str]]:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/account/security/").text)
        assert token is not None
        assert client.post("/account/security/totp/begin", data={"csrf_token": token.group(1)}).status_code == 303
        page = client.get("/account/security/totp").text
        secret = re.search(r'id="secret"[^>]*>([A-Z2-7 ]+)<', page)
        assert secret is not None
        app = App(secret.group(1).replace(" ", ""))
        shown = fill(client, "/account/security/totp", code=app.code())
        codes = re.findall(r"[A-Z2-9]{5}(?:-[A-Z2-9]{5}){4}", shown.text)  # type: ignore[attr-defined]
        assert len(codes) == 10
        return app, codes

    return through_the_pages


def token_of(client: FlaskClient, page: str = "/account/") -> str:
    """Return the token that the forms of a page carry."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
    assert found is not None
    return found.group(1)
