"""The journal is balanced and append-only; a statement is read from it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.books.models import EntryKind, JournalEntry, Ledger
from app.books.queries import owed_after
from app.books.services import Side, post
from app.books.statement import statement
from app.core.database import db, transaction
from tests.billing.test_changing import discount, edit, void
from tests.books import act
from tests.cast import GA, NORTH, Cast
from tests.make import customer, pay
from tests.payments.test_corrections import void_receipt


def test_an_entry_whose_sides_do_not_sum_to_zero_is_not_posted(context: object, cast: Cast) -> None:
    tenant, owner = customer(cast.customers[GA][0]).tenant_id, cast.accounts[GA]
    with act.nothing_is_written(), pytest.raises(ValueError, match="sum to zero"), act.change(GA):
        post(EntryKind.BILL, tenant, owner, Side(Ledger.CUSTOMER, 1, 100), Side(Ledger.INCOME, owner, -99))


def test_an_entry_of_nothing_is_no_entry(context: object, cast: Cast) -> None:
    with act.nothing_is_written(), act.change(GA):
        assert post(EntryKind.BILL, 1, cast.accounts[GA], Side(Ledger.VAT, cast.accounts[GA], 0)) is None


@pytest.mark.parametrize("table", ["journal_entries", "journal_lines", "activity_log"])
@pytest.mark.parametrize("change", ["UPDATE {table} SET tenant_id = tenant_id", "DELETE FROM {table}"])
def test_the_database_refuses_to_change_or_delete_what_is_posted(
    context: object, cast: Cast, table: str, change: str
) -> None:
    with act.nothing_is_written(), pytest.raises(DBAPIError, match="append-only"), transaction() as session:
        session.execute(text(change.format(table=table)))


def test_every_kind_of_change_posts_a_balanced_entry_of_its_kind(context: object, cast: Cast) -> None:
    who, one = cast.customers[NORTH][0], cast.bills[NORTH][0]
    edit(NORTH, one, 900_00)
    discount(NORTH, one, 50_00)
    receipt = pay(GA, who, 1_000_00).id
    void_receipt(GA, receipt)
    void(NORTH, one)
    kinds = {entry.kind for entry in act.entries()}
    assert kinds >= {
        EntryKind.BILL,
        EntryKind.BILL_EDIT,
        EntryKind.BILL_VOID,
        EntryKind.DISCOUNT,
        EntryKind.PAYMENT,
        EntryKind.PAYMENT_VOID,
        EntryKind.OPERATOR_AMOUNT,
        EntryKind.OPERATOR_BALANCE,
        EntryKind.COLLECTED_ABOVE,
    }
    unbalanced = text("SELECT entry_id FROM journal_lines GROUP BY entry_id HAVING SUM(amount) <> 0")
    assert db.session.execute(unbalanced).all() == []


def test_a_correction_is_a_counter_entry_of_today_and_the_first_entry_stays(
    context: object, cast: Cast, clock: object
) -> None:
    receipt = pay(NORTH, cast.customers[NORTH][0], 840_00).id
    clock.forward(days=3)  # type: ignore[attr-defined]
    void_receipt(NORTH, receipt)
    days = [
        str(entry.posted_on)
        for entry in act.entries()
        if entry.payment_id == receipt and entry.kind in (EntryKind.PAYMENT, EntryKind.PAYMENT_VOID)
    ]
    assert days == ["2026-11-23", "2026-11-26"]


def test_an_entry_names_who_made_it(context: object, cast: Cast) -> None:
    pay(NORTH, cast.customers[NORTH][0], 840_00)
    last: JournalEntry = act.entries()[-1]
    assert last.by_id == cast.accounts[NORTH]


def test_a_statement_runs_from_the_first_bill_to_the_balance_of_today(context: object, cast: Cast) -> None:
    who, one = cast.customers[NORTH][0], cast.bills[NORTH][0]
    receipt = pay(NORTH, who, 1_000_00).id
    discount_after = pay(NORTH, who, 40_00).id
    void_receipt(NORTH, receipt)
    discount(NORTH, one, 100_00)
    void(NORTH, one)
    with act.change(NORTH):
        lines = statement(customer(who))
    shown = [(line.kind, line.amount, line.balance) for line in lines[::-1]]
    assert shown == [
        (EntryKind.BILL, 840_00, 840_00),
        (EntryKind.PAYMENT, -1_000_00, -160_00),
        (EntryKind.PAYMENT, -40_00, -200_00),
        (EntryKind.PAYMENT_VOID, 1_000_00, 800_00),
        (EntryKind.DISCOUNT, -105_00, 695_00),
        (EntryKind.BILL_VOID, -735_00, -40_00),
    ]
    assert lines[0].balance == customer(who).balance
    assert [(line.billed, line.paid) for line in lines[:2]] == [(None, 735_00), (None, 105_00)]
    with act.change(NORTH):
        # what a receipt says stays as it was on its day
        assert (owed_after(who, receipt), owed_after(who, discount_after)) == (0, 0)
