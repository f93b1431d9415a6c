"""Forms about expenses."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField

from app.expenses.models import PaidFrom
from app.web.forms import ChoiceField, DayField, HouseForm, MoneyField, RequestIdField, TextField, row_id


class ExpenseForm(HouseForm):
    """Money spent."""

    amount = MoneyField(_l("Amount"))
    category_id = ChoiceField(_l("Category"), coerce=row_id)
    spent_on = DayField(_l("Date"))
    paid_from = ChoiceField(
        _l("Paid from"),
        choices=[
            (PaidFrom.BUSINESS.value, _l("The business's money")),
            (PaidFrom.OWN_CASH.value, _l("Cash I have collected")),
        ],
    )
    picture = FileField(_l("Picture of the receipt"), render_kw={"accept": "image/jpeg,image/png,image/webp"})
    note = TextField(_l("Note"), render_kw={"maxlength": 200})
    request_id = RequestIdField()
