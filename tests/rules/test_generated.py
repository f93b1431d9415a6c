"""What is generated is fresh: the document of the keys, the Bengali sentences and their compiled form."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask

from app.access.document import permissions_document
from tests.rules.source import ROOT

PO = ROOT / "translations" / "bn" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "lazy_ngettext": (1, 2)}


def test_the_document_of_the_permission_keys_is_fresh(context: Flask) -> None:
    kept = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert kept == permissions_document(), "run `make docs` and commit docs/permissions.md"


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    """The Bengali catalogue."""
    with PO.open("rb") as file:
        return read_po(file, locale="bn")


def _sentences() -> set[str]:
    """Return every sentence that the program and its templates mark for translation."""
    with (ROOT / "translations" / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = set()
    for folder in ("app", "reports"):
        prefix = Path(folder)
        for _file, _line, message, _comments, _context in extract_from_dir(
            str(ROOT),
            method_map=[(pattern, method) for pattern, method in methods if pattern.startswith(folder)],
            options_map=options,
            keywords=KEYWORDS,
            directory_filter=lambda path, prefix=prefix: (
                Path(path) == ROOT or (ROOT / prefix) in (Path(path), *Path(path).parents)
            ),
        ):
            found.add(message if isinstance(message, str) else message[0])
    return found


def _words(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, list | tuple) else [message.string or ""]


def test_every_sentence_of_the_program_is_in_the_catalogue(catalogue: Catalog) -> None:
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in catalogue if message.id}
    sentences = _sentences()
    assert len(sentences) > 200
    assert sorted(sentences - known) == [], "run `make translations` and translate these"


def test_every_sentence_of_the_catalogue_is_in_bengali(catalogue: Catalog) -> None:
    assert [message.id for message in catalogue if message.id and (message.fuzzy or not all(_words(message)))] == []


def test_every_translation_fills_in_what_its_sentence_fills_in(catalogue: Catalog) -> None:
    wrong = [str(error) for message in catalogue if message.id for error in message.check(catalogue)]
    assert wrong == []


def test_the_compiled_catalogue_is_that_of_the_sentences(catalogue: Catalog) -> None:
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    assert PO.with_suffix(".mo").read_bytes() == compiled.getvalue(), "run `make translations` and commit messages.mo"
