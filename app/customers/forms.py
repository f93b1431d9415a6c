"""Forms about customers."""

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, TelField, TextAreaField

from app.customers.models import Customer
from app.customers.services import Details
from app.packages.queries import packages_on_offer, profiles_on_offer, zones
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
    device = TextField(_l("Device"))
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

    groups = (
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
                "device",
            ],
        },
        {"title": _l("Address"), "fields": ["zone_id", "house", "road", "address", "thana", "district"]},
        {
            "title": _l("Documents and notes"),
            "fields": ["document_language", "document_digits", "registered_on", "comment"],
        },
    )

    def offer(self, customer: Customer | None = None) -> "CustomerForm":
        """Fill the choices with what may be chosen; an archived row that the customer has stays."""
        packages, profiles = packages_on_offer(), profiles_on_offer()
        self.package_id.choices = [(row.id, row.name) for row in packages]
        self.profile_id.choices = [(row.id, row.name) for row in profiles]
        self.zone_id.choices = [NONE, *((row.id, row.name) for row in zones())]
        if customer is not None:
            self.package_id.choices = [(customer.package_id, customer.package.name)]
            if customer.profile_id not in [row.id for row in profiles]:
                self.profile_id.choices.append((customer.profile_id, customer.profile.name))
        return self

    def details(self) -> Details:
        """Return what was typed, for the service to check."""
        names = [name for name in Details.__dataclass_fields__ if name in self._fields]
        typed = {name: self._fields[name].data for name in names}
        kept_empty = ("birth_date", "registered_on", "zone_id")
        return Details(
            **{name: ("" if value is None and name not in kept_empty else value) for name, value in typed.items()}
        )


class ReasonForm(HouseForm):
    """The reason of a dangerous act."""

    reason = TextField(_l("Reason"), required=True)


class NoteForm(HouseForm):
    """A note that may be left empty."""

    reason = TextField(_l("Note"))


class SuspendDateForm(HouseForm):
    """The day up to which service is paid."""

    suspend_on = DayField(_l("Paid up to the end of"))
