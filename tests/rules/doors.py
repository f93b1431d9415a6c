"""The doors of the house, read off the route map: what each is called, which key opens it, and an address to try it at."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from app.access.permissions import ANY_OF, AUDIENCES, PUBLIC
from app.accounts.models import Kind
from tests.rules.house import House

FOR_EVERYBODY = {"static": "styles, scripts, fonts and pictures: no data"}
"""Routes that are no view of the house, each with the reason it needs no key."""

DECIDED_BY_ROW = {
    # who took the money may always open its receipt, everybody else needs the key (spec §2)
    "PaymentPage.show": "view-customer-payments",
    "PaymentPage.receipt": "view-customer-payments",
    "PaymentPage.receipt_picture": "view-customer-payments",
    "PaymentPage.print_receipt": "view-customer-payments",
}
"""Doors open to everybody signed in, where the view itself asks for a key unless the row is one's own."""

NEEDS_BESIDES = {
    # a chart shows the rows of a list in sums: whoever may not open the list may not see it (spec: dashboard)
    "HomePage.chart": {"view-customer-details"},
    # the statement shows bills and payments (spec §2)
    "StatementPage.as_pdf": {"print-invoice"},
    "StatementPage.as_csv": {"print-invoice"},
}
"""Doors whose view asks for a further key, that of the row or list the address in ARGUMENTS names."""
NAMED_ROWS = {
    "MovePage.one": "Customer",
    "DeletedCustomerPage": "DeletedCustomer",
    "PaymentPage.receive": "Customer",
    "PaymentLinkPage.withdraw": "Bill",
    "RechargePage.recharge": "Customer",
    "PackageChangePage.change": "Customer",
    "CollectPage.not_home": "Customer",
    "CollectPage.promise": "Customer",
    "OnlinePage.usage": "Customer",
    "ManagerPage.answer": "KeyRequest",
    "CashPage.repay": "Account",
    "StatementPage": "Customer",
    "ResellerPage": "Reseller",
    "WebhookMessagePage": "WebhookDelivery",
    "CustomersApi": "Customer",
    "BillsApi": "Bill",
    "PaymentsApi": "Payment",
    "TenantPage": "Head",
}
"""Doors, or views, whose address names another row than one of the view's own model: its name in tests/rules/house.py."""

ARGUMENTS = {
    "StatusPage.page": {"slug": lambda house, owner: "meghna"},
    "StatusPage.data": {"slug": lambda house, owner: "meghna"},
    "StatusPage.feed": {"slug": lambda house, owner: "meghna"},
    # how an address is filled where it does not name a row of the view's own model
    "AccountPage.ask_for": {"key": lambda house, owner: "edit-bills"},
    "HomePage.chart": {"name": lambda house, owner: "customers"},
    "SecurityPage.remove_passkey": {"number": lambda house, owner: 0},
    "SecurityPage.end_session": {"number": lambda house, owner: 0},
    "BulkStatusPage.change": {"what": lambda house, owner: "activate"},
    "NoConnectionPage.show": {"name": lambda house, owner: "en"},
    "LanguagePage.choose": {"name": lambda house, owner: "en"},
    "GatewaySettingsPage.edit": {
        "gateway": lambda house, owner: "bkash",
        "environment": lambda house, owner: "sandbox",
    },
    "GatewaySettingsPage.try_out": {
        "gateway": lambda house, owner: "bkash",
        "environment": lambda house, owner: "sandbox",
    },
    "PayPage.show": {"token": lambda house, owner: house.pay_tokens[owner]},
    "PayPage.pay": {"token": lambda house, owner: house.pay_tokens[owner]},
    "PayPage.opened": {"token": lambda house, owner: house.pay_tokens[owner]},
    # secrets that are none: what they open is tried in tests/paylinks
    "PayPage.result": {"secret": lambda house, owner: "x" * 43},
    "GatewayPage.bkash": {"secret": lambda house, owner: "x" * 43},
    "GatewayPage.nagad": {"secret": lambda house, owner: "x" * 43},
    "GatewayPage.sslcommerz": {"secret": lambda house, owner: "x" * 43},
    "GatewayPage.notice": {"secret": lambda house, owner: "x" * 43},
    "PrintedInvoicePage.show": {"code": lambda house, owner: house.printed_codes[owner]},
    "PrintedInvoicePage.pay": {"code": lambda house, owner: house.printed_codes[owner]},
    "ReceiptCheckPage.check": {"code": lambda house, owner: house.check_codes[owner]},
}


@dataclass(frozen=True)
class Door:
    """A route behind a view of the house."""

    rule: str
    methods: tuple[str, ...]
    endpoint: str
    key: str
    view: Any
    route: str

    @property
    def names_a_row(self) -> bool:
        """Whether the address carries the id of a row of the view's model."""
        return "<pk>" in self.rule

    @property
    def is_for_programs(self) -> bool:
        """Whether an API key opens it, and no session."""
        return self.rule.startswith("/api/") and self.key != PUBLIC

    @property
    def model(self) -> type | None:
        """The model that the Page is about."""
        datamodel = getattr(self.view, "datamodel", None)
        return datamodel.obj if datamodel is not None else None

    @property
    def row(self) -> str | None:
        """The name of the row in the address."""
        named = NAMED_ROWS.get(self.endpoint) or NAMED_ROWS.get(self.endpoint.partition(".")[0])
        return named or (self.model.__name__ if self.model is not None else None)

    @property
    def asks_for(self) -> str:
        """The key that decides for somebody who has nothing to do with the row."""
        return DECIDED_BY_ROW.get(self.endpoint, self.key)

    def opens_to(self, kind: Kind, keys: set[str]) -> bool:
        """Tell by the table alone whether the door opens to a Manager with these keys, or to another kind of account."""
        if self.asks_for in AUDIENCES:
            return kind in AUDIENCES[self.asks_for]
        if self.asks_for in ANY_OF:
            return bool(keys & set(ANY_OF[self.asks_for]))
        return {self.asks_for, *NEEDS_BESIDES.get(self.endpoint, ())} <= keys

    def address(self, house: House, owner: str) -> str:
        """Return the door's address, with the id of a row of this owner where it takes one."""

        def fill(match: re.Match[str]) -> str:
            name = match.group(1)
            how = ARGUMENTS.get(self.endpoint, {}).get(name)
            if how is not None:
                return quote(str(how(house, owner)))
            if name == "pk" and self.row is not None:
                return str(house.row(owner, self.row))
            pytest.fail(
                f"{self.endpoint} takes <{name}>: say in ARGUMENTS of tests/rules/doors.py how it is filled, so that the door is tried"
            )

        return re.sub(r"<(?:\w+:)?(\w+)>", fill, self.rule)


def views(app: Flask) -> dict[str, Any]:
    """Return the views of the house by the name their routes begin with."""
    return {view.endpoint: view for view in app.extensions["appbuilder"].baseviews}


def doors(app: Flask) -> list[Door]:
    """Return all doors, by address; those that end a session come last."""
    named = views(app)
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in FOR_EVERYBODY:
            continue
        view_name, _dot, route = rule.endpoint.partition(".")
        view = named.get(view_name)
        if view is None or route not in getattr(view, "keys", {}):
            pytest.fail(f"{rule.rule} ({rule.endpoint}) is no route of a view with keys: nobody has said who may pass")
        methods = tuple(sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"}))
        found.append(Door(rule.rule, methods, rule.endpoint, view.keys[route], view, route))
    return sorted(found, key=lambda door: (door.route == "logout", door.rule))


def asked_at_the_door(app: Flask, door: Door) -> str | None:
    """Return the key that the function behind the route really asks for; None when it is not guarded at all."""
    function = app.view_functions[door.endpoint]
    if getattr(getattr(function, "__code__", None), "co_qualname", "") != "guarded.<locals>.enter":
        return None
    return inspect.getclosurevars(function).nonlocals.get("key")


def door_at(app: Flask, all_doors: list[Door], address: str, method: str) -> Door | None:
    """Return the door that a link or a form of a page leads to; None for a static file."""
    path = re.split(r"[?#]", address)[0]
    try:
        endpoint, _arguments = app.url_map.bind("localhost").match(path, method=method)
    except HTTPException as problem:
        pytest.fail(f"a page leads to {method} {address}, where there is nothing: {problem.code}")
    return next((door for door in all_doors if door.endpoint == endpoint), None)


def is_public(door: Door) -> bool:
    """Tell whether the door opens without sign-in."""
    return door.key == PUBLIC


def describe(app: Flask) -> str:
    """Return the route list as tests/rules/routes.txt keeps it: rule, methods, endpoint, key."""
    rows = [(rule, " ".join(methods), endpoint, key) for rule, methods, endpoint, key in _all(app)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "".join(
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]) + "\n"
        for row in rows
    )


def _all(app: Flask) -> list[tuple[str, tuple[str, ...], str, str]]:
    rows = [(door.rule, door.methods, door.endpoint, door.key) for door in doors(app)]
    rows += [
        (rule.rule, ("GET",), rule.endpoint, "–") for rule in app.url_map.iter_rules() if rule.endpoint in FOR_EVERYBODY
    ]
    return sorted(rows)
