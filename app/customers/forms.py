"""Forms about customers."""

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, TelField, TextAreaField

from app.access.scope import current_scope
from app.customers.custom_fields import LONGEST_TEXT, custom_fields
from app.customers.models import Customer, CustomField, FieldType
from app.customers.services import Details
from app.packages.queries import devices, packages_on_offer, profiles_on_offer, zones
from app.web.forms import ChoiceField, DayField, HouseForm, TextField, row_id
from app.web.shown import CONNECTION_TYPES, DIGIT_NAMES, LANGUAGE_NAMES, choices

NONE = ("", "–")


class CustomerForm(HouseForm):
    """Profile and connection details."""

    name = TextField(_l("Name"), required=True)
    name_bn = TextField(_l("Bengali name"))
    mobile = TelField(_l("Mobile"), render_kw={"autocomplete": "off"})
    email = EmailField(_l("Email"), render_kw={"autocomplete": "off"})
    nid = TextField(_l("NID number"), render_kw={"inputmode": "numeric"})
    birth_date = DayField(_l("Date of birth"), required=False)
    connection_type = ChoiceField(_l("Connection type"), choices=choices(CONNECTION_TYPES))
    username = TextField(_l("Username"), required=True, render_kw={"autocapitalize": "none", "autocomplete": "off"})
    connection_password = TextField(_l("Connection password"), render_kw={"autocomplete": "off"})
    package_id = ChoiceField(_l("Package"), coerce=row_id)
    profile_id = ChoiceField(_l("Billing profile"), coerce=row_id)
    ip_address = TextField(_l("IP address"), description=_l("Only for Static IP."))
    mac = TextField(_l("MAC address"))
    device_id = ChoiceField(_l("Device"), coerce=row_id, optional=True)
    zone_id = ChoiceField(_l("Zone"), coerce=row_id, optional=True)
    house = TextField(_l("House"))
    road = TextField(_l("Road"))
    address = TextField(_l("Address"))
    thana = TextField(_l("Thana"))
    district = TextField(_l("District"))
    registered_on = DayField(_l("Registration date"), required=False)
    document_language = ChoiceField(_l("Language of documents"), choices=choices(LANGUAGE_NAMES))
    document_digits = ChoiceField(_l("Digits of documents"), choices=choices(DIGIT_NAMES))
    comment = TextAreaField(_l("Comment"))
    version = HiddenField()

    own_fields: tuple[CustomField, ...] = ()

    groups: tuple[dict[str, Any], ...] = (
        {"title": _l("Person"), "fields": ["name", "name_bn", "mobile", "email", "nid", "birth_date"]},
        {
            "title": _l("Connection"),
            "fields": [
                "connection_type",
                "package_id",
                "profile_id",
                "username",
                "connection_password",
                "ip_address",
                "mac",
                "device_id",
            ],
        },
        {"title": _l("Address"), "fields": ["zone_id", "house", "road", "address", "thana", "district"]},
        {
            "title": _l("Documents and notes"),
            "fields": ["document_language", "document_digits", "registered_on", "comment"],
        },
    )

    def offer(self, customer: Customer | None = None) -> "CustomerForm":
        """Fill the choices with what the customer's owner may choose; an archived row that the customer has stays."""
        owner_id = customer.owner_id if customer else current_scope().owner_id
        self.profile_id.choices = [(row.id, row.name) for row in profiles_on_offer(owner_id)]
        self.zone_id.choices = [NONE, *((row.id, row.path) for row in zones(owner_id))]
        self.device_id.choices = [NONE, *((row.id, row.name) for row in devices(owner_id))]
        if customer is None:
            self.package_id.choices = [(row.id, row.name) for row in packages_on_offer()]
            return self
        self.package_id.choices = [(customer.package_id, customer.package.name)]
        self._keep(self.profile_id, customer.profile_id, customer.profile.name)
        if customer.zone:
            self._keep(self.zone_id, customer.zone.id, customer.zone.path)
        if customer.device:
            self._keep(self.device_id, customer.device.id, customer.device.name)
        return self

    @staticmethod
    def _keep(field: Any, row_id: int, name: str) -> None:
        if row_id not in [choice[0] for choice in field.choices]:
            field.choices.append((row_id, name))

    def details(self) -> Details:
        """Return what was typed, for the service to check."""
        names = [name for name in Details.__dataclass_fields__ if name in self._fields]
        typed = {name: self._fields[name].data for name in names}
        kept_empty = ("birth_date", "registered_on", "zone_id", "device_id")
        return Details(
            **{name: ("" if value is None and name not in kept_empty else value) for name, value in typed.items()},
            custom_fields={str(row.id): self[f"custom_{row.id}"].data for row in self.own_fields},
        )


def customer_form(customer: Customer | None = None, **starting_from: Any) -> CustomerForm:
    """Return the form of a customer, or of a new one that starts from some values, with the fields of its owner."""
    rows = tuple(custom_fields(customer.owner_id if customer else current_scope().owner_id))
    values = customer.custom_fields if customer else {}
    members: dict[str, Any] = {f"custom_{row.id}": _custom(row, str(values.get(str(row.id), ""))) for row in rows}
    if rows:
        members["groups"] = (
            *CustomerForm.groups,
            {"title": _l("Further fields"), "fields": [f"custom_{row.id}" for row in rows]},
        )
    made = type("CustomerForm", (CustomerForm,), {**members, "own_fields": rows})
    data = starting_from if customer is None and request.method == "GET" else None
    return made(obj=customer, data=data).offer(customer)


def _custom(row: CustomField, value: str) -> Any:
    """Return the form field of a custom field; its label is the owner's own word."""
    if row.type == FieldType.CHOICE:
        options = row.options if not value or value in row.options else [*row.options, value]
        return ChoiceField(
            row.name, choices=[NONE, *((one, one) for one in options)], optional=not row.required, default=value
        )
    kind = {FieldType.DATE: "date", FieldType.NUMBER: "text"}.get(FieldType(row.type), "text")
    options_of_input = {"type": kind, "maxlength": LONGEST_TEXT}
    if row.type == FieldType.NUMBER:
        options_of_input["inputmode"] = "decimal"
    return TextField(row.name, required=row.required, default=value, render_kw=options_of_input)


class ReasonForm(HouseForm):
    """The reason of a dangerous act."""

    reason = TextField(_l("Reason"), required=True)


class NoteForm(HouseForm):
    """A note that may be left empty."""

    reason = TextField(_l("Note"))


class SuspendDateForm(HouseForm):
    """The day up to which service is paid."""

    suspend_on = DayField(_l("Paid up to the end of"))
