"""docs/security.md names tests: each of them exists, so that no answer in it is a promise."""

import ast
import re

import pytest

from tests.rules.source import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def names_in(path: str) -> set[str]:
    """Return the tests and classes of tests of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.lower().startswith("test")
    }


def test_every_test_that_the_document_names_exists() -> None:
    named = NAMED.findall(TEXT)
    assert len(named) > 60
    missing = [f"{path}::{name}" for path, name in named if not (ROOT / path).exists() or name not in names_in(path)]
    assert missing == []


def test_every_item_of_the_checklist_names_a_test() -> None:
    rows = re.findall(r"^\| (\d+) \|.*$", TEXT, re.MULTILINE)
    bare = [line for line in TEXT.splitlines() if re.match(r"\| \d+ \|", line) and not NAMED.search(line)]
    assert len(rows) > 50
    assert bare == []


@pytest.mark.parametrize("place", sorted(set(re.findall(r"`((?:app|reports)/[\w/.]+)`", TEXT))))
def test_every_place_it_names_is_there(place: str) -> None:
    assert (ROOT / place).exists()
