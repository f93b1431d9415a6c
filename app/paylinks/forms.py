"""Forms about payment links, what is to be looked at, and gateways."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, PasswordField, SelectMultipleField, TextAreaField
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from app.access.actor import reader_digits, shown_number
from app.core.errors import Refused
from app.core.language import in_digits
from app.core.money import parse_amount, plain
from app.gateways.registry import GATEWAYS, Credential
from app.paylinks.services import DAYS, MOST_DAYS
from app.web.forms import CountField, HouseForm, MoneyField, TextField, row_id

CREDENTIAL_LABELS = {
    "username": _l("Username"),
    "password": _l("Password"),
    "app_key": _l("App key"),
    "app_secret": _l("App secret"),
    "merchant_id": _l("Merchant ID"),
    "account_number": _l("Merchant's wallet number"),
    "server_ip": _l("IP address of this server"),
    "private_key": _l("Private key of the merchant"),
    "gateway_key": _l("Public key of Nagad"),
    "store_id": _l("Store ID"),
    "store_passwd": _l("Store password"),
}
HIGHEST_CHARGE = 10_00
"""Per cent in hundredths: a higher service charge is a typing mistake."""


class ManyChoices(SelectMultipleField):
    """Rows of which any number can be ticked."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        choices = kwargs.pop("choices", None)
        super().__init__(*args, **kwargs)
        # set like the rows a view offers: as an argument WTForms warns of pairs
        self.choices = choices
        # the templates draw it as what it is
        self.type = "SelectMultipleField"


class LinkForm(HouseForm):
    """For which bills, and for how long."""

    bills = ManyChoices(
        _l("Which bills?"),
        coerce=row_id,
        description=_l("Tick none for all that is due when the customer opens the link."),
    )
    days = CountField(
        _l("Valid for how many days?"),
        default=DAYS,
    )
    seed = HiddenField()

    def offer(self, bills: list[tuple[int, str]]) -> "LinkForm":
        """Offer the customer's open bills; what is ticked beside them is judged by the service."""
        self.bills.choices = bills
        self.bills.validate_choice = False
        self.days.flags.required = True
        self.days.description = _("%(count)s days at most.", count=shown_number(MOST_DAYS))
        if not bills:
            del self.bills
        return self

    @property
    def chosen(self) -> list[int]:
        """The ids that were ticked."""
        return [bill for bill in (self.bills.data or []) if bill is not None] if "bills" in self else []


class WordForm(HouseForm):
    """What came of it, in a sentence."""

    word = TextField(_l("Note"), required=True, render_kw={"maxlength": 200})


class RefundForm(WordForm):
    """How much was given back, and when."""

    amount = MoneyField(_l("Given back"), render_kw={"maxlength": 20})
    word = TextField(_l("When, and under which number of the gateway?"), required=True, render_kw={"maxlength": 200})


class PerCentField(Field):
    """A percentage with at most two decimals; its data is hundredths of a per cent."""

    widget = TextInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {}).update(inputmode="decimal", autocomplete="off")
        super().__init__(*args, **kwargs)
        self.typed: str | None = None

    def _value(self) -> str:
        return self.typed if self.typed is not None else in_digits(plain(self.data or 0), reader_digits())

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; empty is none."""
        self.typed = valuelist[0][:20] if valuelist else ""
        try:
            self.data = parse_amount(self.typed, allow_zero=True) if self.typed.strip() else 0
        except Refused:
            raise ValueError(_("Write a percentage, such as 1.5.")) from None
        if self.data > HIGHEST_CHARGE:
            raise ValueError(_("At most 10 per cent."))


class SettingsForm(HouseForm):
    """What all gateways' settings have in common."""

    service_charge = PerCentField(
        _l("Service charge in per cent"),
        description=_l("It is added to what the customer pays and belongs to you. 0 for none."),
    )
    is_inherited = BooleanField(_l("Customers of my Operators pay by it too"))
    is_on = BooleanField(
        _l("Customers can pay by it"),
        description=_l("Of live and sandbox one can be on at a time."),
    )


def settings_form(gateway: str, kept: dict[str, str], **values: Any) -> Any:
    """Return the form for a gateway's settings; secrets that are kept are never sent to the browser again."""
    needed = GATEWAYS[gateway].credentials
    fields = {one.name: _credential_field(one, kept.get(one.name, "")) for one in needed}
    shown = {one.name: kept.get(one.name, "") for one in needed if not one.is_secret}
    form = type("GatewayForm", (SettingsForm,), fields)(data={**shown, **values})
    for one in needed:
        form[one.name].flags.required = not one.is_optional and not (one.is_secret and kept.get(one.name))
    form.service_charge.flags.required = True
    return form


def _credential_field(one: Credential, kept: str) -> Any:
    hint = ""
    if one.is_secret and kept:
        hint = _("Kept, ends in %(end)s. Leave it empty to keep it.", end=kept[-4:] if len(kept) > 8 else "•••")
    kind: Any = TextAreaField if one.is_long else PasswordField if one.is_secret else TextField
    return kind(
        CREDENTIAL_LABELS[one.name],
        description=hint,
        render_kw={"autocomplete": "off", "spellcheck": "false", **({"rows": 4} if one.is_long else {})},
    )
