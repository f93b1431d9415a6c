"""The QR code on an invoice: what it opens, for how long, and that nobody can make one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.access.scope import everywhere
from app.activity.models import Activity
from app.billing.models import Bill
from app.billing.printed import bill_of, code_of, last_day
from app.billing.services import generate_bill, void_bill
from app.core.clock import today
from app.core.database import db, transaction
from app.customers.models import Customer
from app.customers.services import delete_customer
from app.paylinks.models import AttemptState, LinkState, PaymentAttempt, PaymentLink
from app.paylinks.services import make_link, make_printed_link, new_seed
from app.public.frame import token_of_the_page
from tests.cast import GA, GHATMAN, NEWBIE, NORTH, PADMA_COLLECTOR, Cast
from tests.conftest import Clock, form_fields
from tests.make import as_account, customer, pay
from tests.paylinks.conftest import Phone, Town
from tests.reports.make import scanned

People = Callable[[str], FlaskClient]
ENGLISH = "?lang=en"


def a_bill(app: Flask, cast: Cast, owner: str = NORTH, which: int = 0, taka: int = 800) -> int:
    """Raise a bill for one of an owner's customers; return its id."""
    with app.app_context():
        return raised(owner, cast.customers[owner][which], taka).id


def raised(owner: str, customer_id: int, taka: int) -> Bill:
    with as_account(owner), transaction():
        return generate_bill(
            db.session.get_one(Customer, customer_id),
            taka * 100,
            description="Fibre moved",
            period=(date(2026, 11, 1), date(2026, 11, 30)),
            due_on=date(2026, 11, 30),
        )


def code(app: Flask, bill_id: int, last: date | None = None) -> str:
    with app.app_context(), everywhere("the test prints"):
        return code_of(db.session.get_one(Bill, bill_id), last or last_day(today()))


def test_forged_old_withdrawn_and_gone_codes_answer_alike(
    app: Flask, cast: Cast, client: FlaskClient, as_person: People
) -> None:
    bill_id, other = a_bill(app, cast), a_bill(app, cast, which=1)
    good, old = code(app, bill_id), code(app, bill_id, today() - timedelta(days=1))
    changed = [good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :] for place in (0, 17, 37)]
    withdrawn, gone = code(app, other), code(app, a_bill(app, cast, which=2))
    north = as_person(NORTH)
    path = f"/payment-links/withdraw/{other}"
    assert north.post(path, data=form_fields(north.get(path).text)).status_code == 303
    with app.app_context(), as_account(NORTH), transaction():
        delete_customer(db.session.get_one(Customer, cast.customers[NORTH][2]), "moved away")
    answers = {
        client.get(f"/invoice/{one}{ENGLISH}").text.replace(f"/invoice/{one}", "")
        for one in (*changed, old, withdrawn, gone, "A" * 38, "x", good + "A", good.lower())
    }
    # the id of the request is in each
    assert len({re.sub(r"<code[^>]*>[^<]*</code>", "", answer) for answer in answers}) == 1
    assert client.get(f"/invoice/{old}").status_code == client.post(f"/invoice/{old}").status_code == 404
    assert client.get(f"/invoice/{good}").status_code == 200


def test_a_code_has_one_spelling(app: Flask, cast: Cast) -> None:
    good = code(app, a_bill(app, cast))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    with app.app_context():
        opening = [letter for letter in letters if bill_of(good[:-1] + letter) is not None]
    assert opening == [good[-1]]


def test_a_code_is_good_to_the_end_of_the_second_month_after_it_was_printed(
    app: Flask, cast: Cast, client: FlaskClient, clock: Clock
) -> None:
    assert last_day(date(2026, 11, 27)) == last_day(date(2026, 11, 1)) == date(2027, 1, 31)
    assert last_day(date(2026, 12, 31)) == date(2027, 2, 28)
    good = code(app, a_bill(app, cast))
    clock.set(datetime.combine(last_day(today()), datetime.min.time(), UTC) + timedelta(hours=12))
    assert client.get(f"/invoice/{good}").status_code == 200
    clock.set(datetime.combine(last_day(today()), datetime.min.time(), UTC) + timedelta(days=62))
    assert client.get(f"/invoice/{good}").status_code == 404


def test_the_page_shows_what_the_bill_says_and_names_nobody(app: Flask, cast: Cast, client: FlaskClient) -> None:
    bill_id = a_bill(app, cast)
    with app.app_context(), everywhere("the test looks"):
        row = db.session.get_one(Bill, bill_id)
        name, mobile, username = row.customer_name, row.customer_mobile, row.customer_username
    page = client.get(f"/invoice/{code(app, bill_id)}{ENGLISH}").text
    assert "840" in page and f"{name.split()[0][0]}•••" in page
    assert name not in page and username not in page and mobile not in page
    assert client.get(f"/invoice/{code(app, bill_id)}?lang=bn").text.count("৮৪০")


def test_a_look_writes_nothing_and_a_tap_makes_one_link_a_day(
    app: Flask, cast: Cast, client: FlaskClient, clock: Clock
) -> None:
    address = f"/invoice/{code(app, a_bill(app, cast))}"

    def links() -> int:
        with app.app_context(), everywhere("the test counts"):
            return db.session.execute(select(func.count(PaymentLink.id))).scalar_one()

    form = _form(client, address)
    assert links() == 0
    first, again = (client.post(address, data=form) for _time in range(2))
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    assert links() == 1
    assert "840" in client.get(f"{first.location}{ENGLISH}").text
    clock.forward(days=1)
    assert client.get(first.location).status_code == 404
    assert client.post(address, data=_form(client, address)).location != first.location
    assert links() == 2


def _form(client: FlaskClient, address: str) -> dict[str, str]:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    # without a gateway that is switched on there is no button, but the door is there all the same
    return {"csrf_token": token.group(1)} if token else {"csrf_token": _page_token(client, address)}


def _page_token(client: FlaskClient, address: str) -> str:
    with client.application.app_context():
        return token_of_the_page(address.rsplit("/", 1)[1])


def test_a_tap_without_the_page_or_from_another_bill_s_page_makes_nothing(
    app: Flask, cast: Cast, client: FlaskClient, clock: Clock
) -> None:
    mine, other = (f"/invoice/{code(app, a_bill(app, cast, which=which))}" for which in (0, 1))
    form = _form(client, mine)
    for data in ({}, {"csrf_token": "x"}, _form(client, other)):
        answer = client.post(mine + ENGLISH, data=data)
        assert answer.status_code == 400
        assert "open for too long" in answer.text
    clock.forward(minutes=31)
    assert client.post(mine, data=form).status_code == 400
    with app.app_context(), everywhere("the test counts"):
        assert db.session.execute(select(func.count(PaymentLink.id))).scalar_one() == 0


def test_a_link_by_the_code_leaves_what_staff_sent_and_the_other_way_round(app: Flask, cast: Cast) -> None:
    bill_id = a_bill(app, cast)
    with app.app_context(), as_account(NORTH), transaction():
        whom = db.session.get_one(Customer, cast.customers[NORTH][0])
        sent = make_link(whom, seed=new_seed()).link
        scanned = make_printed_link(db.session.get_one(Bill, bill_id)).link
        assert (sent.state, scanned.state) == (LinkState.OPEN, LinkState.OPEN)
        newer = make_link(whom, seed=new_seed()).link
        db.session.refresh(sent)
        db.session.refresh(scanned)
        assert (sent.state, scanned.state, newer.state) == (LinkState.REPLACED, LinkState.OPEN, LinkState.OPEN)
        assert scanned.is_for_chosen_bills


@pytest.mark.parametrize("end", ["paid", "void"])
def test_a_bill_that_was_settled_or_voided_says_so_and_cannot_be_paid(
    end: str, app: Flask, cast: Cast, client: FlaskClient
) -> None:
    bill_id = a_bill(app, cast)
    address = f"/invoice/{code(app, bill_id)}"
    form = _form(client, address)
    with app.app_context():
        if end == "paid":
            pay(NORTH, cast.customers[NORTH][0], customer(cast.customers[NORTH][0]).due)
        else:
            with as_account(NORTH), transaction():
                void_bill(db.session.get_one(Bill, bill_id), "raised twice")
    page = client.get(address + ENGLISH).text
    assert ("Paid in full" if end == "paid" else "This bill is void") in page
    assert "<form" not in page
    answer = client.post(address + ENGLISH, data=form)
    assert answer.status_code == 422
    assert "Nothing is due any more." in answer.text


def test_nobody_can_pay_by_the_paper_while_another_link_s_money_is_unclear(town: Town, phone: Phone) -> None:
    link = town.link_for(GA)
    phone.begin(link, "bkash")
    with town.app.app_context(), everywhere("the test looks"), transaction():
        attempt = db.session.execute(select(PaymentAttempt)).scalar_one()
        attempt.state = AttemptState.UNKNOWN.value
        owed = db.session.execute(
            select(Bill).where(Bill.customer_id == attempt.customer_id, Bill.paid < Bill.total)
        ).scalars()
        address = f"{town.url}/invoice/{code_of(owed.first(), last_day(today()))}"
    page = phone.get(address + ENGLISH).text
    assert "being confirmed" in page
    assert "<form" not in page


def test_who_scans_an_invoice_pays_its_bill_and_nothing_else(town: Town, phone: Phone) -> None:
    before = town.due()
    with town.app.app_context(), everywhere("the test prints"):
        extra = raised(GA, town.cast.customers[GA][0], 123)
        address = f"{town.url}/invoice/{code_of(extra, last_day(today()))}"
    page = phone.get(address)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    on = phone.session.post(address, data={"csrf_token": token.group(1)}, timeout=90, allow_redirects=False)
    assert on.status_code == 303
    said = phone.pay(town.url + on.headers["Location"].removeprefix(town.url), "bkash")
    assert town.due() == before
    (paid,) = town.payments
    # with 5 per cent of VAT
    assert paid.amount == 129_15
    assert "/receipt" not in said
    assert "Paid in full" in phone.get(address + ENGLISH).text


def test_withdrawing_takes_the_key_to_print_and_closes_what_the_code_made(
    app: Flask, cast: Cast, client: FlaskClient, as_person: People
) -> None:
    bill_id = a_bill(app, cast)
    path, address = f"/payment-links/withdraw/{bill_id}", f"/invoice/{code(app, bill_id)}"
    made = client.post(address, data=_form(client, address)).location
    with app.app_context(), as_account(NORTH), transaction():
        whom = db.session.get_one(Customer, cast.customers[NORTH][0])
        sent = f"/pay/{make_link(whom, seed=new_seed(), bills=[bill_id]).token}"
    assert as_person(NEWBIE).get(path).status_code == 403
    for stranger in (GHATMAN, PADMA_COLLECTOR):
        assert as_person(stranger).get(path).status_code in (403, 404)
        assert as_person(stranger).post(path).status_code in (400, 403, 404)
    assert client.get(made).status_code == 200
    north = as_person(NORTH)
    assert path in north.get(f"/bills/show/{bill_id}").text
    assert north.post(path, data=form_fields(north.get(path).text)).status_code == 303
    assert client.get(made).status_code == client.get(address).status_code == 404
    # what staff sent for the same bill stays
    assert client.get(sent).status_code == client.get(f"/invoice/{code(app, bill_id)}").status_code == 200
    with app.app_context(), everywhere("the test looks"):
        events = db.session.execute(select(Activity.event).where(Activity.topic == "payments")).scalars().all()
    assert events[-3:] == ["link.printed", "link.made", "bill.codes_withdrawn"]


def test_the_list_says_that_a_link_came_from_the_paper(
    app: Flask, cast: Cast, client: FlaskClient, as_person: People
) -> None:
    address = f"/invoice/{code(app, a_bill(app, cast))}"
    client.post(address, data=_form(client, address))
    assert "ছাপা বিলের কোড" in as_person(NORTH).get("/payment-links/list/").text


def test_the_invoice_carries_the_code_and_a_void_one_does_not(app: Flask, cast: Cast, as_person: People) -> None:
    bill_id = a_bill(app, cast)
    client = as_person(NORTH)
    drawn = scanned(client.get(f"/bills/{bill_id}/invoice.pdf").data)
    assert drawn == f"{app.config['PUBLIC_URL']}/invoice/{code(app, bill_id)}"
    with app.app_context(), as_account(NORTH), transaction():
        void_bill(db.session.get_one(Bill, bill_id), "raised twice")
    assert scanned(client.get(f"/bills/{bill_id}/invoice.pdf").data) is None
