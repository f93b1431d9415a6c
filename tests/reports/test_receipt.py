"""A money receipt says who paid how much to whom, what it settled, and how to check that it is genuine."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise

import pikepdf
import pypdfium2
import pytest

from reports.receipt import receipt_pdf
from reports.shaping import FONTS
from tests.reports import glyphs
from tests.reports.make import CHECK_URL, COMPANY, receipt, scanned

BOLD_FILE = FONTS / "BillSansBn-Bold.ttf"
SIZES = ["a4", "58", "80"]
MILLIMETRE = 72 / 25.4

ReadText = Callable[[bytes], str]


@pytest.mark.parametrize("size", SIZES)
def test_an_english_receipt_shows_every_fact_of_the_payment(size: str, text_of: ReadText) -> None:
    text = text_of(receipt_pdf(COMPANY, receipt(customer_name="Rahima", collector="Jasim"), size, "en"))
    for wanted in ("Money receipt", "4812", "Rahima", "1042", "22 Nov 2026, 14:03", "Cash", "Jasim", "৳ 2,500.00"):
        assert wanted in text
    for wanted in ("1101", "1155", "৳ 1,200.00", "Kept as advance", "৳ 100.00", "৳ 0.00"):
        assert wanted in text
    assert "Two thousand five hundred taka only" in text


@pytest.mark.parametrize("size", SIZES)
def test_a_bengali_receipt_speaks_bengali_with_bengali_digits(size: str, text_of: ReadText) -> None:
    text = text_of(receipt_pdf(COMPANY, receipt(), size, "bn", "beng"))
    for wanted in ("মানি রসিদ", "৪৮১২", "রহিমা খাতুন", "২২ নভেম্বর ২০২৬, ১৪:০৩", "নগদ", "মো. জসিম উদ্দিন", "৳ ২,৫০০.০০"):
        assert wanted in text
    for wanted in ("দুই হাজার পাঁচশত টাকা মাত্র", "অগ্রিম", "৳ ১০০.০০"):
        assert wanted in text
    for unwanted in ("Receipt", "Amount", "Cash", "Received"):
        assert unwanted not in text


@pytest.mark.parametrize("size", SIZES)
def test_a_void_receipt_says_so_with_its_reason_and_promises_no_advance(size: str, text_of: ReadText) -> None:
    data = receipt(status="void", void_reason="wrong customer", replaces=4790)
    pdf = receipt_pdf(COMPANY, data, size, "en")
    text = text_of(pdf)
    assert ("VOID" in text) == (size != "a4")
    assert glyphs.watermark(pdf) == (glyphs.inked("VOID", BOLD_FILE) if size == "a4" else [])
    assert "It proves no payment." in text
    assert "wrong customer" in text
    assert "4790" in text
    assert "Kept as advance" not in text


@pytest.mark.parametrize("size", SIZES)
def test_a_valid_receipt_does_not_say_void(size: str, text_of: ReadText) -> None:
    pdf = receipt_pdf(COMPANY, receipt(), size, "en")
    assert "void" not in text_of(pdf).lower()
    assert glyphs.watermark(pdf) == []


def test_a_payment_dated_back_shows_both_its_date_and_when_it_was_recorded(text_of: ReadText) -> None:
    text = text_of(receipt_pdf(COMPANY, receipt(paid_on=date(2026, 11, 20)), "a4", "en"))
    assert "20 Nov 2026" in text
    assert "Recorded at" in text
    assert "22 Nov 2026, 14:03" in text


def test_a_payment_ten_minutes_past_midnight_in_dhaka_is_that_days(text_of: ReadText) -> None:
    late = receipt(received_at=datetime(2026, 11, 22, 18, 10, tzinfo=UTC), paid_on=date(2026, 11, 23))
    text = text_of(receipt_pdf(COMPANY, late, "a4", "en"))
    assert "23 Nov 2026, 00:10" in text
    assert "Recorded at" not in text


@pytest.mark.parametrize(("size", "width"), [("58", 58), ("80", 80)])
def test_a_roll_receipt_is_as_wide_as_the_roll_and_just_as_long_as_its_content(size: str, width: int) -> None:
    for settles in ([], [(number, "1–30 Nov 2026", 100) for number in range(40)]):
        pdf = receipt_pdf(COMPANY, receipt(settles=settles), size, "en")
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            assert len(opened.pages) == 1
            box = [float(side) for side in opened.pages[0].MediaBox]
        drawn = [glyph for line in glyphs.lines_of(pdf) for glyph in line.glyphs]
        assert box[2] == pytest.approx(width * MILLIMETRE, abs=0.01)
        assert 4 * MILLIMETRE < min(glyph.y for glyph in drawn) < 8 * MILLIMETRE
        assert 4 * MILLIMETRE < box[3] - max(glyph.y for glyph in drawn) < 11 * MILLIMETRE
        assert min(glyph.x for glyph in drawn) > 4 * MILLIMETRE


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("status", ["void", "valid"])
def test_the_amount_of_a_void_receipt_is_struck_through(status: str, size: str) -> None:
    pdf = receipt_pdf(COMPANY, receipt(status=status, void_reason="wrong customer"), size, "en")
    text = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    place = text.search("2,500.00").get_next()
    assert place is not None
    left, low, _right, high = text.get_charbox(place[0])
    through = [y for x, y, end in _across(pdf) if low < y < high and x < left < end]
    assert bool(through) == (status == "void")


def _across(pdf: bytes) -> list[tuple[float, float, float]]:
    """The level lines of the first page: where they begin, how high, where they end."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        operations = [
            (str(operator), list(map(float, operands)))
            for operands, operator in pikepdf.parse_content_stream(opened.pages[0])
            if str(operator) in ("m", "l")
        ]
    return [
        (begin[0], begin[1], end[0])
        for (first, begin), (second, end) in pairwise(operations)
        if (first, second) == ("m", "l") and begin[1] == end[1]
    ]


@pytest.mark.parametrize("size", SIZES)
def test_a_camera_reads_the_address_of_the_check(size: str) -> None:
    assert scanned(receipt_pdf(COMPANY, receipt(), size, "en")) == CHECK_URL


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(ValueError):
        receipt_pdf(COMPANY, receipt(), "a5")


@pytest.mark.parametrize("size", ["a4", "58"])
def test_a_receipt_has_a_footer_of_its_own_or_the_invoices(size: str, text_of: ReadText) -> None:
    assert "Help: 09612" in text_of(receipt_pdf(COMPANY, receipt(), size, "en"))
    own = replace(COMPANY, receipt_footer="Keep this paper.", vat_number="000123456-0101")
    text = text_of(receipt_pdf(own, receipt(), size, "en"))
    assert "Keep this paper." in text
    assert "Help: 09612" not in text
    assert ("BIN 000123456-0101" in text) == (size == "a4")
