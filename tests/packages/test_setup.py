"""Packages, prices given down, profiles, zones, devices, own fields, categories: what parents set up, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.access.scope import everywhere
from app.accounts.models import Account
from app.accounts.services import set_keys
from app.core.database import db
from app.core.errors import Forbidden, NotFound, Refused
from app.customers.custom_fields import save_field
from app.customers.models import Customer
from app.customers.services import Details, create_customer, edit_customer
from app.expenses.category_services import archive_category, save_category
from app.packages.catalogue import archive, bring_back, changeable
from app.packages.models import BillingProfile, Package, PackageOffer, Zone
from app.packages.queries import packages_on_offer, price_chain, retail_price
from app.packages.services import (
    PackageWords,
    archive_zone,
    give_down,
    save_package,
    save_zone,
    set_retail_price,
    withdraw,
)
from tests.books import act
from tests.cast import COLLECTOR, GA, GHAT, NORTH, OFFICE, PADMA_GA, SOUTH, Cast
from tests.make import as_account, customer

LINE = PackageWords("Home 40M", "pppoe", 1_200_00, 700_00, 40_000, 20_000, None)


def home() -> Package:
    """Return the Group Admin's Home 10M: 800.00, given to north at 480.00."""
    with everywhere("tests look at everything"):
        return (
            db.session.execute(select(Package).where(Package.name == "Home 10M").order_by(Package.id)).scalars().first()
        )  # type: ignore[return-value]


def names_for(email: str) -> set[str]:
    """Return what an account may put customers on."""
    with as_account(email):
        return {row.name for row in packages_on_offer()}


def details(of: Customer, **changed: Any) -> Details:
    """Return what a form would say of another customer like one."""
    words = {name: getattr(of, name) for name in ("package_id", "profile_id", "connection_type")}
    return Details(**{"name": "Somebody", "username": "somebody.new", **words, **changed})


class TestPackages:
    """An Operator uses its own and those that were given to it at every level."""

    def test_what_is_not_given_is_neither_offered_nor_taken_by_raw_id(self, context: object, cast: Cast) -> None:
        with act.change(GA):
            new = save_package(LINE)
        assert "Home 40M" in names_for(GA)
        assert "Home 40M" not in names_for(NORTH)
        with act.change(NORTH), pytest.raises(Refused, match="no longer offered"):
            create_customer(details(customer(cast.customers[NORTH][0]), package_id=new.id))
        with act.change(GA):
            give_down(db.session.get_one(Package, new.id), cast.accounts[NORTH], 800_00)
        assert "Home 40M" in names_for(NORTH)
        assert "Home 40M" not in names_for(GHAT)

    def test_what_is_withdrawn_above_is_offered_to_nobody_below(self, context: object, cast: Cast) -> None:
        assert "Home 10M" in names_for(GHAT)
        with act.change(GA):
            withdraw(db.session.get_one(Package, home().id), cast.accounts[NORTH])
        assert "Home 10M" not in names_for(NORTH) | names_for(GHAT)
        assert "Home 10M" in names_for(SOUTH)
        with as_account(NORTH):
            assert price_chain(cast.accounts[NORTH], home())[0][1] == 480_00

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"price": -1}, "price"),
            ({"operator_price": 1_200_01}, "operator_price"),
            ({"name": " "}, "name"),
            ({"name": "home 10m"}, "name"),
            ({"connection_type": "carrier pigeon"}, "connection_type"),
            ({"connection_type": "hotspot"}, "validity"),
            ({"validity_hours": 9_000}, "validity"),
            ({"download_kbps": 200_000_000}, "download_kbps"),
            ({"radius_group": "group; drop"}, "radius_group"),
            ({"rate_limit": "10 apples"}, "rate_limit"),
        ],
    )
    def test_bad_input_is_named_beside_its_field(
        self, changed: dict[str, Any], field: str, context: object, cast: Cast
    ) -> None:
        with act.nothing_is_written(), act.change(GA), pytest.raises(Refused) as refused:
            save_package(replace(LINE, **changed))
        assert refused.value.field == field

    def test_an_operator_cannot_change_or_archive_the_group_admin_s_package(self, context: object, cast: Cast) -> None:
        with act.change(NORTH), pytest.raises(NotFound):
            save_package(LINE, home().id)
        with act.change(NORTH), pytest.raises(NotFound):
            changeable(Package, home().id)
        with act.change(PADMA_GA), pytest.raises(NotFound):
            changeable(Package, home().id)

    def test_an_archived_package_serves_who_is_on_it_and_nobody_new(self, context: object, cast: Cast) -> None:
        who = customer(cast.customers[GA][0])
        with act.change(GA):
            archive(changeable(Package, who.package_id))
        with act.change(GA), pytest.raises(Refused):
            create_customer(details(who))
        with act.change(GA):
            edit_customer(db.session.get_one(Customer, who.id), details(who, username=who.username, comment="kept"))
        with act.change(GA):
            bring_back(changeable(Package, who.package_id))
            create_customer(details(who))


class TestPrices:
    """What the receiver pays, what its customers pay, and who may say so."""

    def test_an_operator_price_above_what_its_customers_pay_is_refused(self, context: object, cast: Cast) -> None:
        with act.nothing_is_written(), act.change(GA), pytest.raises(Refused, match="lose money"):
            give_down(db.session.get_one(Package, home().id), cast.accounts[NORTH], 800_01)

    def test_the_list_price_does_not_fall_below_what_an_operator_pays(self, context: object, cast: Cast) -> None:
        words = PackageWords("Home 10M", "pppoe", 500_00, 300_00, 10_000, 10_000, None)
        with act.nothing_is_written(), act.change(GA), pytest.raises(Refused, match="Lower that first"):
            save_package(words, home().id)

    def test_only_the_key_lets_an_operator_price_what_came_down(self, context: object, cast: Cast) -> None:
        with act.change(NORTH), pytest.raises(Forbidden):
            set_retail_price(db.session.get_one(Package, home().id), 900_00)
        with act.change(GA):
            north = db.session.get_one(Account, cast.accounts[NORTH])
            set_keys(north, {"reseller-module", "delete-customer", "edit-package-price"})
        with act.change(NORTH), pytest.raises(Refused, match="lose money"):
            set_retail_price(db.session.get_one(Package, home().id), 479_00)
        with act.change(NORTH):
            set_retail_price(db.session.get_one(Package, home().id), 900_00)
        prices = [retail_price(cast.accounts[email], home()) for email in (GA, NORTH, GHAT, SOUTH)]
        assert prices == [800_00, 900_00, 900_00, 800_00]

    def test_a_package_is_given_by_whom_it_came_down_to_and_to_those_right_below(
        self, context: object, cast: Cast
    ) -> None:
        for giver, receiver in ((GA, GHAT), (NORTH, SOUTH), (GA, OFFICE), (GA, PADMA_GA)):
            with act.nothing_is_written(), act.change(giver), pytest.raises(NotFound):
                give_down(db.session.get_one(Package, home().id), cast.accounts[receiver], 500_00)
        with act.change(NORTH):
            give_down(db.session.get_one(Package, home().id), cast.accounts[GHAT], 610_00)
        with everywhere("tests look at everything"):
            offer = select(PackageOffer.price).where(
                PackageOffer.account_id == cast.accounts[GHAT], PackageOffer.package_id == home().id
            )
            assert db.session.execute(offer).scalar_one() == 610_00


class TestZones:
    """Area, street, building."""

    def test_a_tree_is_moved_with_all_below_it_and_never_under_itself(self, context: object, cast: Cast) -> None:
        with act.change(NORTH):
            area, other = save_zone("Kandipara", None), save_zone("Uttara", None)
            street = save_zone("Lake road", area.id)
            house = save_zone("House 7", street.id)
            for below in (street.id, house.id, area.id):
                with pytest.raises(Refused, match=r"below itself|three levels"):
                    save_zone("Kandipara", below, area.id)
            with pytest.raises(Refused, match="three levels"):
                save_zone("Flat 3", house.id)
            save_zone("Lake road", other.id, street.id)
            assert house.path == "Uttara › Lake road › House 7"
            with pytest.raises(Refused, match="Archive those first"):
                archive_zone(other)

    def test_a_zone_of_another_owner_and_an_archived_one_are_no_choice(self, context: object, cast: Cast) -> None:
        who = customer(cast.customers[NORTH][0])
        with act.change(NORTH):
            with pytest.raises(Refused):
                save_zone("Street", cast.zones[SOUTH][0])
            spare = save_zone("Spare", None)
            archive_zone(spare)
            for zone_id in (spare.id, cast.zones[GHAT][0], cast.zones[SOUTH][0]):
                with pytest.raises(Refused) as refused:
                    create_customer(details(who, zone_id=zone_id))
                assert refused.value.field == "zone_id"
            assert db.session.get_one(Zone, cast.zones[NORTH][0]).archived_at is None


class TestOwnFields:
    """Text, number, date and choice, checked by their type."""

    def test_values_are_checked_kept_and_logged_under_their_names(self, context: object, cast: Cast) -> None:
        who = cast.customers[NORTH][0]
        with act.change(NORTH):
            number = save_field("Meters of cable", "number", [], required=True, position=1)
            choice = save_field("Roof", "choice", ["Flat", "Tin"], required=False, position=2)
            day = save_field("Fibre since", "date", [], required=False, position=3)
        row = customer(who)
        for values, wrong in (
            ({}, number),
            ({number.id: "many"}, number),
            ({number.id: "4", choice.id: "Thatch"}, choice),
            ({number.id: "4", day.id: "yesterday"}, day),
        ):
            typed = {str(key): value for key, value in values.items()}
            with act.change(NORTH), pytest.raises(Refused) as refused:
                edit_customer(
                    db.session.get_one(Customer, who), details(row, username=row.username, custom_fields=typed)
                )
            assert refused.value.field == f"custom_{wrong.id}"
        right = {str(number.id): "৪০", str(choice.id): "Tin", str(day.id): "2026-01-05"}
        with act.change(NORTH):
            edit_customer(db.session.get_one(Customer, who), details(row, username=row.username, custom_fields=right))
        assert customer(who).custom_fields == {str(number.id): "40", str(choice.id): "Tin", str(day.id): "2026-01-05"}

    def test_a_choice_needs_choices(self, context: object, cast: Cast) -> None:
        with act.change(NORTH), pytest.raises(Refused):
            save_field("Roof", "choice", ["Flat"], required=False, position=0)


def test_a_category_has_two_levels_and_leaves_after_its_subcategories(context: object, cast: Cast) -> None:
    with act.change(NORTH):
        fuel = save_category("Fuel", None)
        diesel = save_category("Diesel", fuel.id)
        for parent, row in ((diesel.id, None), (fuel.id, fuel.id)):
            with pytest.raises(Refused):
                save_category("Below", parent, row)
        with pytest.raises(Refused, match="Archive those first"):
            archive_category(fuel)


class TestThePages:
    """Parents alone, in the browser without script."""

    def test_a_package_is_added_given_and_archived(
        self, cast: Cast, as_person: Callable[[str], FlaskClient], fill: Callable[..., Any]
    ) -> None:
        ga = as_person(GA)
        made = fill(ga, "/packages/add", name="Night 5M", price="300", operator_price="200", download_kbps="2.5")
        assert made.status_code == 303
        number = made.location.rsplit("/", 1)[1]
        assert "2.5/0" in ga.get(f"{made.location}").text or "২.৫/০" in ga.get(made.location).text
        assert fill(ga, f"/packages/give/{number}", price="301").status_code == 422
        assert fill(ga, f"/packages/give/{number}", price="250").status_code == 303
        assert fill(ga, f"/packages/archive/{number}").status_code == 303
        assert "Night 5M" not in ga.get("/packages/list/").text
        assert "Night 5M" in ga.get("/packages/list/?state=archived").text

    def test_counts_lead_to_exactly_those_rows(
        self, cast: Cast, app: Flask, as_person: Callable[[str], FlaskClient]
    ) -> None:
        with app.app_context():
            package_id = home().id
            on_it = select(func.count(Customer.id)).where(Customer.package_id == package_id)
            with everywhere("the test counts"):
                count = db.session.execute(on_it).scalar_one()
        ga, link = as_person(GA), f"/customers/list/?package={package_id}"
        assert link in ga.get(f"/packages/show/{package_id}").text
        assert ga.get(link).text.count('class="linked"') == count > 0

    @pytest.mark.parametrize("email", [COLLECTOR, OFFICE])
    @pytest.mark.parametrize(
        "path",
        [
            "packages/list/",
            "profiles/list/",
            "zones/add",
            "devices/list/",
            "custom-fields/list/",
            "expense-categories/list/",
        ],
    )
    def test_a_manager_gets_none_of_it(
        self, email: str, path: str, cast: Cast, as_person: Callable[[str], FlaskClient]
    ) -> None:
        assert as_person(email).get(f"/{path}").status_code == 403

    def test_profiles_kept_from_operators_are_no_choice_below(self, context: object, cast: Cast) -> None:
        who = customer(cast.customers[NORTH][0])
        with act.change(GA):
            changeable(BillingProfile, who.profile_id).given_down = False
        with act.change(NORTH), pytest.raises(Refused) as refused:
            create_customer(details(who))
        assert refused.value.field == "profile_id"
