"""The slip of a day closing: what the books say, what was counted by note, what was handed over, and who says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm

from app.core.language import in_language
from reports.blocks import (
    ACCENT,
    BLACK,
    DUE,
    DUE_SOFT,
    INK,
    PAID,
    PAID_SOFT,
    WARN,
    WARN_SOFT,
    Badge,
    Block,
    Logo,
    Panel,
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
class ClosingData:
    """A day closing as it is printed: amounts in paisa. ``pieces`` are (a note's taka, how many of it), ``coins`` paisa.

    ``state`` is submitted, confirmed or returned. ``log_head`` is the end of the activity log's chain when this was printed:
    whoever keeps the paper can later show that the log before it was not rewritten.
    """

    number: int
    person: str
    closed_at: datetime
    opening: int
    collected: int
    spent: int
    expected: int
    counted: int
    difference: int
    reason: str
    handed_over: int
    left: int
    pieces: Sequence[tuple[int, int]]
    coins: int
    state: str
    answered_by: str = ""
    answered_at: datetime | None = None
    word: str = ""
    log_head: str = ""


def closing_pdf(
    company: Company, data: ClosingData, size: str = "a4", language: str = "bn", digits: str = "latn"
) -> bytes:
    """Return the slip on "a4", or on a "58" or "80" mm roll exactly as long as its content. Raises ValueError for another size."""
    if size != "a4" and size not in ROLLS:
        raise ValueError(f"a slip is 'a4', '58' or '80', not {size!r}")
    wording = Wording(language, digits)
    with in_language(language), LOCK:
        title = _("Day closing %(number)s", number=wording.number(data.number))
        if size == "a4":
            return _on_a4(company, data, wording, title)
        return _on_roll(company, data, wording, title, ROLLS[size])


def _state(data: ClosingData) -> str:
    return {"submitted": _("Waits for the parent"), "confirmed": _("Confirmed"), "returned": _("Returned")}[data.state]


def _sums(data: ClosingData, wording: Wording) -> list[tuple[str, str, bool]]:
    rows = [
        (_("Kept from the last closing"), data.opening, False),
        (_("Collected"), data.collected, False),
        (_("Expenses paid from it"), -data.spent, False),
        (_("By the books"), data.expected, True),
        (_("Counted"), data.counted, True),
    ]
    if data.difference:
        rows.append((_("Missing") if data.difference < 0 else _("Too much"), abs(data.difference), True))
    rows += [(_("Handed over"), data.handed_over, True), (_("Kept for the next day"), data.left, False)]
    return [(name, wording.taka(paisa), bold) for name, paisa, bold in rows]


def _count(data: ClosingData, wording: Wording) -> list[tuple[str, str]]:
    rows = [
        (f"{wording.taka(note * 100).rpartition('.')[0]} × {wording.number(count)}", wording.taka(note * count * 100))
        for note, count in data.pieces
    ]
    return rows + ([(_("Other coins"), wording.taka(data.coins))] if data.coins else [])


def _said(data: ClosingData, wording: Wording) -> list[tuple[str, object]]:
    label = _("Returned by") if data.state == "returned" else _("Confirmed by")
    answered = f"{data.answered_by}, {wording.moment(data.answered_at)}" if data.answered_at else None
    return [(_("Reason of the difference"), data.reason), (label, answered), (_("Word of the parent"), data.word)]


def _on_a4(company: Company, data: ClosingData, wording: Wording, title: str) -> bytes:
    colour, ground = {
        "submitted": (WARN, WARN_SOFT),
        "confirmed": (PAID, PAID_SOFT),
        "returned": (DUE, DUE_SOFT),
    }[data.state]
    head = Stack(
        [
            Text(_("Day closing"), Style(25, 33, bold=True, colour=ACCENT, align="right")),
            Text(_("No. %(number)s", number=wording.number(data.number)), Style(12, 18, bold=True, align="right")),
            Space(4),
            Badge(_state(data), colour, ground, align="right"),
        ]
    )
    who = [(_("Manager"), data.person), (_("Closed at"), wording.moment(data.closed_at))]
    handed = Stack(
        [
            Text(_("Handed over"), LABEL.but(colour=INK)),
            Text(wording.taka(data.handed_over), Style(24, 34, bold=True, colour=colour)),
        ]
    )
    words = Stack(
        [
            Text(_("In words"), LABEL.but(colour=INK)),
            Text(wording.in_words(data.handed_over), Style(11.5, 18, bold=True, balanced=True)),
        ]
    )
    sums = Stack([_a4_line(name, value, bold) for name, value, bold in _sums(data, wording)])
    count: list[Block] = [_a4_line(name, value, False) for name, value in _count(data, wording)]
    if not count:
        count = [Text(_("No cash was counted."), BODY)]
    blocks: list[Block] = [
        letterhead(company, Logo.read(company.logo, *LOGO_BOX), wording, head),
        Stack([Rule(below=10), facts(who, LABEL, BODY.but(bold=True), label_width=34 * mm), Space(14)]),
        Panel(Row([(handed, None), (words, None)], gap=20), fill=ground),
        Space(20),
        Row([(_part(_("Cash by the books"), sums), None), (_part(_("Counted by note"), Stack(count)), None)], gap=28),
        Space(14),
        facts(_said(data, wording), LABEL, BODY, label_width=44 * mm),
        Space(44),
        Row([(_signature(_("Who hands over")), None), (_signature(_("Who receives")), None)], gap=60),
    ]
    if data.log_head:
        blocks += [Space(20), Text(_log_note(data), SMALL)]
    paper = Paper(title, company.name, wording.language, A4)
    for page in framed(blocks, A4, Space(0), data.state == "returned", wording, note=""):
        page.draw(paper.canvas, A4)
        paper.end_page()
    return paper.finish()


def _part(title: str, content: Block) -> Stack:
    return Stack([Text(title, LABEL), Rule(INK, 0.9, above=3, below=3), content])


def _a4_line(name: str, value: str, bold: bool) -> Block:
    style = BODY.but(bold=bold)
    cells: list[tuple[Block, float | None]] = [
        (Text(name, style), None),
        (Text(value, style.but(align="right")), _AMOUNT),
    ]
    return Stack([Row(cells, above=3, below=3), Rule()])


def _signature(name: str) -> Stack:
    return Stack([Rule(INK, 0.6, below=4), Text(name, LABEL.but(align="centre"))])


def _log_note(data: ClosingData) -> str:
    return _("Head of the activity log when this was printed: %(head)s", head=data.log_head)


def _on_roll(company: Company, data: ClosingData, wording: Wording, title: str, roll: Roll) -> bytes:
    blocks = roll.head(company, wording, title)
    if data.state == "returned":
        blocks += [Space(3), roll.loud(_("RETURNED")), Space(3)]
    pairs = [(_("Manager"), data.person), (_("Closed at"), wording.moment(data.closed_at)), (_("Status"), _state(data))]
    blocks += [Space(2), roll.facts(pairs), roll.cut, Text(_("Handed over"), roll.centre)]
    blocks += [Text(wording.taka(data.handed_over), roll.large), Text(wording.in_words(data.handed_over), roll.centre)]
    blocks += [roll.cut, *(roll.line(name, value, bold=bold) for name, value, bold in _sums(data, wording)), roll.cut]
    blocks += [Text(_("Counted by note"), roll.centre.but(bold=True))]
    blocks += [roll.line(name, value) for name, value in _count(data, wording)]
    blocks += [
        roll.cut,
        roll.facts(_said(data, wording)),
        Space(30),
        Rule(BLACK),
        Text(_("Who hands over"), roll.small),
    ]
    blocks += [Space(30), Rule(BLACK), Text(_("Who receives"), roll.small)]
    if data.log_head:
        blocks += [Space(8), Text(_log_note(data), roll.small)]
    return roll.print(blocks, title, company, wording)
