"""The page frame of every document: paper, company, watermark, page numbers. The same data gives the same bytes."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from reports.blocks import ACCENT, MUTED, Block, Logo, Row, Rule, Space, Stack, Style, Text
from reports.shaping import BOLD, REGULAR, printable
from reports.wording import Wording

MARGIN = 16 * mm
# tallest and widest a logo is drawn
LOGO_BOX = (20 * mm, 40 * mm)
BODY = Style()
SMALL = Style(8.5, 13, colour=MUTED)
LABEL = Style(9, 14, colour=MUTED)

_VOID_TINT = "#f6dedc"
_FOOT = 16 * mm


@dataclass(frozen=True)
class Company:
    """Whose document it is: the tenant's settings. ``logo`` is a PNG or JPEG; a receipt has a footer of its own, or the invoice's."""

    name: str
    name_bn: str
    address: str
    phone: str
    footer: str
    logo: bytes | None = None
    vat_number: str = ""
    receipt_footer: str = ""

    def names(self, language: str) -> list[str]:
        """Return the name in the document's script, then in the other one where it differs."""
        names = [self.name_bn, self.name] if language == "bn" else [self.name, self.name_bn]
        return list(dict.fromkeys(name for name in names if name))


class Paper:
    """A PDF being drawn. Hold ``shaping.LOCK`` while drawing and saving."""

    def __init__(self, title: str, author: str, language: str, size: tuple[float, float]) -> None:
        self._bytes = io.BytesIO()
        # the initial font is ours too: ReportLab would name Helvetica, which no PDF embeds
        self.canvas = Canvas(
            self._bytes, pagesize=size, pageCompression=1, invariant=1, lang=language, initialFontName=REGULAR.fontName
        )
        self.canvas.setTitle(printable(title))
        self.canvas.setAuthor(printable(author))
        self.canvas.setSubject("")
        self.canvas.setCreator("Sanjog")
        self.canvas.setProducer("Sanjog")

    def end_page(self) -> None:
        """Finish the page and keep it compressed: a month's invoices are thousands of pages."""
        self.canvas.showPage()
        document = self.canvas._doc
        page = document.Pages.pages[-1]
        if not isinstance(page, pdfdoc.PDFPage):
            page = document.idToObject[page.name]
        packed = pdfdoc.PDFZCompress.encode(page.stream)
        page.Contents = pdfdoc.PDFStream(pdfdoc.PDFDictionary({"Filter": pdfdoc.PDFName("FlateDecode")}), packed)
        page.stream = None

    def finish(self) -> bytes:
        """Return the PDF."""
        self.canvas.save()
        return self._bytes.getvalue()


def letterhead(company: Company, logo: Logo | None, wording: Wording, title: Block) -> Stack:
    """Return a document's head: logo, the company's name in both scripts, address, phone; the title on the right."""
    first, *other = company.names(wording.language)
    identity: list[Block] = [Text(first, Style(19, 27, bold=True))]
    identity += [Text(name, Style(12.5, 19, colour=MUTED)) for name in other]
    identity += [Space(3), Text(company.address, SMALL), Text(wording.phone(company.phone), SMALL)]
    if company.vat_number:
        # BIN is what everybody in Bangladesh calls the VAT registration number, in either language
        identity.append(Text(f"BIN {company.vat_number}", SMALL))
    cells: list[tuple[Block, float | None]] = [(Stack(identity), None), (title, 68 * mm)]
    if logo:
        cells.insert(0, (logo, logo.drawn_width))
    return Stack([Row(cells, gap=14), Space(14)])


def paginate(blocks: Sequence[Block], size: tuple[float, float], repeated: Block) -> list[Stack]:
    """Lay blocks out on pages of a size; ``repeated`` heads every page but the first."""
    width, height = size[0] - 2 * MARGIN, size[1] - 2 * MARGIN - _FOOT
    pages: list[list[Block]] = [[]]
    used = 0.0
    for block in blocks:
        needed = block.height(width)
        if pages[-1] and used + needed > height:
            pages.append([repeated])
            used = repeated.height(width)
            if isinstance(block, Space):
                continue
        pages[-1].append(block)
        used += needed
    return [Stack(page) for page in pages]


@dataclass(frozen=True)
class Page:
    """One laid out page with what its frame says: "page ``number`` of ``total``" of one bill or receipt."""

    content: Stack
    number: int
    total: int
    is_void: bool
    wording: Wording
    note: str

    def draw(self, canvas: Canvas, size: tuple[float, float]) -> None:
        """Draw the page into a box of ``size`` points at the canvas' origin."""
        width, height = size
        canvas.saveState()
        canvas.setFillColor(ACCENT)
        canvas.rect(0, height - 5, width, 5, stroke=0, fill=1)
        canvas.restoreState()
        if self.is_void:
            _watermark(canvas, width, height)
        self.content.draw(canvas, MARGIN, height - MARGIN, width - 2 * MARGIN)
        _foot(canvas, width, self)


def framed(
    blocks: Sequence[Block],
    size: tuple[float, float],
    repeated: Block,
    is_void: bool,
    wording: Wording,
    note: str | None = None,
) -> list[Page]:
    """Lay a document out on framed pages of a size. Call it, and draw the pages, in the document's language.

    ``note`` stands at the foot; without one, that the paper needs no signature.
    """
    contents = paginate(blocks, size, repeated)
    said = _("Made by computer: valid without a signature.") if note is None else note
    return [Page(content, number, len(contents), is_void, wording, said) for number, content in enumerate(contents, 1)]


def _watermark(canvas: Canvas, width: float, height: float) -> None:
    text = printable(_("VOID"))
    words = BOLD.words(text)
    size = min(150.0, 0.8 * width / BOLD.width(words, 1.0))
    canvas.saveState()
    canvas.translate(width / 2, height / 2)
    canvas.rotate(40)
    canvas.setFillColor(_VOID_TINT)
    BOLD.draw(canvas, -BOLD.width(words, size) / 2, -0.35 * size, words, size)
    canvas.restoreState()


def _foot(canvas: Canvas, width: float, page: Page) -> None:
    inner = width - 2 * MARGIN
    y = MARGIN + 2
    Rule().draw(canvas, MARGIN, y, inner)
    count = _(
        "Page %(number)s of %(total)s", number=page.wording.number(page.number), total=page.wording.number(page.total)
    )
    Row([(Text(page.note, SMALL), None), (Text(count, SMALL.but(align="right")), 40 * mm)]).draw(
        canvas, MARGIN, y - 4, inner
    )
