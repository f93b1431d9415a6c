"""The collection list: who stands on it and where, two taps for "take all", what a visit leaves behind (spec §5.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import func, select
from sqlalchemy.orm.attributes import set_committed_value

from app.access.scope import everywhere
from app.activity.models import Activity
from app.activity.sentences import sentence
from app.billing.services import generate_bill
from app.core.clock import today
from app.core.database import db, transaction
from app.core.language import to_ascii_digits
from app.customers.models import Customer, CustomerStatus
from app.customers.services import change_status, delete_customer
from app.packages.models import Zone
from app.payments import collecting
from app.payments.models import Payment, Visit
from app.payments.services import void_payment
from tests.cast import COLLECTOR, DESK, GA, GHATMAN, NEWBIE, NORTH, OFFICE, PADMA_COLLECTOR, PADMA_GA, SOUTH, Cast
from tests.conftest import Clock, FormReader, form_fields
from tests.make import as_account, customer, pay
from tests.rules.house import hold

People = Callable[[str], FlaskClient]


def rows(page: str) -> list[int]:
    """Return the customers of the list, by id, in the order of the page."""
    return [int(number) for number in re.findall(r'<li class="visit[^"]*" id="c-(\d+)"', page)]


def row(page: str, customer_id: int) -> str:
    """Return one customer's part of the page."""
    found = re.search(
        rf'<li class="visit[^"]*" id="c-{customer_id}">(.*?)(?=<li class="visit|</section>)', page, re.DOTALL
    )
    assert found, f"customer {customer_id} is not on the list"
    return found.group(1)


def words(page: str) -> str:
    """Return what a reader sees: no tags, ASCII digits."""
    return " ".join(to_ascii_digits(re.sub(r"<[^>]*>", "", page)).replace("\u00a0", " ").split())


def sheet(page: str, customer_id: int) -> dict[str, str]:
    """Return the fields of the sheet that confirms "take all"."""
    return form_fields(row(page, customer_id), having="quoted")


def take_all(client: FlaskClient, customer_id: int, page: str | None = None, **changed: str) -> Any:
    """Send the confirming sheet of a customer as it stands on the list."""
    page = page or client.get("/collect/").text
    return client.post(f"/payments/receive/{customer_id}", data=sheet(page, customer_id) | changed)


def count(app: Flask, model: type) -> int:
    """Return how many rows of a model there are."""
    with app.app_context(), everywhere("the test counts"):
        return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def due(app: Flask, customer_id: int) -> tuple[int, int]:
    """Return what a customer owes and its advance, in paisa."""
    with app.app_context():
        found = customer(customer_id)
        return found.due, found.advance


@pytest.fixture
def english(as_person: People) -> People:
    """`english(email)`: a person of the cast whose pages are in English."""

    def open_browser(email: str) -> FlaskClient:
        client = as_person(email)
        client.get("/lang/en")
        return client

    return open_browser


@pytest.fixture
def owing(app: Flask, cast: Cast) -> dict[str, int]:
    """Customers of the Group Admin by name: Rahima, Jasim and Quader owe, in two zones and at four doors."""
    rahima, jasim, quader = cast.customers[GA]
    far = cast.zones[GA][1]
    places = {rahima: ("Road 7", "12", None), jasim: ("Road 7", "9", None), quader: ("Station Road", "3", far)}
    with app.app_context(), as_account(GA), transaction():
        for customer_id, (road, house, zone_id) in places.items():
            found = db.session.get_one(Customer, customer_id)
            found.road, found.house, found.zone_id = road, house, zone_id or found.zone_id
        november = (date(2026, 11, 1), date(2026, 11, 30))
        generate_bill(
            db.session.get_one(Customer, quader), 150_00, description="Cable", period=november, due_on=november[1]
        )
        zones = {zone.id: zone for zone in db.session.execute(select(Zone)).scalars()}
        zones[cast.zones[GA][0]].name, zones[far].name = "Bazar", "Station"
    return {"rahima": rahima, "jasim": jasim, "quader": quader}


class TestWhoStandsOnTheList:
    def test_those_who_owe_by_zone_street_and_house(self, owing: dict[str, int], english: People) -> None:
        shown = rows(english(OFFICE).get("/collect/").text)
        # house 9 before house 12, though "12" sorts before "9"
        assert shown == [owing["jasim"], owing["rahima"], owing["quader"]]

    def test_suspended_and_disabled_customers_too_but_no_deleted_ones_and_none_who_owe_nothing(
        self, app: Flask, owing: dict[str, int], english: People
    ) -> None:
        with app.app_context(), as_account(GA), transaction():
            change_status(db.session.get_one(Customer, owing["rahima"]), CustomerStatus.SUSPENDED, "late")
            change_status(db.session.get_one(Customer, owing["jasim"]), CustomerStatus.DISABLED, "moved")
            delete_customer(db.session.get_one(Customer, owing["quader"]), "Moved away")
        page = english(OFFICE).get("/collect/").text
        assert rows(page) == [owing["jasim"], owing["rahima"]]
        assert "Suspended" in row(page, owing["rahima"])
        assert "Disabled" in row(page, owing["jasim"])

    def test_an_operator_s_collector_sees_its_operator_s_customers_only(self, cast: Cast, english: People) -> None:
        assert set(rows(english(COLLECTOR).get("/collect/").text)) <= set(cast.customers[NORTH])
        assert rows(english(COLLECTOR).get("/collect/").text)

    def test_the_group_admin_sees_its_whole_tenant_and_no_other(self, cast: Cast, english: People) -> None:
        shown = set(rows(english(GA).get("/collect/").text))
        assert shown & set(cast.customers[SOUTH])
        assert not shown & set(cast.customers[PADMA_GA])

    def test_the_chips_count_and_add_up_the_rows_under_them(
        self, app: Flask, owing: dict[str, int], english: People
    ) -> None:
        client = english(OFFICE)
        page = client.get("/collect/").text
        chips = re.findall(r'<a class="chip" href="([^"]*zone=\d+)"[^>]*>(.*?)</a>', page)
        assert len(chips) == 2
        for address, label in chips:
            under = rows(client.get(address).text)
            name, tally, amount = re.fullmatch(r"(\w+) · (\d+)৳ ([\d,.]+)", words(label)).groups()  # type: ignore[union-attr]
            assert len(under) == int(tally), name
            assert sum(due(app, one)[0] for one in under) == int(amount.replace(",", "").replace(".", "")), name

    def test_of_two_zones_of_one_name_it_is_said_whose_they_are(self, cast: Cast, english: People) -> None:
        chips = re.findall(r'<a class="chip" href="[^"]*zone=\d+"[^>]*>(.*?) · \d+<', english(GA).get("/collect/").text)
        assert len(chips) == len(set(chips)) > 1
        assert any("Shafiq North" in chip for chip in chips)

    def test_a_foreign_zone_shows_nobody(self, cast: Cast, owing: dict[str, int], english: People) -> None:
        assert rows(english(OFFICE).get(f"/collect/?zone={cast.zones[PADMA_GA][0]}").text) == []

    @pytest.mark.parametrize("query", ["zone=x", "zone=-1", "zone=99999999999999999999", "page=0", "page=x", "list=x"])
    def test_a_nonsensical_address_shows_the_whole_list(
        self, query: str, owing: dict[str, int], english: People
    ) -> None:
        assert len(rows(english(OFFICE).get(f"/collect/?{query}").text)) == 3

    @pytest.mark.parametrize(
        ("query", "who"),
        [("Quader", "quader"), ("station road", "quader"), ("jasim.ga", "jasim"), ("%", None), ("nobody", None)],
    )
    def test_a_search_finds_by_name_username_and_street(
        self, query: str, who: str | None, owing: dict[str, int], english: People
    ) -> None:
        shown = rows(english(OFFICE).get("/collect/", query_string={"q": query}).text)
        assert shown == ([owing[who]] if who else [])

    def test_further_pages_go_on_where_the_first_ends(
        self, owing: dict[str, int], english: People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(collecting, "PAGE_SIZE", 2)
        client = english(OFFICE)
        first, second = client.get("/collect/").text, client.get("/collect/?page=2").text
        assert rows(first) == [owing["jasim"], owing["rahima"]]
        assert rows(second) == [owing["quader"]]
        assert 'href="/collect/?page=2"' in first
        assert "page=3" not in second


class TestWhoMayUseIt:
    @pytest.mark.parametrize("email", [NEWBIE, DESK])
    def test_without_the_key_every_door_is_closed_and_the_menu_does_not_name_it(
        self, email: str, app: Flask, cast: Cast, english: People
    ) -> None:
        client = english(email)
        token = form_fields(client.get("/account/").text)["csrf_token"]
        theirs = cast.customers[SOUTH if email == NEWBIE else NORTH][0]
        assert client.get("/collect/").status_code == 403
        for door in ("not-home", "promise"):
            assert client.post(f"/collect/{door}/{theirs}", data={"csrf_token": token}).status_code == 403
        assert 'href="/collect/"' not in client.get("/").text
        assert count(app, Visit) == 0

    @pytest.mark.parametrize("email", [COLLECTOR, PADMA_COLLECTOR])
    def test_a_foreign_customer_is_not_there(self, email: str, app: Flask, cast: Cast, english: People) -> None:
        client = english(email)
        token = form_fields(client.get("/collect/").text)["csrf_token"]
        foreign = cast.customers[SOUTH][0]
        assert client.get(f"/collect/promise/{foreign}").status_code == 404
        assert (
            client.post(
                f"/collect/promise/{foreign}", data={"csrf_token": token, "promised_for": "2026-11-24"}
            ).status_code
            == 404
        )
        assert client.post(f"/collect/not-home/{foreign}", data={"csrf_token": token}).status_code == 404
        assert count(app, Visit) == 0

    def test_with_the_key_alone_one_sees_name_address_due_and_open_bills_but_no_way_to_profile_or_phone(
        self, app: Flask, owing: dict[str, int], english: People
    ) -> None:
        hold(app, OFFICE, {"receive-payment"})
        page = english(OFFICE).get("/collect/").text
        mine = row(page, owing["quader"])
        assert "Quader" in mine
        assert "150.00" in words(mine)
        assert re.search(r"Bill \d+", words(mine))
        assert "/customers/" not in page
        assert "/bills/" not in page
        assert "01712" not in to_ascii_digits(page)

    def test_with_the_key_for_customers_the_name_leads_to_the_profile(
        self, owing: dict[str, int], english: People
    ) -> None:
        assert f'href="/customers/show/{owing["quader"]}"' in row(
            english(OFFICE).get("/collect/").text, owing["quader"]
        )


class TestTakeAll:
    def test_two_taps_record_all_that_is_due_and_lead_back_to_the_row_with_its_receipt(
        self, app: Flask, owing: dict[str, int], english: People
    ) -> None:
        client, quader = english(OFFICE), owing["quader"]
        page = client.get("/collect/").text
        assert f'href="#take-{quader}"' in row(page, quader)
        answer = take_all(client, quader, page)
        assert answer.status_code == 303
        assert answer.location == f"/collect/#c-{quader}"
        assert due(app, quader) == (0, 0)
        after = client.get("/collect/").text
        receipt = re.search(r'href="(/payments/show/\d+\?[^"]*)"', row(after, quader))
        assert receipt
        assert "Money taken" in row(after, quader)
        assert "150.00" in words(client.get(receipt.group(1).replace("&amp;", "&")).text)
        assert f"#take-{quader}" not in after
        assert rows(after) == rows(page), "who has paid keeps the place"

    def test_the_total_of_today_is_this_person_s_own_and_leaves_void_money_and_other_days_out(
        self, app: Flask, owing: dict[str, int], english: People
    ) -> None:
        with app.app_context():
            pay(GA, owing["jasim"], 7_00)
            pay(OFFICE, owing["jasim"], 11_00)
            pay(OFFICE, owing["jasim"], 13_00)
            pay(OFFICE, owing["jasim"], 17_00, paid_on=date(2026, 11, 22))
            wrong = pay(OFFICE, owing["rahima"], 19_00)
            with as_account(OFFICE), transaction():
                void_payment(db.session.get_one(Payment, wrong.id), "mistyped")
        page = english(OFFICE).get("/collect/").text
        assert "Collected today23 Nov 2026 ৳ 24.00" in words(page).replace("Collected today 23", "Collected today23")
        assert "Taken from 1 customer" in words(page)
        assert "৳ 24.00 taken today" in words(row(page, owing["jasim"]))

    def test_the_same_sheet_twice_is_one_payment(self, app: Flask, owing: dict[str, int], english: People) -> None:
        client = english(OFFICE)
        page = client.get("/collect/").text
        take_all(client, owing["quader"], page)
        again = take_all(client, owing["quader"], page)
        assert again.status_code == 303
        assert count(app, Payment) == 1
        assert "Already recorded at 12:00" in client.get("/collect/").text

    def test_what_a_colleague_took_meanwhile_is_not_taken_again_as_advance(
        self, app: Flask, owing: dict[str, int], english: People, clock: Clock
    ) -> None:
        client, quader = english(OFFICE), owing["quader"]
        page = client.get("/collect/").text
        with app.app_context():
            pay(GA, quader, 150_00)
        clock.forward(minutes=20)
        refused = take_all(client, quader, page)
        assert refused.status_code == 422
        assert "What is due has changed since the list was opened" in refused.text
        assert due(app, quader) == (0, 0)
        assert count(app, Payment) == 1
        # whoever holds the money all the same may record it on the form that came back
        answer = client.post(f"/payments/receive/{quader}", data=form_fields(refused.text, "amount"))
        assert (answer.status_code, answer.location) == (303, f"/collect/#c-{quader}")
        assert due(app, quader) == (0, 150_00)

    def test_a_likely_second_entry_asks_once_and_still_finds_the_way_back(
        self, app: Flask, owing: dict[str, int], english: People
    ) -> None:
        client, quader = english(OFFICE), owing["quader"]
        with app.app_context():
            pay(OFFICE, quader, 75_00)
        asked = take_all(client, quader)
        assert asked.status_code == 200
        assert "Is this another payment?" in asked.text
        answer = client.post(f"/payments/receive/{quader}", data=form_fields(asked.text, "confirm"))
        assert (answer.status_code, answer.location) == (303, f"/collect/#c-{quader}")
        assert due(app, quader) == (0, 0)

    def test_an_operator_s_empty_account_refuses_with_a_sentence_and_nothing_is_written(
        self, app: Flask, cast: Cast, english: People
    ) -> None:
        client = english(GHATMAN)
        page = client.get("/collect/").text
        refused = take_all(client, rows(page)[0], page)
        assert refused.status_code == 422
        assert "field-error" in refused.text or "note-due" in refused.text
        assert count(app, Payment) == 0

    def test_a_part_is_taken_on_the_form_and_the_rest_stays_on_the_list(
        self, app: Flask, owing: dict[str, int], english: People
    ) -> None:
        client, quader = english(OFFICE), owing["quader"]
        part = re.search(r'href="(/payments/receive/\d+\?[^"]*)"', row(client.get("/collect/?zone=").text, quader))
        assert part
        form = form_fields(client.get(part.group(1).replace("&amp;", "&")).text, "amount")
        answer = client.post(f"/payments/receive/{quader}", data=form | {"amount": "৫০"})
        assert (answer.status_code, answer.location) == (303, f"/collect/#c-{quader}")
        mine = words(row(client.get("/collect/").text, quader))
        assert "৳ 100.00" in mine
        assert "৳ 50.00 taken today" in mine

    @pytest.mark.parametrize(
        "target",
        ["//evil.example.com/", "https://evil.example.com/", "/\\evil.example.com", "javascript:1", "/\t/evil", "x"],
    )
    def test_the_way_back_never_leads_to_another_host(
        self, target: str, owing: dict[str, int], english: People
    ) -> None:
        client = english(OFFICE)
        answer = take_all(client, owing["quader"], next=target)
        assert answer.status_code == 303
        assert answer.location.startswith("/payments/show/")
        form = client.get(f"/payments/receive/{owing['jasim']}", query_string={"next": target})
        assert form_fields(form.text, "amount")["next"] == ""

    def test_without_a_way_back_the_receipt_comes_as_ever(
        self, owing: dict[str, int], english: People, fill: Callable[..., Any]
    ) -> None:
        answer = fill(english(OFFICE), f"/payments/receive/{owing['quader']}", amount="10")
        assert re.fullmatch(r"/payments/show/\d+", answer.location)

    def test_the_receipt_leads_on_to_the_next_customer_of_the_list(
        self, owing: dict[str, int], english: People
    ) -> None:
        client = english(OFFICE)
        page = client.get("/collect/").text
        take_all(client, owing["jasim"], page)
        link = re.search(r'href="(/payments/show/\d+\?[^"]*)"', row(client.get("/collect/").text, owing["jasim"]))
        assert link
        receipt = client.get(link.group(1).replace("&amp;", "&")).text
        assert f'href="/collect/#c-{owing["rahima"]}"' in receipt
        assert "Next customer" not in client.get(link.group(1).partition("?")[0]).text


class TestNotAtHome:
    def send(self, client: FlaskClient, customer_id: int) -> Any:
        form = next(form for form in forms(row(client.get("/collect/").text, customer_id)) if "quoted" not in form)
        return client.post(f"/collect/not-home/{customer_id}", data=form)

    def test_who_is_out_goes_to_the_end_of_today_s_list(self, owing: dict[str, int], english: People) -> None:
        client = english(OFFICE)
        answer = self.send(client, owing["jasim"])
        assert (answer.status_code, answer.location) == (303, f"/collect/#c-{owing['rahima']}"), "on to who comes next"
        page = client.get("/collect/").text
        assert rows(page) == [owing["rahima"], owing["quader"], owing["jasim"]]
        assert "Not at home at 12:00" in row(page, owing["jasim"])

    def test_on_the_next_day_the_place_is_the_old_one_with_a_mark(
        self, owing: dict[str, int], english: People, clock: Clock
    ) -> None:
        self.send(english(OFFICE), owing["jasim"])
        clock.set("2026-11-24 00:01")
        page = english(OFFICE).get("/collect/").text
        assert rows(page) == [owing["jasim"], owing["rahima"], owing["quader"]]
        assert "Not at home yesterday" in row(page, owing["jasim"])

    def test_a_part_that_comes_in_ends_it(self, app: Flask, owing: dict[str, int], english: People) -> None:
        client = english(OFFICE)
        self.send(client, owing["jasim"])
        with app.app_context():
            pay(OFFICE, owing["jasim"], 10_00)
        page = client.get("/collect/").text
        assert rows(page)[0] == owing["jasim"]
        assert "Not at home at" not in row(page, owing["jasim"])

    def test_who_owes_nothing_any_more_is_refused_with_a_sentence(
        self, app: Flask, owing: dict[str, int], english: People
    ) -> None:
        client, quader = english(OFFICE), owing["quader"]
        form = next(form for form in forms(row(client.get("/collect/").text, quader)) if "quoted" not in form)
        with app.app_context():
            pay(GA, quader, 150_00)
        answer = client.post(f"/collect/not-home/{quader}", data=form)
        assert answer.status_code == 422
        assert "Nothing is due from this customer any more." in answer.text
        assert count(app, Visit) == 0


class TestPromises:
    def send(self, client: FlaskClient, customer_id: int, day: str) -> Any:
        address = f"/collect/promise/{customer_id}?next=/collect/"
        return client.post(address, data=form_fields(client.get(address).text, "promised_for") | {"promised_for": day})

    def test_who_promised_is_off_the_list_until_that_day_and_on_the_later_list(
        self, owing: dict[str, int], english: People
    ) -> None:
        client = english(OFFICE)
        assert self.send(client, owing["jasim"], "2026-11-28").location == f"/collect/#c-{owing['rahima']}"
        page = client.get("/collect/").text
        assert rows(page) == [owing["rahima"], owing["quader"]]
        assert "Later 1" in words(page)
        later = client.get("/collect/?list=later").text
        assert rows(later) == [owing["jasim"]]
        assert "Promised for 28 Nov 2026" in row(later, owing["jasim"])

    def test_on_that_day_the_customer_comes_first_with_a_mark_and_so_on_until_money_comes(
        self, app: Flask, owing: dict[str, int], english: People, clock: Clock
    ) -> None:
        self.send(english(OFFICE), owing["quader"], "2026-11-28")
        clock.set("2026-11-28 00:01")
        page = english(OFFICE).get("/collect/").text
        assert rows(page)[0] == owing["quader"]
        assert "Promised for today" in row(page, owing["quader"])
        clock.set("2026-11-29 09:00")
        page = english(OFFICE).get("/collect/").text
        assert rows(page)[0] == owing["quader"]
        assert "Promised for 28 Nov 2026" in row(page, owing["quader"])
        with app.app_context():
            pay(OFFICE, owing["quader"], 10_00)
        page = english(OFFICE).get("/collect/").text
        assert rows(page)[-1] == owing["quader"], "a kept promise puts nobody first, whatever stays open"
        assert "Promised" not in row(page, owing["quader"])

    def test_who_promised_may_pay_earlier_from_the_later_list(
        self, app: Flask, owing: dict[str, int], english: People
    ) -> None:
        client, quader = english(OFFICE), owing["quader"]
        self.send(client, quader, "2026-11-28")
        answer = take_all(client, quader, client.get("/collect/?list=later").text)
        assert answer.location == f"/collect/?list=later#c-{quader}"
        assert due(app, quader) == (0, 0)
        assert rows(client.get("/collect/?list=later").text) == []

    def test_the_last_word_counts(self, owing: dict[str, int], english: People) -> None:
        client = english(OFFICE)
        self.send(client, owing["jasim"], "2026-11-28")
        self.send(client, owing["jasim"], "2026-11-23")
        assert rows(client.get("/collect/").text)[0] == owing["jasim"]

    @pytest.mark.parametrize("day", ["2026-11-22", "2026-12-24", "2026-02-30", "", "tomorrow"])
    def test_a_day_past_too_far_or_no_day_at_all_is_refused_beside_the_field(
        self, day: str, app: Flask, owing: dict[str, int], english: People
    ) -> None:
        answer = self.send(english(OFFICE), owing["jasim"], day)
        assert answer.status_code == 422
        assert 'id="promised_for-error"' in answer.text
        assert count(app, Visit) == 0

    @pytest.mark.parametrize("day", ["2026-11-23", "2026-12-23", "২০২৬-১১-২৪"])
    def test_today_and_thirty_days_ahead_are_taken(
        self, day: str, app: Flask, owing: dict[str, int], english: People
    ) -> None:
        assert self.send(english(OFFICE), owing["jasim"], day).status_code == 303
        assert count(app, Visit) == 1

    def test_the_way_back_is_the_list_and_nothing_else(self, owing: dict[str, int], english: People) -> None:
        client = english(OFFICE)
        address = f"/collect/promise/{owing['jasim']}"
        for target in ("/logout/", "//evil.example.com/collect/", "/lang/bn"):
            form = form_fields(client.get(address).text, "promised_for") | {"next": target}
            assert client.post(address, data=form).location.partition("#")[0] == "/collect/"


def test_visits_are_in_the_activity_log(app: Flask, owing: dict[str, int], english: People) -> None:
    client = english(OFFICE)
    TestNotAtHome().send(client, owing["jasim"])
    TestPromises().send(client, owing["rahima"], "2026-11-28")
    with app.test_request_context(), everywhere("the test reads the log"):
        entries = (
            db.session.execute(select(Activity).where(Activity.event.startswith("visit.")).order_by(Activity.seq))
            .scalars()
            .all()
        )
        with force_locale("en"):
            said = [sentence(entry) for entry in entries]
        assert {entry.topic for entry in entries} == {"customers"}
    assert re.fullmatch(r"Customer \d+, Jasim of .*, not at home", said[0])
    assert re.fullmatch(r"Customer \d+, Rahima of .*, promised to pay on 28 Nov 2026", said[1])


def forms(part: str) -> list[dict[str, str]]:
    """Return the fields of every form in a part of a page."""
    reader = FormReader()
    reader.feed(part)
    return reader.forms


def test_a_parent_that_looks_as_a_manager_changes_nothing(
    app: Flask, cast: Cast, owing: dict[str, int], english: People
) -> None:
    parent = english(GA)
    token = form_fields(parent.get("/account/").text)["csrf_token"]
    parent.post(f"/managers/see-as/{cast.accounts[OFFICE]}", data={"csrf_token": token})
    assert take_all(parent, owing["quader"], request_id=str(uuid4())).status_code == 403
    assert count(app, Payment) == 0


def test_today_is_dhaka_s_day(app: Flask, owing: dict[str, int], english: People, clock: Clock) -> None:
    clock.set("2026-11-24 00:10")
    with app.app_context():
        pay(OFFICE, owing["quader"], 30_00)
        assert today() == date(2026, 11, 24)
    assert "৳ 30.00 taken today" in words(row(english(OFFICE).get("/collect/").text, owing["quader"]))


def test_who_pays_a_colleague_while_the_list_is_put_together_is_not_on_it(
    app: Flask, cast: Cast, as_person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [cast.customers[NORTH][which] for which in (0, 1)]
    with app.app_context(), as_account(NORTH), transaction():
        for customer_id in ids:
            generate_bill(
                db.session.get_one(Customer, customer_id),
                800_00,
                description="Fibre moved",
                period=(today(), today()),
                due_on=today(),
            )
    real = collecting.stops

    def while_somebody_pays(*asked: Any) -> Any:
        found = real(*asked)
        paid = next(stop.customer for stop in found.stops if stop.customer.id == ids[0])
        set_committed_value(paid, "due", 0)
        return found

    monkeypatch.setattr("app.payments.collect_views.stops", while_somebody_pays)
    answer = as_person(COLLECTOR).get("/collect/")
    assert answer.status_code == 200
    assert ids[0] not in rows(answer.text)
    assert ids[1] in rows(answer.text)
