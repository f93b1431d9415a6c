"""A payment is void or corrected: it stays on record, bills open again, accounts follow (spec §5.6, §11.8)."""

from datetime import date

import pytest

from app.billing.services import bill_month
from app.books.models import Ledger
from app.core.errors import Refused
from app.payments.queries import replaced_by, settled_by
from app.payments.services import Received, edit_payment, void_payment
from tests.billing.test_changing import void
from tests.billing.test_raising import by_hand
from tests.books import act
from tests.cast import ACCOUNTS, COLLECTOR, GHAT, NORTH, Cast
from tests.make import bill, customer, pay

FORM, OTHER_FORM = "5d9d8c1e-0b5f-4d0b-9a3b-7f1c2e6a0001", "5d9d8c1e-0b5f-4d0b-9a3b-7f1c2e6a0002"
TODAY = date(2026, 11, 23)


def void_receipt(email: str, payment_id: int, reason: str = "Wrong customer") -> None:
    """Void a payment."""
    with act.change(email):
        void_payment(act.payment(payment_id), reason)


def correct(email: str, payment_id: int, paisa: int, **changed: object) -> Received:
    """Correct a payment's amount, and what else is named."""
    said = {"paid_on": TODAY, "note": "", "reason": "Misread", "request_id": FORM} | changed
    with act.change(email):
        return edit_payment(act.payment(payment_id), amount=paisa, **said)  # type: ignore[arg-type]


# --- Void --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_no_void_without_a_reason_that_fits(context: object, cast: Cast, reason: str) -> None:
    receipt = pay(COLLECTOR, cast.customers[NORTH][0], 840_00).id
    with act.nothing_is_written(), pytest.raises(Refused) as refused:
        void_receipt(ACCOUNTS, receipt, reason)
    assert refused.value.field == "reason"


def test_a_void_payment_cannot_be_voided_or_corrected_again(context: object, cast: Cast) -> None:
    receipt = pay(COLLECTOR, cast.customers[NORTH][0], 840_00).id
    void_receipt(ACCOUNTS, receipt)
    with act.nothing_is_written(), pytest.raises(Refused, match="void already"):
        void_receipt(ACCOUNTS, receipt)
    with act.nothing_is_written(), pytest.raises(Refused, match="void already"):
        correct(ACCOUNTS, receipt, 1_00)


def test_its_bills_open_again_and_the_cash_is_gone(context: object, cast: Cast) -> None:
    who, before = cast.customers[NORTH][0], act.balance(NORTH)
    receipt = pay(COLLECTOR, who, 1_000_00)
    void_receipt(ACCOUNTS, receipt.id)
    assert (bill(cast.bills[NORTH][0]).paid, customer(who).due, customer(who).advance) == (0, 840_00, 0)
    assert act.booked(Ledger.CASH, cast.accounts[COLLECTOR]) == 0
    assert act.balance(NORTH) == before
    gone = act.payment(receipt.id)
    assert (gone.status, gone.number, gone.amount, gone.unallocated) == ("void", receipt.number, 1_000_00, 0)
    assert act.differences() == []


def test_advance_of_another_payment_steps_in(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    first, _advance = pay(COLLECTOR, who, 840_00), pay(COLLECTOR, who, 300_00)
    void_receipt(ACCOUNTS, first.id)
    assert (bill(cast.bills[NORTH][0]).paid, customer(who).due, customer(who).advance) == (300_00, 540_00, 0)
    assert act.differences() == []


def test_a_void_takes_back_advance_that_paid_later_bills(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    receipt = pay(COLLECTOR, who, 1_500_00)
    bill_month(date(2026, 12, 1))
    void_receipt(ACCOUNTS, receipt.id)
    assert [one.paid for one in act.bills_of(who)] == [0, 0]
    assert customer(who).due == 1_680_00
    assert act.differences() == []


def test_a_void_receipt_names_what_it_settled_when_it_was_voided(context: object, cast: Cast) -> None:
    who, november = cast.customers[NORTH][0], cast.bills[NORTH][0]
    router = by_hand(NORTH, who, 1_000_00)
    receipt = pay(COLLECTOR, who, 500_00).id
    void(NORTH, november)
    with act.change(NORTH):
        assert [(line.bill.id, line.amount) for line in settled_by(act.payment(receipt))] == [(router, 500_00)]


def test_many_parts_and_voids_leave_nothing_with_the_operators(context: object, cast: Cast) -> None:
    who, one = cast.customers[GHAT][0], cast.bills[GHAT][0]
    act.bring_balance_to(GHAT, 5_000_00)
    before = {email: act.balance(email) for email in (GHAT, NORTH)}
    receipts = [pay(GHAT, who, part).id for part in (1, 33_33, 7, 100_01, 66_67, 1_99, 500_00)]
    while customer(who).due:
        receipts.append(pay(GHAT, who, min(customer(who).due, 77_77)).id)
    assert (bill(one).operator_taken, bill(one).upper_taken) == (600_00, 480_00)
    assert {email: before[email] - act.balance(email) for email in before} == {GHAT: 600_00, NORTH: 480_00}
    for receipt in receipts[::2] + receipts[1::2]:
        void_receipt(GHAT, receipt)
        assert act.differences() == []
    assert (bill(one).operator_taken, bill(one).upper_taken) == (0, 0)
    assert {email: act.balance(email) for email in before} == before


# --- Corrected ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paisa", "changed", "field"),
    [
        (0, {}, "amount"),
        (-1, {}, "amount"),
        (100_00, {"reason": " "}, "reason"),
        (100_00, {"paid_on": date(2026, 11, 24)}, "paid_on"),
        (100_00, {"paid_on": date(2026, 11, 15)}, "paid_on"),
        (100_00, {"request_id": "7"}, None),
    ],
)
def test_a_correction_that_makes_no_sense_leaves_the_payment_as_it_was(
    context: object, cast: Cast, paisa: int, changed: dict[str, object], field: str | None
) -> None:
    receipt = pay(COLLECTOR, cast.customers[NORTH][0], 840_00).id
    with act.nothing_is_written(), pytest.raises(Refused) as refused:
        correct(ACCOUNTS, receipt, paisa, **changed)
    assert refused.value.field == field


def test_a_correction_voids_the_first_and_the_new_receipt_names_it(context: object, cast: Cast) -> None:
    who, before = cast.customers[NORTH][0], act.balance(NORTH)
    old = pay(COLLECTOR, who, 840_00)
    new = correct(ACCOUNTS, old.id, 420_00, note="Half").payment
    assert (act.payment(old.id).status, new.status, new.replaces_id) == ("void", "valid", old.id)
    assert new.number == old.number + 1
    with act.change(NORTH):
        assert replaced_by(act.payment(old.id)).id == new.id
    assert (customer(who).due, bill(cast.bills[NORTH][0]).paid) == (420_00, 420_00)
    assert act.balance(NORTH) == before - 240_00
    assert act.events(who)[-1] == "payment.edited"
    assert act.differences() == []


def test_the_money_stays_with_who_took_it(context: object, cast: Cast) -> None:
    new = correct(ACCOUNTS, pay(COLLECTOR, cast.customers[NORTH][0], 840_00).id, 100_00).payment
    assert new.collected_by_id == cast.accounts[COLLECTOR]
    assert act.booked(Ledger.CASH, cast.accounts[COLLECTOR]) == 100_00
    assert act.booked(Ledger.CASH, cast.accounts[ACCOUNTS]) == 0


def test_the_same_correction_twice_is_one(context: object, cast: Cast) -> None:
    receipt = pay(COLLECTOR, cast.customers[NORTH][0], 840_00).id
    first = correct(ACCOUNTS, receipt, 420_00)
    with act.nothing_is_written():
        again = correct(ACCOUNTS, receipt, 420_00)
    assert (again.already_recorded, again.payment.id) == (True, first.payment.id)


def test_an_old_payment_keeps_its_date_when_only_the_amount_is_corrected(
    context: object, cast: Cast, clock: object
) -> None:
    receipt = pay(COLLECTOR, cast.customers[NORTH][0], 840_00).id
    clock.forward(days=40)  # type: ignore[attr-defined]
    assert correct(ACCOUNTS, receipt, 100_00).payment.paid_on == TODAY


def test_a_correction_to_more_than_the_operators_account_bears_is_refused(context: object, cast: Cast) -> None:
    receipt = pay(GHAT, cast.customers[GHAT][0], 400_00).id
    assert act.balance(GHAT) == 300_00 - 285_71
    with act.nothing_is_written(), pytest.raises(Refused, match="300"):
        correct(GHAT, receipt, 840_00)
    correct(GHAT, receipt, 410_00, request_id=OTHER_FORM)
    assert act.balance(GHAT) == 300_00 - 292_86
    assert act.differences() == []
