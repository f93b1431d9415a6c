"""A made-up company, its bill and its receipt, as documents take them."""

from dataclasses import replace
from datetime import UTC, date, datetime

from reports.document import Company
from reports.invoice import InvoiceData
from reports.receipt import ReceiptData

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


def bill(**changes: object) -> InvoiceData:
    """Return the bill with some fields changed."""
    return replace(INVOICE, **changes)


def receipt(**changes: object) -> ReceiptData:
    """Return the receipt with some fields changed."""
    return replace(RECEIPT, **changes)
