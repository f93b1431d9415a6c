"""Bengali is drawn as HarfBuzz shapes it, wherever it stands, and reads back as it was written."""

import io
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from reports.blocks import Row, Style, Text
from reports.shaping import BOLD, FONTS, REGULAR, printable
from tests.reports import corpus, glyphs

REGULAR_FILE = FONTS / "BillSansBn-Regular.ttf"
BOLD_FILE = FONTS / "BillSansBn-Bold.ttf"
PAGE = (700, 820)
STEP = 26

Draw = Callable[[Canvas, str, float], None]


def paragraph(canvas: Canvas, text: str, y: float) -> None:
    Text(text, Style(12, 18)).draw(canvas, 10, y, 680)


def cell(canvas: Canvas, text: str, y: float) -> None:
    Row([(Text("", Style()), 20), (Text(text, Style(11, 18, align="right")), None)]).draw(canvas, 10, y, 680)


def line(canvas: Canvas, text: str, y: float) -> None:
    REGULAR.draw(canvas, 10, y - 12, REGULAR.words(text), 12)


def unshaped(canvas: Canvas, text: str, y: float) -> None:
    canvas.setFont(REGULAR.fontName, 12)
    canvas.drawString(10, y - 12, text)


def drawn(strings: list[str], draw: Draw) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=PAGE, invariant=1, initialFontName=REGULAR.fontName)
    y = PAGE[1] - 20
    for text in strings:
        if y < 30:
            canvas.showPage()
            y = PAGE[1] - 20
        draw(canvas, text, y)
        y -= STEP
    canvas.save()
    return buffer.getvalue()


def differences(strings: list[str], draw: Draw, path: Path = REGULAR_FILE) -> list[str]:
    lines = glyphs.lines_of(drawn(strings, draw))
    assert len(lines) == len(strings)
    return [why for found, text in zip(lines, strings, strict=True) if (why := glyphs.difference(found, text, path))]


@pytest.mark.parametrize("draw", [paragraph, cell, line])
def test_every_string_of_the_corpus_is_drawn_as_harfbuzz_shapes_it(draw: Draw) -> None:
    assert differences(corpus.STRINGS, draw) == []


def test_syllables_written_by_rule_are_drawn_as_harfbuzz_shapes_them() -> None:
    assert differences(corpus.syllables(), paragraph) == []


def test_the_bold_weight_is_drawn_as_harfbuzz_shapes_it() -> None:
    def bold(canvas: Canvas, text: str, y: float) -> None:
        BOLD.draw(canvas, 10, y - 12, BOLD.words(text), 12)

    assert differences(corpus.STRINGS, bold, BOLD_FILE) == []


def test_the_check_fails_on_text_that_was_not_shaped() -> None:
    assert len(differences(corpus.WORDS, unshaped)) > 0.9 * len(corpus.WORDS)


def test_each_line_of_a_wrapped_paragraph_is_drawn_as_harfbuzz_shapes_it() -> None:
    paragraph = Text(" ".join(corpus.LINES + corpus.WORDS), Style(12, 18))
    texts = [" ".join(word.text for word in words) for words in paragraph.lines(150)]
    lines = glyphs.lines_of(drawn([""], lambda canvas, _text, y: paragraph.draw(canvas, 10, y, 150)))
    assert len(texts) > 20
    assert " ".join(texts) == " ".join(corpus.LINES + corpus.WORDS)
    assert [glyphs.difference(found, text, REGULAR_FILE) for found, text in zip(lines, texts, strict=True)] == [
        ""
    ] * len(texts)


def test_no_line_is_wider_than_its_room_and_no_letter_is_torn() -> None:
    long_word = "ক্ষ্মি" * 60
    lines = REGULAR.wrap(f"মেঘনা {long_word} নেট", 10, 90)
    assert all(REGULAR.width(words, 10) <= 90 for words in lines)
    pieces = ["".join(word.text for word in words) for words in lines]
    assert "".join(pieces) == f"মেঘনা{long_word}নেট"
    assert all(piece.startswith("ক্ষ্মি") for piece in pieces[1:-1])


def test_an_amount_is_not_torn_from_its_taka_sign() -> None:
    lines = REGULAR.wrap("মোট ৳\u00a0১,০০,০০০.০০", 10, 70)
    assert [[word.text for word in words] for words in lines] == [["মোট"], ["৳", "১,০০,০০০.০০"]]


def test_text_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "corpus.pdf"
    path.write_bytes(drawn(corpus.STRINGS, line))
    read = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    found = {unicodedata.normalize("NFC", row.strip()) for row in read.replace("\f", "\n").splitlines()}
    wanted = {unicodedata.normalize("NFC", text).replace("\u00a0", " ") for text in corpus.STRINGS}
    assert wanted - found == set()


def test_a_picture_the_typeface_lacks_becomes_a_square_and_marks_of_direction_vanish() -> None:
    assert printable("রহিম\u200f \u202eখান\u202c 😀 漢\ud800\ue105") == "রহিম খান □ □□□"
    assert printable("  a\tb\nc\x00 ") == "a b c"
    assert printable("র\u200d্যাব") == "র\u200d্যাব"
