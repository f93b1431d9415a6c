"""Reports: a headline, a table that runs over pages, totals. Statements, collections, dues and expenses are drawn with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm

from app.core.language import in_language
from reports.blocks import (
    ACCENT,
    ACCENT_SOFT,
    INK,
    MUTED,
    SUNK,
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
from reports.document import LABEL, LOGO_BOX, MARGIN, SMALL, Company, Paper, framed, letterhead
from reports.shaping import LOCK
from reports.wording import Wording

MONEY = 31 * mm
DAY = 27 * mm
NUMBER = 20 * mm

_CELL = Style(9.5, 14.5)
_GAP = 10.0
# narrower than this, names would be torn letter by letter
_LEAST = 20 * mm


@dataclass(frozen=True)
class TableColumn:
    """A column: its title, its width in points (None: a share of what is left), "left" or "right"."""

    title: str
    width: float | None = None
    align: str = "left"


@dataclass(frozen=True)
class TableRow:
    """A row of texts. ``tone`` is "" for a plain row, "group" for a heading or sub-total, "void" for what counts no longer."""

    cells: Sequence[str]
    tone: str = ""


@dataclass(frozen=True)
class TableData:
    """A report as it is printed, its texts in its language already.

    ``about`` are facts beside the title, ``headline`` the figures read first, ``in_words`` the main amount in words.
    """

    title: str
    columns: Sequence[TableColumn]
    rows: Sequence[TableRow]
    subtitle: str = ""
    about: Sequence[tuple[str, str]] = ()
    headline: Sequence[tuple[str, str]] = ()
    in_words: str = ""
    totals: Sequence[str] = ()
    empty: str = ""
    notes: Sequence[str] = field(default=())
    is_landscape: bool = False


def table_pdf(company: Company, data: TableData, language: str, digits: str) -> bytes:
    """Return a report as PDF on A4, or on A4 lying where ``data.is_landscape`` or its columns need that; each page repeats their heads."""
    wording = Wording(language, digits)
    size = landscape(A4) if data.is_landscape or not _stands(data.columns) else A4
    with in_language(language), LOCK:
        head = Stack([_row([column.title for column in data.columns], data.columns, LABEL, 3), Rule(INK, 0.9)])
        title = Stack(
            [
                Text(data.title, Style(20, 28, bold=True, colour=ACCENT, align="right", balanced=True)),
                Text(data.subtitle, Style(11, 17, bold=True, align="right")),
            ]
        )
        blocks: list[Block] = [letterhead(company, Logo.read(company.logo, *LOGO_BOX), wording, title)]
        blocks += _summary(data)
        blocks += [head, *_rows(data)]
        if data.totals:
            blocks.append(Stack([Rule(INK, 0.9), _row(data.totals, data.columns, _CELL.but(bold=True), 6, above=6)]))
        if data.in_words:
            blocks.append(
                Stack([Space(12), Text(_("In words"), LABEL), Text(data.in_words, _CELL.but(bold=True, balanced=True))])
            )
        for note in data.notes:
            blocks.append(Stack([Space(12), Text(note, SMALL)]))
        again = Stack([Text(_("%(title)s, continued", title=data.title), _CELL.but(bold=True)), Space(8), head])
        paper = Paper(data.title, company.name, language, size)
        for page in framed(blocks, size, again, False, wording, note=""):
            page.draw(paper.canvas, size)
            paper.end_page()
        return paper.finish()


def _stands(columns: Sequence[TableColumn]) -> bool:
    """Tell whether columns without a width of their own get enough for names on A4 that stands."""
    shared = sum(column.width is None for column in columns)
    room = A4[0] - 2 * MARGIN - _GAP * (len(columns) - 1) - sum(column.width or 0.0 for column in columns)
    return room >= shared * _LEAST


def _summary(data: TableData) -> Iterator[Block]:
    if data.about:
        yield Stack([Rule(below=10), facts(data.about, LABEL, _CELL.but(bold=True), label_width=34 * mm), Space(14)])
    if data.headline:
        label, large = LABEL.but(colour=INK), Style(15, 22, bold=True, colour=ACCENT)
        cells: list[tuple[Block, float | None]] = [
            (Stack([Text(name, label), Text(value, large)]), None) for name, value in data.headline
        ]
        yield Stack([Panel(Row(cells), fill=ACCENT_SOFT), Space(18)])


def _rows(data: TableData) -> Iterator[Block]:
    styles = {"": _CELL, "group": _CELL.but(bold=True), "void": _CELL.but(colour=MUTED)}
    heading: list[Block] = []
    for row in data.rows:
        columns, cells = _spanned(data.columns, row) if row.tone == "group" else (data.columns, row.cells)
        drawn = _row(cells, columns, styles[row.tone], 4, above=4)
        if row.tone == "group":
            # never the last on a page
            heading.append(Panel(drawn, fill=SUNK, padding=(0, 0), radius=0))
            continue
        yield Stack([*heading, drawn, Rule()])
        heading = []
    if not data.rows:
        yield Stack([Space(14), Text(data.empty, _CELL.but(align="centre", colour=MUTED)), Space(14), Rule()])


def _spanned(columns: Sequence[TableColumn], row: TableRow) -> tuple[Sequence[TableColumn], Sequence[str]]:
    """Return a heading's columns and cells: its name takes the room of the empty ones beside it."""
    sums = next((at for at, cell in enumerate(row.cells) if at and cell), len(row.cells))
    if any(column.width is None for column in columns[sums:]):
        return columns, row.cells
    return [TableColumn(columns[0].title), *columns[sums:]], [row.cells[0], *row.cells[sums:]]


def _row(cells: Sequence[str], columns: Sequence[TableColumn], style: Style, below: float, above: float = 0.0) -> Row:
    drawn: list[tuple[Block, float | None]] = [
        (Text(cell, style.but(align=column.align)), column.width) for cell, column in zip(cells, columns, strict=True)
    ]
    return Row(drawn, gap=_GAP, above=above, below=below)
