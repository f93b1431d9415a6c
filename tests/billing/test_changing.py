"""A bill is edited, discounted or void: what follows, and what is refused."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.billing.models import Bill, vat_on
from app.billing.services import discount_bill, edit_bill, void_bill
from app.books.models import Ledger
from app.core.errors import Refused
from tests.billing.test_raising import by_hand
from tests.books import act
from tests.cast import GA, GHAT, NORTH, Cast
from tests.make import bill, customer, pay


def edit(email: str, bill_id: int, paisa: int, **changed: object) -> None:
    """Change a bill's amount, and what else is named."""
    one = bill(bill_id)
    said = {"description": one.description, "period": (one.period_from, one.period_to), "due_on": one.due_on} | changed
    with act.change(email):
        edit_bill(one, amount=paisa, **said)  # type: ignore[arg-type]


def discount(email: str, bill_id: int, paisa: int, reason: str = "Line was down") -> None:
    """Give a discount."""
    with act.change(email):
        discount_bill(bill(bill_id), paisa, reason)


def void(email: str, bill_id: int, reason: str = "Raised twice") -> None:
    """Void a bill."""
    with act.change(email):
        void_bill(bill(bill_id), reason)


# --- Edited ------------------------------------------------------------------------------------------------------


def test_an_amount_below_what_is_paid_and_discounted_is_refused(context: object, cast: Cast) -> None:
    one = cast.bills[GA][0]
    discount(GA, one, 100_00)
    pay(GA, cast.customers[GA][0], 420_00)
    with act.nothing_is_written(), pytest.raises(Refused, match="500"):
        edit(GA, one, 499_99)
    edit(GA, one, 500_00)
    assert (bill(one).total, bill(one).open, bill(one).status) == (420_00, 0, "paid")
    assert act.differences() == []


@pytest.mark.parametrize("paisa", [0, -5])
def test_an_amount_that_is_not_above_zero_is_refused(context: object, cast: Cast, paisa: int) -> None:
    with act.nothing_is_written(), pytest.raises(Refused):
        edit(GA, cast.bills[GA][0], paisa)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"due_on": date(1, 1, 1)}, "due_on"),
        ({"period": (date(2026, 11, 30), date(2026, 11, 1))}, "period_to"),
        ({"description": "x" * 201}, "description"),
    ],
)
def test_dates_and_texts_that_make_no_sense_are_refused(
    context: object, cast: Cast, changed: dict[str, object], field: str
) -> None:
    with act.nothing_is_written(), pytest.raises(Refused) as refused:
        edit(GA, cast.bills[GA][0], 800_00, **changed)
    assert refused.value.field == field


def test_a_void_bill_cannot_be_changed_discounted_or_voided_again(context: object, cast: Cast) -> None:
    one = cast.bills[GA][0]
    void(GA, one)
    for act_again in (edit, discount):
        with act.nothing_is_written(), pytest.raises(Refused, match="void already"):
            act_again(GA, one, 100_00)
    with act.nothing_is_written(), pytest.raises(Refused, match="void already"):
        void(GA, one)


def test_advance_pays_what_an_edit_adds(context: object, cast: Cast) -> None:
    who, one = cast.customers[NORTH][0], cast.bills[NORTH][0]
    pay(NORTH, who, 1_000_00)
    edit(NORTH, one, 900_00)
    assert (bill(one).total, bill(one).paid) == (945_00, 945_00)
    assert (customer(who).due, customer(who).advance) == (0, 55_00)
    edit(NORTH, one, 1_000_00)
    assert (bill(one).paid, bill(one).open, customer(who).advance) == (1_000_00, 50_00, 0)
    assert act.differences() == []


def test_operator_amounts_follow_an_edit_in_proportion_and_back_exactly(context: object, cast: Cast) -> None:
    one = cast.bills[GHAT][0]
    edit(GHAT, one, 400_00)
    assert (bill(one).operator_amount, bill(one).upper_amount) == (300_00, 240_00)
    edit(GHAT, one, 1)
    edit(GHAT, one, 800_00)
    assert (bill(one).operator_amount, bill(one).upper_amount) == (600_00, 480_00)


def test_the_operators_pay_for_the_part_that_stays_settled_after_an_edit(context: object, cast: Cast) -> None:
    act.bring_balance_to(GHAT, 5_000_00)
    pay(GHAT, cast.customers[GHAT][0], 420_00)
    assert act.balance(GHAT) == 5_000_00 - 300_00
    edit(GHAT, cast.bills[GHAT][0], 400_00)
    assert act.balance(GHAT) == 5_000_00 - 300_00
    edit(GHAT, cast.bills[GHAT][0], 1_600_00)
    assert act.balance(GHAT) == 5_000_00 - 300_00
    assert act.differences() == []


def test_before_and_after_of_an_edit_stand_in_the_log_and_no_change_is_no_entry(context: object, cast: Cast) -> None:
    one = bill(cast.bills[GA][0])
    edit(GA, one.id, 800_00)
    assert "bill.edited" not in act.events(one.customer_id)
    edit(GA, one.id, 700_00, description="Half the speed")
    assert act.events(one.customer_id)[-1] == "bill.edited"
    assert act.booked(Ledger.CUSTOMER, one.customer_id) == 735_00


# --- Discounted --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("paisa", "reason"), [(0, "Line"), (-1, "Line"), (10_00, "  "), (10_00, "x" * 201)])
def test_a_discount_needs_an_amount_and_a_reason(context: object, cast: Cast, paisa: int, reason: str) -> None:
    with act.nothing_is_written(), pytest.raises(Refused):
        discount(GA, cast.bills[GA][0], paisa, reason)


def test_a_discount_above_what_is_open_is_refused_and_the_sentence_names_what_is_possible(
    context: object, cast: Cast
) -> None:
    who, one = cast.customers[GA][0], cast.bills[GA][0]
    pay(GA, who, 630_00)
    with act.nothing_is_written(), pytest.raises(Refused, match="200"):
        discount(GA, one, 200_01)
    discount(GA, one, 200_00)
    assert (bill(one).total, bill(one).open) == (630_00, 0)
    with act.nothing_is_written(), pytest.raises(Refused):
        discount(GA, one, 1)


def test_a_discount_recomputes_vat_and_leaves_the_operator_amount(context: object, cast: Cast) -> None:
    one = cast.bills[NORTH][0]
    discount(NORTH, one, 100_10)
    now = bill(one)
    assert (now.vat, now.total, now.operator_amount) == (35_00, 734_90, 480_00)
    assert act.booked(Ledger.DISCOUNT, cast.accounts[NORTH]) == 100_10
    assert customer(now.customer_id).due == 734_90
    assert act.differences() == []


def test_a_discount_counts_as_settled_for_the_operators(context: object, cast: Cast) -> None:
    before = act.balance(NORTH)
    discount(NORTH, cast.bills[NORTH][0], 400_00)
    assert act.balance(NORTH) == before - 240_00
    discount(NORTH, cast.bills[NORTH][0], 400_00)
    assert act.balance(NORTH) == before - 480_00
    assert bill(cast.bills[NORTH][0]).status == "paid"
    assert act.differences() == []


@settings(max_examples=300)
@given(
    amount=st.integers(1, 500_00),
    basis_points=st.integers(0, 10_000),
    already=st.integers(0, 500_00),
    paid=st.integers(0, 1_000_00),
)
def test_the_largest_discount_is_the_largest_that_keeps_what_is_paid_billed(
    amount: int, basis_points: int, already: int, paid: int
) -> None:
    already = min(already, amount)
    total = amount - already + vat_on(amount - already, basis_points)
    one = Bill(amount=amount, vat_basis_points=basis_points, discount=already, paid=min(paid, total), voided_at=None)
    most = one.largest_discount

    def total_after(discount_paisa: int) -> int:
        net = amount - already - discount_paisa
        return net + vat_on(net, basis_points)

    assert total_after(most) >= one.paid
    assert most == amount - already or total_after(most + 1) < one.paid


# --- Void --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_bill_is_not_void_without_a_reason_that_fits(context: object, cast: Cast, reason: str) -> None:
    with act.nothing_is_written(), pytest.raises(Refused) as refused:
        void(GA, cast.bills[GA][0], reason)
    assert refused.value.field == "reason"


def test_what_was_paid_on_a_void_bill_becomes_advance(context: object, cast: Cast) -> None:
    who, one = cast.customers[NORTH][0], cast.bills[NORTH][0]
    before = act.balance(NORTH)
    pay(NORTH, who, 500_00)
    void(NORTH, one)
    assert (customer(who).due, customer(who).advance) == (0, 500_00)
    assert (bill(one).paid, bill(one).open, bill(one).total) == (0, 0, 840_00)
    assert act.balance(NORTH) == before
    assert act.differences() == []


def test_what_was_paid_on_a_void_bill_pays_the_next_open_one(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    router = by_hand(NORTH, who, 1_000_00)
    pay(NORTH, who, 840_00)
    void(NORTH, cast.bills[NORTH][0])
    assert (bill(router).paid, customer(who).due, customer(who).advance) == (840_00, 210_00, 0)
    assert act.differences() == []


def test_a_void_bill_with_a_discount_gives_everything_back(context: object, cast: Cast) -> None:
    owner, before = cast.accounts[NORTH], act.balance(NORTH)
    discount(NORTH, cast.bills[NORTH][0], 133_33)
    pay(NORTH, cast.customers[NORTH][0], 99_99)
    void(NORTH, cast.bills[NORTH][0])
    assert act.balance(NORTH) == before
    assert act.booked(Ledger.DISCOUNT, owner) == 0
    assert act.booked(Ledger.INCOME, owner) == -3_500_00
    assert act.differences() == []
