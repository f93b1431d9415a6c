"""The real FreeRADIUS decides by status, package and expiry at once, and its accounting is on the pages (spec §7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.access.scope import everywhere
from app.core.clock import now
from app.core.database import db, transaction
from app.core.errors import Refused
from app.customers.models import Customer, CustomerStatus
from app.customers.services import Details, change_status, edit_customer
from app.packages.models import Package
from app.radius.models import LineSession, LineUsage
from app.radius.services import close_stale_sessions
from tests.cast import COLLECTOR, DESK, GA, GHAT, NORTH, PADMA_GA, SOUTH
from tests.make import as_account
from tests.radius.conftest import Network
from tests.radius.server import Answer

pytestmark = pytest.mark.real_clock

PASSWORD = "line-secret-1"
MONTHLY, STATIC, DAILY = 0, 1, 2


@contextmanager
def at_work(network: Network) -> Iterator[None]:
    with network.app.app_context():
        yield


def set_customer(network: Network, owner: str, which: int, **columns: object) -> None:
    """Write columns of a customer as they are: what a service did earlier."""
    with at_work(network), everywhere("the test sets the scene"), transaction() as session:
        statement = update(Customer).where(Customer.id == network.cast.customers[owner][which])
        session.execute(statement.values(**columns))


def become(network: Network, owner: str, which: int, status: CustomerStatus) -> None:
    with at_work(network), as_account(owner), transaction() as session:
        change_status(session.get_one(Customer, network.cast.customers[owner][which]), status, "test")


def name_of(owner: str, which: int) -> str:
    return f"{('rahima', 'jasim', 'quader')[which]}.{owner}"


@pytest.mark.parametrize("how", ["sign_in", "sign_in_by_chap"])
class TestWhatACustomerIsAnswered:
    def ask(self, network: Network, how: str, owner: str, which: int, password: str = PASSWORD) -> Answer:
        return getattr(network.radius, how)(name_of(owner, which), password)

    def test_an_active_one_gets_the_speed_of_the_package(self, network: Network, how: str) -> None:
        answer = self.ask(network, how, GA, MONTHLY)
        assert answer.packet == "Access-Accept"
        assert answer.attributes == {"Mikrotik-Rate-Limit": "10M/10M"}

    def test_a_wrong_password_and_an_unknown_name_are_refused(self, network: Network, how: str) -> None:
        assert self.ask(network, how, GA, MONTHLY, "line-secret-2").packet == "Access-Reject"
        assert getattr(network.radius, how)("nobody.at.all", PASSWORD).packet == "Access-Reject"

    def test_a_suspended_monthly_one_is_let_into_the_suspended_pool(self, network: Network, how: str) -> None:
        become(network, NORTH, MONTHLY, CustomerStatus.SUSPENDED)
        answer = self.ask(network, how, NORTH, MONTHLY)
        become(network, NORTH, MONTHLY, CustomerStatus.ACTIVE)
        assert answer.packet == "Access-Accept"
        assert answer.attributes == {"Framed-Pool": "suspended", "Mikrotik-Address-List": "suspended"}
        assert self.ask(network, how, NORTH, MONTHLY).attributes == {"Mikrotik-Rate-Limit": "10M/10M"}

    def test_a_disabled_one_is_refused_in_words_of_its_language(self, network: Network, how: str) -> None:
        set_customer(network, SOUTH, MONTHLY, document_language="bn")
        become(network, SOUTH, MONTHLY, CustomerStatus.DISABLED)
        bengali = self.ask(network, how, SOUTH, MONTHLY)
        set_customer(network, SOUTH, MONTHLY, document_language="en")
        english = self.ask(network, how, SOUTH, MONTHLY)
        become(network, SOUTH, MONTHLY, CustomerStatus.ACTIVE)
        assert (bengali.packet, english.packet) == ("Access-Reject", "Access-Reject")
        assert bengali.attributes["Reply-Message"].startswith("আপনার সংযোগ বন্ধ আছে।")
        assert english.attributes == {"Reply-Message": "Your line is switched off. Please call your internet provider."}

    def test_a_prepaid_one_is_served_up_to_the_suspend_date_and_not_after(self, network: Network, how: str) -> None:
        set_customer(network, GHAT, DAILY, suspend_at=now() + timedelta(hours=2), document_language="en")
        served = self.ask(network, how, GHAT, DAILY)
        set_customer(network, GHAT, DAILY, suspend_at=now() - timedelta(seconds=5))
        expired = self.ask(network, how, GHAT, DAILY)
        assert served.packet == "Access-Accept"
        assert 7100 < int(served.attributes["Session-Timeout"]) <= 7201
        assert (expired.packet, expired.attributes) == (
            "Access-Reject",
            {"Reply-Message": "Your time has run out. Please recharge to go on."},
        )

    def test_a_suspended_prepaid_one_is_refused(self, network: Network, how: str) -> None:
        set_customer(network, PADMA_GA, DAILY, suspend_at=now() + timedelta(hours=2), document_language="en")
        become(network, PADMA_GA, DAILY, CustomerStatus.SUSPENDED)
        answer = self.ask(network, how, PADMA_GA, DAILY)
        become(network, PADMA_GA, DAILY, CustomerStatus.ACTIVE)
        assert (answer.packet, answer.attributes) == (
            "Access-Reject",
            {"Reply-Message": "Your line is suspended. Please call your internet provider."},
        )

    def test_a_deleted_one_and_one_without_password_are_refused(self, network: Network, how: str) -> None:
        set_customer(network, SOUTH, STATIC, deleted_at=now())
        assert self.ask(network, how, SOUTH, STATIC).packet == "Access-Reject"
        set_customer(network, SOUTH, STATIC, deleted_at=None, connection_password="")
        assert self.ask(network, how, SOUTH, STATIC, "").packet == "Access-Reject"
        set_customer(network, SOUTH, STATIC, connection_password=PASSWORD)


def test_a_static_address_and_another_package_are_in_the_next_answer(network: Network) -> None:
    set_customer(network, GA, STATIC, ip_address="10.66.0.9")
    assert network.radius.sign_in(name_of(GA, STATIC), PASSWORD).attributes == {
        "Framed-IP-Address": "10.66.0.9",
        "Mikrotik-Rate-Limit": "50M/50M",
    }
    with at_work(network), everywhere("the test sets the scene"), transaction() as session:
        slow = (
            session.execute(select(Package.id).where(Package.name == "Home 10M").order_by(Package.id)).scalars().first()
        )
        session.execute(update(Package).where(Package.id == slow).values(upload_kbps=2_500))
    answer = network.radius.sign_in(name_of(GA, MONTHLY), PASSWORD)
    with at_work(network), everywhere("the test sets the scene"), transaction() as session:
        session.execute(update(Package).where(Package.id == slow).values(upload_kbps=10_000))
    # the router's word for what it receives, the customer's upload, comes first
    assert answer.attributes == {"Mikrotik-Rate-Limit": "2500k/10M"}


def test_usernames_are_the_same_in_small_and_capital_letters(network: Network) -> None:
    assert network.radius.sign_in(name_of(GA, MONTHLY).upper(), PASSWORD).packet == "Access-Accept"


def test_every_sign_that_a_username_may_have_is_found(network: Network) -> None:
    # FreeRADIUS writes signs it does not know as =XX before it asks the database, and its stock policy wants a dot after the @
    set_customer(network, SOUTH, STATIC, username="A.b_c+d-e@f", username_key="a.b_c+d-e@f")
    answer = network.radius.sign_in("A.b_c+d-e@f", PASSWORD)
    set_customer(network, SOUTH, STATIC, username=name_of(SOUTH, STATIC), username_key=name_of(SOUTH, STATIC))
    assert answer.packet == "Access-Accept"


@pytest.mark.parametrize("password", ['"%{User-Name}"', "`/bin/echo x`", "'%{User-Name}'"])
def test_a_password_is_never_run(network: Network, password: str) -> None:
    # FreeRADIUS expands a value of its tables that stands in quotes: whoever sets a password must not get at that
    set_customer(network, SOUTH, STATIC, connection_password=password)
    tried = [network.radius.sign_in(name_of(SOUTH, STATIC), word) for word in (name_of(SOUTH, STATIC), "x")]
    set_customer(network, SOUTH, STATIC, connection_password="plain %{User-Name}")
    plain = network.radius.sign_in(name_of(SOUTH, STATIC), "plain %{User-Name}")
    expanded = network.radius.sign_in(name_of(SOUTH, STATIC), f"plain {name_of(SOUTH, STATIC)}")
    set_customer(network, SOUTH, STATIC, connection_password=PASSWORD)
    assert {answer.packet for answer in tried} == {"Access-Reject"}
    assert (plain.packet, expanded.packet) == ("Access-Accept", "Access-Reject")


@pytest.mark.parametrize(
    "password",
    [
        *('a"b', '"begins', "ends'", "'mixed\"", "=41", "100%", "%{User-Name}", "#1", "$INCLUDE", "a,b;c", "{md5}x"),
        *(" two words ", "০১৭", "গোপন", "x" * 64, "ক" * 42),
    ],
)
def test_what_the_panel_takes_as_a_password_opens_the_line(network: Network, password: str) -> None:
    set_password(network, password)
    answers = [
        ask(name_of(SOUTH, STATIC), password) for ask in (network.radius.sign_in, network.radius.sign_in_by_chap)
    ]
    set_password(network, PASSWORD)
    assert [answer.packet for answer in answers] == ["Access-Accept", "Access-Accept"]


@pytest.mark.parametrize("password", ['"', "'x'", "`id`", '"%{User-Name}"', "a\\nb", "ends\\", "tab\there", "ক" * 43])
def test_what_the_server_would_read_as_something_else_the_panel_refuses(network: Network, password: str) -> None:
    with pytest.raises(Refused) as refusal:
        set_password(network, password)
    assert refusal.value.field == "connection_password"
    assert network.radius.sign_in(name_of(SOUTH, STATIC), PASSWORD).packet == "Access-Accept"


def set_password(network: Network, password: str) -> None:
    """Set a customer's connection password as the form does."""
    with at_work(network), network.app.test_request_context(), as_account(SOUTH), transaction() as session:
        customer = session.get_one(Customer, network.cast.customers[SOUTH][STATIC])
        kept = {name: getattr(customer, name) for name in Details.__dataclass_fields__ if name != "registered_on"}
        edit_customer(customer, Details(**kept | {"connection_password": password, "custom_fields": None}))


def sessions(network: Network, username: str) -> list[LineSession]:
    with at_work(network), everywhere("the test looks"):
        return list(db.session.execute(select(LineSession).where(LineSession.username == username)).scalars())


class TestAccounting:
    def test_start_interim_and_stop_are_seen_by_the_owner_and_above(
        self, network: Network, sign_in: Callable[..., FlaskClient]
    ) -> None:
        username, radius = name_of(NORTH, MONTHLY), network.radius
        people = {email: sign_in(network.app.test_client(), email) for email in (DESK, NORTH, GA, SOUTH, PADMA_GA)}
        assert radius.account("Start", username, "north-1").packet == "Accounting-Response"
        seen = {email for email, client in people.items() if username in client.get("/online/").text}
        assert seen == {DESK, NORTH, GA}
        assert people[DESK].get("/offline/").status_code == 403
        assert f"Rahima of {NORTH}" not in people[NORTH].get("/offline/?page_size=100").text
        radius.account(
            "Interim-Update", username, "north-1", Acct_Input_Octets=3_000_000, Acct_Output_Octets=705_032_704,
            Acct_Output_Gigawords=1, Acct_Session_Time=300,
        )  # fmt: skip
        row = people[DESK].get("/online/", headers={"X-Refresh": "rows"}).text
        for shown in ("10.20.0.7", "4C:5E:0C:12:34:56", "10.255.0.1"):
            assert shown in row
        [session] = sessions(network, username)
        assert (session.uploaded, session.downloaded) == (3_000_000, 5_000_000_000)
        assert session.tenant_id is not None
        radius.account(
            "Stop",
            username,
            "north-1",
            Acct_Input_Octets=4_000_000,
            Acct_Output_Octets=10,
            Acct_Output_Gigawords=2,
            Acct_Terminate_Cause="Lost-Carrier",
        )
        assert username not in people[DESK].get("/online/").text
        assert username in people[NORTH].get("/offline/?page_size=100").text
        tab = people[NORTH].get(f"/customers/show/{network.cast.customers[NORTH][MONTHLY]}?tab=sessions")
        assert tab.status_code == 200
        with at_work(network), everywhere("the test looks"):
            [usage] = db.session.execute(
                select(LineUsage).where(LineUsage.customer_id == session.customer_id)
            ).scalars()
            assert (usage.uploaded, usage.downloaded) == (4_000_000, 2 * 2**32 + 10)

    def test_of_an_unknown_name_nobody_sees_anything(
        self, network: Network, sign_in: Callable[..., FlaskClient]
    ) -> None:
        network.radius.account("Start", "ghost.rider", "ghost-1")
        [session] = sessions(network, "ghost.rider")
        assert (session.tenant_id, session.owner_id, session.customer_id) == (None, None, None)
        for email in (GA, PADMA_GA):
            assert "ghost.rider" not in sign_in(network.app.test_client(), email).get("/online/").text

    def test_a_session_thought_dead_is_open_again_with_the_next_word(self, network: Network) -> None:
        username = name_of(SOUTH, MONTHLY)
        network.radius.account("Start", username, "south-1")
        network.radius.account("Interim-Update", username, "south-1", Acct_Output_Octets=1_000)
        self._fall_silent(network, username)
        with at_work(network):
            assert close_stale_sessions() >= 1
        [closed] = sessions(network, username)
        assert closed.stopped_at == closed.updated_at
        assert closed.terminate_cause == "Stale"
        network.radius.account("Interim-Update", username, "south-1", Acct_Output_Octets=5_000)
        [opened] = sessions(network, username)
        assert (opened.stopped_at, opened.downloaded) == (None, 5_000)
        self._fall_silent(network, username)
        with at_work(network):
            close_stale_sessions()
        network.radius.account(
            "Stop", username, "south-1", Acct_Output_Octets=6_000, Acct_Terminate_Cause="User-Request"
        )
        [ended] = sessions(network, username)
        assert (ended.terminate_cause, ended.downloaded) == ("User-Request", 6_000)
        assert ended.stopped_at is not None
        assert now() - ended.stopped_at < timedelta(minutes=1)

    @staticmethod
    def _fall_silent(network: Network, username: str) -> None:
        with at_work(network), everywhere("the test lets time pass"), transaction() as session:
            silent = now() - timedelta(minutes=21)
            session.execute(update(LineSession).where(LineSession.username == username).values(updated_at=silent))


def test_freeradius_may_not_read_the_customers_on_postgresql(network: Network) -> None:
    import psycopg

    url = network.app.config["DATABASE_URL"]
    if not url.startswith("postgresql"):
        pytest.skip("SQLite has no accounts of its own: whoever opens the file reads it all (docs/operations.md)")
    with psycopg.connect(url.replace("+psycopg", "").replace("sanjog@", "radius@"), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM radcheck").fetchone() != (0,)
        for forbidden in (
            "SELECT * FROM customers",
            "SELECT * FROM accounts",
            "SELECT * FROM access_servers",
            "DELETE FROM radacct",
            "UPDATE line_usage SET uploaded = 0",
            "UPDATE radcheck SET value = 'x'",
        ):
            # the view cannot be written to by anybody
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
                connection.execute(forbidden)
    assert COLLECTOR


def test_radacct_has_every_column_of_freeradius_own_schema() -> None:
    import re
    from pathlib import Path

    mapped = {column.name for column in LineSession.__table__.columns}
    for dialect in ("sqlite", "postgresql"):
        schema = Path(f"/etc/freeradius/3.0/mods-config/sql/main/{dialect}/schema.sql").read_text().lower()
        body = schema.split("create table if not exists radacct (")[1].split(");")[0]
        theirs = set(re.findall(r"^\s+(\w+)\s+\w", body, re.MULTILINE))
        assert len(theirs) > 25
        assert theirs <= mapped
