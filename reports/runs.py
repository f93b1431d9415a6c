"""Runs of one script, and what HarfBuzz makes of them."""

from collections.abc import Iterator
from typing import NamedTuple

import uharfbuzz as hb


class ShapedGlyph(NamedTuple):
    """A glyph as HarfBuzz places it, in font units."""

    number: int
    advance: int
    right: int
    up: int


def script_runs(text: str) -> Iterator[tuple[str, str]]:
    """Split a word into (text, script) runs; digits and signs join the letters before, at the start those after."""
    script = None
    start = 0
    for position, character in enumerate(text):
        found = _script(character)
        if found and found != script:
            if script:
                yield text[start:position], script
                start = position
            script = found
    yield text[start:], script or "Beng"


def shape_run(font: hb.Font, text: str, script: str) -> list[tuple[str, list[ShapedGlyph]]]:
    """Shape a run of one script and return its clusters: their letters and their glyphs."""
    buffer = hb.Buffer()
    buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_GRAPHEMES
    buffer.flags = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
    buffer.add_str(text)
    buffer.direction = "ltr"
    buffer.script = script
    buffer.language = "bn" if script == "Beng" else "en"
    hb.shape(font, buffer, {})
    starts: list[int] = []
    groups: list[list[ShapedGlyph]] = []
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        if not starts or info.cluster != starts[-1]:
            starts.append(info.cluster)
            groups.append([])
        groups[-1].append(ShapedGlyph(info.codepoint, place.x_advance, place.x_offset, place.y_offset))
    if starts:
        starts[0] = 0
    ends = [*starts[1:], len(text)]
    return [(text[start:end], group) for start, end, group in zip(starts, ends, groups, strict=True)]


def _script(character: str) -> str | None:
    if "\u0980" <= character <= "\u09ff" and not "\u09e6" <= character <= "\u09ef":
        return "Beng"
    return "Latn" if character < "\u2000" and character.isalpha() else None
