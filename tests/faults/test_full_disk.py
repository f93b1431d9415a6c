"""No room left: what cannot be written is refused with a sentence, nothing of it stays, and it goes on when there is room."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app.access.scope import everywhere
from app.billing.services import bill_month
from app.core.database import Base, db
from tests.cast import NORTH, Cast
from tests.conftest import form_fields

pytestmark = pytest.mark.both_databases
SENTENCE = {"en": "The server's disk is full", "bn": "সার্ভারের ডিস্কে জায়গা নেই"}


@contextmanager
def room_for(app: Flask, pages: int) -> Iterator[None]:
    """Let the file of the database grow by so many pages inside the block, and no further."""
    with app.app_context():
        engine: Engine = db.engine
        db.dispose()
    with sqlite3.connect(str(make_url(app.config["DATABASE_URL"]).database), isolation_level=None) as connection:
        connection.execute("VACUUM")
        limit = connection.execute("PRAGMA page_count").fetchone()[0] + pages
    connection.close()

    def set_limit(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit}")

    event.listen(engine, "connect", set_limit)
    try:
        yield
    finally:
        event.remove(engine, "connect", set_limit)
        with app.app_context():
            db.dispose()


def rows_of(app: Flask) -> dict[str, int]:
    """How many rows each table has."""
    with app.app_context(), everywhere("tests look at everything"):
        return {
            name: db.session.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in Base.metadata.tables.items()
        }


def assert_right(app: Flask) -> None:
    """Check books and logs."""
    for command in ("check-books", "verify-log"):
        said = app.test_cli_runner().invoke(args=["isp", command])
        assert said.exit_code == 0, said.output


@pytest.mark.parametrize("pages", range(8))
def test_cash_is_recorded_whole_or_refused_with_a_sentence(
    pages: int, app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    client, path = as_person(NORTH), f"/payments/receive/{cast.customers[NORTH][0]}"

    def take(paisa: int) -> TestResponse:
        form = form_fields(client.get(path).text, "amount") | {"amount": f"10.{paisa:02d}", "confirm": "1"}
        return client.post(path, data=form)

    with room_for(app, pages):
        for taken in range(99):
            before = rows_of(app)
            answer = take(taken)
            if answer.status_code != 303:
                break
        assert answer.status_code == 507
        assert SENTENCE["bn"] in answer.text
        assert rows_of(app) == before
        # what is there can still be read
        assert client.get(f"/customers/show/{cast.customers[NORTH][0]}").status_code == 200
    assert_right(app)
    assert take(99).status_code == 303
    assert rows_of(app)["payments"] == before["payments"] + 1
    assert_right(app)


def test_the_sentence_stands_in_the_readers_language(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.payments import views

    def full(*_words: object, **_named: object) -> None:
        raise OperationalError("INSERT", {}, psycopg.errors.DiskFull("could not extend file"))

    client, path = as_person(NORTH), f"/payments/receive/{cast.customers[NORTH][0]}"
    form = form_fields(client.get(path).text, "amount") | {"amount": "10.25", "confirm": "1"}
    monkeypatch.setattr(views, "receive_cash", full)
    client.get("/lang/en")
    answer = client.post(path, data=form)
    assert answer.status_code == 507
    assert SENTENCE["en"] in answer.text


@pytest.mark.parametrize("pages", [0, 1, 2])
def test_a_monthly_run_without_room_makes_whole_bills_and_the_rest_when_there_is_room(
    pages: int, app: Flask, cast: Cast
) -> None:
    month = date(2026, 12, 1)
    before = rows_of(app)["bills"]
    with room_for(app, pages), app.app_context(), pytest.raises(OperationalError):
        bill_month(month)
    assert_right(app)
    had_room = rows_of(app)["bills"] - before
    with app.app_context():
        assert had_room + bill_month(month).made == before
        assert bill_month(month).made == 0
    assert_right(app)
