"""The logs prove themselves: the databases refuse to change them, and whatever is changed all the same is found and named."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from app.access.scope import everywhere
from app.activity.models import INSTALLATION, Activity, Authentication
from app.activity.recorder import record, record_authentication
from app.activity.seals import keys, seal_of
from app.core.database import db, transaction
from tests.books import act
from tests.cast import GA, NORTH, PADMA_GA, Cast
from tests.make import actor_of, pay

LOGS = ("activity_log", "authentication_log")


@pytest.fixture
def isp(app: Flask) -> Callable[..., Result]:
    """`isp("verify-log")`: run a command and return its exit code and output."""
    return lambda *words: app.test_cli_runner().invoke(args=["isp", *map(str, words)])


def tenant_of(email: str) -> int:
    tenant_id = actor_of(email).tenant_id
    assert tenant_id is not None
    return tenant_id


def enter(email: str, count: int, log: str = "activity_log") -> None:
    """Add entries to a log, each in a transaction of its own."""
    actor = actor_of(email)
    who = {"tenant_id": actor.tenant_id, "owner_id": actor.owner_id}
    for number in range(count):
        with everywhere("the test writes the log"), transaction():
            if log == "activity_log":
                record("access", "list.exported", **who, list=f"list {number}")
            else:
                record_authentication("signed_in", **who, actor_id=actor.id, actor_name=actor.name, result="ok")


@contextmanager
def intruder() -> Iterator[Connection]:
    """Work on the database as somebody who owns it: what guards the logs is taken away first."""
    with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
        guards = (*LOGS, "log_heads")
        if db.is_sqlite:
            names = connection.execute(
                text(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('"
                    + "','".join(guards)
                    + "')"
                )
            )
            for (name,) in names.all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in guards:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield connection


def ids(log: str, tenant_id: int) -> list[int]:
    with db.engine.connect() as connection:
        found = connection.execute(text(f"SELECT id FROM {log} WHERE tenant_id = :t ORDER BY seq"), {"t": tenant_id})
        return [row_id for (row_id,) in found]


def seq_of(log: str, row_id: int) -> int:
    with db.engine.connect() as connection:
        return connection.execute(text(f"SELECT seq FROM {log} WHERE id = :i"), {"i": row_id}).scalar_one()


# --- The databases refuse ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE {log} SET event = 'nothing'",
        "UPDATE {log} SET actor_id = actor_id WHERE id = (SELECT max(id) FROM {log})",
        "DELETE FROM {log}",
        "DELETE FROM {log} WHERE id = (SELECT max(id) FROM {log})",
        "TRUNCATE {log}",
        "INSERT OR REPLACE INTO {log} SELECT * FROM {log} WHERE id = (SELECT max(id) FROM {log})",
    ],
)
def test_no_statement_changes_or_removes_an_entry(log: str, attempt: str, context: Flask, cast: Cast) -> None:
    if attempt.startswith("TRUNCATE" if db.is_sqlite else "INSERT OR REPLACE"):
        return  # the other database's words
    enter(GA, 2, log)
    before = ids(log, tenant_of(GA))
    with pytest.raises(DBAPIError, match="append-only"), db.engine.begin() as connection:
        connection.execute(text(attempt.format(log=log)))
    assert ids(log, tenant_of(GA)) == before


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE log_heads SET seq = seq - 1",
        "UPDATE log_heads SET seal = 'x'",
        "UPDATE log_heads SET tenant_id = 99, seq = seq + 1",
        "DELETE FROM log_heads",
    ],
)
def test_the_head_of_a_log_stays_and_moves_forward_only(attempt: str, context: Flask, cast: Cast) -> None:
    enter(GA, 1)
    with pytest.raises(DBAPIError, match="head of a log|append-only"), db.engine.begin() as connection:
        connection.execute(text(attempt))


# --- What was changed all the same is found ------------------------------------------------------------------------


def test_whole_logs_are_whole(isp: Callable[..., Result], app: Flask, cast: Cast) -> None:
    with app.app_context():
        enter(GA, 3)
        enter(PADMA_GA, 2, "authentication_log")
        with everywhere("an event without a tenant"), transaction():
            record_authentication(
                "sign_in_failed", tenant_id=None, owner_id=None, actor_id=None, actor_name="", result="refused"
            )
        rows = sum(len(ids(log, owner)) for log in LOGS for owner in (tenant_of(GA), tenant_of(PADMA_GA), INSTALLATION))
    answer = isp("verify-log")
    assert answer.exit_code == 0, answer.output
    assert answer.output.splitlines()[-1].startswith(f"{rows} rows in ")


def edited(connection: Connection, log: str, rows: list[int]) -> int:
    connection.execute(text(f"UPDATE {log} SET actor_name = 'Somebody else' WHERE id = :i"), {"i": rows[2]})
    return rows[2]


def edited_by_a_second(connection: Connection, log: str, rows: list[int]) -> int:
    later = "datetime(at, '+1 second')" if connection.dialect.name == "sqlite" else "at + interval '1 second'"
    connection.execute(text(f"UPDATE {log} SET at = {later} WHERE id = :i"), {"i": rows[2]})
    return rows[2]


def made_unreadable(connection: Connection, log: str, rows: list[int]) -> int:
    # SQLite keeps any text as a moment
    column, word = ("at", "yesterday") if connection.dialect.name == "sqlite" else ("event", "")
    connection.execute(text(f"UPDATE {log} SET {column} = :w WHERE id = :i"), {"w": word, "i": rows[2]})
    return rows[2]


def given_to_another_owner(connection: Connection, log: str, rows: list[int]) -> int:
    connection.execute(text(f"UPDATE {log} SET owner_id = NULL WHERE id = :i"), {"i": rows[2]})
    return rows[2]


def deleted(connection: Connection, log: str, rows: list[int]) -> int:
    connection.execute(text(f"DELETE FROM {log} WHERE id = :i"), {"i": rows[2]})
    return rows[3]


def deleted_and_closed_up(connection: Connection, log: str, rows: list[int]) -> int:
    connection.execute(text(f"DELETE FROM {log} WHERE id = :i"), {"i": rows[2]})
    for row_id in rows[3:]:
        connection.execute(text(f"UPDATE {log} SET seq = seq - 1 WHERE id = :i"), {"i": row_id})
    return rows[3]


def deleted_first(connection: Connection, log: str, rows: list[int]) -> int:
    connection.execute(text(f"DELETE FROM {log} WHERE id = :i"), {"i": rows[0]})
    return rows[1]


COPIED = (
    "INSERT INTO {log} (tenant_id, owner_id, seq, at, actor_id, actor_name, event, detail, address, previous, key_id, seal{more}) "
    "SELECT tenant_id, owner_id, {seq}, at, actor_id, actor_name, event, detail, address, previous, key_id, seal{more} FROM {log} WHERE id = :i"
)
MORE = {"activity_log": ", topic, subject_kind, subject_id, customer_id", "authentication_log": ", device, result"}


def put_in_between(connection: Connection, log: str, rows: list[int]) -> int:
    for row_id in reversed(rows[3:]):
        connection.execute(text(f"UPDATE {log} SET seq = seq + 1 WHERE id = :i"), {"i": row_id})
    connection.execute(text(COPIED.format(log=log, seq="seq + 1", more=MORE[log])), {"i": rows[2]})
    return connection.execute(text(f"SELECT max(id) FROM {log}")).scalar_one()


def put_at_the_end(connection: Connection, log: str, rows: list[int]) -> int:
    connection.execute(text(COPIED.format(log=log, seq="seq + 1", more=MORE[log])), {"i": rows[-1]})
    return connection.execute(text(f"SELECT max(id) FROM {log}")).scalar_one()


def reordered(connection: Connection, log: str, rows: list[int]) -> int:
    first, second = rows[2], rows[3]
    low, high = (
        connection.execute(text(f"SELECT seq FROM {log} WHERE id = :i"), {"i": row_id}).scalar_one()
        for row_id in (first, second)
    )
    for row_id, seq in ((first, -1), (second, low), (first, high)):
        connection.execute(text(f"UPDATE {log} SET seq = :s WHERE id = :i"), {"s": seq, "i": row_id})
    return second


def given_other_ids(connection: Connection, log: str, rows: list[int]) -> int:
    for row_id, other in ((rows[2], -5), (rows[3], rows[2]), (-5, rows[3])):
        connection.execute(text(f"UPDATE {log} SET id = :o WHERE id = :i"), {"o": other, "i": row_id})
    return rows[2]


def moved_to_another_tenant(connection: Connection, log: str, rows: list[int]) -> int:
    other = connection.execute(text("SELECT max(id) FROM tenants")).scalar_one()
    connection.execute(
        text(
            f"UPDATE {log} SET tenant_id = :t, seq = (SELECT coalesce(max(seq), 0) + 1 FROM {log} WHERE tenant_id = :t) WHERE id = :i"
        ),
        {"t": other, "i": rows[2]},
    )
    return rows[3]


def cut_off_at_the_end(connection: Connection, log: str, rows: list[int]) -> int:
    connection.execute(text(f"DELETE FROM {log} WHERE id IN ({rows[-1]}, {rows[-2]})"))
    return len(rows) - 1


def wiped(connection: Connection, log: str, rows: list[int]) -> int:
    connection.execute(text(f"DELETE FROM {log} WHERE id IN ({','.join(map(str, rows))})"))
    return 1


def head_forgotten(connection: Connection, log: str, rows: list[int]) -> int:
    connection.execute(text("DELETE FROM log_heads WHERE log = :l"), {"l": log})
    return rows[0]


def taken_from_another_course(connection: Connection, log: str, rows: list[int]) -> int:
    # what a copy of the database that went on by itself has sealed: right by its own seal, and named by the head
    model = Activity if log == Activity.__tablename__ else Authentication
    table = model.__table__
    row = dict(connection.execute(select(table).where(table.c.id == rows[-1])).one()._mapping)
    row["previous"] = connection.execute(text(f"SELECT seal FROM {log} WHERE id = :i"), {"i": rows[0]}).scalar_one()
    seal = seal_of(model, row)
    connection.execute(
        text(f"UPDATE {log} SET previous = :p, seal = :s WHERE id = :i"),
        {"p": row["previous"], "s": seal, "i": rows[-1]},
    )
    connection.execute(
        text("UPDATE log_heads SET seal = :s WHERE log = :l AND tenant_id = :t"),
        {"s": seal, "l": log, "t": row["tenant_id"]},
    )
    return rows[-1]


TAMPERS = (
    *(
        edited,
        edited_by_a_second,
        made_unreadable,
        given_to_another_owner,
        deleted,
        deleted_and_closed_up,
        deleted_first,
    ),
    *(put_in_between, put_at_the_end, reordered, given_other_ids, moved_to_another_tenant, cut_off_at_the_end, wiped),
    head_forgotten,
    taken_from_another_course,
)


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.__name__)
def test_each_way_of_tampering_is_found_and_the_broken_row_is_named(
    tamper: Callable[[Connection, str, list[int]], int], log: str, isp: Callable[..., Result], app: Flask, cast: Cast
) -> None:
    with app.app_context():
        enter(GA, 6, log)
        tenant_id = tenant_of(GA)
        rows = ids(log, tenant_id)
        assert isp("verify-log").exit_code == 0
        with intruder() as connection:
            number = tamper(connection, log, rows)
        db.session.remove()
    answer = isp("verify-log", "--tenant", "meghna")
    assert answer.exit_code == 1, answer.output
    last = answer.output.splitlines()[-1]
    assert last.startswith(log)
    assert f"row {number}" in last, last
    assert isp("verify-log").exit_code == 1


def cut_back(connection: Connection, log: str, kept_rows: list[int], cut_rows: list[int]) -> None:
    """Cut rows off and set the head back to the last row that is left: the chain alone looks whole."""
    connection.execute(text(f"DELETE FROM {log} WHERE id IN ({','.join(map(str, cut_rows))})"))
    kept = connection.execute(text(f"SELECT tenant_id, seq, seal FROM {log} WHERE id = :i"), {"i": kept_rows[-1]}).one()
    connection.execute(
        text("UPDATE log_heads SET seq = :q, seal = :s WHERE log = :l AND tenant_id = :t"),
        {"q": kept.seq, "s": kept.seal, "l": log, "t": kept.tenant_id},
    )


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("kept_as", ["signed file", "slip of paper"])
def test_rows_cut_off_together_with_the_head_are_found_by_a_head_kept_elsewhere(
    kept_as: str,
    log: str,
    isp: Callable[..., Result],
    app: Flask,
    cast: Cast,
    as_person: Callable[[str], FlaskClient],
    tmp_path: Path,
) -> None:
    with app.app_context():
        enter(GA, 6, log)
        tenant_id = tenant_of(GA)
        kept = ids(log, tenant_id)[:-2]
    words = _kept(kept_as, log, tenant_id, isp, as_person, tmp_path)
    with app.app_context():
        assert isp("verify-log", *words).exit_code == 0
        with intruder() as connection:
            cut_back(connection, log, kept, ids(log, tenant_id)[len(kept) :])
        db.session.remove()
    assert isp("verify-log").exit_code == 0  # alone the chain cannot know
    answer = isp("verify-log", *words)
    assert answer.exit_code == 1, answer.output
    assert log in answer.output.splitlines()[-1]


def _kept(
    kept_as: str,
    log: str,
    tenant_id: int,
    isp: Callable[..., Result],
    as_person: Callable[[str], FlaskClient],
    folder: Path,
) -> list[str]:
    if kept_as == "slip of paper":
        letter = "A" if log == "activity_log" else "S"
        printed = next(
            line for line in isp("log-heads").output.splitlines() if line.startswith(f"{letter}{tenant_id}-")
        )
        return ["--head", printed]
    answer = as_person(GA).get("/activity/heads")
    assert answer.status_code == 200
    file = folder / "heads.json"
    file.write_bytes(answer.data)
    return ["--anchor", str(file)]


def test_a_signed_file_that_was_changed_is_refused(
    isp: Callable[..., Result], cast: Cast, as_person: Callable[[str], FlaskClient], tmp_path: Path
) -> None:
    content: dict[str, Any] = json.loads(as_person(GA).get("/activity/heads").data)
    file = tmp_path / "heads.json"
    file.write_text(json.dumps(content))
    assert isp("verify-log", "--anchor", file).exit_code == 0
    content["heads"][0]["seq"] += 1
    for changed in (content, content | {"signature": ""}, content | {"key_id": "ffffffff"}, {"heads": []}, [], None):
        file.write_text(json.dumps(changed))
        answer = isp("verify-log", "--anchor", file)
        assert answer.exit_code == 1, changed
        assert "Traceback" not in answer.output
    file.write_bytes(b"\xff\xfe no json")
    assert isp("verify-log", "--anchor", file).exit_code == 1
    assert isp("verify-log", "--head", "A1-2-nothing").exit_code == 1


def test_only_the_group_admin_gets_the_signed_heads_of_its_own_tenant(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    padma = json.loads(as_person(PADMA_GA).get("/activity/heads").data)
    with app.app_context():
        assert {head["tenant_id"] for head in padma["heads"]} == {tenant_of(PADMA_GA)}
    assert as_person(NORTH).get("/activity/heads").status_code == 403


# --- Keys ------------------------------------------------------------------------------------------------------------


def test_a_new_key_seals_from_now_on_and_the_old_one_still_proves_what_it_sealed(
    isp: Callable[..., Result], app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = app.config["LOG_KEY"]
    new = "a-second-key-of-the-log-0123456789"
    with app.app_context():
        enter(GA, 2)
        monkeypatch.setitem(app.config, "LOG_KEY", f"{new}, {old}")
        enter(GA, 2)
        with db.engine.connect() as connection:
            used = (
                connection.execute(
                    text("SELECT key_id FROM activity_log WHERE tenant_id = :t ORDER BY seq"), {"t": tenant_of(GA)}
                )
                .scalars()
                .all()
            )
        assert used[-2:] == [next(iter(keys()))] * 2
        assert used[-3] == list(keys())[1]
    assert isp("verify-log").exit_code == 0
    monkeypatch.setitem(app.config, "LOG_KEY", new)
    answer = isp("verify-log")
    assert answer.exit_code == 1
    assert "LOG_KEY does not name" in answer.output
    # who has the old key seals nothing any more
    monkeypatch.setitem(app.config, "LOG_KEY", f"{old},{new}")
    answer = isp("verify-log")
    assert answer.exit_code == 1
    assert "out of use" in answer.output


# --- Parallel writers --------------------------------------------------------------------------------------------------


def test_entries_written_at_the_same_moment_make_one_chain(isp: Callable[..., Result], app: Flask, cast: Cast) -> None:
    with app.app_context():
        before = len(ids("activity_log", tenant_of(GA)))
    writers = [lambda email=email: enter(email, 5) for email in (GA, NORTH, GA, PADMA_GA, NORTH, GA)]
    writers += [lambda: enter(GA, 5, "authentication_log")] * 3
    outcomes = act.at_once(app, *writers)
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    with app.app_context():
        assert len(ids("activity_log", tenant_of(GA))) == before + 25
    answer = isp("verify-log")
    assert answer.exit_code == 0, answer.output


def test_payments_and_entries_at_the_same_moment_leave_no_gap(
    isp: Callable[..., Result], app: Flask, cast: Cast
) -> None:
    who = cast.customers[NORTH]
    work = [lambda index=index: pay(NORTH, who[index % 3], 10_00 + index) for index in range(9)]
    assert [one for one in act.at_once(app, *work) if isinstance(one, Exception)] == []
    assert isp("verify-log").exit_code == 0
