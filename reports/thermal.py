"""Rolls as pictures of black dots: thermal printers know no Bengali, so they get the paper drawn."""

import io

from PIL import Image

from reports.roll import DOTS_PER_MM
from reports.shaping import LOCK

DOTS = {"58": 384, "80": 576}
"""How many dots a printer of each width has in a row."""

_POINTS_PER_MM = 72 / 25.4
# of the 256 greys at the edge of a letter the lighter ones stay white: at 203 dots an inch thin strokes must not swell
_LIGHTEST_INK = 150


def thermal_png(pdf: bytes, size: str) -> bytes:
    """Return a "58" or "80" mm roll as a 1-bit PNG exactly 384 or 576 dots wide. Raises KeyError for another size."""
    # beside it: a process that prints no roll as a picture does not hold pdfium
    import pypdfium2

    dots = DOTS[size]
    # pdfium, like ReportLab, is not made for threads
    with LOCK:
        opened = pypdfium2.PdfDocument(pdf)
        try:
            drawn = opened[0].render(scale=DOTS_PER_MM / _POINTS_PER_MM, grayscale=True).to_pil().copy()
        finally:
            opened.close()
    # what the paper has beside the printer's dots is white on both sides
    left = (drawn.width - dots) // 2
    band = drawn.crop((left, 0, left + dots, drawn.height))
    black = band.point(lambda grey: 255 if grey > _LIGHTEST_INK else 0).convert("1", dither=Image.Dither.NONE)
    saved = io.BytesIO()
    black.save(saved, "PNG", dpi=(DOTS_PER_MM * 25.4, DOTS_PER_MM * 25.4), optimize=True)
    return saved.getvalue()
