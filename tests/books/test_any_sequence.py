"""Whatever people do, in whatever order, over months: the books add up after every step."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import HealthCheck, Phase, seed, settings
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
from app.access.scope import everywhere, within
from app.accounts.models import Account
from app.billing.models import Bill, Credit
from app.billing.package_change import change_package, work_out
from app.billing.services import bill_month, discount_bill, edit_bill, generate_bill, void_bill
from app.billing.settlement import open_bills
from app.billing.suspending import auto_suspend
from app.books.check import check_books
from app.books.models import JournalEntry, JournalLine, Ledger
from app.books.operators import add_operator_balance
from app.cash.models import LIVE, ClosingState, DayClosing, in_pieces
from app.cash.queries import closings_to_answer, open_period
from app.cash.services import close_day, confirm_closing, record_repayment, return_closing
from app.core.clock import end_of_day, month_of, next_month, today
from app.core.database import db, transaction
from app.core.errors import Refused
from app.customers.models import Customer, CustomerStatus
from app.customers.services import change_status, edit_suspend_date, suspend_for_non_payment
from app.expenses.models import Expense, PaidFrom
from app.expenses.queries import categories
from app.expenses.services import add_expense, edit_expense, void_expense
from app.packages.models import Package
from app.payments.models import ONLINE, Payment
from app.payments.recharging import recharge
from app.payments.services import edit_payment, receive_cash, receive_online, void_payment
from tests.books import act
from tests.cast import ACCOUNTS, COLLECTOR, GA, GHAT, GHATMAN, NEWBIE, NORTH, OFFICE, SOUTH, Cast, build
from tests.conftest import World, standing_clock
from tests.make import actor_of

HANDS = {
    GA: (OFFICE, GA),
    NORTH: (COLLECTOR, ACCOUNTS, NORTH, GA),
    SOUTH: (NEWBIE, SOUTH, GA),
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
        self.forms = self.transactions = 0
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

    def _form(self, again: int = 1) -> str:
        """Return the id of a new form; where ``again`` is a multiple of five, of the one before once more."""
        self.forms += again % 5 > 0 or not self.forms
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

    @rule(owner=OWNER, index=INDEX, percent=st.sampled_from([1, 7, 33, 50, 100]))
    def discounts_by_per_cent(self, owner: str, index: int, percent: int) -> None:
        """The owner takes some per cent off a bill."""
        self._do(owner, lambda: discount_bill(self._some(Bill, owner, index), 0, "Line was down", percent=percent))

    @rule(owner=OWNER, index=INDEX, hand=INDEX, days=st.integers(0, 40), hours=st.integers(0, 23))
    def recharges(self, owner: str, index: int, hand: int, days: int, hours: int) -> None:
        """Somebody recharges the prepaid customer."""

        def fill_up() -> None:
            customer = self._customer(owner, 2)
            package = db.session.get_one(Package, customer.package_id)
            recharge(customer, package, days=days, hours=hours, request_id=self._form(again=index), confirmed=True)

        self._do(self._hand(owner, hand), fill_up)

    @rule(owner=OWNER, index=INDEX, hand=INDEX, wanted=INDEX, with_cash=st.booleans())
    def changes_a_package(self, owner: str, index: int, hand: int, wanted: int, with_cash: bool) -> None:
        """Somebody changes a package as the preview says, now and then with the cash at once."""

        def change() -> None:
            customer = self._customer(owner, index)
            same_type = select(Package).where(Package.connection_type == customer.connection_type)
            packages = db.session.execute(same_type.order_by(Package.id)).scalars().all()
            new = packages[wanted % len(packages)]
            form = self._form()
            change_package(customer, new, quoted=work_out(customer, new).total, request_id=form)
            if with_cash and customer.due:
                receive_cash(customer, customer.due, request_id=form, confirmed=True)

        self._do(self._hand(owner, hand), change)

    @rule(owner=OWNER, index=INDEX, paisa=PAISA, again=st.booleans(), chosen=st.booleans())
    def pays_by_a_gateway(self, owner: str, index: int, paisa: int, again: bool, chosen: bool) -> None:
        """Money comes in through a gateway, or the news of it comes again."""
        self.transactions += not (again and self.transactions)
        customer_id = self.cast.customers[owner][index % 3]
        with within(self.actors[GA].tenant_id or 0, self.cast.accounts[GA]):
            try:
                with transaction():
                    customer = db.session.get_one(Customer, customer_id)
                    bills = [one.id for one in open_bills(customer)][-1:] if chosen else []
                    receive_online(
                        customer, paisa, method=ONLINE[index % 3], transaction_id=f"T{self.transactions}", bills=bills
                    )
            except Refused:
                db.session.rollback()

    @rule(owner=OWNER, paisa=PAISA)
    def adds_balance(self, owner: str, paisa: int) -> None:
        """The parent adds balance to an Operator's account."""
        if owner == GA:
            return
        try:
            with everywhere("the test adds balance"), transaction():
                add_operator_balance(act.account(owner), paisa, request_id=self._form(again=paisa))
        except Refused:
            # the form before was used for another Operator, or for something else
            db.session.rollback()

    @rule(
        owner=OWNER,
        hand=INDEX,
        lacking=st.sampled_from([0, 0, 0, 1, 40_00, -25_00]),
        kept=st.sampled_from([0, 0, 100_00]),
    )
    def closes_the_day(self, owner: str, hand: int, lacking: int, kept: int) -> None:
        """A Manager closes the day: some of it is missing now and then, some stays as change."""
        email = HANDS[owner][hand % len(HANDS[owner])]

        def close() -> None:
            actor = self.actors[email]
            counted = max(open_period(actor.tenant_id or 0, actor.id).expected - lacking, 0)
            close_day(
                in_pieces(counted), request_id=self._form(), reason="Miscounted", handed_over=max(counted - kept, 0)
            )

        self._do(email, close)

    @rule(owner=OWNER, index=INDEX, word=st.booleans())
    def answers_a_closing(self, owner: str, index: int, word: bool) -> None:
        """The parent confirms a closing, or returns it."""

        def answer() -> None:
            waiting = closings_to_answer()
            if waiting:
                one = waiting[index % len(waiting)]
                return_closing(one, "Count again") if word else confirm_closing(one)

        self._do(owner, answer)

    @rule(owner=OWNER, paisa=PAISA)
    def repays_a_shortage(self, owner: str, paisa: int) -> None:
        """A Manager pays back what was missing."""
        manager = self.cast.accounts[HANDS[owner][0]]
        self._do(
            owner,
            lambda: record_repayment(
                db.session.get_one(Account, manager), paisa, request_id=self._form(again=paisa), note=""
            ),
        )

    @rule()
    def suspends_who_has_not_paid(self) -> None:
        """The daily job runs."""
        auto_suspend()

    @rule(owner=OWNER, index=INDEX, status=st.sampled_from(list(CustomerStatus)))
    def changes_a_status(self, owner: str, index: int, status: CustomerStatus) -> None:
        """The owner suspends, disables or activates a customer by hand."""
        self._do(owner, lambda: change_status(self._customer(owner, index), status, "Asked for it"))

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
            credits = select(Credit.customer_id, func.sum(Credit.amount)).group_by(Credit.customer_id)
            for customer_id, amount in db.session.execute(credits).all():
                paid[customer_id] = paid.get(customer_id, 0) + amount
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
                given_up = db.session.execute(
                    select(func.coalesce(func.sum(DayClosing.handed_over - DayClosing.difference), 0)).where(
                        DayClosing.person_id == person, DayClosing.state == ClosingState.CONFIRMED.value
                    )
                ).scalar_one()
                spent = db.session.execute(
                    select(func.coalesce(func.sum(Expense.amount), 0)).where(
                        Expense.entered_by_id == person,
                        Expense.voided_at.is_(None),
                        Expense.paid_from == PaidFrom.OWN_CASH.value,
                    )
                ).scalar_one()
                assert act.booked(Ledger.CASH, person) == taken - spent - given_up

    @invariant()
    def nothing_moves_in_a_locked_day(self) -> None:
        """What moved a Manager's cash after a closing carries a date of its day or later."""
        with everywhere("the test looks at everything"):
            late = (
                select(DayClosing.id)
                .join(
                    JournalLine,
                    (JournalLine.holder_id == DayClosing.person_id) & (JournalLine.id > DayClosing.up_to_line),
                )
                .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
                .where(
                    JournalLine.ledger == Ledger.CASH.value,
                    DayClosing.state.in_(LIVE),
                    JournalEntry.posted_on < DayClosing.closed_on,
                    # a closing that was returned had locked nothing when these came
                    JournalEntry.at >= DayClosing.closed_at,
                )
            )
            assert db.session.execute(late).all() == []

    @invariant()
    def statuses_say_what_the_rows_say(self) -> None:
        """A bill is paid when nothing is open; who is not suspended carries no cause; a receipt is once per transaction."""
        with everywhere("the test looks at everything"):
            for one in db.session.execute(select(Bill)).scalars():
                expected = (
                    "void"
                    if one.voided_at
                    else "paid"
                    if one.paid == one.total
                    else "partial"
                    if one.paid
                    else "unpaid"
                )
                assert one.status == expected
            for customer in db.session.execute(select(Customer)).scalars():
                assert customer.status == CustomerStatus.SUSPENDED or not customer.status_cause
            # two gateways may call two transactions the same
            news = db.session.execute(select(Payment.method, Payment.gateway_transaction)).all()
            told = [(method, transaction) for method, transaction in news if transaction]
            assert len(told) == len(set(told))


def run(world: World, examples: int, steps: int, part: int = 0) -> None:
    """Run sequences on the worker's database; each part begins its chances anew."""
    machine = seed(part)(type("Office", (Office,), {"world": world}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # a sequence that fails is told as it was found: making it shorter takes longer than reading it
            phases=(Phase.explicit, Phase.generate),
        ),
    )


@pytest.mark.real_clock
def test_the_books_add_up_after_any_sequence(app: Flask, world: World) -> None:
    run(world, 12, 14)


@pytest.mark.long
@pytest.mark.real_clock
@pytest.mark.parametrize("part", range(1, 11))
def test_the_books_add_up_after_any_of_five_hundred_long_sequences(app: Flask, world: World, part: int) -> None:
    run(world, 50, 20, part)
