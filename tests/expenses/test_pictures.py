"""Pictures of receipts: only pictures, drawn anew, under names nobody guesses, outside of what the web server serves, in scope."""

import gc
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from app.access.scope import everywhere
from app.core.database import db
from app.core.pictures import LARGEST_PICTURE
from app.expenses.models import Expense
from tests.cast import COLLECTOR, GA, GHATMAN, NORTH, PADMA_GA, SOUTH
from tests.conftest import form_fields
from tests.rules.house import House, Visitor

Browsers = Callable[[str], Visitor]
HIDDEN = b"<script>alert('from a picture')</script>"


def picture(kind: str = "JPEG") -> bytes:
    """Return a small picture with words of a script in its comment."""
    made, options = io.BytesIO(), {"comment": HIDDEN} if kind == "JPEG" else {}
    Image.new("RGB", (30, 20), "green").save(made, kind, **options)
    return made.getvalue()


def attach(who: Visitor, expense: int, content: bytes, name: str = "receipt.jpg") -> int:
    """Edit an expense with a picture and return the answer's status."""
    address = f"/expenses/edit/{expense}"
    form = form_fields(who.page(address), "amount") | {"csrf_token": who.token}
    data = {**form, "picture": (io.BytesIO(content), name)}
    return who.client.post(address, data=data, content_type="multipart/form-data").status_code


def kept(app: Flask, expense: int) -> str:
    with app.app_context(), everywhere("the test looks at all of it"):
        return db.session.execute(select(Expense.picture).where(Expense.id == expense)).scalar_one()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_drawn_anew_and_kept_under_a_name_nobody_guesses(
    kind: str, app: Flask, house: House, visitor: Browsers
) -> None:
    north, expense = visitor(NORTH), house.rows[NORTH]["Expense"]
    assert attach(north, expense, picture(kind), "../../../etc/receipt.php") == 303
    name = kept(app, expense)
    assert name.endswith(".jpg")
    assert len(name) >= 24
    assert "receipt" not in name and "/" not in name
    places = list(Path(app.config["FILES_FOLDER"]).rglob(name))
    assert len(places) == 1
    assert Path(app.static_folder or "/") not in places[0].parents
    answer = north.send("GET", f"/expenses/picture/{expense}")
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert HIDDEN not in answer.data
    with Image.open(io.BytesIO(answer.data)) as shown:
        assert shown.format == "JPEG"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        # whole pictures, of kinds that nobody needs
        picture("GIF"),
        picture("TIFF"),
        b"\xff\xd8\xff\xe0 not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7\n",
        b"MZ\x90\x00",
        picture() + b"\x00" * LARGEST_PICTURE,
    ],
    ids=["empty", "gif", "tiff", "cut jpeg", "svg", "pdf", "program", "too large"],
)
# what is too large is refused while it is read: the library leaves its temporary file to the collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_is_no_picture_is_refused_and_nothing_is_kept(
    content: bytes, app: Flask, house: House, visitor: Browsers
) -> None:
    expense = house.rows[NORTH]["Expense"]
    assert attach(visitor(NORTH), expense, content) == 422
    assert kept(app, expense) == ""
    assert list(Path(app.config["FILES_FOLDER"]).rglob("*.jpg")) == []
    gc.collect()


def test_a_picture_that_unfolds_to_too_many_pixels_is_refused(app: Flask, house: House, visitor: Browsers) -> None:
    made = io.BytesIO()
    Image.new("1", (9000, 9000)).save(made, "PNG")
    assert attach(visitor(NORTH), house.rows[NORTH]["Expense"], made.getvalue()) == 422


def test_it_is_shown_to_who_may_see_the_expense_and_to_nobody_else(app: Flask, house: House, visitor: Browsers) -> None:
    expense = house.rows[NORTH]["Expense"]
    assert attach(visitor(NORTH), expense, picture()) == 303
    address = f"/expenses/picture/{expense}"
    assert visitor(GA).send("GET", address).status_code == 200
    assert visitor(COLLECTOR).send("GET", address).status_code == 403
    for stranger in (SOUTH, PADMA_GA, GHATMAN):
        assert visitor(stranger).send("GET", address).status_code == 404, stranger
    assert app.test_client().get(address, buffered=True).status_code == 302
    assert app.test_client().get(f"/static/{kept(app, expense)}", buffered=True).status_code == 404
