"""Forms about bills."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from app.web.forms import CountField, DayField, HouseForm, MoneyField, RequestIdField, TextField


class BillForm(HouseForm):
    """What a bill says."""

    amount = MoneyField(_l("Amount before VAT"))
    description = TextField(_l("Description"))
    period_from = DayField(_l("Period from"))
    period_to = DayField(_l("Period to"))
    due_on = DayField(_l("Due date"))


class EditBillForm(BillForm):
    """A bill to change; ``version`` is the one that was looked at."""

    version = HiddenField()


class BillForCustomerForm(BillForm):
    """A bill by hand when the customer is not chosen yet."""

    customer_number = TextField(_l("Customer no."), required=True, render_kw={"inputmode": "numeric"})
    customer = HiddenField()
    request_id = RequestIdField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # whose bill it is comes before what it says
        self._fields.move_to_end("customer_number", last=False)


class DiscountForm(HouseForm):
    """A discount with its reason."""

    discount = MoneyField(_l("Discount"), optional=True)
    percent = CountField(_l("or per cent of the bill"))
    reason = TextField(_l("Reason"), required=True)
    request_id = RequestIdField()
