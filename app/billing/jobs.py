"""Invoice Download: many invoices as one PDF, as a ZIP of a file for each bill, or as a ZIP of PDFs of 500 (spec §4)."""

import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.access.actor import current_actor
from app.accounts.models import Tenant
from app.billing.documents import company, invoice_data
from app.billing.models import Bill
from app.billing.queries import BillChoice, bills_in_order, chosen_bill_ids
from app.core.clock import today
from app.core.database import db
from app.core.errors import NotFound, Refused
from app.jobs.processes import Tick, in_processes
from app.jobs.services import Outcome, Progress, worker
from reports.document import Company
from reports.invoice import InvoiceData, invoice_pdf

KIND = "invoice-download"
MOST = 50_000
MOST_IN_ONE = 5_000
"""Above this many bills a download is a ZIP of PDFs of 500 each, whatever was asked for."""

PIECE = 500
FEW = 60
"""So few bills are drawn at once by the process that has the job: starting others would take longer."""

PDF, ZIP = "pdf", "zip"
DAYS = ("period_from", "period_to", "due_from", "due_to")


def as_arguments(choice: BillChoice) -> dict[str, Any]:
    """Return a choice as a job's arguments keep it."""
    days = {name: day.isoformat() if (day := getattr(choice, name)) else None for name in DAYS}
    return {**vars(choice), **days}


def _as_choice(arguments: dict[str, Any]) -> BillChoice:
    days = {name: date.fromisoformat(arguments[name]) if arguments[name] else None for name in DAYS}
    return BillChoice(**{**arguments, **days})


@dataclass(frozen=True)
class Piece:
    """A part of a download that one process draws: into one PDF, or into a folder of a file for each bill."""

    bill_ids: tuple[int, ...]
    path: str
    two_up: bool
    in_files: bool = False


@worker(KIND, key="print-invoice", sentence=_l("Invoices of %(count)s bills"), resumable=True)
def download_invoices(arguments: dict[str, Any], progress: Progress) -> Outcome:
    """Draw the chosen bills of the account's scope into one file, on all cores. Raises Refused when there are none."""
    bill_ids = chosen_bill_ids(_as_choice(arguments["choice"]))[:MOST]
    if not bill_ids:
        raise Refused(_("No bill is left under these filters."))
    progress.total(len(bill_ids))
    two_up, name = arguments["two_up"], f"invoices-{today().isoformat()}"
    words = {"count": len(bill_ids)}
    with tempfile.TemporaryDirectory(dir=progress.file("").parent, prefix="work-") as place:
        folder = Path(place)
        if len(bill_ids) > MOST_IN_ONE:
            path = progress.file(".zip")
            pieces = _pieces(bill_ids, PIECE, folder, two_up)
            _zip(path, _drawn_pdfs(pieces, progress))
            return Outcome(_l("%(count)s invoices in PDFs of 500 each."), words, file=path, name=f"{name}.zip")
        if arguments["format"] == ZIP:
            path = progress.file(".zip")
            pieces = _pieces(bill_ids, PIECE, folder, two_up, in_files=True)
            _zip(path, _drawn_files(pieces, progress))
            return Outcome(_l("%(count)s invoices, a file each."), words, file=path, name=f"{name}.zip")
        path = progress.file(".pdf")
        parts = 1 if len(bill_ids) <= FEW else os.cpu_count() or 1
        # a sheet of two bills must not end with the part
        size = -(-len(bill_ids) // parts // 2) * 2 if parts > 1 else len(bill_ids)
        pieces = _pieces(bill_ids, max(size, 1), folder, two_up)
        drawn = list(in_processes(draw_piece, pieces, progress, inline=len(bill_ids) <= FEW))
        join_pdfs(drawn, path)
        return Outcome(_l("%(count)s invoices in one PDF."), words, file=path, name=f"{name}.pdf")


def _pieces(bill_ids: Sequence[int], size: int, folder: Path, two_up: bool, *, in_files: bool = False) -> list[Piece]:
    ending = "" if in_files else ".pdf"
    return [
        Piece(tuple(bill_ids[first : first + size]), str(folder / f"{first // size:05d}{ending}"), two_up, in_files)
        for first in range(0, len(bill_ids), size)
    ]


def _drawn_pdfs(pieces: Sequence[Piece], progress: Progress) -> Iterator[tuple[str, Path]]:
    first = 1
    for piece, path in zip(pieces, in_processes(draw_piece, pieces, progress), strict=True):
        last = first + len(piece.bill_ids) - 1
        yield f"invoices-{first:05d}-{last:05d}.pdf", Path(path)
        first = last + 1


def _drawn_files(pieces: Sequence[Piece], progress: Progress) -> Iterator[tuple[str, Path]]:
    few = sum(len(piece.bill_ids) for piece in pieces) <= FEW
    for folder in in_processes(draw_piece, pieces, progress, inline=few):
        for path in sorted(Path(folder).iterdir()):
            yield path.name, path


def _zip(path: Path, files: Iterator[tuple[str, Path]]) -> None:
    # PDFs are packed already
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, file in files:
            archive.write(file, name)
            file.unlink()


def draw_piece(piece: Piece, tick: Tick) -> str:
    """Draw a part of a download, a bill at a time, and return where it lies."""
    actor = current_actor()
    tenant_id = actor.tenant_id if actor else None
    tenant = db.session.execute(select(Tenant).where(Tenant.id == tenant_id)).scalar_one_or_none()
    if tenant is None:
        raise NotFound("Tenant")
    whose = company(tenant)
    if piece.in_files:
        folder = Path(piece.path)
        folder.mkdir()
        for bill in bills_in_order(piece.bill_ids):
            data = invoice_data(bill)
            (folder / file_name(bill)).write_bytes(_invoice(whose, [data], data, piece.two_up))
            tick()
        return piece.path

    def counted() -> Iterator[InvoiceData]:
        for bill in bills_in_order(piece.bill_ids):
            yield invoice_data(bill)
            tick()

    Path(piece.path).write_bytes(invoice_pdf(whose, counted(), two_up=piece.two_up))
    return piece.path


def _invoice(whose: Company, invoices: list[InvoiceData], one: InvoiceData, two_up: bool) -> bytes:
    return invoice_pdf(whose, invoices, one.language or "bn", one.digits or "latn", two_up=two_up)


UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


def file_name(bill: Bill) -> str:
    """Return the name of a bill's file: customer's number and name, then the bill's number, which no other has."""
    customer = UNFIT.sub(" ", f"{bill.customer.number} {bill.customer_name}")
    # a name of 255 bytes is the most that file systems take; a Bengali letter has three
    short = customer.encode()[:180].decode("utf-8", "ignore").strip(" .")
    return f"{short} {bill.number}.pdf"


def join_pdfs(parts: Sequence[str], path: Path) -> None:
    """Write PDFs one after the other into one."""
    if len(parts) == 1:
        Path(parts[0]).rename(path)
        return
    # drawing processes import this module and join nothing
    import pypdfium2

    joined = pypdfium2.PdfDocument.new()
    try:
        for part in parts:
            opened = pypdfium2.PdfDocument(part)
            joined.import_pages(opened)
            opened.close()
        joined.save(str(path))
    finally:
        joined.close()
