"""Documents know no foreign row either: whoever may not see it gets no PDF, and what is printed names nobody else (spec §1)."""

import io
import subprocess
import zipfile
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.access.permissions import AUDIENCES
from app.access.scope import everywhere
from app.core.database import db
from app.jobs.models import Job
from app.jobs.services import file_of
from tests.cast import GA, GHAT, GHATMAN, NORTH, OFFICE, PADMA_COLLECTOR, PADMA_GA, SOUTH
from tests.conftest import form_fields
from tests.rules.doors import Door, is_public
from tests.rules.house import WORDS, House, Visitor
from tests.rules.test_scope_matrix import HOME_OF, gives_away

Browsers = Callable[[str], Visitor]

DOCUMENTS = ("application/pdf", "application/zip", "image/png", "image/jpeg")


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF as copying would."""
    read = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return read.stdout.decode()


def document_doors(every_door: list[Door]) -> list[Door]:
    """Return the doors that answer with a document."""
    return [door for door in every_door if door.rule.endswith((".pdf", ".png")) and not is_public(door)]


@pytest.mark.parametrize("who", [SOUTH, PADMA_GA, PADMA_COLLECTOR, OFFICE, GHAT, GHATMAN])
def test_of_a_foreign_row_there_is_no_document(
    who: str, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    stranger, tried, wrong = visitor(who), 0, []
    for door in document_doors(every_door):
        if not door.names_a_row:
            continue
        tried += 1
        answer: TestResponse = stranger.send("GET", door.address(house, NORTH))
        expected = {403, 404} if door.key in AUDIENCES else {404}
        if answer.status_code not in expected or answer.mimetype in DOCUMENTS or gives_away(answer.text, who):
            wrong.append(f"{door.rule} answers {answer.status_code} {answer.mimetype}")
    assert tried >= 6
    assert wrong == []


@pytest.mark.parametrize("who", [GA, SOUTH, PADMA_GA, PADMA_COLLECTOR, OFFICE, GHAT, GHATMAN])
def test_what_is_printed_for_somebody_names_nobody_else(
    who: str, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    if who == GA:
        # a Group Admin prints for the whole tenant: the other tenant alone is foreign
        home, foreign = GA, [WORDS[PADMA_GA], f"of {PADMA_GA}", "8058.53"]
    else:
        home, foreign = HOME_OF[who], []
    somebody, printed, told = visitor(who), [], []
    for door in document_doors(every_door):
        if not door.rule.endswith(".pdf"):
            continue
        answer = somebody.send("GET", door.address(house, home))
        if answer.mimetype != "application/pdf":
            assert answer.status_code in (403, 404), f"{door.rule} answers {answer.status_code}"
            continue
        text = text_of(answer.data)
        printed.append((door.rule, WORDS[home] in text))
        leaks = [word for word in foreign if word in text.replace(",", "")] if foreign else gives_away(text, who)
        told += [f"{door.rule} tells {leaks}"] if leaks else []
    assert len(printed) >= 4
    assert any(names_its_own for _rule, names_its_own in printed), printed
    assert told == []


@pytest.mark.parametrize("who", [SOUTH, PADMA_COLLECTOR, OFFICE, GHATMAN])
@pytest.mark.parametrize("form", ["pdf", "zip"])
def test_an_invoice_download_holds_the_own_bills_alone(
    form: str, who: str, app: Flask, house: House, visitor: Browsers
) -> None:
    stranger = visitor(who)
    fields = form_fields(stranger.page("/bills/download"), "layout")
    answer = stranger.client.post("/bills/download", data=fields | {"format": form})
    assert answer.status_code == 303
    with app.app_context(), everywhere("the test reads the file that was made"):
        content = file_of(db.session.get_one(Job, int(answer.location.rpartition("/")[2]))).read_bytes()
    if form == "zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names, files = archive.namelist(), [archive.read(name) for name in archive.namelist()]
    else:
        names, files = [], [content]
    text = "\n".join([*names, *map(text_of, files)])
    assert WORDS[HOME_OF[who]] in text
    assert not gives_away(text, who)
    number = answer.location.rpartition("/")[2]
    other = PADMA_GA if who != PADMA_COLLECTOR else SOUTH
    assert visitor(other).send("GET", f"/jobs/{number}/file").status_code == 404
