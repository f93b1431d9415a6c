"""An invoice says what is billed, what is paid, what is due and by when, in the customer's language."""

import io
from collections.abc import Callable, Iterator

import pikepdf
import pytest

from reports.invoice import InvoiceData, invoice_pdf
from reports.shaping import FONTS
from tests.reports import glyphs
from tests.reports.make import CHECK_URL, COMPANY, bill

BOLD_FILE = FONTS / "BillSansBn-Bold.ttf"

ReadText = Callable[[bytes], str]


def pages(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)


def test_an_english_invoice_shows_every_fact_of_the_bill(text_of: ReadText) -> None:
    text = text_of(invoice_pdf(COMPANY, [bill(customer_name="Abdul Jabbar")], "en"))
    for wanted in (
        "Invoice",
        "No. 1207",
        "Partly paid",
        "Abdul Jabbar",
        "01796-030824",
        "mn700002",
        "Home 20M",
        "1 Nov 2026",
        "10 Nov 2026",
        "1–30 Nov 2026",
        "৳ 1,000.00",
        "−৳ 50.00",
        "VAT (5%)",
        "৳ 47.50",
        "৳ 997.50",
        "−৳ 500.00",
        "৳ 497.50",
        "Nine hundred ninety-seven taka and fifty paisa only",
        "Page 1 of 1",
    ):
        assert wanted in text


def test_a_bengali_invoice_speaks_bengali_with_bengali_digits(text_of: ReadText) -> None:
    text = text_of(invoice_pdf(COMPANY, [bill()], "bn", "beng"))
    for wanted in (
        "বিল",
        "নং ১২০৭",
        "আংশিক পরিশোধিত",
        "জ্ঞানেন্দ্র মোহন রায়",
        "০১৭৯৬-০৩০৮২৪",
        "পরিশোধের শেষ তারিখ",
        "১০ নভেম্বর ২০২৬",
        "ভ্যাট (৫%)",
        "৳ ৪৯৭.৫০",
        "কথায়",
        "নয়শত সাতানব্বই টাকা পঞ্চাশ পয়সা মাত্র",
    ):
        assert wanted in text
    for unwanted in ("Invoice", "Amount", "Total", "Paid", "VAT"):
        assert unwanted not in text


@pytest.mark.parametrize(
    ("status", "shown"),
    [("unpaid", "Unpaid"), ("partial", "Partly paid"), ("paid", "Paid in full"), ("void", "This bill is void")],
)
def test_the_status_is_said_in_words(status: str, shown: str, text_of: ReadText) -> None:
    pdf = invoice_pdf(COMPANY, [bill(status=status)], "en")
    assert shown in text_of(pdf)
    assert glyphs.watermark(pdf) == (glyphs.inked("VOID", BOLD_FILE) if status == "void" else [])


def test_a_void_bill_asks_for_no_money(text_of: ReadText) -> None:
    text = text_of(invoice_pdf(COMPANY, [bill(status="void", paid=0, open=0)], "en"))
    assert "Nothing to pay" in text
    assert "Pay by" not in text
    assert "Amount due" not in text


def test_discount_and_vat_are_left_out_where_there_are_none(text_of: ReadText) -> None:
    text = text_of(invoice_pdf(COMPANY, [bill(discount=0, vat=0, total=100_000, paid=0, open=100_000)], "en"))
    for absent in ("Discount", "VAT", "Subtotal"):
        assert absent not in text


def test_a_long_bill_runs_over_pages_and_loses_no_line(text_of: ReadText) -> None:
    lines = [(f"Item {number:03d}", 100 * number) for number in range(1, 81)]
    pdf = invoice_pdf(COMPANY, [bill(lines=lines)], "en")
    text = text_of(pdf)
    assert pages(pdf) == 5
    assert [text.count(f"Item {number:03d}") for number in range(1, 81)] == [1] * 80
    assert "Page 5 of 5" in text
    assert text.count("Invoice no. 1207, continued") == 4


def test_many_bills_begin_on_a_page_each_in_each_customers_language(text_of: ReadText) -> None:
    bills = [bill(number=1), bill(number=2, language="en", digits="latn"), bill(number=3)]
    pdf = invoice_pdf(COMPANY, bills, "bn", "beng")
    first, second, third = text_of(pdf).split("\f")[:3]
    assert "নং ১" in first and "Page" not in first
    assert "No. 2" in second and "পৃষ্ঠা" not in second
    assert "নং ৩" in third
    assert pages(pdf) == 3


def test_two_up_puts_two_bills_on_a_page(text_of: ReadText) -> None:
    pdf = invoice_pdf(COMPANY, [bill(number=n) for n in (11, 12, 13)], "en", two_up=True)
    first, second = text_of(pdf).split("\f")[:2]
    assert pages(pdf) == 2
    assert "No. 11" in first and "No. 12" in first
    assert "No. 13" in second


def test_bills_are_taken_one_at_a_time_so_that_work_can_be_stopped() -> None:
    taken: list[int] = []

    def bills() -> Iterator[InvoiceData]:
        for number in range(1, 10):
            taken.append(number)
            if number == 3:
                raise InterruptedError
            yield bill(number=number)

    with pytest.raises(InterruptedError):
        invoice_pdf(COMPANY, bills())
    assert taken == [1, 2, 3]


def test_no_bills_make_no_file() -> None:
    with pytest.raises(ValueError):
        invoice_pdf(COMPANY, [])


def test_the_code_to_scan_is_there_only_with_an_address(text_of: ReadText) -> None:
    assert "Scan this code" in text_of(invoice_pdf(COMPANY, [bill(check_url=CHECK_URL)], "en"))
    assert "Scan this code" not in text_of(invoice_pdf(COMPANY, [bill()], "en"))
