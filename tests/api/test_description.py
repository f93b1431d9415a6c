"""The description is kept: whatever it allows, and what it does not, is asked of a real server. No fault, nothing undescribed, no foreign row."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask
from hypothesis import strategies as st
from schemathesis import GenerationMode
from werkzeug.serving import make_server

from app.public import limits
from tests.cast import OWNERS, SOUTH
from tests.rules.house import WORDS, House, house, shown, traces  # noqa: F401  (fixture)

SEEN_BY_SOUTH = {WORDS[SOUTH], *traces(SOUTH)}
GIVEN_DOWN = {"Aquamarine"}
"""The name of the Group Admin's package is no secret to whom it is offered."""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application on a port of 127.0.0.1 and yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def tells(text: str) -> list[str]:
    """Return the traces of foreign owners in an answer that south got."""
    found = shown(text)
    foreign = {trace for owner in OWNERS if owner != SOUTH for trace in traces(owner)} - GIVEN_DOWN - SEEN_BY_SOUTH
    return sorted(trace for trace in foreign if trace in found)


LEFT_OUT = ("positive_data_acceptance", "ignored_auth", "use_after_free", "ensure_resource_availability")
"""Checks that do not hold here: a package that is right by its type may still be nobody's; who has no API key stands in test_keys."""


def ask_everything(base: str, secret: str, ids: list[int], examples: int) -> int:
    """Ask each described address with right and wrong questions, with ids of own and foreign rows among them; return how often."""
    # each question carries the API key: to leave it out would be taken back by the question itself
    settings = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
    description = schemathesis.openapi.from_url(f"{base}/api/v1/openapi.json", config=settings)
    operations = [found.ok() for found in description.get_all_operations()]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    wanted = [(one, mode) for one in operations for mode in modes if mode == GenerationMode.POSITIVE or _takes(one)]
    return sum(_ask(one, mode, base, secret, ids, examples) for one, mode in wanted)


def _takes(one: Any) -> bool:
    """Tell whether an address takes anything: where it takes nothing, nothing can be wrong."""
    return bool(one.path_parameters or one.query or one.headers or one.body)


def _ask(one: Any, mode: GenerationMode, base: str, secret: str, ids: list[int], examples: int) -> int:
    asked = 0
    left_out = [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ in LEFT_OUT]
    names_a_row = mode == GenerationMode.POSITIVE and "{id}" in one.path

    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=one.as_strategy(generation_mode=mode), row_id=st.sampled_from(ids), takes_it=st.booleans())
    def ask(case: Any, row_id: int, takes_it: bool) -> None:
        nonlocal asked
        if takes_it and names_a_row:
            case.path_parameters["id"] = row_id
        answer = case.call(base_url=base, headers={"Authorization": f"Bearer {secret}"})
        asked += 1
        case.validate_response(answer, excluded_checks=left_out)
        assert not tells(answer.text), f"{case.method} {case.path}: {tells(answer.text)}"

    ask()
    return asked


def ask_as_south(app: Flask, made: House, monkeypatch: pytest.MonkeyPatch, examples: int) -> None:
    """Ask everything as a program of south."""
    monkeypatch.setitem(limits.LIMITS, "api", replace(limits.LIMITS["api"], times=10**6))
    ids = sorted({row_id for owner in OWNERS for row_id in made.rows[owner].values()})
    with served(app) as base:
        assert ask_everything(base, made.api_keys[SOUTH], ids, examples) > examples


@pytest.mark.filterwarnings("ignore")
def test_no_question_of_the_description_breaks_it_or_gets_a_foreign_row(
    app: Flask,
    house: House,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask_as_south(app, house, monkeypatch, 6)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_many_questions_of_the_description_break_nothing(
    app: Flask,
    house: House,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask_as_south(app, house, monkeypatch, 250)
