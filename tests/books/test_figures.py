"""The kept figures follow every change in its own transaction, are folded without a loss, and wait for nobody."""

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from app.access.scope import everywhere
from app.books import counting
from app.books.check import check_books
from app.books.counting import fold_figures
from app.books.models import Figure, FigureSeries
from app.core.clock import today
from app.core.database import db, transaction
from app.customers.models import Customer, CustomerStatus
from app.customers.services import change_status, delete_customer, restore_customer
from tests.cast import GA, NORTH, Cast
from tests.make import as_account, customer, pay
from tests.payments.test_corrections import void_receipt


def kept(series: FigureSeries, owner_id: int, **which: object) -> tuple[int, int]:
    """Return what is kept of a figure of one owner: paisa and number."""
    with everywhere("tests look at everything"):
        statement = select(func.sum(Figure.amount), func.sum(Figure.number)).where(
            Figure.series == series.value, Figure.owner_id == owner_id
        )
        paisa, number = db.session.execute(statement.filter_by(**which)).one()
    return int(paisa or 0), int(number or 0)


def rows(**which: object) -> int:
    """Count the rows of the table."""
    with everywhere("tests look at everything"):
        return db.session.execute(select(func.count(Figure.id)).filter_by(**which)).scalar_one()


@pytest.fixture
def paid(context: Flask, cast: Cast) -> Cast:
    """The cast, after a payment that stands and one that is void."""
    first, second = cast.customers[NORTH][:2]
    pay(NORTH, first, 110_00)
    void_receipt(GA, pay(NORTH, second, 77_00).id)
    return cast


def test_a_payment_is_in_the_figures_of_its_day_and_what_it_settles_is_out_of_those_owed(
    context: Flask, cast: Cast
) -> None:
    owner, payer = cast.accounts[NORTH], cast.customers[NORTH][0]
    owed, open_before = kept(FigureSeries.OWING, owner), kept(FigureSeries.OPEN, owner)
    pay(NORTH, payer, 100_00)
    assert kept(FigureSeries.TAKEN, owner, day=today(), person_id=owner) == (100_00, 1)
    assert kept(FigureSeries.OWING, owner) == (owed[0] - 100_00, owed[1])
    assert kept(FigureSeries.OPEN, owner) == (open_before[0] - 100_00, open_before[1])
    due = customer(payer).due
    pay(NORTH, payer, due)
    assert kept(FigureSeries.OWING, owner) == (owed[0] - 100_00 - due, owed[1] - 1)
    assert check_books().differences == []


def test_a_void_payment_is_in_no_figure(paid: Cast) -> None:
    assert kept(FigureSeries.TAKEN, paid.accounts[NORTH]) == (110_00, 1)
    assert check_books().differences == []


def test_a_customer_is_counted_under_its_status_until_it_is_deleted_and_again_when_it_is_back(paid: Cast) -> None:
    owner, who = paid.accounts[NORTH], paid.customers[NORTH][2]
    _paisa, active = kept(FigureSeries.CUSTOMERS, owner, status="active")
    owing = kept(FigureSeries.OWING, owner)
    with as_account(GA), transaction():
        change_status(customer(who), CustomerStatus.SUSPENDED, "asked for it")
    assert kept(FigureSeries.CUSTOMERS, owner, status="active") == (0, active - 1)
    assert kept(FigureSeries.CUSTOMERS, owner, status="suspended") == (0, 1)
    with as_account(GA), transaction():
        delete_customer(customer(who), "left")
    assert kept(FigureSeries.CUSTOMERS, owner, status="suspended") == (0, 0)
    assert kept(FigureSeries.OWING, owner) == (owing[0] - customer(who).due, owing[1] - (customer(who).due > 0))
    with as_account(GA), transaction():
        restore_customer(customer(who))
    assert kept(FigureSeries.CUSTOMERS, owner, status="suspended") == (0, 1)
    assert kept(FigureSeries.OWING, owner) == owing
    assert check_books().differences == []


def test_what_is_rolled_back_is_in_no_figure(paid: Cast) -> None:
    before = rows()
    with everywhere("tests look at everything"), pytest.raises(RuntimeError), transaction() as session:
        session.get_one(Customer, paid.customers[NORTH][0]).due += 5
        session.flush()
        raise RuntimeError
    assert rows() == before


@pytest.mark.parametrize("at_a_time", [1, 3, 20_000])
def test_folding_leaves_one_row_of_each_figure_and_every_sum(
    paid: Cast, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "FOLDED", at_a_time)
    owner = paid.accounts[NORTH]
    before = [kept(series, owner) for series in FigureSeries]
    changes = rows(is_folded=False)
    assert changes > 10
    assert fold_figures() == changes
    assert rows(is_folded=False) == 0
    assert [kept(series, owner) for series in FigureSeries] == before
    pay(NORTH, paid.customers[NORTH][0], 5_00)
    fold_figures()
    with everywhere("tests look at everything"):
        key = (Figure.owner_id, Figure.series, Figure.status, Figure.day, Figure.person_id)
        double = db.session.execute(select(*key).group_by(*key).having(func.count() > 1)).all()
    assert double == []
    assert kept(FigureSeries.TAKEN, owner) == (115_00, 2)
    assert check_books().differences == []


def test_nothing_is_left_of_a_figure_that_came_to_nothing(paid: Cast) -> None:
    second = paid.customers[NORTH][1]
    void_receipt(GA, pay(GA, second, 10_00).id)
    fold_figures()
    assert rows(series="taken", person_id=paid.accounts[GA]) == 0


def test_on_postgresql_a_payment_waits_for_no_figure(paid: Cast) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has one writer")
    fold_figures()
    change = text("UPDATE customers SET due = due + 100 WHERE id = :id")
    with db.engine.connect() as one, db.engine.connect() as other:
        for connection, who in ((one, 0), (other, 1)):
            connection.execute(text("SET LOCAL lock_timeout = '2s'"))
            connection.execute(change, {"id": paid.customers[NORTH][who]})
        # neither is committed: both have written to the same figure
        assert rows(is_folded=False) == 0
        one.rollback()
        other.rollback()
