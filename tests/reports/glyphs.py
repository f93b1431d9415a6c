"""Which outlines does a PDF draw, and where? Read from the file itself and compared with HarfBuzz on the whole string.

It knows nothing of how the PDF was made: it follows the text operators with pikepdf, takes each drawn glyph's outline
from the embedded font, and asks HarfBuzz what the unchanged typeface should have drawn. Lengths are ems.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import uharfbuzz as hb
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont

TOLERANCE = 0.012


@dataclass(frozen=True)
class Drawn:
    """A glyph on a page: its outline's fingerprint and its place in points."""

    outline: str
    x: float
    y: float
    size: float


@dataclass
class Line:
    """The glyphs of one text object (BT … ET) in drawing order."""

    page: int
    glyphs: list[Drawn] = field(default_factory=list)


class Outlines:
    """Fingerprints of a font's glyphs; None for a glyph that leaves no ink."""

    def __init__(self, data: bytes) -> None:
        self.font = TTFont(io.BytesIO(data), recalcBBoxes=False, lazy=True)
        self._glyphs = self.font.getGlyphSet()
        self._order = self.font.getGlyphOrder()
        self._scale = 1000 / self.font["head"].unitsPerEm
        self._known: dict[int, str | None] = {}

    def of(self, number: int) -> str | None:
        """Return the fingerprint of a glyph by number."""
        if number not in self._known:
            self._known[number] = self._fingerprint(self._order[number])
        return self._known[number]

    def of_character(self, character: str) -> str | None:
        """Return the fingerprint of the glyph for a character."""
        return self.of(self.font.getGlyphID(self.font.getBestCmap()[ord(character)]))

    def _fingerprint(self, name: str) -> str | None:
        pen = DecomposingRecordingPen(self._glyphs)
        self._glyphs[name].draw(pen)
        if not pen.value:
            return None
        points = [
            tuple((round(x * self._scale), round(y * self._scale)) for x, y in filter(None, arguments))
            for _operator, arguments in pen.value
        ]
        return hashlib.sha256(repr(points).encode()).hexdigest()


class EmbeddedFont:
    """A TrueType font inside a PDF: its outlines, which glyph a code shows, and how wide a code is."""

    def __init__(self, font: Any) -> None:
        self._outlines = Outlines(bytes(font.FontDescriptor.FontFile2.read_bytes()))
        self._numbers: dict[int, int] = {}
        for table in self._outlines.font["cmap"].tables:
            for code, name in table.cmap.items():
                self._numbers[code & 0xFF if code >= 0xF000 else code] = self._outlines.font.getGlyphID(name)
        first = int(font.FirstChar)
        self._widths = {first + index: float(width) for index, width in enumerate(font.Widths)}

    def show(self, codes: bytes) -> Iterator[tuple[str | None, float]]:
        """Yield the outline and the width of each shown code."""
        for code in codes:
            yield self._outlines.of(self._numbers.get(code, 0)), self._widths[code] / 1000


def lines_of(pdf: bytes) -> list[Line]:
    """Return every text object of a PDF that leaves ink."""
    lines: list[Line] = []
    fonts: dict[Any, EmbeddedFont] = {}
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for number, page in enumerate(document.pages):
            lines += _Reader(page, number, fonts).read()
    return [line for line in lines if line.glyphs]


class _Reader:
    def __init__(self, page: Any, number: int, fonts: dict[Any, EmbeddedFont]) -> None:
        self._page, self._number, self._fonts = page, number, fonts
        self._frame: tuple[float, ...] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        self._kept: list[tuple[float, ...]] = []
        self._font: EmbeddedFont | None = None
        self._size = self._rise = 0.0
        self._place = self._frame
        self._lines: list[Line] = []

    def read(self) -> list[Line]:
        """Follow the page's operators."""
        for operands, operator in pikepdf.parse_content_stream(self._page):
            self._step(str(operator), operands)
        return self._lines

    def _step(self, operator: str, operands: Any) -> None:
        if operator == "q":
            self._kept.append(self._frame)
        elif operator == "Q":
            self._frame = self._kept.pop()
        elif operator == "cm":
            self._frame = _product(tuple(map(float, operands)), self._frame)
        elif operator == "BT":
            self._rise = 0.0
            self._lines.append(Line(self._number))
        elif operator == "Tm":
            self._place = tuple(map(float, operands))
        elif operator == "Tf":
            resource = self._page.Resources.Font[str(operands[0])]
            key = resource.objgen if resource.objgen != (0, 0) else str(operands[0])
            if key not in self._fonts:
                self._fonts[key] = EmbeddedFont(resource)
            self._font = self._fonts[key]
            self._size = float(operands[1])
        elif operator == "Ts":
            self._rise = float(operands[0])
        elif operator in ("Tj", "TJ"):
            for item in operands[0] if operator == "TJ" else operands:
                self._show(item)

    def _show(self, item: Any) -> None:
        if not isinstance(item, pikepdf.String):
            self._advance(-float(item) / 1000)
            return
        for outline, width in self._font.show(bytes(item)):
            if outline:
                matrix = _product((1, 0, 0, 1, 0, self._rise), _product(self._place, self._frame))
                size = self._size * (matrix[0] ** 2 + matrix[1] ** 2) ** 0.5
                self._lines[-1].glyphs.append(Drawn(outline, matrix[4], matrix[5], size))
            self._advance(width)

    def _advance(self, ems: float) -> None:
        self._place = _product((1, 0, 0, 1, ems * self._size, 0), self._place)


def expected(text: str, path: Path) -> list[tuple[str, float, float]]:
    """Return what HarfBuzz draws for a string: (outline, x, y)."""
    font, outlines = _original(path)
    per_em = font.face.upem
    drawn = []
    pen = 0.0
    for run, script in _by_script(text):
        buffer = hb.Buffer()
        buffer.add_str(run)
        buffer.guess_segment_properties()
        if script:
            buffer.script = script
        hb.shape(font, buffer, {})
        for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            outline = outlines.of(info.codepoint)
            if outline:
                drawn.append((outline, (pen + place.x_offset) / per_em, place.y_offset / per_em))
            pen += place.x_advance
    return drawn


def inked(text: str, path: Path) -> list[str]:
    """Return the outlines that HarfBuzz draws for a string."""
    return [outline for outline, _x, _y in expected(text, path)]


def watermark(pdf: bytes) -> list[str]:
    """Return the outlines of what is drawn larger than any text of a document."""
    return [glyph.outline for line in lines_of(pdf) for glyph in line.glyphs if glyph.size > 60]


def difference(line: Line, text: str, path: Path) -> str:
    """Return in words how a drawn line differs from HarfBuzz, or nothing."""
    wanted = expected(text, path)
    if [glyph.outline for glyph in line.glyphs] != inked(text, path):
        return f"{text}: {len(line.glyphs)} glyphs drawn, other than the {len(wanted)} wanted"
    for glyph, (_outline, x, y) in zip(line.glyphs, wanted, strict=True):
        first = line.glyphs[0]
        across = (glyph.x - first.x) / glyph.size - (x - wanted[0][1])
        up = (glyph.y - first.y) / glyph.size - (y - wanted[0][2])
        if max(abs(across), abs(up)) > TOLERANCE:
            return f"{text}: a glyph is {across:.3f} em across and {up:.3f} em up from its place"
    return ""


def missing_pictures(path: Path) -> set[str | None]:
    """Return the outlines that stand for "no such glyph" and "a mark without its letter"."""
    outlines = _original(path)[1]
    return {outlines.of(0), outlines.of_character("\u25cc")}


def _by_script(text: str) -> Iterator[tuple[str, str | None]]:
    run, script = "", None
    for character in text:
        found = "Beng" if "\u0980" <= character <= "\u09ff" else "Latn" if character.isalpha() else None
        if found and script and found != script:
            yield run, script
            run = ""
        script = found or script
        run += character
    yield run, script


@cache
def _original(path: Path) -> tuple[hb.Font, Outlines]:
    data = path.read_bytes()
    return hb.Font(hb.Face(hb.Blob(data))), Outlines(data)


def _product(a: Any, b: Any) -> tuple[float, ...]:
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )
