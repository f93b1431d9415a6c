"""What programs may ask and do: customers, packages, zones, bills, payments, expenses, who is connected. The services and keys of the pages."""

from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app.access.actor import Actor
from app.access.permissions import ANY_OF, KEYS, SIGNED_IN
from app.access.scope import get_or_404
from app.api.doors import Api, Part, operation, operations_of, part_of
from app.api.shapes import (
    MONEY_OF_CUSTOMERS,
    Answer,
    BillAnswer,
    BillsAsked,
    CashAsked,
    CustomerAnswer,
    CustomerChange,
    CustomersAsked,
    ExpenseAnswer,
    ExpensesAsked,
    MeAnswer,
    NewCustomer,
    NoteAsked,
    PackageAnswer,
    PageAsked,
    PaymentAnswer,
    PaymentsAsked,
    ProfileAnswer,
    ReasonAsked,
    SessionAnswer,
    ZoneAnswer,
)
from app.billing.models import Bill
from app.billing.queries import in_status
from app.billing.views import BillPage
from app.core.clock import to_dhaka
from app.core.database import transaction
from app.core.errors import Conflict, NotFound, Refused
from app.customers.models import Customer, CustomerStatus
from app.customers.queries import matching, present, present_customer
from app.customers.services import Details, change_status, create_customer, edit_customer
from app.customers.views import DUE_KEYS, CustomerPage
from app.expenses.models import Expense
from app.expenses.views import ExpensePage
from app.packages.models import Zone
from app.packages.queries import packages_on_offer, profiles_on_offer, retail_prices, zone_and_below
from app.payments.models import Payment
from app.payments.services import LikelySecondEntry, Received, receive_cash, void_payment
from app.payments.views import PaymentPage, second_entry_question
from app.radius.models import LineSession
from app.radius.queries import online
from app.radius.views import OnlinePage
from app.web.frame import company_of

CHOICES = "choices-of-customers"
LONGEST_ONCE_KEY = 100


class MeApi(Api):
    """As whom a program acts."""

    route_base = "/api/v1/me"
    default_view = "show"
    keys = {"show": SIGNED_IN}

    @operation("GET", "", _l("As which account the API key acts, and with which permissions now"), MeAnswer)
    def show(self) -> dict[str, Any]:
        """Tell as whom, and with which keys, the API key acts now."""
        actor = self.actor()
        company = company_of(actor)
        facts = actor.api_key
        if facts is None:
            raise NotFound("ApiKey")
        return {
            "account_id": actor.id,
            "name": actor.name,
            "email": actor.email,
            "kind": str(actor.kind),
            "company": company.name if company else "",
            "api_key": facts.name,
            "expires_at": to_dhaka(facts.expires_at).isoformat(timespec="seconds") if facts.expires_at else None,
            "keys": sorted(key for key in facts.keys if actor.may(key)),
        }


class CustomersApi(Api):
    """Customers."""

    route_base = "/api/v1/customers"
    default_view = "list"
    keys = {
        "list": CustomerPage.keys["list"],
        "show": CustomerPage.keys["show"],
        "add": CustomerPage.keys["add"],
        "edit": CustomerPage.keys["edit"],
        "activate": CustomerPage.keys["activate"],
        "suspend": CustomerPage.keys["suspend"],
        "disable": CustomerPage.keys["disable"],
        "receive": PaymentPage.keys["receive"],
    }

    def row(self, pk: str) -> Customer:
        """Return a customer that is not deleted. Raises NotFound."""
        return present_customer(pk)

    def hidden(self, actor: Actor, shape: type[Answer]) -> tuple[str, ...]:
        """Hide what is due from who holds none of the keys that show it (spec §2)."""
        if shape is not CustomerAnswer:
            return ()
        return () if any(actor.may(key) for key in DUE_KEYS) else MONEY_OF_CUSTOMERS

    @operation("GET", "", _l("List customers, newest first"), CustomerAnswer, query=CustomersAsked, is_list=True)
    def list(self, asked: dict[str, Any]) -> Part:
        """List customers."""
        statement = present()
        if asked.get("q"):
            statement = statement.where(matching(asked["q"]))
        for name, column in (("status", Customer.status), ("package_id", Customer.package_id)):
            if name in asked:
                statement = statement.where(column == asked[name])
        if "username" in asked:
            statement = statement.where(Customer.username_key == asked["username"].lower())
        if "zone_id" in asked:
            statement = statement.where(Customer.zone_id.in_(zone_and_below(asked["zone_id"])))
        return part_of(statement, Customer, asked)

    @operation("GET", "/<pk>", _l("Show a customer"), CustomerAnswer)
    def show(self, customer: Customer) -> Customer:
        """Show a customer."""
        return customer

    @operation("POST", "", _l("Create a customer"), CustomerAnswer, body=NewCustomer, status=201)
    def add(self, sent: dict[str, Any]) -> Any:
        """Create a customer as the form does: in mid-month with a bill by days left."""
        company = company_of(self.actor())
        if company is not None:
            sent.setdefault("document_language", company.document_language)
            sent.setdefault("document_digits", company.document_digits)
        with transaction():
            customer = create_customer(Details(**sent), bill_the_rest_of_the_month=True)
        return self._changed(customer)

    @operation("PATCH", "/<pk>", _l("Change a customer"), CustomerAnswer, body=CustomerChange)
    def edit(self, customer: Customer, sent: dict[str, Any]) -> Any:
        """Change what was sent; what was not sent stays."""
        version = sent.pop("version", None)
        names = [name for name in Details.__dataclass_fields__ if name not in ("connection_password", "custom_fields")]
        kept = {name: getattr(customer, name) for name in names}
        with transaction():
            edit_customer(customer, Details(**{**kept, **sent}), version=version)
        return self._changed(customer)

    @operation("POST", "/<pk>/activate", _l("Activate a customer"), CustomerAnswer, body=NoteAsked)
    def activate(self, customer: Customer, sent: dict[str, Any]) -> Any:
        """Make a customer active."""
        return self._change_status(customer, CustomerStatus.ACTIVE, sent)

    @operation("POST", "/<pk>/suspend", _l("Suspend a customer"), CustomerAnswer, body=ReasonAsked)
    def suspend(self, customer: Customer, sent: dict[str, Any]) -> Any:
        """Suspend a customer."""
        return self._change_status(customer, CustomerStatus.SUSPENDED, sent)

    @operation("POST", "/<pk>/disable", _l("Disable a customer"), CustomerAnswer, body=ReasonAsked)
    def disable(self, customer: Customer, sent: dict[str, Any]) -> Any:
        """Disable a customer."""
        return self._change_status(customer, CustomerStatus.DISABLED, sent)

    @operation(
        "POST",
        "/<pk>/payments",
        _l("Receive cash from a customer, once however often it is sent"),
        PaymentAnswer,
        body=CashAsked,
        status=201,
        is_once_only=True,
    )
    def receive(self, customer: Customer, sent: dict[str, Any]) -> Any:
        """Record cash; the same Idempotency-Key gives back the first payment (spec §5.2)."""
        actor = self.actor()
        request_id = _once_key(actor)
        try:
            with transaction():
                received = receive_cash(
                    customer,
                    sent["amount_paisa"],
                    request_id=request_id,
                    paid_on=sent.get("paid_on"),
                    note=sent.get("note", ""),
                    confirmed=sent.get("confirmed", False),
                )
                _refuse_other_payment(received, sent)
        except LikelySecondEntry as likely:
            raise Conflict(
                second_entry_question(likely.earlier), "confirmed", {"earlier_payment_id": likely.earlier.id}
            ) from None
        return received.payment

    def _change_status(self, customer: Customer, status: CustomerStatus, sent: dict[str, Any]) -> Any:
        with transaction():
            change_status(customer, status, sent.get("reason", ""))
        return self._changed(customer)

    def _changed(self, customer: Customer) -> Any:
        """Return a changed customer, for who may not see it its number alone (spec §2: create without view)."""
        if self.actor().may(self.keys["show"]):
            return customer
        return {"id": customer.id, "number": customer.number}


def _once_key(actor: Actor) -> str:
    """Return the request id that an Idempotency-Key stands for: of this account, whichever of its API keys sends it. Raises Refused."""
    sent = request.headers.get("Idempotency-Key", "").strip()
    if not (0 < len(sent) <= LONGEST_ONCE_KEY and sent.isascii() and sent.isprintable()):
        raise Refused(_("Send an Idempotency-Key of 1 to 100 letters, digits and signs."), "Idempotency-Key")
    return str(uuid5(NAMESPACE_URL, f"api:{actor.id}:{sent}"))


def _refuse_other_payment(received: Received, sent: dict[str, Any]) -> None:
    """Refuse an Idempotency-Key that stands for a payment of another amount, date or note already."""
    payment = received.payment
    first: tuple[int, date, str] = (payment.amount, payment.paid_on, payment.note)
    day = sent.get("paid_on") or to_dhaka(payment.received_at).date()
    if received.already_recorded and first != (sent["amount_paisa"], day, sent.get("note", "")):
        raise Conflict(
            _("This Idempotency-Key was used for another payment."),
            "Idempotency-Key",
            {"earlier_payment_id": payment.id},
        )


class PackagesApi(Api):
    """Packages that can be sold."""

    route_base = "/api/v1/packages"
    default_view = "list"
    keys = {"list": CHOICES}

    def hidden(self, actor: Actor, shape: type[Answer]) -> tuple[str, ...]:
        """Hide prices from who sees no amounts."""
        return () if any(actor.may(key) for key in DUE_KEYS) else ("price_paisa",)

    @operation("GET", "", _l("List the packages that can be sold, by name"), PackageAnswer, is_list=True)
    def list(self) -> Part:
        """List the packages that a new customer of the account's own can be put on."""
        packages = packages_on_offer()
        prices = retail_prices(self.actor().owner_id or 0, packages)
        for package in packages:
            package.price_paisa = prices[package.id]  # type: ignore[attr-defined]
        return Part(packages)


class ProfilesApi(Api):
    """Billing profiles that can be chosen."""

    route_base = "/api/v1/profiles"
    default_view = "list"
    keys = {"list": CHOICES}

    @operation("GET", "", _l("List the billing profiles that can be chosen, by name"), ProfileAnswer, is_list=True)
    def list(self) -> Part:
        """List the billing profiles for customers of the account's own."""
        return Part(profiles_on_offer())


class ZonesApi(Api):
    """Zones."""

    route_base = "/api/v1/zones"
    default_view = "list"
    keys = {"list": CHOICES}

    @operation("GET", "", _l("List zones, newest first"), ZoneAnswer, query=PageAsked, is_list=True)
    def list(self, asked: dict[str, Any]) -> Part:
        """List the zones in use."""
        return part_of(select(Zone).where(Zone.archived_at.is_(None)), Zone, asked)


class BillsApi(Api):
    """Bills."""

    route_base = "/api/v1/bills"
    default_view = "list"
    keys = {"list": BillPage.keys["list"], "show": BillPage.keys["show"]}

    def row(self, pk: str) -> Bill:
        """Return a bill. Raises NotFound."""
        return get_or_404(Bill, pk)

    @operation("GET", "", _l("List bills, newest first"), BillAnswer, query=BillsAsked, is_list=True)
    def list(self, asked: dict[str, Any]) -> Part:
        """List bills."""
        statement = select(Bill)
        if "customer_id" in asked:
            statement = statement.where(Bill.customer_id == asked["customer_id"])
        if "status" in asked:
            statement = statement.where(in_status(asked["status"]))
        return part_of(_between(statement, Bill.due_on, asked, "due"), Bill, asked)

    @operation("GET", "/<pk>", _l("Show a bill"), BillAnswer)
    def show(self, bill: Bill) -> Bill:
        """Show a bill."""
        return bill


class PaymentsApi(Api):
    """Payments."""

    route_base = "/api/v1/payments"
    default_view = "list"
    keys = {
        "list": PaymentPage.keys["list"],
        "show": PaymentPage.keys["export"],
        "void": PaymentPage.keys["delete"],
    }

    def row(self, pk: str) -> Payment:
        """Return a payment. Raises NotFound."""
        return get_or_404(Payment, pk)

    @operation("GET", "", _l("List payments, newest first"), PaymentAnswer, query=PaymentsAsked, is_list=True)
    def list(self, asked: dict[str, Any]) -> Part:
        """List payments."""
        statement = select(Payment)
        for name, column in (("customer_id", Payment.customer_id), ("status", Payment.status)):
            if name in asked:
                statement = statement.where(column == asked[name])
        return part_of(_between(statement, Payment.paid_on, asked, "paid"), Payment, asked)

    @operation("GET", "/<pk>", _l("Show a payment"), PaymentAnswer)
    def show(self, payment: Payment) -> Payment:
        """Show a payment."""
        return payment

    @operation("POST", "/<pk>/void", _l("Void a payment"), PaymentAnswer, body=ReasonAsked)
    def void(self, payment: Payment, sent: dict[str, Any]) -> Any:
        """Void a payment: it stays on record and its bills open again."""
        with transaction():
            void_payment(payment, sent["reason"])
        if self.actor().may(self.keys["show"]):
            return payment
        return {"id": payment.id, "number": payment.number}


class ExpensesApi(Api):
    """Expenses."""

    route_base = "/api/v1/expenses"
    default_view = "list"
    keys = {"list": ExpensePage.keys["list"]}

    @operation("GET", "", _l("List expenses, newest first"), ExpenseAnswer, query=ExpensesAsked, is_list=True)
    def list(self, asked: dict[str, Any]) -> Part:
        """List expenses."""
        statement = _between(select(Expense), Expense.spent_on, asked, "spent")
        return part_of(statement, Expense, asked, joinedload(Expense.category))


class OnlineApi(Api):
    """Who is connected now."""

    route_base = "/api/v1/online"
    default_view = "list"
    keys = {"list": OnlinePage.keys["list"]}

    @operation("GET", "", _l("List the sessions that are open now"), SessionAnswer, query=PageAsked, is_list=True)
    def list(self, asked: dict[str, Any]) -> Part:
        """List open sessions."""
        return part_of(online(), LineSession, asked)


def _between(statement: Select[Any], column: Any, asked: dict[str, Any], name: str) -> Select[Any]:
    if f"{name}_from" in asked:
        statement = statement.where(column >= asked[f"{name}_from"])
    if f"{name}_to" in asked:
        statement = statement.where(column <= asked[f"{name}_to"])
    return statement


RESOURCES = (
    MeApi,
    CustomersApi,
    PackagesApi,
    ProfilesApi,
    ZonesApi,
    BillsApi,
    PaymentsApi,
    ExpensesApi,
    OnlineApi,
)
"""The views for programs, in the order of the description."""

WITHOUT_SESSION = tuple(
    sorted({f"{__name__}.{name}" for view in RESOURCES for name, one in operations_of(view) if one.method != "GET"})
)
"""Doors whose writes carry no token of a session: they take no cookie, and an API key is sent on purpose."""

USED_KEYS = tuple(
    name
    for name in KEYS
    if name in DUE_KEYS or any(name in (key, *ANY_OF.get(key, ())) for view in RESOURCES for key in view.keys.values())
)
"""The permission keys that an API key can make use of."""
