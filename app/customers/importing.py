"""Import customers from a CSV file: every bad row named with its line and reason, every good row in."""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.scope import current_scope, everywhere
from app.accounts.models import PARENTS, Account, Tenant
from app.core.database import db, locked, transaction
from app.core.errors import Refused
from app.core.language import fold, normalise
from app.customers.models import Customer
from app.customers.services import Details, create_customer
from app.packages.models import BillingProfile, Package, Zone

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

LARGEST_FILE = 10 * 2**20
LONGEST_ZONE = 80
# what a spreadsheet would run as a formula got a quote from the export; it is taken off again (spec §11.14)
GUARDED = ("'=", "'+", "'-", "'@")


@dataclass(frozen=True)
class BadRow:
    """A row that was refused: the line of the file it begins on, why, and its cells."""

    line: int
    reason: str
    cells: tuple[str, ...]


@dataclass
class ImportReport:
    """What an import did."""

    imported: int = 0
    refused: list[BadRow] = field(default_factory=list)


def read_file(path: Path) -> bytes:
    """Return the content of a file; of one that is too large no more than ``read_rows`` needs to refuse it."""
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def import_customers(content: bytes) -> ImportReport:
    """Import a CSV file into the tenant at work; good rows go in, in one transaction.

    Raises Refused for a file that is not one: too large, not UTF-8, empty, other columns.
    """
    rows = read_rows(content)
    report = ImportReport()
    with transaction():
        # two imports at once would both find a username free
        db.session.execute(locked(select(Tenant.id).where(Tenant.id == current_scope().tenant_id)))
        names = _Names()
        for line, cells in rows:
            try:
                _import_row(cells, names)
                report.imported += 1
            except Refused as refused:
                report.refused.append(BadRow(line, refused.message, tuple(cells)))
    return report


def read_rows(content: bytes) -> list[tuple[int, list[str]]]:
    """Return the rows of a file with the line each begins on, after the header. Raises Refused."""
    if len(content) > LARGEST_FILE:
        raise Refused(_("The file is too large: at most 10 MB."), "file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(_("The file is not UTF-8. Save it as “CSV UTF-8” and try again."), "file") from None
    if "\x00" in text:
        raise Refused(_("The file is not a text file."), "file")
    if not text.strip():
        raise Refused(_("The file is empty."), "file")
    # strict: a quote that is never closed would swallow the rows after it
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error:
        raise Refused(_("Line %(line)s of the file cannot be read.", line=begins), "file") from None
    if tuple(cell.strip() for cell in rows[0][1]) != HEADER:
        raise Refused(
            _("The file has other columns. The first line must be: %(header)s", header=", ".join(HEADER)), "file"
        )
    return [(line, cells) for line, cells in rows[1:] if any(cell.strip() for cell in cells)]


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
        raise Refused(_("The row has %(count)s columns instead of %(wanted)s.", count=len(cells), wanted=len(HEADER)))
    row = dict(zip(HEADER, (_unguarded(cell) for cell in cells), strict=True))
    if not row["Phone"].strip():
        raise Refused(_("The phone number is missing."), "mobile")
    owner = names.owner(normalise(row["Operator"]))
    package = names.package(normalise(row["Package"]), owner)
    profile = names.profile(normalise(row["Billing Profile"]), owner)
    zone_name = normalise(row["Zone"])
    if len(zone_name) > LONGEST_ZONE:
        raise Refused(_("At most %(count)s characters.", count=LONGEST_ZONE), "zone")
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
