"""Webhooks: where none may lead, what is told to whom, and that a broken receiver loses and delays nothing."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app.access.scope import everywhere
from app.accounts.models import Account, AccountStatus
from app.activity.models import Activity
from app.api import telling, wire
from app.api.models import DeliveryState, Webhook, WebhookDelivery
from app.api.telling import MOST_GIVEN_UP, PAUSES, remove_old_messages, send_webhooks
from app.api.webhook_services import CHOSEN, add_webhook, edit_webhook, remove_webhook, send_again, send_test
from app.api.wire import NotPublic, look_up, parts_of, signature
from app.billing.models import Bill
from app.billing.owner_services import Mapping, move_customers, new_owner, suspend_customers_of
from app.billing.services import edit_bill, void_bill
from app.core.clock import now, today
from app.core.database import db, transaction
from app.core.errors import Forbidden, Refused
from app.customers.models import Customer, CustomerStatus
from app.customers.services import change_status, edit_suspend_date
from app.payments.services import edit_payment, void_payment
from tests.cast import GA, GHAT, NORTH, OFFICE, OWNERS, PADMA_GA, SOUTH, Cast
from tests.make import as_account, pay

EVERYTHING = [str(one) for one in CHOSEN]


class Receiver:
    """A program of a tenant that listens on 127.0.0.1: it keeps what it got and answers with ``status``."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.leads_to = 200, ""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                if receiver.leads_to:
                    self.send_header("Location", receiver.leads_to)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_words: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/told"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Listen no more: whoever comes is refused."""
        self.server.shutdown()
        self.server.server_close()

    @property
    def events(self) -> list[str]:
        """What it was told of, in order."""
        return [headers["Sanjog-Event"] for headers, _body in self.got]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What it was told."""
        return [json.loads(body) for _headers, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers 200 until a test says otherwise."""
    made = Receiver()
    yield made
    # a thread that still waits for a closed socket waits for whatever gets its number next, and keeps that open
    made.stop()


@pytest.fixture
def told(cast: Cast, context: Flask) -> Callable[..., tuple[int, str]]:
    """`told(email, url)`: a webhook of a parent; returns its id and secret."""

    def add(email: str, url: str, *events: str) -> tuple[int, str]:
        with as_account(email), transaction():
            hook, secret = add_webhook(url, list(events) or EVERYTHING)
            return hook.id, secret

    return add


def deliveries() -> list[WebhookDelivery]:
    """Return all messages, oldest first, as the database knows them now."""
    db.session.rollback()
    with everywhere("the test looks"):
        found = select(WebhookDelivery).order_by(WebhookDelivery.id).execution_options(populate_existing=True)
        return list(db.session.execute(found).scalars())


def hook_of(hook_id: int) -> Webhook:
    """Return a webhook as the database knows it now."""
    db.session.rollback()
    with everywhere("the test looks"):
        return db.session.get_one(Webhook, hook_id, populate_existing=True)


# --- where none may lead


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.com", "ftp://example.com/", "javascript:alert(1)", "https://", "https:///x", "//example.com"),
        *("http://example.com/told", "https://user:pw@example.com/", "https://example.com/#x", "https://exa mple.com/"),
        *("https://example.com\\@127.0.0.1/", "https://example.com:99999/", "https://ex\u0430mple.com/", "https://x/"),
        *("https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/", "https://169.254.169.254/latest"),
        *(
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[fe80::1]/",
        ),
        *("https://[fc00::1]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[2002:a00:1::]/"),
        *("https://[::]/", "https://localhost.localdomain:1/\x00", "https://" + "x" * 500 + ".example.com/"),
    ],
)
def test_an_address_that_is_not_public_or_not_encrypted_is_refused(url: str, told: Any) -> None:
    with pytest.raises(Refused) as refused:
        told(NORTH, url)
    assert refused.value.field == "url"


def test_outside_of_trials_this_machine_is_private_too(
    cast: Cast, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(context.config, "WEBHOOKS_TO_LOOPBACK", False)
    for url in (
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://2130706433/",
    ):
        with pytest.raises(NotPublic):
            parts_of(url)


@pytest.mark.parametrize(
    "answers", [["10.0.0.5"], ["93.184.216.34", "192.168.0.9"], ["::ffff:169.254.169.254"], ["fe80::1%eth0"]]
)
def test_a_name_that_leads_into_a_private_network_is_told_nothing(
    answers: list[str], context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in answers]
    monkeypatch.setattr(wire.socket, "getaddrinfo", lambda *_words, **_named: found)
    with pytest.raises(NotPublic) as refused:
        look_up("https://told.example.com/")
    assert refused.value.why == "private"


def test_no_redirect_is_followed(receiver: Receiver, told: Any, cast: Cast) -> None:
    other = Receiver()
    receiver.status, receiver.leads_to = 302, other.url
    told(NORTH, receiver.url)
    pay(NORTH, cast.customers[NORTH][0], 100_00)
    assert (len(receiver.got), other.got) == (1, [])
    (message,) = deliveries()
    assert (message.state, message.answer_code) == (DeliveryState.WAITING, 302)
    other.stop()


def test_who_is_no_parent_adds_no_webhook_and_events_are_those_of_the_list(cast: Cast, context: Flask) -> None:
    with as_account(OFFICE), pytest.raises(Forbidden), transaction():
        add_webhook("https://told.example.com/", EVERYTHING)
    for events in ([], ["test"], ["account.created"]):
        with as_account(NORTH), pytest.raises(Refused) as refused, transaction():
            add_webhook("https://told.example.com/", events)
        assert refused.value.field == "events"


# --- who is told what


def test_a_parent_is_told_of_the_rows_it_sees_and_of_no_others(told: Any, cast: Cast) -> None:
    receivers = {email: Receiver() for email in OWNERS}
    for email, one in receivers.items():
        told(email, one.url)
    for email in (NORTH, SOUTH, PADMA_GA, GA):
        pay(email, cast.customers[email][0], 100_00)
    with as_account(GHAT), transaction() as session:
        change_status(session.get_one(Customer, cast.customers[GHAT][0]), CustomerStatus.SUSPENDED, "x")
    owners = {
        email: {body["data"]["owner_id"] for body in one.bodies if body["event"] != "customer.updated"}
        for email, one in receivers.items()
    }
    ids = cast.accounts
    assert owners == {
        GA: {ids[GA], ids[NORTH], ids[SOUTH], ids[GHAT]},
        NORTH: {ids[NORTH], ids[GHAT]},
        SOUTH: {ids[SOUTH]},
        GHAT: {ids[GHAT]},
        PADMA_GA: {ids[PADMA_GA]},
    }
    assert not any(b"line-secret-1" in body for one in receivers.values() for _headers, body in one.got)
    for one in receivers.values():
        one.stop()


def test_each_thing_that_happens_is_told_once_by_its_name(receiver: Receiver, told: Any, cast: Cast) -> None:
    who, bill_id = cast.customers[NORTH][0], cast.bills[NORTH][0]
    told(NORTH, receiver.url)

    def after(act: Callable[[], Any]) -> list[str]:
        receiver.got.clear()
        with as_account(NORTH), transaction():
            act()
        return receiver.events

    customer = lambda: db.session.get_one(Customer, who)  # noqa: E731
    bill = lambda: db.session.get_one(Bill, bill_id)  # noqa: E731
    assert after(lambda: change_status(customer(), CustomerStatus.SUSPENDED, "x")) == ["customer.status_changed"]
    assert after(lambda: edit_suspend_date(customer(), now() + timedelta(days=3))) == ["customer.updated"]
    assert after(
        lambda: edit_bill(
            bill(),
            amount=900_00,
            description="line",
            period=(date(2026, 11, 1), date(2026, 11, 30)),
            due_on=date(2026, 11, 30),
        )
    ) == ["bill.edited"]
    receiver.got.clear()
    paid = pay(NORTH, who, 100_00)
    assert receiver.events == ["payment.received"]
    change = {
        "paid_on": today(),
        "note": "",
        "reason": "typed wrong",
        "request_id": "7b0c6f1e-8a38-4b3e-9df1-2f0f0c8f4c11",
    }
    assert after(lambda: edit_payment(paid, amount=120_00, **change)) == ["payment.edited"]
    corrected = receiver.bodies[0]["data"]
    assert (corrected["replaces_id"], corrected["amount_paisa"]) == (paid.id, 120_00)
    from app.payments.models import Payment

    assert after(lambda: void_payment(db.session.get_one(Payment, corrected["id"]), "x")) == ["payment.voided"]
    assert after(lambda: void_bill(bill(), "x")) == ["bill.voided"]


def test_a_moved_customer_is_told_to_who_sees_it_now_and_its_number_alone_to_who_does_no_longer(
    told: Any, cast: Cast
) -> None:
    receivers = {email: Receiver() for email in OWNERS}
    for email, one in receivers.items():
        told(email, one.url)
    who, south = cast.customers[NORTH][0], cast.accounts[SOUTH]
    with as_account(GA), transaction():
        move_customers([who], new_owner(south), Mapping())
    with as_account(GA), transaction() as session:
        number = session.get_one(Customer, who).number
        session.expunge_all()
    told_to = {email: [(body["event"], body["data"]) for body in one.bodies] for email, one in receivers.items()}
    for email in (GA, SOUTH):
        ((event, data),) = told_to[email]
        assert (event, data["id"], data["owner_id"]) == ("customer.moved", who, south)
    assert told_to[NORTH] == [("customer.left", {"id": who, "number": number})]
    assert told_to[GHAT] == told_to[PADMA_GA] == []
    for one in receivers.values():
        one.stop()


def test_each_of_many_that_are_suspended_with_their_owner_is_told(receiver: Receiver, told: Any, cast: Cast) -> None:
    told(GA, receiver.url)
    with as_account(GA), transaction() as session:
        suspend_customers_of(session.get_one(Account, cast.accounts[NORTH]))
    assert receiver.events == ["customer.status_changed"] * 6
    assert {body["data"]["id"] for body in receiver.bodies} == {*cast.customers[NORTH], *cast.customers[GHAT]}


def test_only_what_was_asked_for_is_told(receiver: Receiver, told: Any, cast: Cast) -> None:
    told(NORTH, receiver.url, "bill.voided")
    pay(NORTH, cast.customers[NORTH][0], 100_00)
    assert (receiver.got, deliveries()) == ([], [])


def test_a_change_that_is_rolled_back_tells_nobody(receiver: Receiver, told: Any, cast: Cast) -> None:
    told(NORTH, receiver.url)
    with as_account(NORTH), pytest.raises(RuntimeError), transaction() as session:
        change_status(session.get_one(Customer, cast.customers[NORTH][0]), CustomerStatus.SUSPENDED, "x")
        session.flush()
        raise RuntimeError
    assert (receiver.got, deliveries()) == ([], [])


def test_a_message_is_signed_over_its_time_and_its_very_text(receiver: Receiver, told: Any, cast: Cast) -> None:
    _hook_id, secret = told(NORTH, receiver.url)
    pay(NORTH, cast.customers[NORTH][0], 100_00)
    ((headers, body),) = receiver.got
    timestamp, proof = (part.partition("=")[2] for part in headers["Sanjog-Signature"].split(","))
    assert proof == signature(secret, int(timestamp), body.decode())
    assert proof != signature(secret, int(timestamp) + 1, body.decode())
    assert json.loads(body)["id"] == headers["Sanjog-Delivery"]


def test_the_secret_is_sealed_and_in_no_log(receiver: Receiver, told: Any, cast: Cast) -> None:
    hook_id, secret = told(NORTH, receiver.url)
    assert secret not in hook_of(hook_id).sealed_secret
    with everywhere("the test looks"):
        assert not any(secret in one for one in db.session.execute(select(Activity.detail)).scalars())


# --- a broken receiver


def test_a_receiver_that_is_down_delays_no_change_and_gets_the_same_message_later(
    receiver: Receiver, told: Any, cast: Cast, another_app: Callable[..., Flask]
) -> None:
    from config import Testing

    receiver.stop()
    told(NORTH, receiver.url)
    assert pay(NORTH, cast.customers[NORTH][0], 100_00).id
    (waiting,) = deliveries()
    assert (waiting.state, waiting.tries, waiting.problem) == (DeliveryState.WAITING, 1, "connection")
    first_id, again = waiting.message_id, Receiver()
    with everywhere("the receiver comes up elsewhere"), transaction() as session:
        session.get_one(Webhook, waiting.webhook_id).url = again.url
    assert send_webhooks() == 0
    with time_machine.travel(now() + timedelta(minutes=PAUSES[0]), tick=False), another_app(Testing).app_context():
        # another process, after the one that made the payment is gone
        assert send_webhooks() == 1
    assert [body["id"] for body in again.bodies] == [first_id]
    assert deliveries()[0].state == DeliveryState.DONE
    again.stop()


def test_messages_that_a_process_took_and_did_not_send_are_taken_again(
    receiver: Receiver, told: Any, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(NORTH, receiver.url)
    # taken, and then the process is no more
    monkeypatch.setattr(telling, "_send", lambda *_words: None)
    pay(NORTH, cast.customers[NORTH][0], 100_00)
    monkeypatch.undo()
    assert send_webhooks() == 0
    with time_machine.travel(now() + telling.LEASE, tick=False):
        assert send_webhooks() == 1
    assert receiver.events == ["payment.received"]


def test_tries_come_further_and_further_apart_and_then_end(receiver: Receiver, told: Any, cast: Cast) -> None:
    receiver.status = 500
    told(NORTH, receiver.url)
    moment = now()
    pay(NORTH, cast.customers[NORTH][0], 100_00)
    for minutes in PAUSES:
        moment += timedelta(minutes=minutes)
        with time_machine.travel(moment - timedelta(seconds=1), tick=False):
            assert send_webhooks() == 0
        with time_machine.travel(moment, tick=False):
            assert send_webhooks() == 1
    (ended,) = deliveries()
    assert (ended.state, ended.tries, ended.answer_code) == (DeliveryState.FAILED, len(PAUSES) + 1, 500)
    with time_machine.travel(moment + timedelta(days=1), tick=False):
        assert send_webhooks() == 0
    assert len(receiver.got) == len(PAUSES) + 1


def test_after_some_given_up_in_a_row_a_webhook_is_switched_off_with_a_notice_and_on_again_gets_what_waited(
    receiver: Receiver, told: Any, cast: Cast
) -> None:
    receiver.status = 500
    hook_id, _secret = told(NORTH, receiver.url)
    for number in range(MOST_GIVEN_UP):
        pay(NORTH, cast.customers[NORTH][0], 100_00 + number)
    moment = now()
    for _run in range(40):
        moment += timedelta(minutes=360)
        with time_machine.travel(moment, tick=False):
            send_webhooks()
    hook = hook_of(hook_id)
    assert (hook.is_on, hook.given_up) == (False, MOST_GIVEN_UP)
    with everywhere("the test looks"):
        assert "webhook.disabled" in set(db.session.execute(select(Activity.event)).scalars())
    tried = len(receiver.got)
    pay(NORTH, cast.customers[NORTH][0], 50_00)
    assert len(receiver.got) == tried
    with as_account(NORTH), pytest.raises(Refused), transaction():
        send_test(hook_of(hook_id))
    receiver.status = 200
    with as_account(NORTH), transaction():
        send_again_while_off = deliveries()[0]
        with pytest.raises(Refused):
            send_again(send_again_while_off)
    with as_account(NORTH), transaction():
        edit_webhook(hook_of(hook_id), receiver.url, EVERYTHING, is_on=True)
    with as_account(NORTH), transaction():
        send_again(deliveries()[0])
    assert deliveries()[0].state == DeliveryState.DONE
    assert hook_of(hook_id).given_up == 0


def test_one_broken_address_is_tried_once_in_a_run_and_delays_no_other(
    receiver: Receiver, told: Any, cast: Cast
) -> None:
    broken = Receiver()
    broken.status = 500
    told(NORTH, broken.url)
    told(NORTH, receiver.url)
    with as_account(NORTH), transaction() as session:
        for one in cast.customers[NORTH]:
            change_status(session.get_one(Customer, one), CustomerStatus.SUSPENDED, "x")
    assert (len(broken.got), len(receiver.got)) == (1, len(cast.customers[NORTH]))
    broken.stop()


def test_a_removed_webhook_is_told_nothing_not_even_what_waits(receiver: Receiver, told: Any, cast: Cast) -> None:
    receiver.status = 500
    hook_id, _secret = told(NORTH, receiver.url)
    pay(NORTH, cast.customers[NORTH][0], 100_00)
    with as_account(NORTH), transaction():
        remove_webhook(hook_of(hook_id))
    pay(NORTH, cast.customers[NORTH][0], 200_00)
    with time_machine.travel(now() + timedelta(days=1), tick=False):
        assert send_webhooks() == 0
    assert len(receiver.got) == 1


def test_a_suspended_parent_is_told_nothing_until_it_is_active_again(receiver: Receiver, told: Any, cast: Cast) -> None:
    told(GHAT, receiver.url)
    with everywhere("the test suspends the account above"), transaction() as session:
        session.get_one(Account, cast.accounts[NORTH]).status = AccountStatus.SUSPENDED
    pay(GA, cast.customers[GHAT][0], 100_00)
    assert (receiver.got, deliveries()) == ([], [])
    with everywhere("the test activates it"), transaction() as session:
        session.get_one(Account, cast.accounts[NORTH]).status = AccountStatus.ACTIVE
    pay(GA, cast.customers[GHAT][0], 150_00)
    assert receiver.events == ["payment.received"]


def test_a_receiver_that_answers_a_byte_now_and_then_holds_nobody(
    told: Any, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "WHOLE_SECONDS", 0.5)
    stop = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _address = server.accept()
            with connection, suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not stop.wait(0.1):
                    connection.sendall(b"x")

        dripping = Thread(target=drip, daemon=True)
        dripping.start()
        told(NORTH, f"http://127.0.0.1:{server.getsockname()[1]}/")
        pay(NORTH, cast.customers[NORTH][0], 100_00)
        stop.set()
        dripping.join(10)
    (message,) = deliveries()
    assert (message.state, message.problem) == (DeliveryState.WAITING, "silence")


def test_messages_are_kept_for_thirty_days(receiver: Receiver, told: Any, cast: Cast) -> None:
    told(NORTH, receiver.url)
    pay(NORTH, cast.customers[NORTH][0], 100_00)
    assert remove_old_messages() == 0
    with time_machine.travel(now() + timedelta(days=31), tick=False):
        assert remove_old_messages() == 1
