"""Invoices: one bill on an A4 page, or two side by side; many bills in one PDF."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from app.core.language import in_language
from reports.blocks import (
    ACCENT,
    ACCENT_SOFT,
    DUE,
    DUE_SOFT,
    INK,
    LINE,
    MUTED,
    PAID,
    PAID_SOFT,
    WARN,
    WARN_SOFT,
    Badge,
    Block,
    Logo,
    Panel,
    QrCode,
    Row,
    Rule,
    Space,
    Stack,
    Style,
    Text,
    facts,
)
from reports.document import BODY, LABEL, LOGO_BOX, SMALL, Company, Page, Paper, framed, letterhead
from reports.shaping import LOCK
from reports.wording import Wording

_AMOUNT = 34 * mm
# two bills on one sheet are laid out on this much more room and drawn smaller, so that Bengali stays readable
_TWO_UP_SCALE = 0.78


@dataclass(frozen=True)
class InvoiceData:
    """A bill as it is printed: the snapshot of its customer, amounts in paisa, dates of Asia/Dhaka.

    ``lines`` are (description, paisa). ``status`` is unpaid, partial, paid or void. ``mobile`` is E.164.
    ``vat_percent_text`` is such as "7.5". ``check_url`` is drawn as a QR code. ``language`` and ``digits`` override
    those of the file: a batch speaks each customer's language.
    """

    number: str | int
    issued_on: date
    due_on: date | None
    period_from: date | None
    period_to: date | None
    customer_name: str
    customer_number: str | int
    username: str
    mobile: str
    address: str
    package: str
    lines: Sequence[tuple[str, int]]
    amount: int
    discount: int
    vat_percent_text: str
    vat: int
    total: int
    paid: int
    open: int
    status: str
    check_url: str | None = None
    language: str | None = None
    digits: str | None = None


def invoice_pdf(
    company: Company, invoices: Iterable[InvoiceData], language: str = "bn", digits: str = "latn", two_up: bool = False
) -> bytes:
    """Return invoices as one PDF, each beginning on a page of its own (two side by side with ``two_up``).

    Invoices are taken one at a time, so that a generator can count them or stop the work by raising.
    Raises ValueError without any.
    """
    logo = Logo.read(company.logo, *LOGO_BOX)
    size = landscape(A4) if two_up else A4
    paper: Paper | None = None
    slot = 0
    for invoice in invoices:
        wording = Wording(invoice.language or language, invoice.digits or digits)
        with in_language(wording.language), LOCK:
            if paper is None:
                paper = Paper(
                    _("Invoice %(number)s", number=wording.number(invoice.number)), company.name, language, size
                )
            for page in _pages(company, logo, invoice, wording, _box(two_up)):
                if two_up:
                    slot = _draw_half(paper, page, slot)
                else:
                    page.draw(paper.canvas, size)
                    paper.end_page()
    if paper is None:
        raise ValueError("an invoice file needs at least one bill")
    with LOCK:
        if slot:
            paper.end_page()
        return paper.finish()


def _box(two_up: bool) -> tuple[float, float]:
    width, height = A4
    return (height / 2 / _TWO_UP_SCALE, width / _TWO_UP_SCALE) if two_up else (width, height)


def _draw_half(paper: Paper, page: Page, slot: int) -> int:
    canvas: Canvas = paper.canvas
    half = A4[1] / 2
    canvas.saveState()
    canvas.translate(slot * half, 0)
    canvas.scale(_TWO_UP_SCALE, _TWO_UP_SCALE)
    page.draw(canvas, _box(two_up=True))
    canvas.restoreState()
    if slot == 0:
        canvas.saveState()
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.setDash(3, 3)
        canvas.line(half, 0, half, A4[0])
        canvas.restoreState()
        return 1
    paper.end_page()
    return 0


def _pages(
    company: Company, logo: Logo | None, invoice: InvoiceData, wording: Wording, size: tuple[float, float]
) -> list[Page]:
    number = wording.number(invoice.number)
    word, colour, ground = _status(invoice)
    title = Stack(
        [
            Text(_("Invoice"), Style(25, 33, bold=True, colour=ACCENT, align="right")),
            Text(_("No. %(number)s", number=number), Style(12, 18, bold=True, align="right")),
            Space(4),
            Badge(word, colour, ground, align="right"),
        ]
    )
    table_head = Stack(
        [
            Row(
                [(Text(_("Description"), LABEL), None), (Text(_("Amount"), LABEL.but(align="right")), _AMOUNT)], below=3
            ),
            Rule(INK, 0.9),
        ]
    )
    blocks: list[Block] = [
        letterhead(company, logo, wording, title),
        _parties(invoice, wording),
        Space(18),
        _headline(invoice, wording),
        Space(24),
        table_head,
        *_lines(invoice, wording),
        Space(8),
        _totals(invoice, wording),
        Space(18),
        *_closing(company, invoice),
    ]
    again = Stack(
        [Text(_("Invoice no. %(number)s, continued", number=number), BODY.but(bold=True)), Space(8), table_head]
    )
    return framed(blocks, size, again, invoice.status == "void", wording)


def _status(invoice: InvoiceData) -> tuple[str, Color, Color]:
    return {
        "unpaid": (_("Unpaid"), WARN, WARN_SOFT),
        "partial": (_("Partly paid"), WARN, WARN_SOFT),
        "paid": (_("Paid"), PAID, PAID_SOFT),
        "void": (_("Void"), DUE, DUE_SOFT),
    }[invoice.status]


def _period(invoice: InvoiceData, wording: Wording) -> str:
    if invoice.period_from and invoice.period_to:
        return wording.period(invoice.period_from, invoice.period_to)
    return ""


def _parties(invoice: InvoiceData, wording: Wording) -> Block:
    customer = Stack(
        [
            Text(_("Bill to"), LABEL),
            Text(invoice.customer_name, Style(14, 21, bold=True)),
            Text(wording.phone(invoice.mobile), BODY),
            Text(invoice.address, BODY.but(colour=MUTED)),
        ]
    )
    particulars = facts(
        [
            (_("Customer no."), wording.number(invoice.customer_number)),
            (_("Username"), invoice.username),
            (_("Package"), invoice.package),
            (_("Issued on"), wording.day(invoice.issued_on)),
        ],
        LABEL,
        BODY.but(align="right"),
    )
    return Stack([Rule(below=12), Row([(customer, None), (particulars, 72 * mm)], gap=28)])


def _headline(invoice: InvoiceData, wording: Wording) -> Block:
    """What the customer looks for first: how much, by when, for what."""
    large = Style(22, 31, bold=True, colour=ACCENT)
    plain = Style(13, 31, bold=True)
    ground = ACCENT_SOFT
    first = (_("Amount due"), wording.taka(invoice.open))
    if invoice.status == "void":
        first, large, ground = (_("This bill is void"), _("Nothing to pay")), large.but(colour=DUE), DUE_SOFT
    elif invoice.status == "paid":
        first, large, ground = (_("Paid in full"), wording.taka(invoice.paid)), large.but(colour=PAID), PAID_SOFT
    cells: list[tuple[str, str, Style]] = [(*first, large)]
    if invoice.due_on and invoice.status in ("unpaid", "partial"):
        cells.append((_("Pay by"), wording.day(invoice.due_on), plain))
    if _period(invoice, wording):
        cells.append((_("Billing period"), _period(invoice, wording), plain))
    label = LABEL.but(colour=INK)
    return Panel(
        Row([(Stack([Text(name, label), Text(value, style)]), None) for name, value, style in cells]), fill=ground
    )


def _lines(invoice: InvoiceData, wording: Wording) -> Iterator[Block]:
    for description, paisa in invoice.lines:
        amount = Text(wording.taka(paisa), BODY.but(align="right"))
        yield Stack([Row([(Text(description, BODY), None), (amount, _AMOUNT)], above=6, below=6), Rule()])


def _totals(invoice: InvoiceData, wording: Wording) -> Block:
    strong = Style(12, 19, bold=True)
    rows: list[Block] = []

    def row(label: str, paisa: int, style: Style = BODY) -> None:
        rows.append(
            Row(
                [(Text(label, style), None), (Text(wording.taka(paisa), style.but(align="right")), _AMOUNT)],
                above=1.5,
                below=1.5,
            )
        )

    if invoice.discount or invoice.vat:
        row(_("Subtotal"), invoice.amount)
    if invoice.discount:
        row(_("Discount"), -invoice.discount)
    if invoice.vat:
        row(_("VAT (%(percent)s%%)", percent=wording.number(invoice.vat_percent_text)), invoice.vat)
    if rows:
        rows.append(Rule(above=3, below=3))
    row(_("Total"), invoice.total, strong)
    if invoice.paid:
        row(_("Paid"), -invoice.paid)
    if invoice.status != "void":
        rows.append(Rule(INK, 0.9, above=3, below=3))
        row(_("Amount due"), invoice.open, strong)
    words = Stack(
        [
            Text(_("Total in words"), LABEL),
            Text(wording.in_words(invoice.total), BODY.but(bold=True, balanced=True)),
            Text(wording.in_other_words(invoice.total), SMALL.but(balanced=True)),
        ]
    )
    return Row([(words, None), (Stack(rows), 78 * mm)], gap=28)


def _closing(company: Company, invoice: InvoiceData) -> Iterator[Block]:
    if invoice.check_url:
        caption = Text(_("Scan this code to see the bill on your phone.") + "\n" + _("No sign-in is needed."), SMALL)
        yield Row([(QrCode(invoice.check_url, 27 * mm), 27 * mm), (caption, None)], middle=True)
        yield Space(12)
    if company.footer:
        yield Text(company.footer, SMALL)
