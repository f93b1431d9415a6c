"""The doors for programs: one declaration says address, key, what is sent and what is answered; it validates, and is what the description says."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn

from flask import Flask, Response, abort, current_app, request
from flask_appbuilder import expose
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer
from marshmallow import Schema, ValidationError
from sqlalchemy import Select

from app.access.actor import Actor, current_actor
from app.api.shapes import Answer, Asked
from app.core.database import db
from app.core.errors import NotFound, Refused, Unauthenticated
from app.public.limits import limit
from app.web.page import Doors
from app.web.problems import Invalid, is_for_programs

LARGEST_BODY = 64 * 1024


@dataclass(frozen=True)
class Operation:
    """What a door for programs takes and answers."""

    method: str
    summary: Any
    answer: type[Answer]
    query: type[Asked] | None = None
    body: type[Asked] | None = None
    is_list: bool = False
    status: int = 200
    is_once_only: bool = False


@dataclass(frozen=True)
class Part:
    """Some rows of a list, and where the next ones begin."""

    rows: list[Any]
    next_cursor: str | None = None


def operation(
    method: str,
    path: str,
    summary: Any,
    answer: type[Answer],
    *,
    query: type[Asked] | None = None,
    body: type[Asked] | None = None,
    is_list: bool = False,
    status: int = 200,
    is_once_only: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a door for programs. The handler gets the row that the address names, then what was sent, checked."""
    declared = Operation(method, summary, answer, query, body, is_list, status, is_once_only)

    def declare(handler: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(handler)
        def enter(self: "Api", **address: str) -> Response:
            # the row is looked for before anything that was sent is read: a foreign one is a 404 whatever comes with it
            given = [self.row(address["pk"])] if "pk" in address else []
            try:
                if declared.query is not None:
                    given.append(_read(declared.query, request.args.to_dict()))
                if declared.body is not None:
                    given.append(_read(declared.body, _body()))
                return self.answer(declared, handler(self, *given))
            except Refused as refused:
                db.session.rollback()
                if method != "GET":
                    self.note_refusal(refused)
                raise

        enter.operation = declared  # type: ignore[attr-defined]
        return expose(path, methods=[method])(enter)

    return declare


def _body() -> Any:
    """Return what was sent as JSON, nothing where nothing was sent. Answers 400, 413 or 415 for what is none."""
    request.max_content_length = LARGEST_BODY
    sent = request.get_data()
    if not sent:
        return {}
    if request.mimetype != "application/json":
        abort(415)
    try:
        return json.loads(sent, object_pairs_hook=_once_each, parse_constant=_no_number)
    except (ValueError, RecursionError):
        abort(400)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # a field that comes twice is read in two ways by two programs
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field comes twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _read(shape: type[Asked], sent: Any) -> dict[str, Any]:
    try:
        return shape().load(sent)
    except ValidationError as wrong:
        raise Invalid(_by_field(wrong.messages)) from None


def _by_field(messages: Any, above: str = "") -> dict[str, list[str]]:
    """Return the sentences of a failed check by field, one level deep."""
    if not isinstance(messages, Mapping):
        # a sentence that waits for its reader comes without a list around it
        told = messages if isinstance(messages, list) else [messages]
        return {above or "body": [str(message) for message in told]}
    found: dict[str, list[str]] = {}
    for name, below in messages.items():
        place = above if name in ("_schema", "key", "value") else f"{above}.{name}" if above else str(name)
        found |= _by_field(below, place[:100])
    return found


def refuse_strangers() -> NoReturn:
    """Answer who comes without an API key that holds."""
    raise Unauthenticated


class Api(Doors):
    """What all doors for programs share: an API key instead of a session, JSON instead of pages."""

    is_about_money = True
    turn_away = staticmethod(refuse_strangers)

    def row(self, pk: str) -> Any:
        """Return the row that an address names. Raises NotFound."""
        raise NotFound(pk)

    def hidden(self, actor: Actor, shape: type[Answer]) -> tuple[str, ...]:
        """Return the fields of an answer that the actor's keys do not open."""
        return ()

    def answer(self, declared: Operation, found: Any) -> Response:
        """Return what a program is answered."""
        shape = declared.answer(exclude=self.hidden(self.actor(), declared.answer))
        if isinstance(found, Part):
            said: Any = {"data": shape.dump(found.rows, many=True), "next_cursor": found.next_cursor}
        else:
            said = found if isinstance(found, dict) else shape.dump(found)
        return as_json(said, declared.status)


def as_json(said: Any, status: int = 200) -> Response:
    """Return an answer in JSON."""
    return Response(json.dumps(said, ensure_ascii=False, default=str), status, mimetype="application/json")


def part_of(statement: Select[Any], model: Any, asked: dict[str, Any], *options: Any) -> Part:
    """Return a part of a list, newest first: the rows after those that the cursor ended with, found by key and never counted."""
    cursor, limit_of_rows = asked.get("cursor"), asked["limit"]
    if cursor:
        statement = statement.where(model.id < _after(cursor))
    statement = statement.order_by(model.id.desc()).limit(limit_of_rows + 1).options(*options)
    rows = list(db.session.execute(statement).scalars().unique())
    has_more = len(rows) > limit_of_rows
    rows = rows[:limit_of_rows]
    return Part(rows, _cursors().dumps([*_whose(), rows[-1].id]) if has_more else None)


def _after(cursor: str) -> int:
    try:
        *whose, last = _cursors().loads(cursor)
    except (BadData, ValueError, TypeError):
        whose, last = [], 0
    if whose != _whose() or not isinstance(last, int):
        raise Invalid({"cursor": [_("This cursor is none of this list.")]})
    return last


def _whose() -> list[Any]:
    actor = current_actor()
    return [request.endpoint, actor.id if actor else 0]


def _cursors() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="cursor of a list for programs")


def init_app(app: Flask) -> None:
    """Count what programs ask."""
    app.before_request(_count)


def _count() -> None:
    if not is_for_programs():
        return
    actor = current_actor()
    if actor is not None and actor.api_key is not None:
        limit("api", f"key {actor.api_key.id}")
    elif request.headers.get("Authorization"):
        limit("api-guess")


def operations_of(view: Any) -> list[tuple[str, Operation]]:
    """Return the doors of a view that are for programs, by route."""
    found = [(name, getattr(getattr(view, name), "operation", None)) for name in view.keys]
    return [(name, one) for name, one in found if one is not None]


def schema_of(shape: type[Schema]) -> str:
    """Return the name of a shape in the description."""
    return shape.__name__.removesuffix("Answer")
