"""Money and its entry in the log are one change: neither is there without the other."""

import json
from datetime import date

import pytest
from sqlalchemy import select

from app.access.scope import everywhere
from app.activity import recorder
from app.activity.models import Activity
from app.activity.sentences import SENTENCES
from app.core.database import db
from tests.billing.test_changing import discount, edit, void
from tests.billing.test_raising import by_hand
from tests.books import act
from tests.cast import ACCOUNTS, NORTH, Cast
from tests.make import pay
from tests.payments.test_corrections import correct, void_receipt


def test_a_log_that_cannot_be_written_takes_the_money_back(
    context: object, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = pay(NORTH, cast.customers[NORTH][1], 100_00).id

    def full(*_arguments: object) -> str:
        raise OSError("no space left for the log")

    monkeypatch.setattr(recorder, "seal_of", full)
    for attempt in (
        lambda: pay(NORTH, cast.customers[NORTH][0], 840_00),
        lambda: void_receipt(NORTH, receipt),
        lambda: correct(NORTH, receipt, 50_00),
        lambda: by_hand(NORTH, cast.customers[NORTH][0], 10_00),
        lambda: edit(NORTH, cast.bills[NORTH][0], 900_00),
        lambda: discount(NORTH, cast.bills[NORTH][0], 1_00),
        lambda: void(NORTH, cast.bills[NORTH][0]),
    ):
        with act.nothing_is_written(), pytest.raises(OSError, match="no space"):
            attempt()


def test_money_that_is_rolled_back_leaves_no_entry(context: object, cast: Cast) -> None:
    with act.nothing_is_written(), pytest.raises(RuntimeError), act.change(NORTH):
        pay(NORTH, cast.customers[NORTH][0], 840_00)
        raise RuntimeError("the power fails before the commit")


def test_every_change_of_money_has_its_entry_with_who_and_how_much(context: object, cast: Cast) -> None:
    who, one = cast.customers[NORTH][0], cast.bills[NORTH][0]
    receipt = pay(NORTH, who, 100_00).id
    correct(ACCOUNTS, receipt, 200_00, paid_on=date(2026, 11, 22))
    discount(ACCOUNTS, one, 10_00)
    edit(ACCOUNTS, one, 900_00)
    void(ACCOUNTS, one)
    assert act.events(who)[-5:] == [
        "payment.received",
        "payment.edited",
        "bill.discounted",
        "bill.edited",
        "bill.voided",
    ]
    with everywhere("tests look at everything"):
        rows = db.session.execute(select(Activity).where(Activity.customer_id == who).order_by(Activity.seq)).scalars()
        edited = {row.event: json.loads(row.detail) for row in rows}
    assert edited["payment.edited"]["changes"] == {
        "amount_paisa": [100_00, 200_00],
        "paid_on": ["2026-11-23", "2026-11-22"],
    }
    assert edited["bill.edited"]["changes"] == {"amount_paisa": [800_00, 900_00]}
    assert edited["bill.discounted"]["words"]["amount_paisa"] == 10_00
    assert set(edited) <= set(SENTENCES)


def test_the_log_has_no_gap_after_lost_changes(context: object, cast: Cast) -> None:
    for index in range(3):
        pay(NORTH, cast.customers[NORTH][0], 100_00 + index)
        with pytest.raises(RuntimeError), act.change(NORTH):
            pay(NORTH, cast.customers[NORTH][0], 50_00 + index)
            raise RuntimeError
    with everywhere("tests look at everything"):
        rows = db.session.execute(select(Activity).order_by(Activity.tenant_id, Activity.seq)).scalars().all()
    for earlier, later in zip(rows, rows[1:], strict=False):
        if earlier.tenant_id == later.tenant_id:
            assert (later.seq, later.previous) == (earlier.seq + 1, earlier.seal)
