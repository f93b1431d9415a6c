"""A bill is raised: VAT, operator amounts, numbers, advance."""

from datetime import date

import pytest

from app.billing.models import Purpose, vat_on
from app.billing.services import generate_bill, raise_bill, void_bill
from app.books.models import Ledger
from app.core.database import db
from app.core.errors import Refused
from app.customers.models import Customer
from app.customers.services import delete_customer
from tests.books import act
from tests.cast import GA, GHAT, NORTH, SOUTH, Cast
from tests.make import bill, customer, pay

DECEMBER = (date(2026, 12, 1), date(2026, 12, 31))


def by_hand(email: str, customer_id: int, paisa: int, **changed: object) -> int:
    """Raise a bill by hand as a person of the cast; return its id."""
    said = {"description": "Router", "period": DECEMBER, "due_on": date(2026, 12, 10)} | changed
    with act.change(email):
        return generate_bill(db.session.get_one(Customer, customer_id), paisa, **said).id  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"period": (date(2026, 12, 2), date(2026, 12, 1))}, "period_to"),
        ({"due_on": date(2026, 11, 22)}, "due_on"),
        ({"period": (date(1, 1, 1), date(2026, 12, 1))}, "period_from"),
        ({"due_on": date(9999, 12, 31)}, "due_on"),
        ({"description": "x" * 201}, "description"),
    ],
)
def test_a_bill_by_hand_that_makes_no_sense_is_refused_and_leaves_nothing(
    context: object, cast: Cast, changed: dict[str, object], field: str
) -> None:
    amount = changed.pop("amount", 100_00)
    with act.nothing_is_written(), pytest.raises(Refused) as refused:
        by_hand(GA, cast.customers[GA][0], amount, **changed)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_deleted_customer_gets_no_bill(context: object, cast: Cast) -> None:
    with act.change(GA):
        delete_customer(db.session.get_one(Customer, cast.customers[GA][0]), "Moved away")
    with act.nothing_is_written(), pytest.raises(Refused):
        by_hand(GA, cast.customers[GA][0], 100_00)


@pytest.mark.parametrize(
    ("amount", "basis_points", "vat"),
    [(800_00, 500, 40_00), (10, 500, 1), (9, 500, 0), (30, 500, 2), (333_33, 750, 25_00), (1, 10_000, 1), (7, 0, 0)],
)
def test_vat_is_rounded_half_up_to_the_paisa(amount: int, basis_points: int, vat: int) -> None:
    assert vat_on(amount, basis_points) == vat


def test_vat_is_added_to_the_amount_and_booked_apart(context: object, cast: Cast) -> None:
    november = bill(cast.bills[GA][0])
    owner = cast.accounts[GA]
    assert (november.amount, november.vat, november.total) == (800_00, 40_00, 840_00)
    assert act.booked(Ledger.CUSTOMER, november.customer_id) == 840_00
    assert act.booked(Ledger.VAT, owner) == -40_00
    assert act.booked(Ledger.INCOME, owner) == -(800_00 + 3_500_00)


def test_a_bill_stores_what_each_level_pays_for_it(context: object, cast: Cast) -> None:
    levels = {email: bill(cast.bills[email][0]) for email in (GA, NORTH, SOUTH, GHAT)}
    assert [(one.operator_amount, one.upper_amount) for one in levels.values()] == [
        (0, 0),
        (480_00, 0),
        (520_00, 0),
        (600_00, 480_00),
    ]


def test_a_part_of_the_price_costs_the_levels_the_same_part(context: object, cast: Cast) -> None:
    with act.change(GHAT):
        part = raise_bill(
            db.session.get_one(Customer, cast.customers[GHAT][0]),
            Purpose.NEW_CUSTOMER,
            213_00,
            period=DECEMBER,
            due_on=date(2026, 12, 10),
            package=customer(cast.customers[GHAT][0]).package,
        )
        assert (part.operator_amount, part.upper_amount) == (159_75, 127_80)


def test_advance_pays_a_new_bill_in_the_same_change(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    pay(NORTH, who, 840_00 + 50_00)
    assert customer(who).advance == 50_00
    router = by_hand(NORTH, who, 200_00)
    assert (bill(router).paid, bill(router).open) == (50_00, 160_00)
    assert (customer(who).due, customer(who).advance, customer(who).payment_status) == (160_00, 0, "partial")
    assert act.differences() == []


def test_numbers_of_bills_have_no_gap_after_a_refusal_and_a_void_keeps_its_number(context: object, cast: Cast) -> None:
    last = max(bill(one).number for owner in (GA, NORTH, SOUTH, GHAT) for one in cast.bills[owner])
    first = by_hand(GA, cast.customers[GA][0], 100_00)
    with act.change(GA):
        void_bill(bill(first), "Raised twice")
    with pytest.raises(RuntimeError), act.change(NORTH):
        generate_bill(
            db.session.get_one(Customer, cast.customers[NORTH][0]),
            100_00,
            description="",
            period=DECEMBER,
            due_on=date(2026, 12, 10),
        )
        raise RuntimeError("the power fails before the commit")
    second = by_hand(NORTH, cast.customers[NORTH][0], 100_00)
    assert (bill(first).number, bill(second).number) == (last + 1, last + 2)
    assert act.differences() == []
