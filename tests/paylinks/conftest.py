"""A panel and the sandbox gateways on 127.0.0.1, and a customer with a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from app.access.scope import everywhere
from app.books.check import check_books
from app.core.database import db, transaction
from app.customers.models import Customer
from app.gateways.registry import GATEWAYS, LOCAL
from app.paylinks.merchants import save_settings
from app.paylinks.models import GatewaySettings, PaymentAttempt, TrayEntry
from app.paylinks.reconciling import reconcile
from app.paylinks.services import make_link, new_seed
from app.payments.models import Payment
from tests import cast as people
from tests.cast import GA, PADMA_GA, Cast
from tests.conftest import FormReader
from tests.make import as_account, customer
from tests.sandbox import Sandbox, credentials, sandbox_gateways, serving


def switch_on(app: Flask, keys: Path) -> None:
    """Switch all gateways of the sandbox on for Meghna Net."""
    for owner in (GA, PADMA_GA):
        with as_account(owner), transaction():
            for name in GATEWAYS:
                save_settings(
                    name,
                    LOCAL,
                    credentials=credentials(keys)[name],
                    charge_basis_points=0,
                    is_on=True,
                    is_inherited=True,
                )


@dataclass
class Phone:
    """A customer's browser: it keeps no session, follows redirects by hand, and sends forms."""

    session: requests.Session = field(default_factory=requests.Session)

    def get(self, url: str) -> requests.Response:
        """Open a page; a redirect is followed."""
        return self.session.get(url, timeout=90)

    def begin(self, link: str, gateway: str) -> requests.Response:
        """Open a link, press a way to pay, and return the gateway's answer to the redirect."""
        page = self.get(link)
        assert page.status_code == 200, page.text
        reader = FormReader()
        reader.feed(page.text)
        form = next((one for one in reader.forms if one.get("gateway") == gateway), None)
        assert form is not None, f"{gateway} is not offered:\n{page.text}"
        return self.session.post(link, data=form, timeout=90, allow_redirects=False)

    def press(self, pay_url: str, act: str = "pay", wallet: str = "01770618575") -> str:
        """Press a button of the gateway's page and go where it leads; return the text of the page at the end."""
        answer = self.session.post(pay_url, data={"act": act, "wallet": wallet}, timeout=90)
        while 'id="back"' in answer.text:
            reader = FormReader()
            reader.feed(answer.text)
            target = answer.text.split('action="')[1].split('"')[0]
            answer = self.session.post(urljoin(answer.url, target), data=reader.forms[0], timeout=90)
        return answer.text

    def pay(self, link: str, gateway: str, act: str = "pay", wallet: str = "01770618575") -> str:
        """Pay by a link from the first page to the last; return the text of the last."""
        begun = self.begin(link, gateway)
        assert begun.status_code == 303, begun.text
        return self.press(begun.headers["Location"], act, wallet)


@dataclass
class Town:
    """The panel, the sandbox, and what the tests ask of them."""

    app: Flask
    url: str
    sandbox: Sandbox
    cast: Cast

    def link_for(self, owner: str = GA, which: int = 0, **options: Any) -> str:
        """Make a link for one of an owner's customers; return its address."""
        with self.app.app_context(), as_account(owner), transaction():
            row = db.session.get_one(Customer, self.cast.customers[owner][which])
            return f"{self.url}/pay/{make_link(row, seed=new_seed(), **options).token}"

    def due(self, owner: str = GA, which: int = 0) -> int:
        """What a customer owes, in paisa."""
        with self.app.app_context():
            return customer(self.cast.customers[owner][which]).due

    def advance(self, owner: str = GA, which: int = 0) -> int:
        """What a customer has paid in advance, in paisa."""
        with self.app.app_context():
            return customer(self.cast.customers[owner][which]).advance

    def rows(self, model: Any) -> list[Any]:
        """All rows of a model, detached."""
        with self.app.app_context(), everywhere("tests look at everything"):
            found = list(db.session.execute(select(model).order_by(model.id)).scalars())
            db.session.expunge_all()
            return found

    @property
    def payments(self) -> list[Payment]:
        """All payments, online ones alone: nobody takes cash here unless a test does."""
        return [row for row in self.rows(Payment) if row.method != "cash"]

    @property
    def tray(self) -> list[str]:
        """Why entries lie in the tray."""
        return [row.cause for row in self.rows(TrayEntry)]

    @property
    def states(self) -> list[str]:
        """Where the attempts stand."""
        return [row.state for row in self.rows(PaymentAttempt)]

    def settings(self, gateway: str) -> GatewaySettings:
        """Meghna Net's settings of a gateway."""
        return next(row for row in self.rows(GatewaySettings) if row.gateway == gateway)

    def finish(self) -> None:
        """Wait for what the sandbox sends while the customer's browser is answered already."""
        self.sandbox.desk.finish()

    def ask_again(self) -> None:
        """Run the job that asks about silent attempts."""
        with self.app.app_context():
            reconcile()

    def assert_books_add_up(self) -> None:
        """Check the books."""
        with self.app.app_context():
            assert check_books().differences == []


@pytest.fixture
def phone() -> Iterator[Phone]:
    """A customer's phone."""
    one = Phone()
    yield one
    one.session.close()


@pytest.fixture
def town(snapshot: Callable[..., Any], app: Flask, run_folder: Path) -> Iterator[Town]:
    """The cast with all three gateways of the sandbox, over HTTP."""
    keys = run_folder / "gateways"

    def build(app: Flask) -> Cast:
        cast = people.build(app)
        switch_on(app, keys)
        return cast

    cast = snapshot("gateways", build)
    before = {name: app.config[name] for name in ("PUBLIC_URL", "SANDBOX_URL")}
    with sandbox_gateways(keys) as sandbox, serving(app) as url:
        app.config.update(PUBLIC_URL=url, SANDBOX_URL=sandbox.url)
        yield Town(app, url, sandbox, cast)
        app.config.update(before)
