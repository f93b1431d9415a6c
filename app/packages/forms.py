"""Forms about packages, billing profiles, zones and devices."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from app.access.actor import reader_digits, shown_taka
from app.core.language import in_digits, read_decimal, write_decimal
from app.packages.models import Package
from app.packages.queries import retail_prices
from app.web.forms import ChoiceField, CountField, HouseForm, MoneyField, TextField, row_id
from app.web.shown import CONNECTION_TYPES, CYCLES, choices

MBIT_PLACES, PER_CENT_PLACES = 3, 2
"""How many digits after the point a speed in Mbit/s and a rate in per cent have."""


def priced_choices(packages: list[Package], owner_id: int) -> list[tuple[int, str]]:
    """Return packages as choices, each with what the owner's customers pay for it."""
    prices = retail_prices(owner_id, packages)
    return [(row.id, f"{row.name} · {shown_taka(prices[row.id])}") for row in packages]


class DecimalCountField(CountField):
    """A number with a fraction as typed, kept in whole parts."""

    places = 0
    refusal: Any = ""

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        return in_digits(write_decimal(self.data, self.places), reader_digits()) if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; empty is 0."""
        self.typed, self.data = (valuelist[0][:12] if valuelist else ""), 0
        number = read_decimal(self.typed.removesuffix("%"), self.places)
        if number is None:
            raise ValueError(str(self.refusal))
        self.data = number


class SpeedField(DecimalCountField):
    """A speed in Mbit/s as typed, such as 10 or 2.5; its data is kbit/s."""

    places = MBIT_PLACES
    refusal = _l("Write a speed in Mbit/s, such as 10 or 2.5.")


class PercentField(DecimalCountField):
    """A rate in per cent as typed, such as 5 or 7.5; its data is basis points."""

    places = PER_CENT_PLACES
    refusal = _l("Write a rate in per cent, such as 5 or 7.5.")


class PackageForm(HouseForm):
    """A package."""

    name = TextField(_l("Name"), required=True)
    connection_type = ChoiceField(_l("Connection type"), choices=choices(CONNECTION_TYPES))
    price = MoneyField(_l("Price"), allow_zero=True, description=_l("What a customer pays, before VAT."))
    operator_price = MoneyField(
        _l("Operator price"),
        allow_zero=True,
        optional=True,
        description=_l("What an Operator pays for it unless it is given down at another price."),
    )
    download_kbps = SpeedField(_l("Download, Mbit/s"))
    upload_kbps = SpeedField(_l("Upload, Mbit/s"))
    validity = CountField(_l("Lasts"), description=_l("For prepaid packages; 0 is without limit."))
    validity_unit = ChoiceField(_l("Unit"), choices=[("hours", _l("hours")), ("days", _l("days"))])
    radius_group = TextField(_l("FreeRADIUS group"), render_kw={"autocapitalize": "none", "maxlength": 64})
    rate_limit = TextField(
        _l("Rate limit of MikroTik"),
        render_kw={"autocapitalize": "none", "maxlength": 120},
        description=_l("Only with bursts, as MikroTik writes it; empty is made from the speeds."),
    )

    groups = (
        {"title": _l("Package"), "fields": ["name", "connection_type", "price", "operator_price"]},
        {
            "title": _l("Speed and validity"),
            "fields": ["download_kbps", "upload_kbps", "validity", "validity_unit"],
        },
        {"title": _l("RADIUS"), "fields": ["radius_group", "rate_limit"]},
    )


class GiveForm(HouseForm):
    """To whom a package is given down, and at which prices."""

    account_id = ChoiceField(_l("Operator"), coerce=row_id)
    price = MoneyField(_l("Operator price"), allow_zero=True, description=_l("What this Operator pays you for it."))


class GiveWithPriceForm(GiveForm):
    """The same for who may set what the receiver's customers pay."""

    retail_price = MoneyField(
        _l("Price for its customers"), allow_zero=True, optional=True, description=_l("Empty: as here.")
    )


class RetailPriceForm(HouseForm):
    """What the own customers pay for a package that was given down."""

    price = MoneyField(
        _l("Price for your customers"), optional=True, description=_l("Empty: the price of who gave it.")
    )


class ProfileForm(HouseForm):
    """A billing profile."""

    name = TextField(_l("Name"), required=True)
    cycle = ChoiceField(_l("Billing cycle"), choices=choices(CYCLES))
    due_day = CountField(
        _l("Due day"), default=10, description=_l("Day of the month; in a shorter month its last day.")
    )
    grace_days = CountField(_l("Grace days"))
    vat_basis_points = PercentField(_l("VAT, per cent"))
    auto_bill = BooleanField(_l("Raise the monthly bill by itself"), default=True)
    given_down = BooleanField(_l("Operators below may use it"), default=True)


class ZoneForm(HouseForm):
    """A zone and the one above it."""

    name = TextField(_l("Name"), required=True)
    parent_id = ChoiceField(_l("Lies in"), coerce=row_id, optional=True)


class DeviceForm(HouseForm):
    """A device in the field."""

    name = TextField(_l("Name"), required=True)
    place = TextField(_l("Place"), render_kw={"maxlength": 120})
