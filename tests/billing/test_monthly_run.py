"""The monthly run bills each customer once, whatever happens around it (spec §4, §11.4)."""

from datetime import date

import pytest
from sqlalchemy import select

from app.accounts.models import Tenant
from app.billing import services
from app.billing.models import Bill, Purpose
from app.billing.services import bill_month
from app.core.database import db
from app.customers.models import Customer, CustomerStatus
from app.customers.services import Details, change_status, create_customer, delete_customer
from app.packages.models import BillingProfile, Package
from tests.billing.test_changing import edit, void
from tests.books import act
from tests.cast import GA, GHAT, NORTH, OWNERS, PADMA_GA, Cast
from tests.make import bill, customer, pay

DECEMBER = date(2026, 12, 1)
MONTHLY = 2 * len(OWNERS)


def december_of(customer_id: int) -> list[Bill]:
    """Return a customer's bills for December."""
    return [one for one in act.bills_of(customer_id) if one.month == DECEMBER]


def change(model: type, row_id: int, **columns: object) -> None:
    """Change a package or profile as the Group Admin."""
    with act.change(GA) as _actor:
        row = db.session.get_one(model, row_id)
        for name, value in columns.items():
            setattr(row, name, value)


def test_a_second_run_makes_no_second_bill(context: object, cast: Cast) -> None:
    first, second = bill_month(DECEMBER), bill_month(date(2026, 12, 17))
    assert (first.made, dict(first.skipped)) == (MONTHLY, {})
    assert (second.made, dict(second.skipped)) == (0, {"billed already": MONTHLY})
    assert act.differences() == []


def test_a_bill_covers_the_calendar_month_and_is_due_on_the_profiles_day(context: object, cast: Cast) -> None:
    bill_month(DECEMBER)
    rahima, jasim = (december_of(cast.customers[GA][index])[0] for index in (0, 1))
    assert (rahima.period_from, rahima.period_to, rahima.due_on) == (DECEMBER, date(2026, 12, 31), date(2026, 12, 10))
    assert (rahima.purpose, rahima.amount, rahima.vat, jasim.due_on) == (
        Purpose.MONTHLY,
        800_00,
        40_00,
        date(2026, 12, 5),
    )


def test_the_due_day_is_clamped_to_the_months_end_and_grace_comes_on_top(context: object, cast: Cast) -> None:
    profile = customer(cast.customers[GA][0]).profile_id
    change(BillingProfile, profile, due_day=31, grace_days=3)
    bill_month(date(2027, 2, 1))
    february = [one for one in act.bills_of(cast.customers[GA][0]) if one.month == date(2027, 2, 1)]
    assert february[0].due_on == date(2027, 3, 3)


@pytest.mark.parametrize("status", [CustomerStatus.SUSPENDED, CustomerStatus.DISABLED])
def test_who_is_not_active_is_skipped(context: object, cast: Cast, status: CustomerStatus) -> None:
    with act.change(GA):
        change_status(db.session.get_one(Customer, cast.customers[GA][0]), status, "Moved away")
    run = bill_month(DECEMBER)
    assert (run.made, dict(run.skipped)) == (MONTHLY - 1, {str(status): 1})
    assert december_of(cast.customers[GA][0]) == []


def test_deleted_customers_free_packages_and_profiles_without_auto_bill_get_none(context: object, cast: Cast) -> None:
    with act.change(GA):
        delete_customer(db.session.get_one(Customer, cast.customers[GA][0]), "Moved away")
    change(Package, customer(cast.customers[GA][1]).package_id, price=0)
    with act.change(PADMA_GA):
        db.session.get_one(BillingProfile, customer(cast.customers[PADMA_GA][1]).profile_id).auto_bill = False
    run = bill_month(DECEMBER)
    assert run.skipped["no auto-bill"] >= 1
    assert run.skipped["free package"] >= 1
    for owner, index in ((GA, 0), (GA, 1), (PADMA_GA, 1), (GA, 2)):
        assert december_of(cast.customers[owner][index]) == []


def test_one_tenant_alone_can_be_billed(context: object, cast: Cast) -> None:
    padma = db.session.execute(select(Tenant).where(Tenant.slug == "padma")).scalar_one()
    assert bill_month(DECEMBER, padma).made == 2
    assert december_of(cast.customers[GA][0]) == []


def test_advance_pays_the_new_months_bill_and_the_operator_pays_for_it(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    pay(NORTH, who, 840_00 + 500_00)
    before = act.balance(NORTH)
    bill_month(DECEMBER)
    assert (december_of(who)[0].paid, customer(who).due, customer(who).advance) == (500_00, 340_00, 0)
    assert act.balance(NORTH) == before - 285_71
    assert act.differences() == []


def test_the_run_posts_even_where_an_operators_account_is_empty(context: object, cast: Cast) -> None:
    act.bring_balance_to(GHAT, 600_00)
    pay(GHAT, cast.customers[GHAT][0], 1_680_00)
    bill_month(DECEMBER)
    assert december_of(cast.customers[GHAT][0])[0].status == "paid"
    assert act.balance(GHAT) == -600_00
    assert act.differences() == []


def test_a_void_bill_of_the_month_does_not_come_back(context: object, cast: Cast) -> None:
    bill_month(DECEMBER)
    who = cast.customers[GA][0]
    void(GA, december_of(who)[0].id)
    assert bill_month(DECEMBER).made == 0
    assert len(december_of(who)) == 1


def test_a_bill_whose_period_was_edited_stays_the_bill_of_its_month(context: object, cast: Cast) -> None:
    november = cast.bills[GA][0]
    edit(GA, november, 800_00, period=(date(2026, 12, 1), date(2026, 12, 31)))
    assert bill(november).month == date(2026, 11, 1)
    assert bill_month(date(2026, 11, 1)).made == 0
    assert bill_month(DECEMBER).made == MONTHLY


def test_a_customer_made_in_mid_month_pays_for_the_days_left_and_not_again_in_a_second_run(
    context: object, cast: Cast
) -> None:
    with act.change(GA):
        rahima = db.session.get_one(Customer, cast.customers[GA][0])
        new = create_customer(
            Details(
                name="Salma",
                username="salma.new",
                package_id=rahima.package_id,
                profile_id=rahima.profile_id,
                connection_type=rahima.connection_type,
            ),
            bill_the_rest_of_the_month=True,
        ).id
    (days_left,) = act.bills_of(new)
    # 8 of 30 days, to the taka
    assert (days_left.purpose, days_left.amount, days_left.month) == (Purpose.NEW_CUSTOMER, 213_00, None)
    assert bill_month(date(2026, 11, 1)).skipped["days left billed"] == 1
    assert len(act.bills_of(new)) == 1
    bill_month(DECEMBER)
    assert [one.amount for one in act.bills_of(new)] == [213_00, 800_00]
    assert act.differences() == []


def test_a_run_that_breaks_leaves_whole_batches_and_goes_on_the_next_time(
    context: object, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 1)
    last = cast.customers[PADMA_GA][0]

    def breaks(one: Bill, _event: str, **_words: object) -> None:
        if one.customer_id == last:
            raise RuntimeError("the log is full")

    monkeypatch.setattr(services, "_record", breaks)
    with pytest.raises(RuntimeError):
        bill_month(DECEMBER)
    assert december_of(last) == []
    assert act.differences() == []
    monkeypatch.undo()
    assert bill_month(DECEMBER).made >= 1
    assert len(december_of(last)) == 1
    assert act.differences() == []
