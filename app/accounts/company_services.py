"""The company's own settings: what documents, the status page and new customers start from (spec §9: the Group Admin's alone)."""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.actor import demand, shown_number
from app.accounts.models import Tenant
from app.accounts.services import SLUG
from app.activity.recorder import record
from app.core.database import db, locked
from app.core.errors import Refused
from app.core.language import normalise
from app.core.pictures import drawn, read_picture

LENGTHS = {
    "name": 120,
    "name_bn": 120,
    "address": 300,
    "phone": 40,
    "vat_number": 40,
    "invoice_footer": 500,
    "receipt_footer": 500,
}
LARGEST_LOGO = 2 * 2**20
LOGO_PIXELS = (600, 300)


@dataclass(frozen=True)
class CompanyWords:
    """What the form says of the company. Ids of packages and profiles as the form offered them."""

    name: str
    name_bn: str
    slug: str
    address: str
    phone: str
    vat_number: str
    invoice_footer: str
    receipt_footer: str
    document_language: str
    document_digits: str
    default_package_id: int | None
    default_profile_id: int | None


def own_company() -> Tenant:
    """Return the Group Admin's company, locked."""
    tenant_id = demand("group-admin").tenant_id
    return db.session.execute(
        locked(select(Tenant).where(Tenant.id == tenant_id)).execution_options(populate_existing=True)
    ).scalar_one()


def edit_company(words: CompanyWords) -> Tenant:
    """Change the company's settings; before and after stand in the log. Raises Refused."""
    company = own_company()
    values = {
        name: normalise(value, lines=name.endswith("footer")) if isinstance(value, str) else value
        for name, value in vars(words).items()
    }
    if not values["name"]:
        raise Refused(_("Enter the name."), "name")
    for field, longest in LENGTHS.items():
        if len(values[field]) > longest:
            raise Refused(_("At most %(count)s characters.", count=shown_number(longest)), field)
    if not SLUG.fullmatch(values["slug"]):
        raise Refused(_("A short name has 3 to 40 small letters, digits and dashes."), "slug")
    taken = select(Tenant.id).where(Tenant.slug == values["slug"], Tenant.id != company.id)
    if db.session.execute(taken).first():
        raise Refused(_("This short name is in use already."), "slug")
    if values["document_language"] not in ("bn", "en"):
        raise Refused(_("Choose one of the list."), "document_language")
    if values["document_digits"] not in ("beng", "latn"):
        raise Refused(_("Choose one of the list."), "document_digits")
    changes = {name: (getattr(company, name), new) for name, new in values.items() if getattr(company, name) != new}
    for name, (_old, new) in changes.items():
        setattr(company, name, new)
    db.session.flush()
    if changes:
        _record("company.edited", changes)
    return company


def set_logo(content: bytes) -> Tenant:
    """Keep a logo, drawn anew as a PNG of at most 600 × 300 pixels, in the database and nowhere a web server reaches. Raises Refused."""
    company = own_company()
    if len(content) > LARGEST_LOGO:
        raise Refused(_("The logo is too large: at most 2 MB."), "picture")
    company.logo = drawn(read_picture(content, "picture").convert("RGBA"), "PNG", LOGO_PIXELS)
    db.session.flush()
    _record("company.logo")
    return company


def remove_logo() -> Tenant:
    """Take the logo off all documents from now on."""
    company = own_company()
    company.logo = None
    db.session.flush()
    _record("company.logo")
    return company


def _record(event: str, changes: dict[str, tuple[object, object]] | None = None) -> None:
    actor = demand("group-admin")
    record("setup", event, tenant_id=actor.tenant_id, owner_id=actor.owner_id, changes=changes)
