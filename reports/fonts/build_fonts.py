"""Build the documents' typeface from Debian's fonts-noto-core: ``python -m reports.fonts.build_fonts``.

ReportLab draws one font at a time and Noto Sans Bengali has no Latin letters, so both are merged into one static file a
weight: hints dropped, renamed (the licence reserves no name), and with a drawn square, U+25A1, for what it lacks.
"""

import json
import tempfile
from pathlib import Path

import uharfbuzz as hb
from fontTools.merge import Merger
from fontTools.merge import Options as MergeOptions
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options as SubsetOptions
from fontTools.subset import Subsetter
from fontTools.ttLib import TTFont

from reports.fonts.syllables import every_syllable
from reports.runs import shape_run

SOURCE = Path("/usr/share/fonts/truetype/noto")
TARGET = Path(__file__).parent
FAMILY = "BillSansBn"
WEIGHTS = {"Regular": 400, "Bold": 700}
LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x100)]
PUNCTUATION = [ord(c) for c in "‐‑‒–—‘’“”†•…′″€™−≠≤≥●"]
SQUARE = 0x25A1


def build(weight: str) -> Path:
    """Build the file of one weight ("Regular" or "Bold") and return its path."""
    bengali = TTFont(SOURCE / f"NotoSansBengali-{weight}.ttf")
    drawn_at = bengali["head"].modified
    own = set(bengali.getBestCmap())
    bengali = _subset(bengali, sorted(own), ["*"])
    # Latin brings only what the Bengali file lacks: for a character of both the merger adds language switches
    latin = TTFont(SOURCE / f"NotoSans-{weight}.ttf")
    latin = _subset(
        latin, [code for code in LATIN + PUNCTUATION if code not in own], ["kern", "mark", "mkmk", "ccmp", "liga"]
    )
    _add_square(latin)
    options = MergeOptions()
    options.drop_tables = [*options.drop_tables, "DSIG", "meta"]
    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for name, font in (("bengali", bengali), ("latin", latin)):
            parts.append(str(Path(folder, f"{name}.ttf")))
            font.save(parts[-1])
        merged = Merger(options=options).merge(parts)
    _rename(merged, weight)
    merged["OS/2"].usWeightClass = WEIGHTS[weight]
    # the build's moment would make each build's bytes differ
    merged.recalcTimestamp = False
    merged["head"].created = merged["head"].modified = drawn_at
    path = TARGET / f"{FAMILY}-{weight}.ttf"
    merged.save(path)
    return path


def spelling(path: Path) -> dict[str, str]:
    """Return which letters each glyph without a character of its own stands for, keyed by glyph number."""
    font = hb.Font(hb.Face(hb.Blob.from_file_path(str(path))))
    tables = TTFont(path)
    own = {tables.getGlyphID(name) for name in tables.getBestCmap().values()}
    spelt: dict[int, str] = {}
    for syllable in every_syllable():
        for text, glyphs in shape_run(font, syllable, "Beng"):
            if len(glyphs) == 1 and len(text) > 1 and glyphs[0].number not in own:
                spelt.setdefault(glyphs[0].number, text)
    return {str(number): spelt[number] for number in sorted(spelt)}


def _subset(font: TTFont, codes: list[int], features: list[str]) -> TTFont:
    options = SubsetOptions()
    options.hinting = False
    options.layout_features = features
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.glyph_names = True
    options.drop_tables += ["DSIG", "meta", "MATH", "STAT", "gasp"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    return font


def _add_square(font: TTFont) -> None:
    pen = TTGlyphPen(None)
    for corners in (((60, 0), (60, 640), (660, 640), (660, 0)), ((120, 60), (600, 60), (600, 580), (120, 580))):
        pen.moveTo(corners[0])
        for corner in corners[1:]:
            pen.lineTo(corner)
        pen.closePath()
    name = "uni25A1"
    font.setGlyphOrder([*font.getGlyphOrder(), name])
    font["glyf"][name] = pen.glyph()
    font["hmtx"][name] = (720, 60)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[SQUARE] = name


def _rename(font: TTFont, weight: str) -> None:
    names = font["name"]
    legal = {0, 7, 8, 9, 11, 13, 14}
    names.names = [record for record in names.names if record.nameID in legal and record.platformID == 3]
    full = f"{FAMILY}-{weight}"
    version = "Version 1.100; merged from Noto Sans Bengali and Noto Sans"
    for number, value in (
        (1, FAMILY),
        (2, weight),
        (3, f"{full};1.1"),
        (4, f"{FAMILY} {weight}"),
        (5, version),
        (6, full),
    ):
        names.setName(value, number, 3, 1, 0x409)


def main() -> None:
    """Build both weights and their glyphs' spelling. Raises ValueError where the weights number glyphs differently."""
    regular, bold = (build(weight) for weight in WEIGHTS)
    spelt = spelling(regular)
    if spelling(bold) != spelt:
        raise ValueError("the two weights number their glyphs differently")
    (TARGET / "spelling.json").write_text(json.dumps(spelt, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
