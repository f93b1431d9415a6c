"""A made-up company, its bill and its receipt, as documents take them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pypdfium2
import zxingcpp

from reports.closing import ClosingData
from reports.document import Company
from reports.invoice import InvoiceData
from reports.receipt import ReceiptData
from reports.table import DAY, MONEY, TableColumn, TableData, TableRow

CHECK_URL = "https://sanjog.example.com/receipt/Zk3hQx8b0V5p9nT2cYwLr7sJdA1mFgUeXoHiKqBvN4E"
COMPANY = Company(
    name="Meghna Net",
    name_bn="মেঘনা নেট",
    address="প্লট ১৭, সড়ক ৩, ধানমন্ডি, ঢাকা-১২০৯",
    phone="+8801712345678",
    footer="মাসিক ফি প্রতি মাসের ১০ তারিখের মধ্যে পরিশোধ করুন।\nHelp: 09612-345678",
)
INVOICE = InvoiceData(
    number=1207,
    issued_on=date(2026, 11, 1),
    due_on=date(2026, 11, 10),
    period_from=date(2026, 11, 1),
    period_to=date(2026, 11, 30),
    customer_name="জ্ঞানেন্দ্র মোহন রায়",
    customer_number=1042,
    username="mn700002",
    mobile="+8801796030824",
    address="বাড়ি ১২/ক, রোড ৫, ব্লক-সি, মিরপুর-১০, ঢাকা-১২১৬",
    package="Home 20M",
    lines=[("মাসিক ইন্টারনেট সংযোগ — Home 20M", 100_000)],
    amount=100_000,
    discount=5_000,
    vat_percent_text="5",
    vat=4_750,
    total=99_750,
    paid=50_000,
    open=49_750,
    status="partial",
)
RECEIPT = ReceiptData(
    number=4812,
    received_at=datetime(2026, 11, 22, 8, 3, tzinfo=UTC),
    paid_on=date(2026, 11, 22),
    customer_name="রহিমা খাতুন",
    customer_number=1042,
    amount=250_000,
    method="cash",
    collector="মো. জসিম উদ্দিন",
    settles=[(1101, "সেপ্টেম্বর ২০২৬", 120_000), (1155, "অক্টোবর ২০২৬", 120_000)],
    advance=10_000,
    due_after=0,
    status="valid",
    check_url=CHECK_URL,
)
CLOSING = ClosingData(
    number=31,
    person="মো. জসিম উদ্দিন",
    closed_at=datetime(2026, 11, 22, 15, 0, tzinfo=UTC),
    opening=0,
    collected=1_342_000,
    spent=20_000,
    expected=1_322_000,
    counted=1_317_000,
    difference=-5_000,
    reason="একটি ৫০ টাকার নোট ছেঁড়া",
    handed_over=1_317_000,
    left=0,
    pieces=[(1000, 13), (100, 1), (50, 1), (20, 1)],
    coins=0,
    state="submitted",
    log_head="540-8afcccb04c372c3a",
)
TABLE = TableData(
    title="বকেয়া",
    columns=[TableColumn("গ্রাহক"), TableColumn("তারিখ", DAY), TableColumn("বাকি", MONEY, "right")],
    rows=[
        TableRow(["ব্রাহ্মণবাড়িয়া", "", "৳ ১,৫০০.০০"], "group"),
        TableRow(["জ্ঞানেন্দ্র মোহন রায়", "১০ নভেম্বর ২০২৬", "৳ ১,৫০০.০০"]),
        TableRow(["বাতিল", "১১ নভেম্বর ২০২৬", "৳ ০.০০"], "void"),
    ],
    about=[("তারিখ", "১ নভেম্বর ২০২৬")],
    headline=[("বকেয়া", "৳ ১,৫০০.০০")],
    totals=["মোট", "", "৳ ১,৫০০.০০"],
    in_words="এক হাজার পাঁচশত টাকা মাত্র",
    notes=["স্ট্যান্ডার্ড নোট"],
)


def bill(**changes: object) -> InvoiceData:
    """Return the bill with some fields changed."""
    return replace(INVOICE, **changes)


def receipt(**changes: object) -> ReceiptData:
    """Return the receipt with some fields changed."""
    return replace(RECEIPT, **changes)


def closing(**changes: object) -> ClosingData:
    """Return the day closing with some fields changed."""
    return replace(CLOSING, **changes)


def table(**changes: object) -> TableData:
    """Return the report with some fields changed."""
    return replace(TABLE, **changes)


def scanned(pdf: bytes) -> str | None:
    """Read the QR code off the first page as a phone's camera does, at 150 dots an inch."""
    found = zxingcpp.read_barcodes(pypdfium2.PdfDocument(pdf)[0].render(scale=150 / 72).to_pil())
    return str(found[0].text) if found else None
