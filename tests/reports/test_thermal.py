"""Rolls as pictures for printers that know no Bengali: black or white, exactly as wide as the printer's row of dots."""

import io
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from reports.receipt import receipt_pdf
from reports.thermal import DOTS, thermal_png
from tests.reports.make import COMPANY, receipt


def picture(size: str) -> Image.Image:
    return Image.open(io.BytesIO(thermal_png(receipt_pdf(COMPANY, receipt(), size, "bn", "beng"), size)))


@pytest.mark.parametrize("size", DOTS)
def test_a_roll_is_one_bit_deep_and_a_row_of_dots_wide(size: str) -> None:
    drawn = picture(size)
    assert (drawn.mode, drawn.width) == ("1", {"58": 384, "80": 576}[size])
    assert drawn.height > drawn.width


@pytest.mark.parametrize("size", DOTS)
def test_nothing_is_cut_off_at_the_sides(size: str) -> None:
    # white shows as 0 when inverted: the box around the black must not touch the sides
    inverted = picture(size).convert("L").point(lambda grey: 255 - grey)
    left, _top, right, _bottom = inverted.getbbox() or (0, 0, 0, 0)
    assert left > 0
    assert right < DOTS[size]


@pytest.mark.parametrize("size", DOTS)
def test_the_dots_are_those_of_the_paper(size: str, tmp_path: Path) -> None:
    pdf = receipt_pdf(COMPANY, receipt(), size, "bn", "beng")
    (tmp_path / "roll.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "203.2", "-gray", "-png", tmp_path / "roll.pdf", tmp_path / "roll"], check=True)
    with Image.open(next(tmp_path.glob("roll*.png"))) as paper:
        ours = picture(size)
        left = (paper.width - ours.width) // 2
        theirs = paper.convert("L").crop((left, 0, left + ours.width, min(paper.height, ours.height)))
        wanted = theirs.point(lambda grey: 255 if grey > 150 else 0)
        got = ours.convert("L").crop((0, 0, *theirs.size))
    # another program draws the same paper: the edges of letters may differ by a dot
    differing = ImageChops.difference(wanted, got).histogram()[255]
    assert differing / (wanted.width * wanted.height) < 0.04
