"""What all documents share: embedded fonts, plain text, metadata, and bytes that depend on nothing but the data."""

import io
import re
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf
import pytest
from flask import current_app
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from reports.blocks import Logo
from reports.closing import closing_pdf
from reports.document import Company
from reports.invoice import invoice_pdf
from reports.receipt import receipt_pdf
from reports.shaping import FONTS, printable
from reports.table import TableRow, table_pdf
from tests.reports import glyphs
from tests.reports.corpus import STRINGS
from tests.reports.make import COMPANY, TABLE, bill, closing, receipt, table

FILES = [FONTS / "BillSansBn-Regular.ttf", FONTS / "BillSansBn-Bold.ttf"]
KINDS = ["invoice", "two-up", "a4", "58", "80", "slip", "slip-58", "table"]

ReadText = Callable[[bytes], str]


def document(
    kind: str,
    language: str = "bn",
    digits: str = "latn",
    name: str = "রহিমা খাতুন",
    company: Company = COMPANY,
    **changes: object,
) -> bytes:
    if kind in ("invoice", "two-up"):
        return invoice_pdf(company, [bill(customer_name=name, **changes)], language, digits, two_up=kind == "two-up")
    if kind.startswith("slip"):
        state = "returned" if changes.pop("status", "") == "void" else "confirmed"
        return closing_pdf(company, closing(person=name, state=state), kind.partition("-")[2] or "a4", language, digits)
    if kind == "table":
        return table_pdf(company, table(rows=[TableRow([name, "", ""], "group"), *TABLE.rows[1:]]), language, digits)
    return receipt_pdf(company, receipt(customer_name=name, **changes), kind, language, digits)


@pytest.mark.parametrize("kind", KINDS)
def test_every_font_named_anywhere_in_the_file_is_embedded(kind: str, tmp_path: Path) -> None:
    pdf = document(kind, status="void")
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        named = [font for page in opened.pages for font in page.Resources.Font.values()]
        named += [
            item for item in opened.objects if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/Font"
        ]
        assert named
        assert all("/FontFile2" in font.FontDescriptor for font in named)
        bare = io.BytesIO()
        opened.save(bare, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.all)
    assert b"Helvetica" not in bare.getvalue()
    path = tmp_path / "fonts.pdf"
    path.write_bytes(pdf)
    listed = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert listed
    assert all(re.search(r"TrueType\s+\w+\s+yes yes yes", row) for row in listed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("language", "digits"), [("bn", "beng"), ("en", "latn")])
def test_no_document_shows_a_missing_glyph_or_a_mark_without_its_letter(kind: str, language: str, digits: str) -> None:
    drawn = {glyph.outline for line in glyphs.lines_of(document(kind, language, digits)) for glyph in line.glyphs}
    assert drawn
    assert not drawn & (glyphs.missing_pictures(FILES[0]) | glyphs.missing_pictures(FILES[1]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["bn", "en"])
def test_the_company_is_named_in_both_scripts(kind: str, language: str, text_of: ReadText) -> None:
    text = text_of(document(kind, language))
    assert "Meghna Net" in text
    assert "মেঘনা নেট" in text


@pytest.mark.parametrize("kind", KINDS)
def test_markup_in_a_name_is_plain_text(kind: str, text_of: ReadText) -> None:
    name = '<b>Karim</b> & <font size="80">Sons</font> <br/> &amp; %(x)s {{ y }}'
    assert _squeezed(name) in _squeezed(text_of(document(kind, "en", name=name)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["Md. Abdul Karim " * 19, "নামহীন" * 50, "x" * 300])
def test_a_name_of_three_hundred_characters_is_printed_whole_and_inside_the_page(kind: str, name: str) -> None:
    pdf = document(kind, "en", name=name)
    drawn = [(line.page, glyph) for line in glyphs.lines_of(pdf) for glyph in line.glyphs]
    assert "".join(glyphs.inked(name, FILES[1])) in "".join(glyph.outline for _page, glyph in drawn)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        sides = [[float(side) for side in list(page.MediaBox)[2:]] for page in opened.pages]
    assert all(0 < glyph.x < sides[page][0] and 0 < glyph.y < sides[page][1] for page, glyph in drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_emoji_and_foreign_letters_show_a_square_and_direction_marks_nothing(kind: str, text_of: ReadText) -> None:
    text = text_of(document(kind, "en", name="Karim \u202e\u200f😀 שלום Net"))
    assert re.search(r"Karim\s+□\s+□□□□\s+Net", text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_string_of_the_corpus_is_drawn_right_by_every_document(kind: str) -> None:
    drawn = glyphs.lines_of(document(kind, name="\n".join(STRINGS)))
    lines = {tuple(glyph.outline for glyph in line.glyphs): line for line in drawn}
    all_drawn = "".join(glyph.outline for line in drawn for glyph in line.glyphs)
    wrong = []
    for text in map(printable, STRINGS):
        line = lines.get(tuple(glyphs.inked(text, FILES[1])))
        if line is not None:
            wrong += filter(None, [glyphs.difference(line, text, FILES[1])])
        # what is wider than its column is drawn in several lines
        elif "".join(glyphs.inked(text, FILES[1])) not in all_drawn:
            wrong.append(f"{text}: not drawn")
    assert wrong == []


@settings(max_examples=20)
@given(st.text(max_size=60), st.sampled_from(KINDS))
def test_no_name_breaks_a_document(name: str, kind: str) -> None:
    with current_app.app_context():
        assert document(kind, name=name).startswith(b"%PDF")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_data_gives_the_same_bytes_whatever_was_drawn_before(kind: str) -> None:
    first = document(kind)
    document("invoice", "en", name="ব্রাহ্মণবাড়িয়া ক্ষ্ম ঙ্ক্ষ ষ্ট্র")
    assert document(kind) == first


def test_documents_drawn_at_once_in_threads_are_the_same_as_drawn_alone() -> None:
    names = ["ক্ষ্ম", "ব্রাহ্মণবাড়িয়া", "স্ট্যান্ডার্ড", "Abdul Jabbar"]
    app = current_app._get_current_object()

    def draw(first: int) -> bytes:
        with app.app_context():
            return invoice_pdf(COMPANY, [bill(customer_name=name) for name in names[first:] + names[:first]])

    alone = [draw(first) for first in range(4)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(draw, [0, 1, 2, 3] * 3)) == alone * 3


@pytest.mark.parametrize(("kind", "title"), [("invoice", "Invoice 1207"), ("a4", "Receipt 4812")])
def test_the_file_tells_its_title_author_and_language(kind: str, title: str) -> None:
    with pikepdf.open(io.BytesIO(document(kind, "en"))) as opened:
        assert str(opened.docinfo.Title) == title
        assert str(opened.docinfo.Author) == "Meghna Net"
        assert str(opened.Root.Lang) == "en"


def test_a_logo_is_drawn_and_a_broken_one_left_out() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (2400, 1200), "#2450c4").save(buffer, "PNG")

    def pictures(logo: bytes) -> int:
        company = Company(COMPANY.name, COMPANY.name_bn, COMPANY.address, COMPANY.phone, COMPANY.footer, logo)
        with pikepdf.open(io.BytesIO(document("invoice", company=company))) as opened:
            return len(opened.pages[0].get_images())

    assert pictures(buffer.getvalue()) == 1
    assert pictures(b"GIF89a, or whatever somebody uploaded") == 0
    assert pictures(buffer.getvalue()[:200]) == 0
    assert pictures(b"\x89PNG\r\n\x1a\n" + bytes(20 * 2**20)) == 0


def test_a_picture_of_more_dots_than_a_camera_takes_is_no_logo() -> None:
    buffer = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(buffer, "PNG")
    assert Logo.read(buffer.getvalue(), 50, 50) is None


def test_a_logo_on_a_roll_is_black_dots_on_white() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (300, 150), (36, 80, 196, 128)).save(buffer, "PNG")
    logo = Logo.read(buffer.getvalue(), 34, 80, dots_per_point=2.8)
    assert logo is not None
    assert logo.drawn_height <= 34 and logo.drawn_width <= 80


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
