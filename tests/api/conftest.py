"""A tenant's program: it holds an API key and sends JSON."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.api.resources import USED_KEYS
from app.api.services import make_api_key
from app.core.database import transaction
from tests.cast import Cast
from tests.make import actor_of, as_account

PARENT_OF = {
    "collector@meghna.example.com": "north@meghna.example.com",
    "desk@meghna.example.com": "north@meghna.example.com",
    "accounts@meghna.example.com": "north@meghna.example.com",
    "office@meghna.example.com": "ga@meghna.example.com",
    "newbie@meghna.example.com": "south@meghna.example.com",
    "ghatman@meghna.example.com": "ghat@meghna.example.com",
    "collector@padma.example.com": "ga@padma.example.com",
}


class Program:
    """What sends requests with an API key, and no cookie."""

    def __init__(self, client: FlaskClient, secret: str, row_id: int = 0) -> None:
        self.client, self.secret, self.row_id = client, secret, row_id

    def ask(self, method: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        """Send a request to an address below /api/v1."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        bearer = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        return self.client.open(f"/api/v1{path}", method=method, json=json, headers={**bearer, **named})

    def get(self, path: str, **headers: str) -> Any:
        """Return what an address answers, which must be 200."""
        answer = self.ask("GET", path, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, json: Any = None, **headers: str) -> TestResponse:
        """Send a POST."""
        return self.ask("POST", path, json if json is not None else {}, **headers)

    def pay(self, customer_id: int, paisa: int, once: str, **more: Any) -> TestResponse:
        """Receive cash from a customer."""
        sent = {"amount_paisa": paisa, **more}
        return self.post(f"/customers/{customer_id}/payments", sent, Idempotency_Key=once)


@pytest.fixture
def program(cast: Cast, app: Flask) -> Callable[..., Program]:
    """`program(email, *keys)`: a program that acts as a person of the cast, with these permissions or all that there are."""

    def make(email: str, *keys: str, expires_on: date | None = None) -> Program:
        with app.app_context():
            account = actor_of(email)
            with as_account(PARENT_OF.get(email, email)), transaction():
                row, secret = make_api_key(account.id, f"program of {email}", list(keys or USED_KEYS), expires_on)
                row_id = row.id
        return Program(app.test_client(use_cookies=False), secret, row_id)

    return make
