"""Closing the day: the formula, what is locked, what the parent confirms, what it owes."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from app.access.scope import everywhere
from app.accounts.models import Account
from app.activity.models import Activity
from app.activity.sentences import SENTENCES
from app.books.check import check_books
from app.books.models import EntryKind, JournalEntry, Ledger
from app.books.queries import balance_of
from app.cash.models import COINS, ClosingState, DayClosing, in_pieces
from app.cash.queries import first_open_day, open_period
from app.cash.services import close_day, confirm_closing, record_repayment, return_closing
from app.core.clock import now, pretending, today
from app.core.database import db, transaction
from app.core.errors import NotFound, Refused
from app.demo_cash import close_a_day
from app.expenses.models import Expense, ExpenseCategory, PaidFrom
from app.expenses.services import add_expense, edit_expense, void_expense
from app.payments.models import Payment
from app.payments.services import earliest_day, edit_payment, void_payment
from tests.cast import ACCOUNTS, COLLECTOR, GA, GHATMAN, NORTH, OFFICE, Cast
from tests.conftest import Clock
from tests.make import actor_of, as_account, pay


def hold(email: str) -> int:
    """Return what a person should hold, in paisa."""
    with as_account(email) as actor:
        return open_period(actor.tenant_id or 0, actor.id).expected


def close(email: str, counted: int, **options: object) -> DayClosing:
    """Close a person's day with a count worth ``counted`` paisa."""
    options.setdefault("request_id", str(uuid4()))
    with as_account(email), transaction():
        return close_day(in_pieces(counted), **options).closing  # type: ignore[arg-type]


def confirm(email: str, closing: DayClosing) -> DayClosing:
    """Confirm a closing as a parent."""
    with as_account(email), transaction():
        return confirm_closing(closing)


def spend(email: str, paisa: int, **options: object) -> Expense:
    """Record an expense, from collected cash unless said otherwise."""
    options.setdefault("paid_from", PaidFrom.OWN_CASH)
    options.setdefault("spent_on", today())
    with as_account(email) as actor, transaction():
        category = db.session.execute(
            select(ExpenseCategory.id).where(ExpenseCategory.owner_id == actor.owner_id).limit(1)
        ).scalar_one()
        return add_expense(category_id=category, amount=paisa, **options)  # type: ignore[arg-type]


def ledger(kind: Ledger, account_id: int) -> int:
    with everywhere("tests look at the whole journal"):
        return balance_of(kind, account_id)


def row(model: type, row_id: int) -> object:
    with everywhere("tests look at everything"):
        return db.session.get_one(model, row_id, populate_existing=True)


@pytest.fixture(autouse=True)
def books_are_right(context: Flask, cast: Cast) -> Iterator[None]:
    """Refuse in English; after every test the books agree with the rows."""
    with force_locale("en"):
        yield
    assert check_books().differences == []


class TestTheFormula:
    def test_cash_in_hand_is_opening_and_collected_less_expenses_and_handed_over(
        self, context: Flask, cast: Cast
    ) -> None:
        first = cast.customers[NORTH][0]
        pay(COLLECTOR, first, 500_00)
        spend(COLLECTOR, 120_00)
        spend(COLLECTOR, 999_00, paid_from=PaidFrom.BUSINESS)
        assert hold(COLLECTOR) == 380_00
        confirm(NORTH, close(COLLECTOR, 380_00, handed_over=300_00))
        assert hold(COLLECTOR) == 80_00
        pay(COLLECTOR, first, 20_00)
        closing = close(COLLECTOR, 100_00)
        assert (closing.opening, closing.collected, closing.spent, closing.expected) == (80_00, 20_00, 0, 100_00)
        assert (closing.number, closing.handed_over, closing.left, closing.difference) == (2, 100_00, 0, 0)

    def test_what_is_handed_over_leaves_the_person_s_cash_when_the_parent_confirms_it(
        self, context: Flask, cast: Cast
    ) -> None:
        collector, north = cast.accounts[COLLECTOR], cast.accounts[NORTH]
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        business = ledger(Ledger.BUSINESS, north)
        closing = close(COLLECTOR, 500_00)
        assert (hold(COLLECTOR), ledger(Ledger.CASH, collector)) == (0, 500_00)
        confirm(NORTH, closing)
        assert (ledger(Ledger.CASH, collector), ledger(Ledger.BUSINESS, north)) == (0, business + 500_00)

    def test_two_days_may_wait_and_the_older_is_confirmed_first(self, context: Flask, cast: Cast, clock: Clock) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        first = close(COLLECTOR, 500_00)
        clock.forward(days=1)
        pay(COLLECTOR, cast.customers[NORTH][0], 300_00)
        second = close(COLLECTOR, 300_00)
        with pytest.raises(Refused, match="Closing 1 is older"):
            confirm(NORTH, second)
        confirm(NORTH, first)
        confirm(NORTH, second)
        assert ledger(Ledger.CASH, cast.accounts[COLLECTOR]) == 0

    def test_a_day_of_200_operations_ends_with_every_paisa_in_exactly_one_closing(
        self, context: Flask, cast: Cast, clock: Clock
    ) -> None:
        chance = random.Random(20261123)
        customers = cast.customers[NORTH]
        payments: list[int] = []
        expenses: list[int] = []
        closings: list[int] = []
        for _operation in range(200):
            roll = chance.random()
            clock.forward(minutes=3)
            if roll < 0.45:
                payments.append(pay(COLLECTOR, chance.choice(customers), chance.randrange(1, 900_00)).id)
            elif roll < 0.60:
                expenses.append(spend(COLLECTOR, chance.randrange(1, 90_00)).id)
            elif roll < 0.72 and payments:
                with as_account(NORTH), transaction():
                    void_payment(db.session.get_one(Payment, payments.pop(chance.randrange(len(payments)))), "Wrong")
            elif roll < 0.80 and payments:
                with as_account(NORTH), transaction():
                    place = chance.randrange(len(payments))
                    old = db.session.get_one(Payment, payments[place])
                    payments[place] = edit_payment(
                        old,
                        amount=chance.randrange(1, 900_00),
                        paid_on=old.paid_on,
                        note="",
                        reason="Misread",
                        request_id=str(uuid4()),
                    ).payment.id
            elif roll < 0.85 and expenses:
                with as_account(NORTH), transaction():
                    void_expense(db.session.get_one(Expense, expenses.pop()), "Twice")
            elif roll < 0.93:
                expected = hold(COLLECTOR)
                counted = max(expected + chance.choice((0, 0, 0, -1, -7_00, 5_00)), 0)
                reason = "" if counted == max(expected, 0) else "Change was wrong"
                try:
                    closings.append(close(COLLECTOR, counted, reason=reason, handed_over=counted - counted // 3).id)
                except Refused as refused:
                    assert "nothing to close" in refused.message
            elif closings:
                with as_account(NORTH), transaction():
                    closing = db.session.get_one(DayClosing, closings[-1])
                    if closing.state == ClosingState.SUBMITTED and chance.random() < 0.3:
                        return_closing(closing, "Count again")
                        closings.pop()
                for closing_id in closings:
                    if row(DayClosing, closing_id).state == ClosingState.SUBMITTED:
                        confirm(NORTH, row(DayClosing, closing_id))
            with everywhere("tests look at everything"):
                taken = sum(db.session.get_one(Payment, one).amount for one in payments)
                spent = sum(db.session.get_one(Expense, one).amount for one in expenses)
                handed = sum(row(DayClosing, one).handed_over - row(DayClosing, one).difference for one in closings)
            assert hold(COLLECTOR) == taken - spent - handed
        assert closings
        assert check_books().differences == []


class TestWhatIsLocked:
    def test_nothing_can_be_dated_before_the_last_closing(self, context: Flask, cast: Cast, clock: Clock) -> None:
        first = cast.customers[NORTH][0]
        pay(COLLECTOR, first, 500_00, paid_on=date(2026, 11, 20))
        close(COLLECTOR, 500_00)
        later = pay(COLLECTOR, first, 100_00)
        assert later.paid_on == date(2026, 11, 23), "cash later that day belongs to the next closing"
        clock.forward(days=1)
        for closed in (date(2026, 11, 23), date(2026, 11, 22)):
            with pytest.raises(Refused, match="That day is closed"):
                pay(COLLECTOR, first, 50_00, paid_on=closed)
            with pytest.raises(Refused, match="That day is closed"):
                spend(COLLECTOR, 10_00, spent_on=closed)
        with as_account(COLLECTOR) as actor:
            assert earliest_day(actor) == date(2026, 11, 24)
        assert close(COLLECTOR, 100_00).collected == 100_00

    def test_payments_go_back_at_most_seven_days_when_the_last_closing_is_older(
        self, context: Flask, cast: Cast, clock: Clock
    ) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        close(COLLECTOR, 500_00)
        clock.forward(days=20)
        with as_account(COLLECTOR) as actor:
            assert earliest_day(actor) == today() - timedelta(days=7)

    def test_a_fellow_manager_s_days_stay_open(self, context: Flask, cast: Cast, clock: Clock) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        close(COLLECTOR, 500_00)
        clock.forward(days=1)
        assert pay(ACCOUNTS, cast.customers[NORTH][0], 50_00, paid_on=date(2026, 11, 22)).paid_on == date(2026, 11, 22)

    def test_a_void_in_a_closed_day_is_an_entry_of_today_and_the_closing_stays(
        self, context: Flask, cast: Cast, clock: Clock
    ) -> None:
        payment = pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        closing = close(COLLECTOR, 500_00)
        confirm(NORTH, closing)
        clock.forward(days=1)
        pay(COLLECTOR, cast.customers[NORTH][1], 800_00)
        with as_account(NORTH), transaction():
            void_payment(db.session.get_one(Payment, payment.id), "Wrong customer")
            entry = db.session.execute(
                select(JournalEntry).where(
                    JournalEntry.payment_id == payment.id, JournalEntry.kind == EntryKind.PAYMENT_VOID.value
                )
            ).scalar_one()
            assert entry.posted_on == date(2026, 11, 24)
        assert hold(COLLECTOR) == 300_00
        assert row(DayClosing, closing.id).collected == 500_00

    def test_the_correction_of_a_closed_payment_is_dated_today(self, context: Flask, cast: Cast, clock: Clock) -> None:
        payment = pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        close(COLLECTOR, 500_00)
        clock.forward(days=1)
        with as_account(NORTH), transaction():
            old = db.session.get_one(Payment, payment.id)
            new = edit_payment(
                old, amount=450_00, paid_on=old.paid_on, note="", reason="Misread", request_id=str(uuid4())
            ).payment
            assert new.paid_on == date(2026, 11, 24)
        assert hold(COLLECTOR) == -50_00
        with as_account(NORTH), transaction(), pytest.raises(Refused, match="That day is closed"):
            edit_payment(
                db.session.get_one(Payment, new.id),
                amount=450_00,
                paid_on=date(2026, 11, 22),
                note="",
                reason="Misread",
                request_id=str(uuid4()),
            )

    def test_expenses_of_a_closed_day_are_changed_by_the_parent_alone_and_count_today(
        self, context: Flask, cast: Cast, clock: Clock
    ) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        expense = spend(COLLECTOR, 100_00)
        closing = close(COLLECTOR, 400_00)
        change = {"category_id": expense.category_id, "spent_on": expense.spent_on, "paid_from": PaidFrom.OWN_CASH}
        with as_account(COLLECTOR), transaction(), pytest.raises(Refused, match="closed day"):
            void_expense(db.session.get_one(Expense, expense.id), "Twice")
        with as_account(COLLECTOR), transaction(), pytest.raises(Refused, match="closed day"):
            edit_expense(db.session.get_one(Expense, expense.id), amount=90_00, **change)
        clock.forward(days=1)
        with as_account(NORTH), transaction():
            edit_expense(db.session.get_one(Expense, expense.id), amount=90_00, **change)
            posted = db.session.execute(
                select(JournalEntry.posted_on).where(JournalEntry.expense_id == expense.id).order_by(JournalEntry.id)
            ).scalars()
            assert list(posted) == [date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 24)]
        assert (hold(COLLECTOR), row(DayClosing, closing.id).spent) == (10_00, 100_00)

    def test_an_expense_after_the_closing_is_still_the_manager_s_to_change(self, context: Flask, cast: Cast) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        close(COLLECTOR, 500_00)
        expense = spend(COLLECTOR, 10_00)
        with as_account(COLLECTOR), transaction():
            void_expense(db.session.get_one(Expense, expense.id), "Twice")
        assert hold(COLLECTOR) == 0

    def test_less_than_nothing_is_carried_to_the_next_closing_and_is_no_surplus(
        self, context: Flask, cast: Cast, clock: Clock
    ) -> None:
        payment = pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        confirm(NORTH, close(COLLECTOR, 500_00))
        with as_account(NORTH), transaction():
            void_payment(db.session.get_one(Payment, payment.id), "Wrong customer")
        empty = confirm(NORTH, close(COLLECTOR, 0))
        assert (empty.expected, empty.difference, empty.left) == (-500_00, 0, -500_00)
        pay(COLLECTOR, cast.customers[NORTH][0], 700_00)
        assert hold(COLLECTOR) == 200_00


class TestTheParentAnswers:
    def test_a_shortage_becomes_the_person_s_debt_when_it_is_confirmed(self, context: Flask, cast: Cast) -> None:
        collector, north = cast.accounts[COLLECTOR], cast.accounts[NORTH]
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        closing = close(COLLECTOR, 430_00, reason="Lost on the way")
        assert ledger(Ledger.SHORTAGE, collector) == 0
        confirm(NORTH, closing)
        assert (ledger(Ledger.SHORTAGE, collector), ledger(Ledger.CASH, collector), hold(COLLECTOR)) == (70_00, 0, 0)
        with as_account(NORTH), transaction(), pytest.raises(Refused, match="more than the shortage"):
            record_repayment(db.session.get_one(Account, collector), 70_01, request_id=str(uuid4()))
        business, once = ledger(Ledger.BUSINESS, north), str(uuid4())
        for _tap in range(2):
            with as_account(NORTH), transaction():
                record_repayment(db.session.get_one(Account, collector), 30_00, request_id=once)
        assert (ledger(Ledger.SHORTAGE, collector), ledger(Ledger.BUSINESS, north)) == (40_00, business + 30_00)

    def test_a_surplus_is_income_of_the_business(self, context: Flask, cast: Cast) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        confirm(NORTH, close(COLLECTOR, 520_00, reason="Somebody did not take the change"))
        assert ledger(Ledger.SURPLUS, cast.accounts[NORTH]) == -20_00
        assert (ledger(Ledger.CASH, cast.accounts[COLLECTOR]), hold(COLLECTOR)) == (0, 0)

    def test_a_returned_closing_opens_its_days_again_and_its_number_is_not_used_twice(
        self, context: Flask, cast: Cast, clock: Clock
    ) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        closing = close(COLLECTOR, 500_00)
        clock.forward(days=1)
        with as_account(NORTH), transaction():
            return_closing(closing, "Two notes are torn")
        assert (hold(COLLECTOR), first_open_day(cast.accounts[COLLECTOR])) == (500_00, None)
        again = close(COLLECTOR, 500_00)
        assert (again.number, again.collected) == (2, 500_00)

    def test_the_newest_is_returned_first_and_a_word_is_asked_for(self, context: Flask, cast: Cast) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        first = close(COLLECTOR, 500_00)
        pay(COLLECTOR, cast.customers[NORTH][0], 200_00)
        close(COLLECTOR, 200_00)
        with as_account(NORTH), transaction(), pytest.raises(Refused, match="Closing 2 was made after"):
            return_closing(first, "Torn")
        with as_account(NORTH), transaction(), pytest.raises(Refused, match="Say what is wrong"):
            return_closing(first, " ")

    def test_a_closing_is_answered_once(self, context: Flask, cast: Cast) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        closing = close(COLLECTOR, 500_00)
        confirm(NORTH, closing)
        with pytest.raises(Refused, match="answered already"):
            confirm(NORTH, closing)
        assert ledger(Ledger.CASH, cast.accounts[COLLECTOR]) == 0

    @pytest.mark.parametrize("stranger", [COLLECTOR, ACCOUNTS, GA, OFFICE])
    def test_nobody_but_the_parent_itself_answers(self, stranger: str, context: Flask, cast: Cast) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        closing = close(COLLECTOR, 500_00)
        with as_account(stranger), transaction(), pytest.raises(NotFound):
            confirm_closing(closing)

    def test_every_step_is_in_the_activity_log(self, context: Flask, cast: Cast) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        confirm(NORTH, close(COLLECTOR, 430_00, reason="Lost"))
        with as_account(NORTH), transaction():
            record_repayment(db.session.get_one(Account, cast.accounts[COLLECTOR]), 10_00, request_id=str(uuid4()))
        with as_account(NORTH):
            events = db.session.execute(
                select(Activity.event).where(Activity.topic == "cash").order_by(Activity.seq)
            ).scalars()
            assert list(events) == ["cash.closed_short", "cash.confirmed", "cash.shortage_repaid"]
        assert {"cash.closed", "cash.closed_over", "cash.returned"} <= SENTENCES.keys()


class TestBadInput:
    @pytest.mark.parametrize(
        ("pieces", "sentence"),
        [
            ({"500": -1}, "0 to 99,999"),
            ({"500": 100_000}, "0 to 99,999"),
            ({"3": 1}, "0 to 99,999"),
            ({COINS: -5}, "0 to 99,999"),
            ({"100": 4}, "are missing: count again, or say why"),
            ({"500": 2}, "are too much: count again, or say why"),
        ],
    )
    def test_a_wrong_count_is_refused_with_a_sentence(
        self, pieces: dict[str, int], sentence: str, context: Flask, cast: Cast
    ) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        with as_account(COLLECTOR), transaction(), pytest.raises(Refused, match=sentence):
            close_day(pieces, request_id=str(uuid4()))
        assert hold(COLLECTOR) == 500_00

    def test_more_than_counted_is_not_handed_over(self, context: Flask, cast: Cast) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        for wrong in (500_01, -1):
            with pytest.raises(Refused, match="more than you have counted"):
                close(COLLECTOR, 500_00, handed_over=wrong)

    def test_an_empty_day_is_not_closed(self, context: Flask, cast: Cast) -> None:
        with pytest.raises(Refused, match="nothing to close"):
            close(COLLECTOR, 0)

    def test_a_parent_has_no_day_to_close(self, context: Flask, cast: Cast) -> None:
        pay(NORTH, cast.customers[NORTH][0], 500_00)
        with pytest.raises(Refused, match="Only Managers"):
            close(NORTH, 500_00)

    def test_cash_that_came_in_behind_the_page_is_shown_before_it_is_closed(self, context: Flask, cast: Cast) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        with pytest.raises(Refused, match="has changed since"):
            close(COLLECTOR, 400_00, seen_expected=400_00, reason="Lost")

    def test_the_form_of_another_person_is_refused(self, context: Flask, cast: Cast) -> None:
        once = str(uuid4())
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        pay(ACCOUNTS, cast.customers[NORTH][0], 300_00)
        close(COLLECTOR, 500_00, request_id=once)
        with pytest.raises(Refused, match="something else"):
            close(ACCOUNTS, 300_00, request_id=once)


class TestAtTheSameMoment:
    def test_twenty_taps_make_one_closing(self, context: Flask, cast: Cast) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        once = str(uuid4())
        made: list[tuple[int, bool]] = []

        def tap() -> None:
            with as_account(COLLECTOR), transaction():
                closed = close_day(in_pieces(500_00), request_id=once)
                made.append((closed.closing.number, closed.already_closed))

        _at_once(context, [tap] * 20)
        assert sorted(made) == [(1, False)] + [(1, True)] * 19

    def test_a_payment_is_in_the_closing_or_after_it(self, context: Flask, cast: Cast) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        refused: list[str] = []

        def count() -> None:
            try:
                close(COLLECTOR, 500_00, reason="Counted before the door closed")
            except Refused as no:
                refused.append(no.message)

        takers = [lambda one=one: pay(COLLECTOR, one, 10_00) for one in cast.customers[NORTH] * 3]
        spenders = [lambda: spend(COLLECTOR, 1_00)] * 3
        _at_once(context, [*takers[:5], count, *spenders, *takers[5:]])
        assert refused == []
        with everywhere("tests look at everything"):
            closing = db.session.execute(select(DayClosing)).scalar_one()
        period_after = hold(COLLECTOR)
        assert closing.expected + period_after - closing.left == 500_00 + 9 * 10_00 - 3 * 1_00

    def test_a_payment_dated_back_never_lands_behind_a_closing(self, context: Flask, cast: Cast, clock: Clock) -> None:
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
        refused: list[str] = []

        def late() -> None:
            try:
                pay(COLLECTOR, cast.customers[NORTH][1], 10_00, paid_on=date(2026, 11, 22))
            except Refused as no:
                refused.append(no.message)

        _at_once(context, [late, lambda: close(COLLECTOR, 500_00, reason="Counted at the door"), late, late])
        with everywhere("tests look at everything"):
            closing = db.session.execute(select(DayClosing)).scalar_one()
        assert closing.collected == 500_00 + 10_00 * (3 - len(refused))
        assert all("That day is closed" in sentence for sentence in refused)


def _at_once(app: Flask, works: list[object]) -> None:
    """Run works at the same moment, each on a connection of its own."""
    gate = Barrier(len(works))
    failed: list[BaseException] = []

    def run(work: object) -> None:
        try:
            with app.app_context(), force_locale("en"):
                gate.wait()
                work()  # type: ignore[operator]
        except BaseException as problem:
            failed.append(problem)

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    db.session.rollback()


def test_a_manager_of_a_reseller_hands_over_to_the_reseller(context: Flask, cast: Cast) -> None:
    pay(GHATMAN, cast.customers["ghat@meghna.example.com"][0], 100_00)
    closing = close(GHATMAN, 100_00)
    with as_account(NORTH), transaction(), pytest.raises(NotFound):
        confirm_closing(closing)
    confirm("ghat@meghna.example.com", closing)
    assert ledger(Ledger.CASH, cast.accounts[GHATMAN]) == 0


def test_the_demo_leaves_a_confirmed_day_and_an_open_one(context: Flask, cast: Cast) -> None:
    with pretending(now() - timedelta(days=1)):
        pay(COLLECTOR, cast.customers[NORTH][0], 500_00)
    close_a_day(actor_of(COLLECTOR), actor_of(NORTH), now() - timedelta(hours=16), uuid4())
    pay(COLLECTOR, cast.customers[NORTH][0], 60_00)
    with as_account(COLLECTOR) as actor:
        period = open_period(actor.tenant_id or 0, actor.id)
        assert period.last is not None
        assert (period.last.state, period.last.closed_on) == (ClosingState.CONFIRMED, date(2026, 11, 22))
        assert period.expected == 60_00
