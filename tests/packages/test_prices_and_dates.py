"""What a package costs each level, and when a month's bill is due."""

from datetime import date, datetime

import pytest
from sqlalchemy import select

from app.billing.services import Prices, prices_of
from app.core.clock import DHAKA
from app.core.database import db
from app.packages.models import BillingProfile, Package, PackageOffer
from app.packages.queries import due_date, paid_up_to, price_chain
from tests.books import act
from tests.cast import GA, GHAT, NORTH, Cast


def home() -> Package:
    """Return Home 10M of the Group Admin at work."""
    return db.session.execute(select(Package).where(Package.name == "Home 10M")).scalar_one()


def test_the_chain_goes_from_the_owner_up_to_the_group_admin(context: object, cast: Cast) -> None:
    with act.change(GA):
        chain = [(payer.id, price) for payer, price in price_chain(cast.accounts[GHAT], home())]
        assert chain == [(cast.accounts[GHAT], 600_00), (cast.accounts[NORTH], 480_00)]
        assert price_chain(cast.accounts[GA], home()) == ()


def test_a_package_of_the_operators_own_costs_it_nothing_and_its_sub_operator_the_operator_price(
    context: object, cast: Cast
) -> None:
    with act.change(NORTH) as north:
        own = Package(name="Night", connection_type="pppoe", price=500_00, operator_price=350_00)
        db.session.add(own)
        db.session.flush()
        assert own.owner_id == north.owner_id
        assert prices_of(own, cast.accounts[GHAT]) == Prices(500_00, 350_00)
        assert prices_of(own, cast.accounts[NORTH]) == Prices(500_00)


def test_where_nobody_said_a_price_the_packages_own_operator_price_holds(context: object, cast: Cast) -> None:
    with act.change(GA):
        package = home()
        for offer in db.session.execute(select(PackageOffer).where(PackageOffer.package_id == package.id)).scalars():
            db.session.delete(offer)
        db.session.flush()
        assert prices_of(package, cast.accounts[GHAT]) == Prices(800_00, 480_00, 480_00)


def test_without_a_package_or_a_price_nobody_pays(context: object, cast: Cast) -> None:
    with act.change(GA):
        free = home()
        free.price = 0
        assert prices_of(free, cast.accounts[GHAT]) == prices_of(None, cast.accounts[GHAT]) == Prices()


@pytest.mark.parametrize(
    ("due_day", "grace", "month", "due"),
    [
        (10, 0, date(2026, 11, 1), date(2026, 11, 10)),
        (31, 0, date(2027, 2, 1), date(2027, 2, 28)),
        (31, 0, date(2028, 2, 1), date(2028, 2, 29)),
        (31, 0, date(2026, 11, 30), date(2026, 11, 30)),
        (28, 5, date(2026, 12, 1), date(2027, 1, 2)),
    ],
)
def test_the_due_day_is_clamped_and_grace_is_added(due_day: int, grace: int, month: date, due: date) -> None:
    profile = BillingProfile(due_day=due_day, grace_days=grace)
    assert due_date(profile, month) == due
    assert paid_up_to(profile, month) == datetime(due.year, due.month, due.day, 23, 59, 59, tzinfo=DHAKA)
