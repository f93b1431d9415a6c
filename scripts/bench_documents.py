"""Measure invoices: the ratio to the same pages drawn by bare ReportLab without shaping, a bulk run on all cores, peak memory.

Bare ReportLab is the same layout with letters as ReportLab draws them by itself: no HarfBuzz, no clusters, Bengali wrong. The bulk
run is the job behind Invoice Download over the bills of the small demo, taken again and again: COUNT of them, 2,000 unless said.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

MOST_MEGABYTES = 150
LEAST_RATIO = 0.5
PAGES = 300


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the processor time that a piece of work takes, the best of three, after one round to warm up."""
    work()
    taken = []
    for _round in range(3):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def bare_font(shaped: Any) -> Any:
    """Return a font of the same file that ReportLab draws by itself."""
    from reportlab.pdfbase import pdfmetrics, ttfonts

    from reports.shaping import Cluster, DocumentFont, Glyph, Word

    class Bare(DocumentFont):
        def _shape_word(self, text: str) -> Word:
            widths = [self.face.charWidths.get(ord(letter), self.face.defaultWidth) for letter in text]
            clusters = [
                Cluster(letter, (Glyph(letter, width, width, 0, 0),))
                for letter, width in zip(text, widths, strict=True)
            ]
            return Word(tuple(clusters), sum(widths), False, True)

        def draw(self, canvas: Any, x: float, y: float, words: Sequence[Word], size: float) -> None:
            canvas.setFont(self.fontName, size)
            canvas.drawString(x, y, " ".join(word.text for word in words))

        def addObjects(self, doc: Any) -> None:
            ttfonts.TTFont.addObjects(self, doc)

    font = Bare(f"Bare{shaped.fontName}", Path(shaped.face.filename), {})
    pdfmetrics.registerFont(font)
    return font


def ratio() -> float:
    """Print how fast one core draws invoices, shaped and bare, and return the ratio."""
    from flask import Flask
    from flask_babel import Babel

    from reports import blocks, document
    from reports.invoice import invoice_pdf
    from tests.reports.make import COMPANY, INVOICE

    app = Flask("bench")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "translations")
    Babel(app)
    names = ("জ্ঞানেন্দ্র মোহন রায়", "রহিমা খাতুন", "Md. Abdul Karim", "শ্রীকান্ত ভট্টাচার্য্য")
    bills = [replace(INVOICE, number=number, customer_name=names[number % len(names)]) for number in range(PAGES)]
    with app.app_context():

        def draw() -> bytes:
            return invoice_pdf(COMPANY, bills, "bn", "beng")

        ours = cpu_seconds(draw)
        regular, bold = bare_font(blocks.REGULAR), bare_font(blocks.BOLD)
        with (
            patch.object(blocks, "REGULAR", regular),
            patch.object(blocks, "BOLD", bold),
            patch.object(document, "BOLD", bold),
        ):
            limit = cpu_seconds(draw)
    print(f"one core, {PAGES} invoices of a page: {PAGES / ours:.0f}/s shaped, {PAGES / limit:.0f}/s bare ReportLab")
    print(f"ratio {limit / ours:.2f} (at least {LEAST_RATIO})")
    return limit / ours


def bulk(count: int) -> int:
    """Print throughput and peak memory of a bulk run, and return the most megabytes a process took."""
    from alembic import command

    from app import create_app
    from app.access.actor import acting_as, find_actor
    from app.accounts.services import find_by_email
    from app.billing import jobs
    from app.billing.queries import BillChoice, chosen_bill_ids
    from app.cli import alembic_config
    from app.core.database import db
    from app.demo import fill
    from app.jobs.processes import in_processes
    from app.jobs.services import Progress, folder
    from config import Demo

    with tempfile.TemporaryDirectory() as place:
        app = create_app(Demo, DATABASE_URL=f"sqlite:///{place}/bench.db", FILES_FOLDER=place)
        with app.app_context():
            command.upgrade(alembic_config(), "head")
            with app.test_request_context():
                fill("small")
            account = find_by_email("ga@meghna.example.com")
            actor = find_actor(account.id) if account else None
            assert actor is not None
            with acting_as(actor):
                ids = chosen_bill_ids(BillChoice())
                wanted = (ids * (count // len(ids) + 1))[:count]
                db.session.rollback()
                pieces = jobs._pieces(wanted, jobs.PIECE, folder(), False)
                begun, before = time.perf_counter(), os.times()
                size = sum(Path(path).stat().st_size for path in in_processes(jobs.draw_piece, pieces, Progress(0)))
                taken, after = time.perf_counter() - begun, os.times()
            app.extensions["database"].dispose()
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    used = after.children_user + after.children_system - before.children_user - before.children_system
    print(
        f"\nbulk run, {count} invoices in PDFs of {jobs.PIECE}: {taken:.0f} s, {count / taken:.0f}/s, {size / 1e6:.0f} MB"
    )
    print(f"cores kept busy: {used / taken:.1f} of {os.cpu_count()}")
    print(f"peak memory of a drawing process: {children} MB (below {MOST_MEGABYTES})")
    return children


def main() -> int:
    """Print the figures; return 1 when one misses its goal."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    reached = ratio()
    megabytes = bulk(count)
    return int(reached < LEAST_RATIO or megabytes >= MOST_MEGABYTES)


if __name__ == "__main__":
    raise SystemExit(main())
