"""Import customers from a CSV or XLSX file: checked first, every bad row named with its line and reason, every good row in, undone as a whole."""

import csv
import io
import json
import secrets
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import exists, func, or_, select

from app.access.actor import current_actor, shown_number
from app.access.scope import current_scope, everywhere, get_or_404
from app.accounts.models import PARENTS, Account, Tenant
from app.activity.recorder import record
from app.billing.models import Bill
from app.core.clock import now
from app.core.database import after_commit, db, locked, transaction
from app.core.errors import NotFound, Refused
from app.core.language import Sentence, fold, listening, normalise, to_ascii_digits
from app.customers.models import Customer, CustomerImport, ImportedCustomer, ImportState
from app.customers.services import Details, create_customer, delete_customer
from app.packages.models import BillingProfile, Package, Zone
from app.payments.models import Payment

HEADER = (
    "Username",
    "Password",
    "Full Name",
    "Phone",
    "Email",
    "Operator",
    "Package",
    "Billing Profile",
    "Zone",
    "Address",
)
"""The columns of the file, in this order: the exact header of the spec (§3)."""

REASON = "Reason"
"""A column more, at the end, that the file of refused rows has: it says why, and is passed over when the file comes back repaired."""

LARGEST_FILE = 10 * 2**20
LARGEST_SHEET = 200 * 2**20
"""Bytes of a spreadsheet once it is unpacked: ten megabytes can hold a thousand times as much."""

MOST_ROWS = 100_000
SHOWN_REASONS = 200
CHECKED_AT_ONCE = 200
"""Rows whose check holds the database: others write in between."""

IN_USE = "This username is in use already. Choose another."
"""What the second of two equal usernames is told, as the form tells it."""

LONGEST_ZONE = 80
# what a spreadsheet would run as a formula got a quote from the export; it is taken off again (spec §11.14)
FORMULA = ("=", "+", "-", "@")
GUARDED = tuple(f"'{start}" for start in FORMULA)


@dataclass(frozen=True)
class BadRow:
    """A row that was refused: the line of the file it begins on, why, and its cells."""

    line: int
    why: Sentence
    cells: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why, in the language and digits of who reads it."""
        return said_to_the_reader(self.why.code, self.why.words)


def said_to_the_reader(code: str, words: dict[str, str]) -> str:
    """Return why a row was refused, in the language and digits at work: it may be read by somebody else than who had it checked."""
    shown = {name: shown_number(to_ascii_digits(word)) if word.isdecimal() else word for name, word in words.items()}
    return str(Sentence(code, shown))


@dataclass
class ImportReport:
    """What an import did."""

    imported: int = 0
    refused: list[BadRow] = field(default_factory=list)
    customers: list[tuple[int, int]] = field(default_factory=list)


def read_file(path: Path) -> bytes:
    """Return the content of a file; of one that is too large no more than ``read_rows`` needs to refuse it."""
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def import_customers(content: bytes) -> ImportReport:
    """Import a file into the tenant at work; good rows go in, in one transaction.

    Raises Refused for a file that is not one: too large, not UTF-8, empty, other columns.
    """
    rows = read_rows(content)
    with transaction():
        return _import_rows(rows)


def _import_rows(rows: list[tuple[int, list[str]]], each: Callable[[], None] = lambda: None) -> ImportReport:
    report = ImportReport()
    # two imports at once would both find a username free
    db.session.execute(locked(select(Tenant.id).where(Tenant.id == current_scope().tenant_id)))
    names = _Names()
    for line, cells in rows:
        with listening() as heard:
            try:
                customer = _import_row(cells, names)
                report.imported += 1
                report.customers.append((line, customer.id))
            except Refused as refused:
                why = heard.get(refused.message) or Sentence(refused.message)
                report.refused.append(BadRow(line, why, tuple(cells)))
        each()
    return report


class _OnlyTried(Exception):
    """Take a part of a check back: nothing of it stays."""


def check_rows(rows: list[tuple[int, list[str]]], each: Callable[[], None] = lambda: None) -> ImportReport:
    """Try the rows as an import would and leave nothing of them; a username twice in the file is refused the second time."""
    report, seen = ImportReport(), set[str]()
    for begin in range(0, len(rows), CHECKED_AT_ONCE):
        part = rows[begin : begin + CHECKED_AT_ONCE]
        again = [row for row in part if row[1] and _username(row[1]) in seen]
        tried = ImportReport()
        try:
            with transaction():
                tried = _import_rows([row for row in part if row not in again], each=each)
                raise _OnlyTried
        except _OnlyTried:
            pass
        tried.refused += [BadRow(line, Sentence(IN_USE), tuple(cells)) for line, cells in again]
        refused = {bad.line for bad in tried.refused}
        seen |= {_username(cells) for line, cells in part if line not in refused}
        report.imported += tried.imported
        report.refused += sorted(tried.refused, key=lambda bad: bad.line)
    return report


def _username(cells: list[str]) -> str:
    return normalise(_unguarded(cells[0])).lower()


# --- One import, from the uploaded file to its undoing --------------------------------------------------------------


def upload_import(name: str, content: bytes) -> CustomerImport:
    """Keep an uploaded file for its check, in a transaction. Raises Refused for a file that is no list of customers."""
    rows = read_rows(content)
    if not rows:
        raise Refused(_("The file holds no customers."), "file")
    actor = current_actor()
    made = CustomerImport(
        account_id=actor.id if actor else None,
        file_name=normalise(name)[:120] or "customers.csv",
        file=secrets.token_hex(20),
        rows=len(rows),
    )
    db.session.add(made)
    db.session.flush()
    _place(made).write_bytes(content)
    return made


def check_import(import_id: int, each: Callable[[], None] = lambda: None) -> ImportReport:
    """Try every row of an uploaded file and keep what was found, for the preview."""
    made = get_or_404(CustomerImport, import_id)
    report = check_rows(read_rows(_content(made)), each)
    _keep_refused(_place(made), report.refused)
    with transaction():
        made = get_or_404(CustomerImport, import_id, lock=True)
        if made.state == ImportState.CHECKING:
            made.state = ImportState.CHECKED
            _keep(made, report)
    return report


def run_import(import_id: int, each: Callable[[], None] = lambda: None) -> ImportReport:
    """Import the good rows of a checked file, in one transaction; the file, which holds passwords, goes. Raises Refused."""
    with transaction():
        made = get_or_404(CustomerImport, import_id, lock=True)
        if made.state != ImportState.CHECKED:
            raise Refused(_("This file was imported already."))
        report = _import_rows(read_rows(_content(made)), each)
        db.session.add_all(
            ImportedCustomer(
                tenant_id=made.tenant_id, owner_id=made.owner_id, import_id=made.id, customer_id=customer_id, line=line
            )
            for line, customer_id in report.customers
        )
        made.state = ImportState.IMPORTED
        _keep(made, report)
        _record(made, "import.done", count=report.imported, refused=len(report.refused))
        place = _place(made)
        after_commit(lambda: place.unlink(missing_ok=True))
        after_commit(lambda: _keep_refused(place, report.refused))
    return report


def undo_import(made: CustomerImport, each: Callable[[], None] = lambda: None) -> int:
    """Take a whole import back while none of its customers has a bill or a payment; the usernames are free again. Raises Refused."""
    with transaction():
        made = get_or_404(CustomerImport, made.id, lock=True)
        refusal = undo_refusal(made)
        if refusal is not None:
            raise refusal
        customers = list(db.session.execute(select(Customer).where(_is_of(made))).scalars())
        for customer in customers:
            delete_customer(customer, _("Import undone: %(file)s", file=made.file_name))
            each()
        made.state = ImportState.UNDONE
        _record(made, "import.undone", count=len(customers))
    return len(customers)


def undo_refusal(made: CustomerImport) -> Refused | None:
    """Return why an import cannot be undone, or None when it can."""
    if made.state != ImportState.IMPORTED:
        return Refused(_("There is nothing to undo."))
    touched = count_touched(made)
    if not touched:
        return None
    return Refused(
        ngettext(
            "%(count)s customer of this import has a bill or a payment already. Delete customers one by one.",
            "%(count)s customers of this import have bills or payments already. Delete customers one by one.",
            touched,
            count=shown_number(touched),
        )
    )


def count_touched(made: CustomerImport) -> int:
    """Return how many customers of an import have a bill or a payment, void ones too."""
    has_bill = exists().where(Bill.customer_id == Customer.id)
    has_payment = exists().where(Payment.customer_id == Customer.id)
    return db.session.execute(
        select(func.count(Customer.id)).where(_is_of(made), or_(has_bill, has_payment))
    ).scalar_one()


def _is_of(made: CustomerImport) -> Any:
    brought = select(ImportedCustomer.customer_id).where(ImportedCustomer.import_id == made.id)
    return Customer.id.in_(brought) & Customer.deleted_at.is_(None)


DAYS_KEPT, DAYS_WAITED_FOR = 1, 7
"""How long refused rows can be downloaded, and an uploaded file waits to be imported: both hold passwords."""


def _keep_refused(place: Path, refused: list[BadRow]) -> None:
    """Keep the refused rows of a file beside it for a day, not yet in anybody's language."""
    rows = [(bad.line, bad.why.code, bad.why.words, bad.cells) for bad in refused]
    place.with_suffix(REFUSED_ROWS).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


REFUSED_ROWS = ".refused"


def has_refused_rows(made: CustomerImport) -> bool:
    """Tell whether the refused rows of an import can still be downloaded."""
    return bool(made.bad) and _place(made).with_suffix(REFUSED_ROWS).is_file()


def refused_rows(made: CustomerImport) -> list[BadRow]:
    """Return the refused rows of an import. Raises NotFound once they are gone."""
    if not has_refused_rows(made):
        raise NotFound("CustomerImport")
    rows = json.loads(_place(made).with_suffix(REFUSED_ROWS).read_text(encoding="utf-8"))
    return [BadRow(line, Sentence(code, words), tuple(cells)) for line, code, words, cells in rows]


def remove_old_uploads() -> int:
    """Remove refused rows after a day and files that nobody has imported after a week; return how many files."""
    found = 0
    for path in _folder().iterdir():
        days = DAYS_KEPT if path.suffix == REFUSED_ROWS else DAYS_WAITED_FOR
        if path.stat().st_mtime < (now() - timedelta(days=days)).timestamp():
            path.unlink(missing_ok=True)
            found += 1
    return found


def repair_file(refused: list[BadRow]) -> bytes:
    """Return the refused rows as a CSV to repair and import again, each with its reason at the end, in the language at work."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow((*HEADER, REASON))
    for bad in refused:
        cells = (*bad.cells, *[""] * len(HEADER))[: len(HEADER)]
        # as in every CSV of the house: what a spreadsheet would run gets a quote, which the import takes off again
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells] + [bad.reason])
    return text.getvalue().encode("utf-8-sig")


def _keep(made: CustomerImport, report: ImportReport) -> None:
    made.good, made.bad = report.imported, len(report.refused)
    made.reasons = [
        # neither the password nor more of the row than one needs to find it
        {
            "line": bad.line,
            "reason": bad.why.code,
            "words": bad.why.words,
            "username": bad.cells[0][:64] if bad.cells else "",
        }
        for bad in report.refused[:SHOWN_REASONS]
    ]


def _record(made: CustomerImport, event: str, **words: Any) -> None:
    record(
        "customers",
        event,
        tenant_id=made.tenant_id,
        owner_id=made.owner_id,
        subject=made,
        file=made.file_name,
        **words,
    )


def _folder() -> Path:
    folder = Path(current_app.config["FILES_FOLDER"]) / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _place(made: CustomerImport) -> Path:
    return _folder() / made.file


def _content(made: CustomerImport) -> bytes:
    place = _place(made)
    if not place.is_file():
        raise Refused(_("The uploaded file is gone. Upload it once more."))
    return place.read_bytes()


# --- The file --------------------------------------------------------------------------------------------------------


def read_rows(content: bytes) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV (commas, semicolons or tabs) or XLSX file with the line each begins on, after the header. Raises Refused."""
    if len(content) > LARGEST_FILE:
        raise Refused(_("The file is too large: at most 10 MB."), "file")
    rows = _sheet(content) if content.startswith(b"PK\x03\x04") else _lines(content)
    titles = tuple(cell.strip() for cell in rows[0][1])
    has_reasons = titles == (*HEADER, REASON)
    if titles != HEADER and not has_reasons:
        raise Refused(
            _("The file has other columns. The first line must be: %(header)s", header=", ".join(HEADER)), "file"
        )
    filled = [(line, cells) for line, cells in rows[1:] if any(cell.strip() for cell in cells)]
    if len(filled) > MOST_ROWS:
        raise Refused(_("The file has too many rows: at most %(count)s.", count=shown_number(MOST_ROWS)), "file")
    return [(line, cells[: len(HEADER)] if has_reasons else cells) for line, cells in filled]


def _lines(content: bytes) -> list[tuple[int, list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(_("The file is not UTF-8. Save it as “CSV UTF-8” and try again."), "file") from None
    if "\x00" in text:
        raise Refused(_("The file is not a text file."), "file")
    if not text.strip():
        raise Refused(_("The file is empty."), "file")
    # spreadsheets of many countries write semicolons; no title of the header holds any of these
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    # strict: a quote that is never closed would swallow the rows after it
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error:
        raise Refused(_("Line %(line)s of the file cannot be read.", line=shown_number(begins)), "file") from None
    return rows


def _sheet(content: bytes) -> list[tuple[int, list[str]]]:
    """Return the first sheet of a spreadsheet as text, as it is shown where numbers are concerned."""
    # nine megabytes that every process would hold for the sake of a file now and then
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_SHEET:
                raise Refused(_("The file is too large: at most 10 MB."), "file")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # what the file says of its own size may be wrong
        sheet.reset_dimensions()
        rows = [
            (line, [_cell(value) for value in values])
            for line, values in enumerate(sheet.iter_rows(max_row=MOST_ROWS + 2, values_only=True), 1)
        ]
    except Refused:
        raise
    # a damaged or made-up archive fails in a dozen ways inside the library
    except Exception:
        raise Refused(_("The spreadsheet cannot be read. Save it as “CSV UTF-8” and try again."), "file") from None
    width = len(rows[0][1]) if rows else 0
    while width and rows and not rows[0][1][width - 1]:
        width -= 1
    if not width:
        raise Refused(_("The file is empty."), "file")
    return [(line, (cells + [""] * width)[:width]) for line, cells in rows]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    # a spreadsheet takes 01712345678 for a number and drops the zero
    return f"0{text}" if isinstance(value, int) and len(text) == 10 and text.startswith("1") else text


class _Names:
    """What the names in the file mean in this tenant."""

    def __init__(self) -> None:
        scope = current_scope()
        parents = Account.kind.in_([kind.value for kind in PARENTS])
        accounts = db.session.execute(select(Account).where(parents)).scalars().all()
        self.default_owner = next(account for account in accounts if account.id == scope.owner_id)
        self.owners = {account.email: account for account in accounts}
        with everywhere("packages and profiles are given down by the accounts above"):
            chain = db.session.execute(
                select(Account.id, Account.parent_id).where(parents, Account.tenant_id == scope.tenant_id)
            ).all()
        self._parent_of: dict[int, int | None] = {account_id: parent_id for account_id, parent_id in chain}
        self._packages = list(db.session.execute(select(Package).where(Package.archived_at.is_(None))).scalars())
        self._profiles = list(
            db.session.execute(select(BillingProfile).where(BillingProfile.archived_at.is_(None))).scalars()
        )
        self._zones = {
            (zone.owner_id, fold(zone.name)): zone
            for zone in db.session.execute(select(Zone).where(Zone.archived_at.is_(None))).scalars()
        }

    def owner(self, email: str) -> Account:
        """Return the account that a row names; the Group Admin for an empty cell."""
        if not email:
            return self.default_owner
        account = self.owners.get(email.lower())
        if account is None:
            raise Refused(_("There is no operator %(name)s.", name=email[:80]), "operator")
        return account

    def package(self, name: str, owner: Account) -> Package:
        """Return a package that the owner may use."""
        return self._offered(self._packages, name, owner, _("There is no package %(name)s.", name=name[:80]))

    def profile(self, name: str, owner: Account) -> BillingProfile:
        """Return a billing profile that the owner may use."""
        return self._offered(self._profiles, name, owner, _("There is no billing profile %(name)s.", name=name[:80]))

    def _offered(self, rows: list[Any], name: str, owner: Account, otherwise: str) -> Any:
        account_id: int | None = owner.id
        while account_id is not None:
            for row in rows:
                if row.owner_id == account_id and fold(row.name) == fold(name):
                    return row
            account_id = self._parent_of[account_id]
        raise Refused(otherwise, "package")

    def zone(self, name: str, owner: Account) -> Zone | None:
        """Return the owner's zone of this name; an unknown one is made (spec §11.15)."""
        if not name:
            return None
        key = (owner.id, fold(name))
        if key not in self._zones:
            zone = Zone(tenant_id=owner.tenant_id, owner_id=owner.id, name=name)
            db.session.add(zone)
            db.session.flush()
            self._zones[key] = zone
        return self._zones[key]


def _import_row(cells: list[str], names: _Names) -> Customer:
    if len(cells) != len(HEADER):
        raise Refused(
            _(
                "The row has %(count)s columns instead of %(wanted)s.",
                count=shown_number(len(cells)),
                wanted=shown_number(len(HEADER)),
            )
        )
    row = dict(zip(HEADER, (_unguarded(cell) for cell in cells), strict=True))
    if not row["Phone"].strip():
        raise Refused(_("The phone number is missing."), "mobile")
    owner = names.owner(normalise(row["Operator"]))
    package = names.package(normalise(row["Package"]), owner)
    profile = names.profile(normalise(row["Billing Profile"]), owner)
    zone_name = normalise(row["Zone"])
    if len(zone_name) > LONGEST_ZONE:
        raise Refused(_("At most %(count)s characters.", count=shown_number(LONGEST_ZONE)), "zone")
    customer = create_customer(
        Details(
            name=row["Full Name"],
            username=row["Username"],
            connection_password=row["Password"],
            mobile=row["Phone"],
            email=row["Email"],
            address=row["Address"],
            connection_type=package.connection_type,
            package_id=package.id,
            profile_id=profile.id,
        ),
        owner_id=owner.id,
    )
    zone = names.zone(zone_name, owner)
    if zone is not None:
        customer.zone_id = zone.id
    return customer


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith(GUARDED) else cell
