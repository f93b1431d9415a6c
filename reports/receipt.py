"""Money receipts: A4 for the file, 58 and 80 mm for the printer in a collector's pocket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm

from app.core.clock import to_dhaka
from app.core.language import in_language
from reports.blocks import (
    ACCENT,
    DUE,
    DUE_SOFT,
    INK,
    MUTED,
    PAID,
    PAID_SOFT,
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
from reports.document import BODY, LABEL, LOGO_BOX, SMALL, Company, Paper, framed, letterhead
from reports.roll import ROLLS, Roll
from reports.shaping import LOCK
from reports.wording import Wording

_AMOUNT = 34 * mm


@dataclass(frozen=True)
class ReceiptData:
    """A payment as it is printed: amounts in paisa.

    ``received_at`` is the moment it was recorded, ``paid_on`` the Dhaka date it counts for. ``method`` is cash, bkash,
    nagad, sslcommerz, or any other word. ``settles`` are (bill number, period, paisa). ``due_after`` is what the
    customer still owed afterwards. ``status`` is valid or void. ``replaces`` is the number of the
    receipt that this one corrects.
    """

    number: str | int
    received_at: datetime
    paid_on: date
    customer_name: str
    customer_number: str | int
    amount: int
    method: str
    collector: str
    settles: Sequence[tuple[str | int, str, int]]
    advance: int
    due_after: int
    status: str
    void_reason: str | None = None
    check_url: str | None = None
    replaces: str | int | None = None


def receipt_pdf(
    company: Company, data: ReceiptData, size: str = "a4", language: str = "bn", digits: str = "latn"
) -> bytes:
    """Return a money receipt on "a4", or on a "58" or "80" mm roll exactly as long as its content.

    Raises ValueError for another size.
    """
    wording = Wording(language, digits)
    if size != "a4" and size not in ROLLS:
        raise ValueError(f"a receipt is 'a4', '58' or '80', not {size!r}")
    with in_language(language), LOCK:
        title = _("Receipt %(number)s", number=wording.number(data.number))
        if size == "a4":
            return _on_a4(company, data, wording, title)
        return _on_roll(company, data, wording, title, ROLLS[size])


def _method(method: str) -> str:
    names = {"cash": _("Cash"), "bkash": _("bKash"), "nagad": _("Nagad"), "sslcommerz": _("SSLCommerz")}
    return names.get(method, str(method))


def _circumstances(data: ReceiptData, wording: Wording) -> list[tuple[str, object]]:
    dated_back = to_dhaka(data.received_at).date() != data.paid_on
    return [
        (_("Payment date"), wording.day(data.paid_on) if dated_back else None),
        (_("Recorded at") if dated_back else _("Received at"), wording.moment(data.received_at)),
        (_("Method"), _method(data.method)),
        (_("Received by"), data.collector),
        (_("Replaces receipt no."), wording.number(data.replaces) if data.replaces else None),
    ]


def _how_to_check() -> str:
    return _("Scan this code to check that the receipt is genuine.") + "\n" + _("No sign-in is needed.")


def _outcome(data: ReceiptData, wording: Wording) -> list[tuple[str, str]]:
    if data.status == "void":
        return []
    rows = [(_("Kept as advance"), wording.taka(data.advance))] if data.advance else []
    return [*rows, (_("Still due after this payment"), wording.taka(data.due_after))]


def _on_a4(company: Company, data: ReceiptData, wording: Wording, title: str) -> bytes:
    is_void = data.status == "void"
    number = wording.number(data.number)
    colour, ground = (DUE, DUE_SOFT) if is_void else (PAID, PAID_SOFT)
    head = Stack(
        [
            Text(_("Money receipt"), Style(25, 33, bold=True, colour=ACCENT, align="right")),
            Text(_("No. %(number)s", number=number), Style(12, 18, bold=True, align="right")),
            Space(4),
            Badge(_("Void") if is_void else _("Received"), colour, ground, align="right"),
        ]
    )
    payer = Stack(
        [
            Text(_("Received from"), LABEL),
            Text(data.customer_name, Style(14, 21, bold=True)),
            Text(_("Customer no. %(number)s", number=wording.number(data.customer_number)), BODY.but(colour=MUTED)),
        ]
    )
    amount = Row(
        [
            (
                Stack(
                    [
                        Text(_("Amount received"), LABEL.but(colour=INK)),
                        Text(wording.taka(data.amount), Style(24, 34, bold=True, colour=colour, struck=is_void)),
                    ]
                ),
                None,
            ),
            (
                Stack(
                    [
                        Text(_("In words"), LABEL.but(colour=INK)),
                        Text(wording.in_words(data.amount), Style(11.5, 18, bold=True, balanced=True)),
                        Text(wording.in_other_words(data.amount), SMALL.but(colour=INK, balanced=True)),
                    ]
                ),
                None,
            ),
        ],
        gap=20,
    )
    settled = [
        Stack(
            [
                Row(
                    [
                        (Text(wording.number(bill), BODY), 30 * mm),
                        (Text(period, BODY), None),
                        (_money(paisa, wording), _AMOUNT),
                    ],
                    above=6,
                    below=6,
                ),
                Rule(),
            ]
        )
        for bill, period, paisa in data.settles
    ]
    table_head = Stack(
        [
            Row(
                [
                    (Text(_("Bill no."), LABEL), 30 * mm),
                    (Text(_("Billing period"), LABEL), None),
                    (Text(_("Settled"), LABEL.but(align="right")), _AMOUNT),
                ],
                below=3,
            ),
            Rule(INK, 0.9),
        ]
    )
    blocks: list[Block] = [
        letterhead(company, Logo.read(company.logo, *LOGO_BOX), wording, head),
        Rule(below=12),
        Row([(payer, None), (facts(_circumstances(data, wording), LABEL, BODY.but(align="right")), 72 * mm)], gap=28),
        Space(18),
        Panel(amount, fill=ground),
        Space(24),
    ]
    if is_void:
        blocks[-1:] = [Space(8), Panel(_void_note(data, Style(10, 15, colour=DUE)), fill=None, border=DUE), Space(18)]
    if settled:
        blocks += [table_head, *settled, Space(6)]
    outcome = [
        Row([(Text(name, BODY), None), (Text(value, BODY.but(align="right", bold=True)), _AMOUNT)], above=2, below=2)
        for name, value in _outcome(data, wording)
    ]
    blocks += [Row([(Space(0), None), (Stack(outcome), 100 * mm)]), Space(22)]
    if data.check_url:
        blocks += [
            Row([(QrCode(data.check_url, 27 * mm), 27 * mm), (Text(_how_to_check(), SMALL), None)], middle=True),
            Space(12),
        ]
    footer = company.receipt_footer or company.footer
    if footer:
        blocks.append(Text(footer, SMALL))
    again = Stack([Text(_("Receipt no. %(number)s, continued", number=number), BODY.but(bold=True)), Space(8)])
    paper = Paper(title, company.name, wording.language, A4)
    for page in framed(blocks, A4, again, is_void, wording):
        page.draw(paper.canvas, A4)
        paper.end_page()
    return paper.finish()


def _money(paisa: int, wording: Wording) -> Text:
    return Text(wording.taka(paisa), BODY.but(align="right"))


def _void_note(data: ReceiptData, style: Style) -> Block:
    note = [Text(_("This receipt is void. It proves no payment."), style.but(bold=True))]
    if data.void_reason:
        note.append(Text(_("Reason: %(reason)s", reason=data.void_reason), style))
    return Stack(note)


def _on_roll(company: Company, data: ReceiptData, wording: Wording, title: str, roll: Roll) -> bytes:
    blocks = roll.head(company, wording, _("Money receipt"))
    if data.status == "void":
        blocks += [Space(3), roll.loud(_("VOID")), Space(3), _void_note(data, roll.centre), Space(3)]
    pairs = [
        (_("Receipt no."), wording.number(data.number)),
        *_circumstances(data, wording),
        (_("Customer"), data.customer_name),
        (_("Customer no."), wording.number(data.customer_number)),
    ]
    blocks += [Space(2), roll.facts(pairs), roll.cut, Text(_("Amount received"), roll.centre)]
    large = roll.large.but(struck=data.status == "void")
    blocks += [Text(wording.taka(data.amount), large), Text(wording.in_words(data.amount), roll.centre)]
    blocks += [Text(wording.in_other_words(data.amount), roll.small), roll.cut]
    for bill, period, paisa in data.settles:
        name = _("Bill no. %(number)s", number=wording.number(bill)) + (f"\n{period}" if period else "")
        blocks.append(roll.line(name, wording.taka(paisa)))
    blocks += [roll.line(name, value, bold=True) for name, value in _outcome(data, wording)]
    blocks.append(roll.cut)
    if data.check_url:
        blocks += [QrCode(data.check_url, 28 * mm, align="centre"), Space(2), Text(_how_to_check(), roll.small)]
    footer = company.receipt_footer or company.footer
    if footer:
        blocks += [Space(4), Text(footer, roll.small)]
    return roll.print(blocks, title, company, wording)
