"""What a page is made of: text, rows, rules, panels, pictures.

Each knows its height for a width and draws itself. Lengths are points.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby
from typing import Any, Protocol

import segno
from PIL import Image, UnidentifiedImageError
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from reports.shaping import BOLD, REGULAR, DocumentFont, Word, printable

INK = HexColor("#17202c")
MUTED = HexColor("#556171")
LINE = HexColor("#d5dbe3")
ACCENT = HexColor("#2450c4")
ACCENT_SOFT = HexColor("#eaf0fd")
DUE = HexColor("#b3261e")
DUE_SOFT = HexColor("#fdeeec")
PAID = HexColor("#14693f")
PAID_SOFT = HexColor("#e7f5ed")
WARN = HexColor("#8a4b00")
WARN_SOFT = HexColor("#fdf2df")
SUNK = HexColor("#f3f5f8")
WHITE = HexColor("#ffffff")
BLACK = HexColor("#000000")

# a logo of more pixels than a camera takes is no logo
_MOST_PIXELS = 40_000_000
# the optical middle of a line: half the height of a capital above the baseline
_MIDDLE = 0.35


class Block(Protocol):
    """Something with a height that can be drawn below a line."""

    def height(self, width: float) -> float:
        """Return the height in points when drawn ``width`` points wide."""

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        """Draw with the upper left corner at (x, top)."""


@dataclass(frozen=True)
class Style:
    """How text looks: size and line height in points, weight, colour, alignment ("left", "right", "centre").

    Lines that are ``balanced`` are of like length: a single word left over on the last one looks like a mistake. What is
    ``struck`` has a line through it.
    """

    size: float = 10.5
    leading: float = 16.5
    bold: bool = False
    colour: Color = INK
    align: str = "left"
    balanced: bool = False
    struck: bool = False

    def but(self, **changes: Any) -> "Style":
        """Return the style with some properties changed."""
        return replace(self, **changes)

    @property
    def font(self) -> DocumentFont:
        """The weight's font."""
        return BOLD if self.bold else REGULAR


class Text:
    """A paragraph of plain text, wrapped; line breaks in it are kept. Nothing in it is markup."""

    def __init__(self, text: object, style: Style) -> None:
        self.style = style
        self._paragraphs = [printable(line) for line in str(text).splitlines()]
        self._wrapped: tuple[float, list[list[Word]]] = (-1.0, [])

    def lines(self, width: float) -> list[list[Word]]:
        """Return the lines of words at a width."""
        if self._wrapped[0] != width:
            self._wrapped = (width, [line for text in self._paragraphs for line in self._wrap(text, width)])
        return self._wrapped[1]

    def _wrap(self, text: str, width: float) -> list[list[Word]]:
        wrap, size = self.style.font.wrap, self.style.size
        lines = wrap(text, size, width)
        if not self.style.balanced or len(lines) == 1:
            return lines
        for narrower in (width * step / 20 for step in range(10, 20)):
            balanced = wrap(text, size, narrower)
            # a narrower line must tear no word
            if len(balanced) == len(lines) and sum(map(len, balanced)) == sum(map(len, lines)):
                return balanced
        return lines

    def natural_width(self) -> float:
        """Return the width of the longest paragraph on one line."""
        font = self.style.font
        return max((font.width(font.words(text), self.style.size) for text in self._paragraphs), default=0.0)

    def height(self, width: float) -> float:
        return len(self.lines(width)) * self.style.leading

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        style = self.style
        canvas.setFillColor(style.colour)
        y = top - style.leading / 2 - _MIDDLE * style.size
        for words in self.lines(width):
            room = width - style.font.width(words, style.size)
            left = {"left": 0.0, "right": room, "centre": room / 2}[style.align]
            style.font.draw(canvas, x + left, y, words, style.size)
            if style.struck:
                self._strike(canvas, x + left, y, width - room)
            y -= style.leading

    def _strike(self, canvas: Canvas, left: float, base: float, length: float) -> None:
        size = self.style.size
        canvas.setStrokeColor(self.style.colour)
        canvas.setLineWidth(size / 14)
        canvas.line(left, base + size / 3, left + length, base + size / 3)


@dataclass(frozen=True)
class Space:
    """Empty room."""

    points: float

    def height(self, width: float) -> float:
        return self.points

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        """Draw nothing."""


@dataclass(frozen=True)
class Rule:
    """A hairline across the width, with room above and below."""

    colour: Color = LINE
    thickness: float = 0.6
    above: float = 0.0
    below: float = 0.0
    dashed: bool = False

    def height(self, width: float) -> float:
        return self.above + self.thickness + self.below

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        y = top - self.above - self.thickness / 2
        canvas.saveState()
        canvas.setStrokeColor(self.colour)
        canvas.setLineWidth(self.thickness)
        if self.dashed:
            canvas.setDash(2, 2)
        canvas.line(x, y, x + width, y)
        canvas.restoreState()


@dataclass(frozen=True)
class Stack:
    """Blocks one below the other, with a gap between each two; never split over pages."""

    blocks: Sequence[Block]
    gap: float = 0.0

    def height(self, width: float) -> float:
        return sum(block.height(width) for block in self.blocks) + self.gap * max(0, len(self.blocks) - 1)

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        for block in self.blocks:
            block.draw(canvas, x, top, width)
            top -= block.height(width) + self.gap


@dataclass(frozen=True)
class Row:
    """Blocks side by side; a width is in points, or None for an equal share of what is left."""

    cells: Sequence[tuple[Block, float | None]]
    gap: float = 12.0
    middle: bool = False
    above: float = 0.0
    below: float = 0.0

    def _widths(self, width: float) -> list[float]:
        room = width - self.gap * (len(self.cells) - 1) - sum(fixed or 0.0 for _block, fixed in self.cells)
        flexible = sum(fixed is None for _block, fixed in self.cells)
        return [room / flexible if fixed is None else fixed for _block, fixed in self.cells]

    def _tallest(self, widths: Sequence[float]) -> float:
        return max(block.height(w) for (block, _fixed), w in zip(self.cells, widths, strict=True))

    def height(self, width: float) -> float:
        return self.above + self._tallest(self._widths(width)) + self.below

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        widths = self._widths(width)
        tallest = self._tallest(widths)
        for (block, _fixed), cell in zip(self.cells, widths, strict=True):
            drop = (tallest - block.height(cell)) / 2 if self.middle else 0.0
            block.draw(canvas, x, top - self.above - drop, cell)
            x += cell + self.gap


@dataclass(frozen=True)
class Panel:
    """A block on a rounded ground."""

    block: Block
    fill: Color | None = SUNK
    border: Color | None = None
    padding: tuple[float, float] = (14.0, 10.0)
    radius: float = 5.0

    def height(self, width: float) -> float:
        return self.block.height(width - 2 * self.padding[0]) + 2 * self.padding[1]

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        height = self.height(width)
        canvas.saveState()
        if self.fill:
            canvas.setFillColor(self.fill)
        if self.border:
            canvas.setStrokeColor(self.border)
            canvas.setLineWidth(0.6)
        canvas.roundRect(
            x,
            top - height,
            width,
            height,
            self.radius,
            stroke=int(self.border is not None),
            fill=int(self.fill is not None),
        )
        canvas.restoreState()
        self.block.draw(canvas, x + self.padding[0], top - self.padding[1], width - 2 * self.padding[0])


@dataclass(frozen=True)
class Badge:
    """A status: a dot and a word on a soft ground, as wide as its word."""

    text: str
    colour: Color
    ground: Color
    align: str = "left"
    size: float = 9.0
    _label: Text = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "_label", Text(self.text, Style(self.size, self.size * 1.5, bold=True, colour=self.colour))
        )

    def height(self, width: float) -> float:
        return self.size * 2.1

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        size, height = self.size, self.height(width)
        inner = self._label.natural_width() + 0.01
        full = inner + 2.5 * size
        x += {"left": 0.0, "right": width - full, "centre": (width - full) / 2}[self.align]
        canvas.saveState()
        canvas.setFillColor(self.ground)
        canvas.roundRect(x, top - height, full, height, height / 2, stroke=0, fill=1)
        canvas.setFillColor(self.colour)
        canvas.circle(x + 1.05 * size, top - height / 2, 0.24 * size, stroke=0, fill=1)
        canvas.restoreState()
        self._label.draw(canvas, x + 1.65 * size, top - (height - self._label.style.leading) / 2, inner)


class Logo:
    """The company's logo, scaled into a box. ``Logo.read`` gives None for bytes that are no picture."""

    def __init__(self, picture: Image.Image, tallest: float, widest: float) -> None:
        self._picture = ImageReader(picture)
        self._mask = "auto" if picture.mode == "RGBA" else None
        width, height = picture.size
        scale = min(tallest / height, widest / width)
        self.drawn_width, self.drawn_height = width * scale, height * scale

    @classmethod
    @lru_cache(8)
    def read(
        cls, data: bytes | None, tallest: float, widest: float, dots_per_point: float | None = None
    ) -> "Logo | None":
        """Read a PNG or JPEG; the document is drawn without a logo where that fails.

        With ``dots_per_point`` it is drawn in black dots for a printer that knows no grey.
        """
        if not data:
            return None
        try:
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
                if image.width * image.height > _MOST_PIXELS:
                    return None
                image.load()
                picture = image.convert("RGBA")
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            return None
        if dots_per_point is None:
            picture.thumbnail((1000, 500))
            return cls(picture, tallest, widest)
        picture.thumbnail((int(widest * dots_per_point), int(tallest * dots_per_point)))
        on_white = Image.new("RGBA", picture.size, "white")
        on_white.alpha_composite(picture)
        return cls(on_white.convert("1"), tallest, widest)

    def height(self, width: float) -> float:
        return self.drawn_height

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        canvas.drawImage(
            self._picture, x, top - self.drawn_height, self.drawn_width, self.drawn_height, mask=self._mask
        )


@dataclass(frozen=True)
class QrCode:
    """An address as a QR code with its quiet zone, ``side`` points square."""

    address: str
    side: float
    align: str = "left"

    def height(self, width: float) -> float:
        return self.side

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        x += {"left": 0.0, "right": width - self.side, "centre": (width - self.side) / 2}[self.align]
        modules, bars = _bars(self.address)
        canvas.saveState()
        canvas.setFillColor(WHITE)
        canvas.rect(x, top - self.side, self.side, self.side, stroke=0, fill=1)
        canvas.setFillColor(BLACK)
        canvas.translate(x, top)
        canvas.scale(self.side / modules, -self.side / modules)
        # as it stands in the file: hundreds of rectangles by ReportLab's own path took as long as half a page
        canvas.addLiteral(bars)
        canvas.restoreState()


def facts(
    pairs: Sequence[tuple[str, object]], label: Style, value: Style, label_width: float | None = None, gap: float = 10.0
) -> Stack:
    """Return rows of a label and its value; rows without a value are left out.

    With ``label_width`` None each label takes its own width.
    """
    rows: list[Block] = []
    for name, content in pairs:
        if content in (None, ""):
            continue
        caption = Text(name, label.but(leading=value.leading))
        rows.append(
            Row([(caption, label_width or caption.natural_width() + 0.01), (Text(content, value), None)], gap=gap)
        )
    return Stack(rows)


_QUIET = 2
"""Modules of white around a code."""


@lru_cache(64)
def _bars(address: str) -> tuple[int, str]:
    """Return how many modules a code is wide, white around it included, and its dark bars as operators of a page, from the top."""
    # to try all eight masks and weigh them takes four times as long as the rest; readers read each
    matrix = segno.make(address, error="m", micro=False, mask=4).matrix
    bars = []
    for number, row in enumerate(matrix):
        at = 0
        for is_dark, run in groupby(row):
            length = len(list(run))
            if is_dark:
                bars.append(f"{at + _QUIET} {number + _QUIET} {length} 1 re")
            at += length
    return len(matrix) + 2 * _QUIET, " ".join([*bars, "f"])
