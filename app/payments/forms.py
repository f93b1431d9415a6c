"""Forms about payments."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from app.web.forms import DayField, HouseForm, MoneyField, RequestIdField, TextField


class ReceiveForm(HouseForm):
    """Cash from a customer. ``request_id`` makes it count once, however often it is sent.

    From the collection list ``next`` says where to go on, and ``quoted`` what "take all" was over, in paisa.
    """

    amount = MoneyField(_l("Amount"))
    paid_on = DayField(_l("Date"))
    note = TextField(_l("Note"), render_kw={"maxlength": 200})
    request_id = RequestIdField()
    next = HiddenField()
    quoted = HiddenField()


class ReceiveWithDiscountForm(ReceiveForm):
    """The same for who may give a discount."""

    discount = MoneyField(_l("Discount"), optional=True, allow_zero=True)
    discount_reason = TextField(_l("Reason for the discount"))


class EditPaymentForm(HouseForm):
    """The right figures of a payment, and why they were wrong."""

    amount = MoneyField(_l("Amount"))
    paid_on = DayField(_l("Date"))
    note = TextField(_l("Note"), render_kw={"maxlength": 200})
    reason = TextField(_l("Reason of the change"), required=True)
    request_id = RequestIdField()
