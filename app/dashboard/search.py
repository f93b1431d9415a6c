"""One search over everything an account may see: customers, bills and payments, each kind behind its key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_appbuilder import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app.access.actor import Actor, reader_digits
from app.billing.models import Bill
from app.billing.views import BillPage, bill_name
from app.core.database import db
from app.core.language import format_period, normalise, to_ascii_digits
from app.customers.models import Customer
from app.customers.queries import matching, present
from app.customers.views import DUE_KEYS, CustomerPage, is_overdue
from app.payments.collect_views import CollectPage
from app.payments.models import Payment
from app.payments.views import PaymentPage
from app.web.formats import language
from app.web.page import Panel
from app.web.shown import BILL_STATUS, CUSTOMER_STATUS, RECORD_STATUS

AT_MOST = 10
LONGEST = 100


@dataclass(frozen=True)
class Kind:
    """A kind of row that is searched: its key, what finds it, how a row shows, and the list under the same search."""

    label: Any
    icon: str
    key: str
    found: Callable[[str, int | None], Select[Any] | None]
    row: Callable[[Any, Actor], dict[str, Any]]
    list_url: Callable[[str], str]
    instead_of: str = ""

    def opens_to(self, actor: Actor) -> bool:
        """Tell whether this account searches this kind; one that stands in for another gives way to it."""
        return actor.may(self.key) and not (self.instead_of and actor.may(self.instead_of))


def _customers(query: str, number: int | None) -> Select[Any]:
    # whose number it is comes before those whose mobile or name merely holds it
    return present().where(matching(query)).order_by(Customer.number != (number or 0), Customer.name, Customer.id)


def _bills(_query: str, number: int | None) -> Select[Any] | None:
    if number is None:
        return None
    return select(Bill).where(Bill.number == number).options(joinedload(Bill.customer)).order_by(Bill.id)


def _payments(_query: str, number: int | None) -> Select[Any] | None:
    return (
        None
        if number is None
        else select(Payment).where(Payment.number == number).options(joinedload(Payment.customer)).order_by(Payment.id)
    )


def _name(customer: Customer) -> str:
    return customer.name_for(language())


def _customer_row(customer: Customer, actor: Actor) -> dict[str, Any]:
    return {
        "url": url_for("CustomerPage.show", pk=customer.id),
        "title": _name(customer),
        "number": customer.number,
        "words": [customer.username],
        "phone": customer.mobile,
        "status": CUSTOMER_STATUS[customer.status],
        "due": customer.balance if any(actor.may(key) for key in DUE_KEYS) else None,
        "is_overdue": is_overdue(customer),
    }


def _payer_row(customer: Customer, _actor: Actor) -> dict[str, Any]:
    return {
        "url": url_for("PaymentPage.receive", pk=customer.id),
        "title": _name(customer),
        "number": customer.number,
        "words": [customer.place],
        "due": customer.balance,
        "is_overdue": is_overdue(customer),
    }


def _bill_row(bill: Bill, _actor: Actor) -> dict[str, Any]:
    return {
        "url": url_for("BillPage.show", pk=bill.id),
        "title": bill_name(bill),
        "number": bill.number,
        "words": [format_period(bill.period_from, bill.period_to, language(), reader_digits())],
        "amount": bill.total,
        "status": BILL_STATUS[bill.status],
    }


def _payment_row(payment: Payment, _actor: Actor) -> dict[str, Any]:
    return {
        "url": url_for("PaymentPage.show", pk=payment.id),
        "title": _name(payment.customer),
        "number": payment.number,
        "day": payment.paid_on,
        "amount": payment.amount,
        "status": RECORD_STATUS[payment.status],
    }


KINDS = (
    Kind(
        _l("Customers"),
        "users",
        CustomerPage.keys["list"],
        _customers,
        _customer_row,
        lambda query: url_for("CustomerPage.list", q=query),
    ),
    Kind(
        _l("Receive payment"),
        "cash",
        CollectPage.keys["index"],
        _customers,
        _payer_row,
        lambda query: url_for("CollectPage.index", q=query),
        instead_of=CustomerPage.keys["list"],
    ),
    Kind(
        _l("Bills"),
        "file-invoice",
        BillPage.keys["list"],
        _bills,
        _bill_row,
        lambda query: url_for("BillPage.list", q=query),
    ),
    Kind(
        _l("Payments"),
        "receipt",
        PaymentPage.keys["list"],
        _payments,
        _payment_row,
        lambda query: url_for("PaymentPage.list", q=query),
    ),
)


def may_search(actor: Actor) -> bool:
    """Tell whether an account has anything to search: the search box shows only then."""
    return actor.may("staff") and any(kind.opens_to(actor) for kind in KINDS)


class SearchPage(Panel):
    """Results by kind, as plain links."""

    route_base = "/search"
    default_view = "index"
    keys = {"index": "staff"}

    @expose("/")
    def index(self) -> str:
        """Show what is found: at most ten rows of a kind, with the way to the list. It leads nowhere by itself."""
        actor = self.actor()
        query = normalise(request.args.get("q", "").replace("\x00", ""))[:LONGEST]
        kinds = [kind for kind in KINDS if kind.opens_to(actor)]
        results = [found for kind in kinds if query and (found := _result(kind, query, actor)) is not None]
        lists = [{"label": kind.label, "icon": kind.icon, "url": kind.list_url(query)} for kind in kinds]
        return self.render("search/results.html", query=query, results=results, lists=lists, may_search=bool(kinds))


def _result(kind: Kind, query: str, actor: Actor) -> dict[str, Any] | None:
    statement = kind.found(query, _number(query))
    rows = [] if statement is None else db.session.execute(statement.limit(AT_MOST + 1)).scalars().all()
    if not rows:
        return None
    return {
        "label": kind.label,
        "icon": kind.icon,
        "rows": [kind.row(row, actor) for row in rows[:AT_MOST]],
        "has_more": len(rows) > AT_MOST,
        "list_url": kind.list_url(query),
    }


def _number(query: str) -> int | None:
    digits = to_ascii_digits(query).removeprefix("#").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None
