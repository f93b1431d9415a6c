"""Company settings: the Group Admin's alone; a logo is a picture, drawn anew."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from app.accounts.models import Tenant
from app.core.database import db
from tests.cast import GA, GHAT, NORTH, OFFICE, Cast
from tests.conftest import form_fields


def picture(form: str = "PNG", size: tuple[int, int] = (1200, 300)) -> bytes:
    """Return a picture with a comment in it."""
    file = io.BytesIO()
    Image.new("RGB", size, "navy").save(file, form, comment=b"secret-comment")
    return file.getvalue()


@pytest.fixture
def company(cast: Cast, app: Flask) -> Callable[[], Tenant]:
    """`company()`: the Group Admin's company as it is now, with its logo."""

    def read() -> Tenant:
        with app.app_context():
            row = db.session.execute(select(Tenant).where(Tenant.slug.in_(["meghna", "meghna-net"]))).scalar_one()
            row.logo  # noqa: B018
            db.session.expunge(row)
            return row

    return read


def save(ga: FlaskClient, **changed: Any) -> Any:
    """Send the settings form with some fields changed."""
    fields: dict[str, Any] = dict(form_fields(ga.get("/settings/").text, "slug"))
    return ga.post("/settings/", data=fields | changed, content_type="multipart/form-data")


@pytest.mark.parametrize("email", [NORTH, GHAT, OFFICE])
def test_nobody_else_has_the_settings(email: str, cast: Cast, as_person: Callable[[str], FlaskClient]) -> None:
    somebody = as_person(email)
    assert somebody.get("/settings/").status_code == 403
    assert somebody.post("/settings/", data={"name": "Taken"}).status_code in (400, 403)


def test_what_is_saved_is_printed_and_new_customers_start_from_it(
    company: Callable[[], Tenant], as_person: Callable[[str], FlaskClient]
) -> None:
    ga = as_person(GA)
    answer = save(
        ga,
        slug="meghna-net",
        name_bn="মেঘনা নেট লিমিটেড",
        vat_number="000123456-0101",
        document_language="en",
        document_digits="latn",
        picture=(io.BytesIO(picture()), "logo.png"),
    )
    assert answer.status_code == 303
    kept = company()
    assert (kept.slug, kept.name_bn, kept.vat_number) == ("meghna-net", "মেঘনা নেট লিমিটেড", "000123456-0101")
    assert kept.logo is not None
    with Image.open(io.BytesIO(kept.logo)) as image:
        assert (image.format, image.size) == ("PNG", (600, 150))
    assert b"secret-comment" not in kept.logo
    assert ga.get("/settings/logo").mimetype == "image/png"
    assert form_fields(ga.get("/customers/add").text, "username")["document_language"] == "en"
    assert save(ga, without_logo="y").status_code == 303
    assert company().logo is None


@pytest.mark.parametrize("slug", ["padma", "Meghna", "a", "meghna net", "মেঘনা", "-net", "x" * 41])
def test_a_short_name_that_is_taken_or_odd_is_refused(
    slug: str, company: Callable[[], Tenant], as_person: Callable[[str], FlaskClient]
) -> None:
    assert save(as_person(GA), slug=slug).status_code == 422
    assert company().slug == "meghna"


@pytest.mark.parametrize(
    "content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n", b"GIF89a" + b"0" * 50]
)
def test_a_logo_that_is_no_picture_is_refused_and_nothing_else_is_saved(
    content: bytes, company: Callable[[], Tenant], as_person: Callable[[str], FlaskClient]
) -> None:
    answer = save(as_person(GA), phone="01712345678", picture=(io.BytesIO(content), "logo.png"))
    assert answer.status_code == 422
    assert (company().logo, company().phone) == (None, "09612-345678")
