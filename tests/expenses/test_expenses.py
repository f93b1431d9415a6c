"""Money spent: entered, changed by who may, void with a reason, paid from own cash or the business's."""

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.scope import everywhere
from app.books.models import Ledger
from app.core.clock import now
from app.core.database import db
from app.core.errors import NotFound, Refused
from app.expenses.category_services import save_category
from app.expenses.models import Expense, ExpenseCategory, PaidFrom
from app.expenses.queries import categories, months_of
from app.expenses.services import add_expense, edit_expense, void_expense
from tests.books import act
from tests.cast import ACCOUNTS, GA, NORTH, SOUTH, Cast

TODAY = date(2026, 11, 23)
OWN, BUSINESS = PaidFrom.OWN_CASH, PaidFrom.BUSINESS


def category_of(email: str) -> int:
    """Return one of an owner's categories."""
    with act.change(email):
        return categories()[0].id


def spend(email: str, paisa: int = 100_00, **said: object) -> int:
    """Enter an expense; return its id."""
    said = {"category_id": category_of(NORTH), "spent_on": TODAY, "paid_from": BUSINESS} | said
    with act.change(email):
        return add_expense(amount=paisa, **said).id  # type: ignore[arg-type]


def expense(expense_id: int) -> Expense:
    """Return an expense, whoever looks."""
    with everywhere("tests look at everything"):
        return db.session.get_one(Expense, expense_id, populate_existing=True)


def amend(email: str, expense_id: int, **changed: object) -> None:
    """Change an expense."""
    one = expense(expense_id)
    names = ("category_id", "spent_on", "amount", "note", "paid_from")
    said = {name: getattr(one, name) for name in names} | changed
    with act.change(email):
        edit_expense(one, **said)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"paisa": 0}, "amount"),
        ({"paisa": -5}, "amount"),
        ({"spent_on": date(2026, 11, 24)}, "spent_on"),
        ({"spent_on": date(2026, 10, 22)}, "spent_on"),
        ({"paid_from": "bank"}, "paid_from"),
        ({"category_id": 10**6}, "category_id"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_an_expense_that_makes_no_sense_is_refused(
    context: object, cast: Cast, said: dict[str, object], field: str
) -> None:
    with act.nothing_is_written(), pytest.raises(Refused) as refused:
        spend(ACCOUNTS, **said)  # type: ignore[arg-type]
    assert refused.value.field == field


@pytest.mark.parametrize("email", [GA, NORTH, SOUTH])
def test_a_category_of_another_owner_is_none_even_for_the_account_above(
    context: object, cast: Cast, email: str
) -> None:
    foreign = category_of(SOUTH if email == NORTH else NORTH)
    with act.nothing_is_written(), pytest.raises(Refused) as refused:
        spend(email, category_id=foreign)
    assert refused.value.field == "category_id"


def test_an_archived_category_takes_no_new_expense_and_keeps_the_old_ones(context: object, cast: Cast) -> None:
    one, category = spend(NORTH), category_of(NORTH)
    with act.change(NORTH):
        db.session.get_one(ExpenseCategory, category).archived_at = now()
    with act.nothing_is_written(), pytest.raises(Refused):
        spend(NORTH, category_id=category)
    amend(NORTH, one, amount=120_00)
    assert expense(one).amount == 120_00


def test_what_is_paid_from_own_cash_lowers_it(context: object, cast: Cast) -> None:
    before = act.booked(Ledger.BUSINESS, cast.accounts[NORTH])
    spend(ACCOUNTS, paid_from=OWN)
    spend(ACCOUNTS, 30_00)
    assert act.booked(Ledger.CASH, cast.accounts[ACCOUNTS]) == -100_00
    assert act.booked(Ledger.BUSINESS, cast.accounts[NORTH]) == before - 30_00
    assert act.booked(Ledger.EXPENSE, cast.accounts[NORTH]) == 130_00
    assert act.differences() == []


def test_a_change_moves_the_money_with_it(context: object, cast: Cast) -> None:
    one = spend(ACCOUNTS, paid_from=OWN)
    amend(ACCOUNTS, one, amount=70_00)
    assert act.booked(Ledger.CASH, cast.accounts[ACCOUNTS]) == -70_00
    amend(ACCOUNTS, one, paid_from=BUSINESS)
    assert act.booked(Ledger.CASH, cast.accounts[ACCOUNTS]) == 0
    assert act.booked(Ledger.EXPENSE, cast.accounts[NORTH]) == 70_00
    assert act.differences() == []


def test_a_note_alone_moves_no_money(context: object, cast: Cast) -> None:
    one = spend(ACCOUNTS)
    before = len(act.entries())
    amend(ACCOUNTS, one, note="Rickshaw")
    assert (expense(one).note, len(act.entries())) == ("Rickshaw", before)


def test_an_old_expense_keeps_its_date_when_something_else_is_changed(
    context: object, cast: Cast, clock: object
) -> None:
    one = spend(NORTH)
    clock.forward(days=60)  # type: ignore[attr-defined]
    amend(NORTH, one, amount=90_00)
    with pytest.raises(Refused):
        amend(NORTH, one, spent_on=date(2026, 11, 22))
    assert (expense(one).amount, expense(one).spent_on) == (90_00, TODAY)


def test_a_manager_changes_its_own_only_the_parent_all(context: object, cast: Cast) -> None:
    parents = spend(NORTH)
    with act.nothing_is_written(), pytest.raises(Refused):
        amend(ACCOUNTS, parents, amount=1)
    with act.nothing_is_written(), pytest.raises(Refused), act.change(ACCOUNTS):
        void_expense(expense(parents), "Not mine")
    amend(NORTH, spend(ACCOUNTS), amount=90_00)
    assert act.differences() == []


def test_a_foreign_expense_is_not_there(context: object, cast: Cast) -> None:
    one = expense(spend(NORTH))
    with act.nothing_is_written(), pytest.raises(NotFound), act.change(SOUTH):
        void_expense(one, "Not mine")


@pytest.mark.parametrize("reason", ["", " ", "x" * 201])
def test_no_void_without_a_reason_that_fits(context: object, cast: Cast, reason: str) -> None:
    one = spend(NORTH)
    with act.nothing_is_written(), pytest.raises(Refused), act.change(NORTH):
        void_expense(expense(one), reason)


def test_a_void_expense_stays_on_record_and_gives_the_cash_back_once(context: object, cast: Cast) -> None:
    one = spend(ACCOUNTS, paid_from=OWN)
    with act.change(ACCOUNTS):
        void_expense(expense(one), "Typed twice")
    assert (expense(one).status, expense(one).amount) == ("void", 100_00)
    assert act.booked(Ledger.CASH, cast.accounts[ACCOUNTS]) == 0
    with act.nothing_is_written(), pytest.raises(Refused), act.change(ACCOUNTS):
        void_expense(expense(one), "Again")
    with act.nothing_is_written(), pytest.raises(Refused):
        amend(ACCOUNTS, one, amount=1)
    assert act.differences() == []


def test_the_list_adds_up_by_month_under_its_filters_and_without_what_is_void(context: object, cast: Cast) -> None:
    category = category_of(NORTH)
    spend(ACCOUNTS, 100_00)
    spend(ACCOUNTS, 30_00, spent_on=date(2026, 10, 31))
    spend(NORTH, 7_00, spent_on=date(2026, 11, 1))
    with act.change(NORTH):
        void_expense(expense(spend(ACCOUNTS, 9_00)), "Typed twice")
        november, october = (date(2026, month, 1) for month in (11, 10))
        assert months_of(select(Expense)) == [(november, 107_00), (october, 30_00)]
        assert months_of(select(Expense).where(Expense.amount > 50_00)) == [(november, 100_00)]
        assert months_of(select(Expense).where(Expense.category_id != category)) == []


def test_a_category_is_named_with_the_one_above_and_its_filter_holds_what_lies_below(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        above = category_of(NORTH)
        with act.change(NORTH):
            name = db.session.get_one(ExpenseCategory, above).name
            below = save_category("Cable ties", above).id
        spend(ACCOUNTS, 123_45, category_id=below)
    browser = as_person(ACCOUNTS)
    page = browser.get(f"/expenses/list/?category={above}").text
    assert f"{name} › Cable ties" in page
    assert "১২৩" in page
    assert f"{name} › Cable ties" in browser.get("/expenses/add").text
    assert f"{name} › Cable ties" in browser.get("/expenses/export").text
