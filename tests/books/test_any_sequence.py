"""Whatever people do, in whatever order, over months: the books add up after every step."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from app.access.actor import acting_as
from app.access.scope import everywhere
from app.billing.models import Bill
from app.billing.services import bill_month, discount_bill, edit_bill, generate_bill, void_bill
from app.books.check import check_books
from app.books.models import Ledger
from app.core.clock import end_of_day, month_of, next_month, today
from app.core.database import db, transaction
from app.core.errors import Refused
from app.customers.models import Customer
from app.customers.services import edit_suspend_date, suspend_for_non_payment
from app.expenses.models import Expense, PaidFrom
from app.expenses.queries import categories
from app.expenses.services import add_expense, edit_expense, void_expense
from app.payments.models import Payment
from app.payments.services import edit_payment, receive_cash, void_payment
from tests.books import act
from tests.cast import ACCOUNTS, COLLECTOR, GA, GHAT, GHATMAN, NORTH, OFFICE, SOUTH, Cast, build
from tests.conftest import World, standing_clock
from tests.make import actor_of

HANDS = {
    GA: (OFFICE, GA),
    NORTH: (COLLECTOR, ACCOUNTS, NORTH, GA),
    SOUTH: (SOUTH, GA),
    GHAT: (GHATMAN, GHAT, NORTH, GA),
}
"""Whose customers are served by whom: some of the money is taken above the owner."""

PAISA = st.one_of(st.integers(1, 300), st.integers(1, 2_000_00), st.sampled_from([420_00, 800_00, 840_00, 3_500_00]))
OWNER = st.sampled_from(list(HANDS))
INDEX = st.integers(0, 10)


class Office(RuleBasedStateMachine):
    """A few people of a provider at work on a few customers, from November 2026 on."""

    world: World
    cast: Cast

    @initialize()
    def open(self) -> None:
        """Begin with the cast, on the 23rd of November."""
        self.cast = self.world.snapshot("cast", build)
        self.clock = ExitStack()
        self.traveller = self.clock.enter_context(standing_clock())
        self.clock.enter_context(self.world.app.app_context())
        self.clock.enter_context(force_locale("en"))
        self.actors = {email: actor_of(email) for emails in HANDS.values() for email in emails}
        self.forms = 0
        for owner, balance in ((NORTH, 60_000_00), (GHAT, 4_000_00)):
            act.bring_balance_to(owner, balance)

    def teardown(self) -> None:
        """Close the office."""
        if hasattr(self, "clock"):
            db.session.remove()
            self.clock.close()

    # --- What people do ------------------------------------------------------------------------------------------

    def _do(self, email: str, work: Callable[[], object]) -> None:
        """Do something as a person; a refusal is an answer too."""
        try:
            with acting_as(self.actors[email]), transaction():
                work()
        except Refused:
            db.session.rollback()

    def _hand(self, owner: str, index: int) -> str:
        return HANDS[owner][index % len(HANDS[owner])]

    def _customer(self, owner: str, index: int) -> Customer:
        return db.session.get_one(Customer, self.cast.customers[owner][index % 3])

    def _some(self, model: type, owner: str, index: int, *, valid: bool = True) -> object:
        statement = select(model).where(model.owner_id == self.cast.accounts[owner]).order_by(model.id)
        if valid:
            statement = statement.where(model.voided_at.is_(None))
        rows = db.session.execute(statement).scalars().all()
        if not rows:
            raise Refused("nothing there yet")
        return rows[index % len(rows)]

    def _form(self) -> str:
        self.forms += 1
        return str(UUID(int=self.forms))

    @rule(owner=OWNER, index=INDEX, hand=INDEX, paisa=PAISA, discount=st.sampled_from([0, 0, 0, 1, 33_33, 200_00]))
    def takes_cash(self, owner: str, index: int, hand: int, paisa: int, discount: int) -> None:
        """Somebody takes cash, now and then with a discount."""
        self._do(
            self._hand(owner, hand),
            lambda: receive_cash(
                self._customer(owner, index),
                paisa,
                request_id=self._form(),
                paid_on=today() - timedelta(days=index % 9),
                discount=discount,
                confirmed=True,
            ),
        )

    @rule(owner=OWNER, index=INDEX, hand=INDEX)
    def takes_all_that_is_due(self, owner: str, index: int, hand: int) -> None:
        """Somebody takes all that is due."""
        self._do(
            self._hand(owner, hand),
            lambda: receive_cash(
                self._customer(owner, index),
                self._customer(owner, index).due,
                request_id=self._form(),
                confirmed=True,
            ),
        )

    @rule(owner=OWNER, index=INDEX, hand=INDEX)
    def voids_a_payment(self, owner: str, index: int, hand: int) -> None:
        """Somebody voids a payment."""
        self._do(self._hand(owner, hand), lambda: void_payment(self._some(Payment, owner, index), "Wrong"))

    @rule(owner=OWNER, index=INDEX, hand=INDEX, paisa=PAISA)
    def corrects_a_payment(self, owner: str, index: int, hand: int, paisa: int) -> None:
        """Somebody corrects a payment."""
        said = {"paid_on": today(), "note": "", "reason": "Misread", "request_id": self._form()}
        self._do(self._hand(owner, hand), lambda: edit_payment(self._some(Payment, owner, index), amount=paisa, **said))

    @rule(owner=OWNER, index=INDEX, paisa=PAISA, back=st.integers(0, 40))
    def raises_a_bill(self, owner: str, index: int, paisa: int, back: int) -> None:
        """The owner raises a bill by hand, sometimes for a time long past."""
        period = month_of(today() - timedelta(days=back))
        said = {"description": "", "period": period, "due_on": today() + timedelta(days=back)}
        self._do(owner, lambda: generate_bill(self._customer(owner, index), paisa, **said))

    @rule(owner=OWNER, index=INDEX, paisa=PAISA)
    def edits_a_bill(self, owner: str, index: int, paisa: int) -> None:
        """The owner edits a bill, up or down."""

        def edit() -> None:
            one = self._some(Bill, owner, index, valid=index % 4 > 0)
            edit_bill(one, amount=paisa, description="", period=(one.period_from, one.period_to), due_on=today())

        self._do(owner, edit)

    @rule(owner=OWNER, index=INDEX, paisa=PAISA)
    def discounts_a_bill(self, owner: str, index: int, paisa: int) -> None:
        """The owner gives a discount."""
        self._do(owner, lambda: discount_bill(self._some(Bill, owner, index), paisa, "Line was down"))

    @rule(owner=OWNER, index=INDEX)
    def voids_a_bill(self, owner: str, index: int) -> None:
        """The owner voids a bill."""
        self._do(owner, lambda: void_bill(self._some(Bill, owner, index, valid=index % 4 > 0), "Raised twice"))

    @rule(ahead=st.integers(0, 1))
    def bills_the_month(self, ahead: int) -> None:
        """The monthly run runs: for this month or, too early, for the next."""
        bill_month(next_month(today()) if ahead else today())

    @rule(owner=OWNER, index=INDEX, paisa=PAISA, own=st.booleans())
    def spends(self, owner: str, index: int, paisa: int, own: bool) -> None:
        """Somebody enters an expense."""
        paid_from = PaidFrom.OWN_CASH if own else PaidFrom.BUSINESS
        self._do(
            HANDS[owner][0],
            lambda: add_expense(
                category_id=categories()[index % len(categories())].id,
                spent_on=today(),
                amount=paisa,
                paid_from=paid_from,
            ),
        )

    @rule(owner=OWNER, index=INDEX, paisa=PAISA)
    def amends_or_voids_an_expense(self, owner: str, index: int, paisa: int) -> None:
        """The owner amends an expense or voids it."""

        def amend() -> None:
            one = self._some(Expense, owner, index)
            if index % 2:
                void_expense(one, "Typed twice")
            else:
                said = {"category_id": one.category_id, "spent_on": one.spent_on, "paid_from": one.paid_from}
                edit_expense(one, amount=paisa, **said)

        self._do(owner, amend)

    @rule(owner=OWNER, index=INDEX, by_hand=st.booleans())
    def suspends_or_moves_the_date(self, owner: str, index: int, by_hand: bool) -> None:
        """The owner suspends a customer for non-payment or moves its suspend date by hand."""

        def move() -> None:
            if by_hand:
                edit_suspend_date(self._customer(owner, index), end_of_day(today() + timedelta(days=index)))
            else:
                suspend_for_non_payment(self._customer(owner, index))

        self._do(owner, move)

    @rule(days=st.sampled_from([1, 7, 20, 31]))
    @precondition(lambda self: today() < date(2028, 4, 1))
    def time_passes(self, days: int) -> None:
        """Days go by, over month ends and a leap day."""
        self.traveller.shift(timedelta(days=days))

    # --- What holds after each of it -----------------------------------------------------------------------------

    @invariant()
    def the_books_do_not_differ(self) -> None:
        """check-books finds nothing."""
        db.session.rollback()
        assert check_books().differences == []

    @invariant()
    def advance_and_open_bills_do_not_stand_side_by_side(self) -> None:
        """A customer owes or is ahead, never both; and owes what is billed, less discounted, less paid."""
        with everywhere("the test looks at everything"):
            bills: dict[int, list[Bill]] = {}
            for one in db.session.execute(select(Bill).where(Bill.voided_at.is_(None))).scalars():
                assert one.paid + one.open == one.total and 0 <= one.paid <= one.total
                bills.setdefault(one.customer_id, []).append(one)
            valid = select(Payment.customer_id, func.sum(Payment.amount)).where(Payment.voided_at.is_(None))
            rows = db.session.execute(valid.group_by(Payment.customer_id)).all()
            paid = {customer_id: amount for customer_id, amount in rows}
            for customer in db.session.execute(select(Customer)).scalars():
                billed = bills.get(customer.id, [])
                assert customer.due == 0 or customer.advance == 0
                assert customer.balance == sum(one.total for one in billed) - paid.get(customer.id, 0)
                assert customer.due == sum(one.open for one in billed)

    @invariant()
    def operators_have_paid_for_what_is_settled(self) -> None:
        """Nothing is taken for an untouched or void bill, and all of it for a settled one."""
        with everywhere("the test looks at everything"):
            for one in db.session.execute(select(Bill)).scalars():
                taken, whole = (one.operator_taken, one.upper_taken), (one.operator_amount, one.upper_amount)
                if one.voided_at or (one.paid == 0 and one.discount == 0):
                    assert taken == (0, 0)
                elif one.open == 0:
                    assert taken == whole
                else:
                    assert all(0 <= part <= amount for part, amount in zip(taken, whole, strict=True))

    @invariant()
    def numbers_have_no_gap(self) -> None:
        """Bills and receipts are numbered 1, 2, 3 … in each tenant."""
        with everywhere("the test looks at everything"):
            for model in (Bill, Payment):
                statement = select(
                    model.tenant_id, func.count(model.id), func.min(model.number), func.max(model.number)
                )
                for _tenant, count, first, last in db.session.execute(statement.group_by(model.tenant_id)):
                    assert (first, last) == (1, count)

    @invariant()
    def cash_in_hand_is_what_was_taken_less_what_was_spent(self) -> None:
        """What the journal says a person holds is what the person's own rows say."""
        with everywhere("the test looks at everything"):
            for email in self.actors:
                person = self.cast.accounts[email]
                taken = db.session.execute(
                    select(func.coalesce(func.sum(Payment.amount), 0)).where(
                        Payment.collected_by_id == person, Payment.voided_at.is_(None)
                    )
                ).scalar_one()
                spent = db.session.execute(
                    select(func.coalesce(func.sum(Expense.amount), 0)).where(
                        Expense.entered_by_id == person,
                        Expense.voided_at.is_(None),
                        Expense.paid_from == PaidFrom.OWN_CASH.value,
                    )
                ).scalar_one()
                assert act.booked(Ledger.CASH, person) == taken - spent


def run(world: World, examples: int, steps: int) -> None:
    """Run sequences on the worker's database."""
    machine = type("Office", (Office,), {"world": world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.real_clock
def test_the_books_add_up_after_any_sequence(app: Flask, world: World) -> None:
    run(world, 15, 12)


@pytest.mark.long
@pytest.mark.real_clock
def test_the_books_add_up_after_any_of_many_long_sequences(app: Flask, world: World) -> None:
    run(world, 500, 20)
