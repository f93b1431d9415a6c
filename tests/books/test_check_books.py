"""check-books finds a difference of every kind and names the row."""

import pytest
from flask import Flask
from sqlalchemy import text

from app.core.clock import today
from app.core.database import db, transaction
from app.expenses.models import ExpenseCategory, PaidFrom
from app.expenses.services import add_expense
from tests.billing.test_changing import discount, void
from tests.books import act
from tests.cast import GA, NORTH, OFFICE, Cast
from tests.make import pay
from tests.payments.test_corrections import void_receipt

PLANTED = {
    "paid on bill": "UPDATE bills SET paid = paid - 1 WHERE id = {paid}",
    "total of bill": "UPDATE bills SET amount = amount + 1, total = total + 1 WHERE id = {paid}",
    "income of bill": "UPDATE bills SET amount = amount + 1, vat = vat - 1 WHERE id = {paid}",
    "VAT computed for bill": "UPDATE bills SET vat = vat + 1, amount = amount - 1 WHERE id = {paid}",
    "discounts of bill": "UPDATE discounts SET amount = amount + 1",
    "discount on bill": "UPDATE bills SET discount = discount + 1, amount = amount + 1 WHERE id = {open}",
    "operator amounts of bill": "UPDATE bills SET operator_taken = operator_taken + 1 WHERE id = {paid}",
    "operator amount taken for bill": "UPDATE bills SET operator_amount = operator_amount + 100 WHERE id = {paid}",
    "unspent of payment": "UPDATE payments SET unallocated = unallocated - 1 WHERE unallocated > 0",
    "money of payment": "UPDATE payments SET voided_at = '2026-11-23 00:00:00' WHERE id = {payment}",
    "money of expense": "UPDATE expenses SET amount = amount + 1",
    "due of customer": "UPDATE customers SET due = due + 1 WHERE id = {debtor}",
    "advance of customer": "UPDATE customers SET advance = advance + 1 WHERE id = {payer}",
    "balance of customer": "UPDATE customers SET advance = advance + 1 WHERE id = {payer}",
    "paid on open bills of customer": "UPDATE customers SET paid_on_open = paid_on_open + 1 WHERE id = {debtor}",
    "account of operator": "UPDATE accounts SET balance = balance + 1 WHERE id = {north}",
    "cash of person": "UPDATE payments SET amount = amount + 1, unallocated = unallocated + 1 WHERE id = {payment}",
    "highest number of bills in tenant": "UPDATE bills SET number = 900 WHERE id = {paid}",
    "counter of bills in tenant": "UPDATE counters SET value = value + 1 WHERE series = 'bills'",
    "counter of receipts in tenant": "UPDATE counters SET value = value + 1 WHERE series = 'receipts'",
    "journal entry": "INSERT INTO journal_lines (tenant_id, owner_id, entry_id, ledger, holder_id, amount)"
    " SELECT tenant_id, owner_id, MIN(id), 'business', owner_id, 5 FROM journal_entries GROUP BY tenant_id, owner_id",
    "tenant": "INSERT INTO journal_lines (tenant_id, owner_id, entry_id, ledger, holder_id, amount)"
    " SELECT tenant_id, owner_id, id, 'business', owner_id, 5 FROM journal_entries WHERE id = 1",
    "upper amount taken for bill": "UPDATE bills SET upper_taken = upper_taken + 1 WHERE id = {paid}",
    "VAT of bill": "INSERT INTO journal_lines (tenant_id, owner_id, entry_id, ledger, holder_id, amount)"
    " SELECT tenant_id, owner_id, id, 'vat', owner_id, 5 FROM journal_entries WHERE bill_id = {paid} AND kind = 'bill'",
    "amount of figure": "UPDATE figures SET amount = amount + 1 WHERE series = 'taken'",
    "rows of figure": "DELETE FROM figures WHERE series = 'customers'",
    "allocation released": "UPDATE allocations SET released_at = '2026-11-23 00:00:00' WHERE bill_id = {paid}",
}


@pytest.fixture
def rows(context: Flask, cast: Cast) -> dict[str, int]:
    """Books with one of everything, and the ids of the rows to tamper with."""
    payer, debtor = cast.customers[NORTH][:2]
    payment = pay(NORTH, payer, 1_000_00).id
    discount(NORTH, cast.bills[NORTH][1], 100_00)
    void_receipt(GA, pay(GA, debtor, 500_00).id)
    pay(OFFICE, cast.customers[GA][1], 100_00)
    void(GA, cast.bills[GA][1])
    with act.change(NORTH):
        category = db.session.execute(
            ExpenseCategory.__table__.select().where(ExpenseCategory.owner_id == cast.accounts[NORTH])
        ).first()
        add_expense(category_id=category.id, spent_on=today(), amount=50_00, paid_from=PaidFrom.OWN_CASH)
    return {
        "paid": cast.bills[NORTH][0],
        "open": cast.bills[NORTH][1],
        "payer": payer,
        "debtor": debtor,
        "payment": payment,
        "north": cast.accounts[NORTH],
    }


def test_books_kept_by_the_services_do_not_differ(rows: dict[str, int]) -> None:
    assert act.differences() == []


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_difference_is_found_and_named(rows: dict[str, int], what: str) -> None:
    with transaction() as session:
        session.execute(text(PLANTED[what].format(**rows)))
    found = act.differences()
    named = "unspent of payment" if what == "allocation released" else what
    assert any(sentence.startswith(f"{named} ") for sentence in found), found
    for row in ("paid", "open", "payer", "debtor", "payment", "north"):
        if (
            f"{{{row}}}" in PLANTED[what]
            and "INSERT" not in PLANTED[what]
            and "number" not in what
            and "cash" not in what
        ):
            assert any(f" {rows[row]}:" in sentence for sentence in found), found


def test_an_entry_without_lines_is_named(rows: dict[str, int]) -> None:
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO journal_entries (tenant_id, owner_id, kind, posted_on, at, note)"
                " SELECT tenant_id, owner_id, 'bill', posted_on, at, '' FROM journal_entries WHERE id = 1"
            )
        )
    assert any("has no lines" in sentence for sentence in act.differences())


def test_the_command_says_how_many_differ_and_fails(rows: dict[str, int], context: Flask) -> None:
    runner = context.test_cli_runner()
    good = runner.invoke(args=["isp", "check-books"])
    assert good.exit_code == 0
    assert good.output.splitlines()[-1].startswith("0 of ")
    with transaction() as session:
        session.execute(text(PLANTED["due of customer"].format(**rows)))
    bad = runner.invoke(args=["isp", "check-books"])
    assert bad.exit_code == 1
    assert f"due of customer {rows['debtor']}: " in bad.output
