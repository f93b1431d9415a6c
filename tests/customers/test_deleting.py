"""Deleted customers: gone from the lists, their username free, back again on demand."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.database import db
from app.core.errors import Refused
from app.customers.models import Customer
from app.customers.services import Details, create_customer, delete_customer, restore_customer
from tests.books import act
from tests.cast import GA, GHAT, NORTH, SOUTH, Cast
from tests.make import customer


def delete(email: str, customer_id: int) -> None:
    """Delete a customer as a person of the cast."""
    with act.change(email):
        delete_customer(db.session.get_one(Customer, customer_id), "Moved away")


def namesake(email: str, of: Customer) -> Customer:
    """Create a customer with the username of another."""
    with act.change(email):
        return create_customer(
            Details(
                name="Namesake",
                username=of.username,
                package_id=of.package_id,
                profile_id=of.profile_id,
                connection_type=of.connection_type,
            )
        )


def test_a_deleted_customer_frees_its_username_and_comes_back_under_another(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    delete(NORTH, who)
    namesake(SOUTH, customer(who))
    with act.change(NORTH):
        gone = db.session.get_one(Customer, who)
        with pytest.raises(Refused, match="in use already"):
            restore_customer(gone)
    with act.change(NORTH):
        back = restore_customer(db.session.get_one(Customer, who), "rahima.second")
        assert (back.deleted_at, back.username, back.username_key) == (None, "rahima.second", "rahima.second")
    assert act.differences() == []


def test_a_customer_that_nobody_took_the_name_of_comes_back_as_it_was(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    name = customer(who).username
    delete(NORTH, who)
    with act.change(NORTH):
        restore_customer(db.session.get_one(Customer, who))
    assert (customer(who).username, customer(who).username_key) == (name, name.lower())


def test_deleting_asks_why(context: object, cast: Cast) -> None:
    with act.change(NORTH), pytest.raises(Refused, match="Say why"):
        delete_customer(db.session.get_one(Customer, cast.customers[NORTH][0]), " ")


class TestThePages:
    """Who holds delete-customer deletes and restores; the others find no door."""

    def test_an_operator_with_the_key_deletes_and_restores(
        self,
        cast: Cast,
        app: Any,
        as_person: Callable[[str], FlaskClient],
        fill: Callable[..., Any],
    ) -> None:
        north, who = as_person(NORTH), cast.customers[NORTH][0]
        assert fill(north, f"/customers/delete/{who}", reason="").status_code == 422
        assert fill(north, f"/customers/delete/{who}", reason="Moved away").status_code == 303
        assert north.get(f"/customers/show/{who}").status_code == 404
        assert "Moved away" in north.get("/customers/deleted/").text
        assert fill(north, f"/customers/deleted/restore/{who}", having="username").status_code == 303
        assert north.get(f"/customers/show/{who}").status_code == 200

    @pytest.mark.parametrize("email", [SOUTH, GHAT])
    def test_without_the_key_there_is_no_door(
        self, email: str, cast: Cast, as_person: Callable[[str], FlaskClient]
    ) -> None:
        somebody = as_person(email)
        for address in ("/customers/deleted/", f"/customers/deleted/restore/{cast.customers[email][0]}"):
            assert somebody.get(address).status_code == 403

    def test_a_foreign_one_cannot_be_restored(self, cast: Cast, as_person: Callable[[str], FlaskClient]) -> None:
        north = as_person(NORTH)
        assert north.get(f"/customers/deleted/restore/{cast.customers[GA][0]}").status_code == 404
