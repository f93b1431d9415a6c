"""What the pages that customers pay by have in common: language, provider, and a form without a session."""

from typing import Any

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from app.accounts.models import Account, Tenant
from app.core.database import db
from app.core.language import LANGUAGES
from app.core.ownership import Owned

FORM_SECONDS = 30 * 60
"""How long a page's form is good for (reference: gateways, §6.8)."""


def page_language(otherwise: str) -> str:
    """Return the language of a page: the one asked for in its address, else the customer's."""
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else otherwise


def page_languages() -> list[dict[str, str]]:
    """Return the languages with the addresses of this page in each."""
    return [
        {"code": code, "name": name, "url": f"{request.path}?lang={code}"}
        for code, name in (("bn", "বাংলা"), ("en", "English"))
    ]


def provider_of(row: Owned) -> dict[str, Any]:
    """Return the provider's name in both scripts, and whom to call."""
    tenant = db.session.get_one(Tenant, row.tenant_id)
    owner = db.session.get_one(Account, row.owner_id)
    return {
        "provider": tenant.name,
        "provider_bn": tenant.name_bn or tenant.name,
        "phone": owner.mobile or tenant.phone,
    }


def token_of_the_page(mark: str) -> str:
    """Return what the form of a page carries: bound to what the page is about, for there is no session to bind it to."""
    return _serializer().dumps(mark)


def is_of_the_page(mark: str, token: str) -> bool:
    """Tell whether a form comes from the page about this, opened not too long ago."""
    try:
        return bool(_serializer().loads(token, max_age=FORM_SECONDS) == mark)
    except BadData:
        return False


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="payment link's page")
