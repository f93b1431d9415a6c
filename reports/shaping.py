"""Bengali shaping: HarfBuzz decides which glyphs are drawn and where, and the text can still be searched and copied.

ReportLab's own shaping misses words that begin in another script, drawString and table cells, and loses the letters of
conjuncts on copying; so text goes from HarfBuzz to the page here, and ReportLab embeds the font. Lengths of glyphs are
thousandths of an em.
"""

import json
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import uharfbuzz as hb
from reportlab.lib.rl_accel import fp_str
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfgen.canvas import Canvas

from reports.runs import ShapedGlyph, script_runs, shape_run

FONTS = Path(__file__).parent / "fonts"
FALLBACK = "\u25a1"
# ReportLab takes a font apart in shared state when it saves: two documents at once would mix their glyphs
LOCK = threading.RLock()

_PRIVATE = 0xE000
_JOINERS = "\u200c\u200d"
_WORDS_KEPT = 4096


class Glyph(NamedTuple):
    """A glyph as the page draws it: the character code that stands for it, its advance, own width and displacement."""

    code: str
    advance: float
    width: float
    right: float
    up: float


class Cluster(NamedTuple):
    """What a reader sees as one letter: never torn apart."""

    text: str
    glyphs: tuple[Glyph, ...]


class Word(NamedTuple):
    """A shaped word: its clusters, its advance, whether it clings to the word before, whether its glyphs read back."""

    clusters: tuple[Cluster, ...]
    advance: float
    holds: bool
    readable: bool

    @property
    def text(self) -> str:
        """The letters of the word."""
        return "".join(cluster.text for cluster in self.clusters)


class DocumentFont(ttfonts.TTFont):
    """One weight of the documents' typeface: shapes, measures, draws, and tells readers what its conjuncts spell."""

    def __init__(self, name: str, path: Path, spelling: dict[str, str]) -> None:
        super().__init__(name, str(path))
        self._shaper = hb.Font(hb.Face(hb.Blob.from_file_path(str(path))))
        # asked before shaping adds private codes: a private code typed by somebody is not a character
        self._drawable = frozenset(self.face.charToGlyph)
        self._spelling = {chr(_PRIVATE + int(number)): text for number, text in spelling.items()}
        self._shape = lru_cache(_WORDS_KEPT)(self._shape_word)
        self._space = Glyph(" ", self.face.charWidths[32], self.face.charWidths[32], 0, 0)

    def draws(self, character: str) -> bool:
        """Tell whether the typeface has a picture of the character."""
        return ord(character) in self._drawable

    def words(self, text: str) -> list[Word]:
        """Shape a line of text, word by word; a no-break space lets the next word hold to the one before."""
        words = []
        for part in re.finditer(r"([ \u00a0]*)([^ \u00a0]+)", text):
            word = self._shape(part[2])
            words.append(word._replace(holds="\u00a0" in part[1]) if part[1] else word)
        return words

    def width(self, words: Sequence[Word], size: float) -> float:
        """Return the width in points of words with a space between each two."""
        advance = sum(word.advance for word in words) + self._space.advance * max(0, len(words) - 1)
        return advance * size / 1000

    def wrap(self, text: str, size: float, width: float) -> list[list[Word]]:
        """Break text into lines not wider than ``width`` points; an over-long word breaks between clusters."""
        lines: list[list[Word]] = [[]]
        for unit in _units(self.words(text)):
            if self.width(lines[-1] + unit, size) <= width:
                lines[-1] += unit
                continue
            if lines[-1]:
                lines.append([])
            if self.width(unit, size) <= width:
                lines[-1] += unit
                continue
            for word in unit:
                for piece in self._pieces(word, size, width):
                    if lines[-1] and self.width([*lines[-1], piece], size) > width:
                        lines.append([])
                    lines[-1].append(piece)
        return lines

    def draw(self, canvas: Canvas, x: float, y: float, words: Sequence[Word], size: float) -> None:
        """Draw one line of words with its baseline at ``y`` points, in the canvas' present fill colour."""
        if words:
            operators = self._operators(canvas, words, size)
            canvas._code.append(f"BT 1 0 0 1 {fp_str(x, y)} Tm {operators} ET")

    def addObjects(self, doc: Any) -> None:
        """Write the font into a document (ReportLab's hook), with the letters of each conjunct in its reading table."""
        subsets = self.state[doc].subsets
        super().addObjects(doc)
        for number, subset in enumerate(subsets):
            name = (ttfonts.SUBSETN(number) + b"+" + self.face.name + self.face.subfontNameX).decode("pdfdoc")
            table = doc.idToObject["toUnicodeCMap:" + name]
            for code, character in enumerate(subset):
                spelt = self._spelling.get(chr(character))
                if spelt:
                    table.content = table.content.replace(
                        f"<{code:02X}> <{character:04X}>", f"<{code:02X}> <{_utf16(spelt)}>"
                    )

    def _shape_word(self, text: str) -> Word:
        clusters = []
        for run, script in script_runs(text):
            for letters, shaped in shape_run(self._shaper, run, script):
                clusters.append(
                    Cluster(letters, tuple(self._glyph(letters if n == 0 else "", g) for n, g in enumerate(shaped)))
                )
        return self._word(clusters)

    def _word(self, clusters: Sequence[Cluster]) -> Word:
        advance = sum(glyph.advance for cluster in clusters for glyph in cluster.glyphs)
        readable = all(
            len(c.glyphs) == 1 and self._spelling.get(c.glyphs[0].code, c.glyphs[0].code) == c.text for c in clusters
        )
        return Word(tuple(clusters), advance, False, readable)

    def _glyph(self, letters: str, shaped: ShapedGlyph) -> Glyph:
        face, scale = self.face, self.pdfScale
        codes = face.glyphToChar.get(shaped.number)
        if codes:
            code = ord(letters) if len(letters) == 1 and ord(letters) in codes else codes[0]
        else:
            # from the glyph's number alone: a document's bytes must not depend on what was drawn before it
            code = _PRIVATE + shaped.number
            face.charToGlyph[code] = shaped.number
            face.charWidths[code] = scale(self._shaper.get_glyph_h_advance(shaped.number))
            face.glyphToChar[shaped.number] = [code]
        return Glyph(chr(code), scale(shaped.advance), face.charWidths[code], scale(shaped.right), scale(shaped.up))

    def _pieces(self, word: Word, size: float, width: float) -> Iterator[Word]:
        if self.width([word], size) <= width:
            yield word
            return
        kept: list[Cluster] = []
        for cluster in word.clusters:
            if kept and self.width([self._word([*kept, cluster])], size) > width:
                yield self._word(kept)
                kept = []
            kept.append(cluster)
        yield self._word(kept)

    def _operators(self, canvas: Canvas, words: Sequence[Word], size: float) -> str:
        glyphs: list[Glyph] = []
        opens: dict[int, str] = {}
        closes: set[int] = set()
        for number, word in enumerate(words):
            if number:
                glyphs.append(self._space)
            if not word.readable:
                opens[len(glyphs)] = word.text
            glyphs += [glyph for cluster in word.clusters for glyph in cluster.glyphs]
            if not word.readable:
                closes.add(len(glyphs))
        codes = self.splitString("".join(glyph.code for glyph in glyphs), canvas._doc)
        pen = _Pen(canvas._escape, size)
        position = 0
        for subset, characters in codes:
            pen.say(f"{self.getSubsetInternalName(subset, canvas._doc)} {fp_str(size)} Tf")
            for character in characters:
                if position in closes:
                    pen.say("EMC")
                if position in opens:
                    # copied as a whole word: readers that take glyph by glyph would give the letters in drawing order
                    pen.say(f"/Span<</ActualText<FEFF{_utf16(opens[position])}>>>BDC")
                pen.put(character, glyphs[position])
                position += 1
        if position in closes:
            pen.say("EMC")
        return pen.finish()


class _Pen:
    """Collect the operators of one line: shown bytes, moves between them, and the rise of raised marks."""

    def __init__(self, escape: Any, size: float) -> None:
        self._escape = escape
        self._size = size
        self._done: list[str] = []
        self._array: list[str] = []
        self._shown = bytearray()
        self._move = 0.0
        self._rise = 0.0

    def say(self, operator: str) -> None:
        """Write an operator after all that was shown so far."""
        self._end_array()
        self._done.append(operator)

    def put(self, code: int, glyph: Glyph) -> None:
        """Show one glyph where HarfBuzz wants it."""
        rise = glyph.up * self._size / 1000
        if abs(rise - self._rise) > 1e-4:
            self.say(f"{fp_str(rise)} Ts")
            self._rise = rise
        self._shift(-glyph.right)
        self._end_move()
        self._shown.append(code)
        self._shift(glyph.width - glyph.advance + glyph.right)

    def finish(self) -> str:
        """Return the operators, the rise put back to none."""
        self._end_array()
        if self._rise:
            self._done.append("0 Ts")
        return " ".join(self._done)

    def _shift(self, by: float) -> None:
        if abs(by) > 1e-6:
            self._end_shown()
            self._move += by

    def _end_shown(self) -> None:
        if self._shown:
            self._array.append(f"({self._escape(bytes(self._shown))})")
            self._shown.clear()

    def _end_move(self) -> None:
        if abs(self._move) > 1e-6:
            self._array.append(fp_str(self._move))
        self._move = 0.0

    def _end_array(self) -> None:
        self._end_shown()
        self._end_move()
        if self._array:
            self._done.append(f"[{' '.join(self._array)}] TJ")
            self._array = []


def printable(text: object) -> str:
    """Return text as the typeface can draw it: NFC, one line, no direction marks, □ for what it has no picture of."""
    characters = []
    for character in unicodedata.normalize("NFC", str(text)):
        if character.isspace():
            characters.append("\u00a0" if character == "\u00a0" else " ")
        elif character in _JOINERS:
            characters.append(character)
        elif not _invisible(character):
            characters.append(character if REGULAR.draws(character) else FALLBACK)
    return "".join(characters).strip(" ")


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf") or "\ufe00" <= character <= "\ufe0f"


def _units(words: Sequence[Word]) -> Iterator[list[Word]]:
    unit: list[Word] = []
    for word in words:
        if unit and not word.holds:
            yield unit
            unit = []
        unit.append(word)
    if unit:
        yield unit


def _utf16(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


def _load() -> tuple[DocumentFont, DocumentFont]:
    spelling = json.loads((FONTS / "spelling.json").read_text(encoding="utf-8"))
    fonts = [DocumentFont(name, FONTS / f"{name}.ttf", spelling) for name in ("BillSansBn-Regular", "BillSansBn-Bold")]
    for font in fonts:
        pdfmetrics.registerFont(font)
    return fonts[0], fonts[1]


REGULAR, BOLD = _load()
