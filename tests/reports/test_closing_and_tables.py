"""The slip of a day closing and the reports: every figure, in both languages, over as many pages as it takes."""

import io
from collections.abc import Callable

import pikepdf
import pytest

from reports.blocks import Style, Text
from reports.closing import closing_pdf
from reports.table import MONEY, TableColumn, TableRow, table_pdf
from tests.reports.make import COMPANY, closing, table

ReadText = Callable[[bytes], str]


def size_of(pdf: bytes) -> tuple[float, float]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.pages) == 1
        box = [float(side) for side in opened.pages[0].MediaBox]
    return round(box[2] / 72 * 25.4, 1), round(box[3] / 72 * 25.4, 1)


@pytest.mark.parametrize("size", ["a4", "58", "80"])
def test_a_slip_shows_the_count_the_books_and_the_difference(size: str, text_of: ReadText) -> None:
    text = text_of(closing_pdf(COMPANY, closing(), size, "en"))
    for wanted in (
        "13,420.00",
        "−৳ 200.00",
        "13,220.00",
        "13,170.00",
        "Missing",
        "50.00",
        "1,000 × 13",
        "Thirteen thousand one hundred seventy taka only",
        "540-8afcccb04c372c3a",
        "Who hands over",
    ):
        assert wanted in text


def test_a_slip_speaks_bengali(text_of: ReadText) -> None:
    text = text_of(closing_pdf(COMPANY, closing(), "80", "bn", "beng"))
    for wanted in ("দিনের হিসাব বন্ধ", "মো. জসিম উদ্দিন", "১৩,১৭০.০০", "তেরো হাজার একশত সত্তর টাকা মাত্র"):
        assert wanted in text
    for unwanted in ("Closing", "Counted", "Missing"):
        assert unwanted not in text


def test_a_roll_is_as_long_as_what_is_on_it() -> None:
    short, long = (
        size_of(closing_pdf(COMPANY, closing(pieces=pieces), "58"))
        for pieces in ([(1000, 13)], [(1000, 1), (500, 1), (100, 1), (50, 1)])
    )
    assert short[0] == long[0] == 58.0
    assert long[1] > short[1]


def test_a_returned_slip_cannot_be_taken_for_a_receipt(text_of: ReadText) -> None:
    assert "RETURNED" in text_of(closing_pdf(COMPANY, closing(state="returned"), "58", "en"))


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(ValueError):
        closing_pdf(COMPANY, closing(), "a5")


def test_a_long_report_repeats_its_heads_loses_no_row_and_never_ends_a_page_with_a_heading(text_of: ReadText) -> None:
    rows = []
    for group in range(30):
        rows.append(TableRow([f"Zone {group:02d}", "", ""], "group"))
        rows += [TableRow([f"Customer {group:02d}-{at}", "", "৳ 1.00"]) for at in range(4)]
    text = text_of(table_pdf(COMPANY, table(title="Dues", rows=rows), "en", "latn"))
    pages = [page for page in text.split("\f") if page.strip()]
    assert len(pages) > 3
    assert all("গ্রাহক" in page for page in pages)
    assert [text.count(f"Customer {group:02d}-{at}") for group in range(30) for at in range(4)] == [1] * 120
    for page in pages:
        at = [page.find(f"Zone {group:02d}") for group in range(30)]
        last = max((place, group) for group, place in enumerate(at))
        if last[0] >= 0:
            assert f"Customer {last[1]:02d}-0" in page


def test_a_report_without_rows_says_so(text_of: ReadText) -> None:
    assert "Nobody owes anything." in text_of(
        table_pdf(COMPANY, table(rows=[], empty="Nobody owes anything."), "en", "latn")
    )


def test_a_report_of_many_amounts_lies_and_tears_no_name(text_of: ReadText) -> None:
    columns = [TableColumn("Operator"), *(TableColumn(f"Sum {n}", MONEY, "right") for n in range(6))]
    pdf = table_pdf(
        COMPANY,
        table(columns=columns, rows=[TableRow(["Nazrul Rahman", *["৳ 1,00,000.00"] * 6])], totals=()),
        "en",
        "latn",
    )
    assert size_of(pdf)[0] > size_of(pdf)[1]
    assert "Nazrul Rahman" in text_of(pdf)


def test_lines_of_like_length_tear_no_word() -> None:
    lines = Text("অপারেটরদের অ্যাকাউন্ট", Style(20, 28, bold=True, balanced=True)).lines(193)
    assert ["".join(word.text for word in line) for line in lines] == ["অপারেটরদের", "অ্যাকাউন্ট"]
