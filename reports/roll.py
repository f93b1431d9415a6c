"""The paper of a printer in a collector's pocket: 58 or 80 mm wide, exactly as long as what is on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.units import mm

from reports.blocks import BLACK, WHITE, Block, Logo, Panel, Row, Rule, Space, Stack, Style, Text, facts
from reports.document import Company, Paper
from reports.wording import Wording


@dataclass(frozen=True)
class Roll:
    """A width of paper with its margin, in points, and the size of its text; a 58 mm roll prints 48 mm, an 80 mm roll 72 mm."""

    width: float
    margin: float
    size: float

    @property
    def text(self) -> Style:
        """Plain text."""
        return Style(self.size, self.size * 1.5, colour=BLACK)

    @property
    def centre(self) -> Style:
        """Text in the middle."""
        return self.text.but(align="centre", balanced=True)

    @property
    def small(self) -> Style:
        """Small print in the middle."""
        return self.centre.but(size=self.size - 1, leading=(self.size - 1) * 1.5)

    @property
    def large(self) -> Style:
        """An amount that is read first."""
        return self.centre.but(size=self.size * 2.1, leading=self.size * 2.9, bold=True)

    @property
    def cut(self) -> Rule:
        """A dashed line between two parts."""
        return Rule(BLACK, 0.6, above=self.size * 0.6, below=self.size * 0.6, dashed=True)

    def head(self, company: Company, wording: Wording, title: str) -> list[Block]:
        """Return who gives the paper and what it is."""
        first, *other = company.names(wording.language)
        blocks: list[Block] = []
        logo = Logo.read(company.logo, 12 * mm, self.width / 2, dots_per_point=DOTS_PER_MM / mm)
        if logo:
            blocks += [Row([(Space(0), None), (logo, logo.drawn_width), (Space(0), None)], gap=0), Space(4)]
        size = self.size
        blocks.append(Text(first, self.centre.but(size=size + 4.5, leading=(size + 4.5) * 1.4, bold=True)))
        blocks += [Text(name, self.centre) for name in other]
        blocks += [Text(company.address, self.small), Text(wording.phone(company.phone), self.small), self.cut]
        blocks.append(Text(title, self.centre.but(size=size + 2, leading=(size + 2) * 1.5, bold=True)))
        return blocks

    def loud(self, word: str) -> Block:
        """Return a word in white on black: VOID is not overlooked."""
        style = Style(self.size + 9, (self.size + 9) * 1.35, bold=True, colour=WHITE, align="centre")
        return Panel(Text(word, style), fill=BLACK, padding=(4, 3), radius=2)

    def facts(self, pairs: Sequence[tuple[str, object]]) -> Block:
        """Return labels with their values; those without a value are left out."""
        return facts(pairs, self.text, self.text.but(align="right", bold=True), gap=6)

    def line(self, name: str, value: str, *, bold: bool = False) -> Block:
        """Return a name with an amount on the right."""
        style = self.text.but(bold=bold)
        amount = Text(value, style.but(align="right"))
        return Row([(Text(name, style), None), (amount, amount.natural_width() + 0.01)], gap=6, below=2)

    def print(self, blocks: Sequence[Block], title: str, company: Company, wording: Wording) -> bytes:
        """Return the blocks as a PDF of one page, exactly as long as they are. Hold ``shaping.LOCK``."""
        content = Stack(blocks)
        inner = self.width - 2 * self.margin
        height = content.height(inner) + 2 * self.margin
        paper = Paper(title, company.name, wording.language, (self.width, height))
        content.draw(paper.canvas, self.margin, height - self.margin, inner)
        paper.end_page()
        return paper.finish()


DOTS_PER_MM = 8
"""What thermal printers print: 203 dots an inch."""

ROLLS = {"58": Roll(58 * mm, 5.5 * mm, 8.0), "80": Roll(80 * mm, 4.5 * mm, 9.5)}
