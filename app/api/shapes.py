"""What programs send and get: the declarations that validate it, that the description (OpenAPI) is written from, and that webhooks use."""

import re
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

from app.access.permissions import KEYS
from app.billing.models import BillStatus, Purpose
from app.core.clock import to_dhaka
from app.customers.models import CustomerStatus, PaymentStatus
from app.customers.services import LENGTHS
from app.expenses.models import PaidFrom
from app.packages.models import ConnectionType, Cycle
from app.payments.models import Method, PaymentState

MOST_ROWS = 100
MOST_PAISA = 999_999_999_99
"""Nine digits of taka, as on a form (spec §11.14)."""

LARGEST_ID = 2**31 - 1
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

REQUIRED, NOT_NULL = _l("This is missing."), _l("This cannot be null.")
NOT_TEXT, NOT_WHOLE = _l("This must be text."), _l("This must be a whole number.")
NOT_A_DAY, NOT_A_FLAG = _l("This must be a date, such as 2026-11-25."), _l("This must be true or false.")
NOT_OFFERED = _l("This is none of the values that can be chosen.")
UNKNOWN = _l("There is no such field.")


def _said(**more: Any) -> dict[str, Any]:
    return {"required": REQUIRED, "null": NOT_NULL, **more}


class Text(fields.String):
    """Text without control characters, at most so long."""

    def __init__(self, longest: int, *, shortest: int = 0, **options: Any) -> None:
        check = validate.Length(min=shortest or None, max=longest, error=_l("The text is too short or too long."))
        super().__init__(validate=check, error_messages=_said(invalid=NOT_TEXT), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if _NO_TEXT.search(text):
            raise self.make_error("control")
        return text

    default_error_messages = {"control": _l("Control characters cannot be read.")}


class Whole(fields.Integer):
    """A whole number between two others; a text of digits is none."""

    def __init__(self, least: int = 1, most: int = LARGEST_ID, **options: Any) -> None:
        check = validate.Range(least, most, error=_l("The number is too small or too large."))
        super().__init__(strict=True, validate=check, error_messages=_said(invalid=NOT_WHOLE), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class WholeInAddress(Whole):
    """The same where everything is text: in the query of an address."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not re.fullmatch(r"[0-9]{1,12}", str(value)):
            raise self.make_error("invalid")
        return int(value)


class Day(fields.Date):
    """A date of Dhaka."""

    def __init__(self, **options: Any) -> None:
        check = validate.Range(date(1900, 1, 1), date(2200, 12, 31), error=NOT_A_DAY)
        super().__init__(validate=check, error_messages=_said(invalid=NOT_A_DAY, format=NOT_A_DAY), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
            raise self.make_error("invalid", input=value, obj_type="date")
        return super()._deserialize(value, attr, data, **kwargs)


class Moment(fields.Field):
    """A moment as Dhaka's clocks show it: ISO 8601 in +06:00."""

    def _serialize(self, value: datetime | None, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else to_dhaka(value).isoformat(timespec="seconds")


class Flag(fields.Boolean):
    """true or false; a word that only means it is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(error_messages=_said(invalid=NOT_A_FLAG), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


def one_of(values: Any, **options: Any) -> fields.String:
    """Return the field for one of some words."""
    check = validate.OneOf([str(value) for value in values], error=NOT_OFFERED)
    return fields.String(validate=check, error_messages=_said(invalid=NOT_TEXT), **options)


def paisa(attribute: str, **options: Any) -> fields.Integer:
    """Return the field for an amount in whole paisa; its name ends in ``_paisa``."""
    return fields.Integer(attribute=attribute, **options)


class Answer(Schema):
    """What a program gets. A field that the keys do not open is not there."""


class Asked(Schema):
    """What a program sends: nothing but what is declared, and no field twice under another name."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": UNKNOWN, "type": _l("Send a JSON object.")}


class PageAsked(Asked):
    """Which part of a list."""

    limit = WholeInAddress(1, MOST_ROWS, load_default=50, metadata={"description": _l("How many rows at most.")})
    cursor = Text(300, metadata={"description": _l("Where the answer before ended; without it from the newest row.")})


class CustomerAnswer(Answer):
    """A customer. What is due, and the payment status, show to holders of print-invoice or receive-payment."""

    id = fields.Integer(required=True)
    number = fields.Integer(required=True)
    owner_id = fields.Integer()
    name = fields.String()
    name_bn = fields.String()
    mobile = fields.String()
    email = fields.String()
    nid = fields.String()
    birth_date = fields.Date(allow_none=True)
    zone_id = fields.Integer(allow_none=True)
    house = fields.String()
    road = fields.String()
    address = fields.String()
    thana = fields.String()
    district = fields.String()
    connection_type = one_of(ConnectionType)
    username = fields.String()
    device_id = fields.Integer(allow_none=True)
    mac = fields.String()
    ip_address = fields.String()
    package_id = fields.Integer()
    profile_id = fields.Integer()
    status = one_of(CustomerStatus)
    status_reason = fields.String()
    status_changed_at = Moment()
    suspend_at = Moment(allow_none=True)
    registered_on = fields.Date()
    comment = fields.String()
    custom_fields = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True))
    document_language = one_of(("bn", "en"))
    document_digits = one_of(("beng", "latn"))
    created_at = Moment()
    deleted_at = Moment(allow_none=True)
    version = fields.Integer()
    payment_status = one_of(PaymentStatus)
    due_paisa = paisa("due")
    advance_paisa = paisa("advance")


MONEY_OF_CUSTOMERS = ("payment_status", "due_paisa", "advance_paisa")


class BillAnswer(Answer):
    """A bill: total = amount − discount + VAT, open = total − paid."""

    id = fields.Integer(required=True)
    number = fields.Integer(required=True)
    owner_id = fields.Integer()
    customer_id = fields.Integer()
    customer_name = fields.String()
    package_id = fields.Integer(allow_none=True)
    purpose = one_of(Purpose)
    status = one_of(BillStatus)
    description = fields.String()
    period_from = fields.Date()
    period_to = fields.Date()
    due_on = fields.Date()
    amount_paisa = paisa("amount")
    discount_paisa = paisa("discount")
    vat_paisa = paisa("vat")
    total_paisa = paisa("total")
    paid_paisa = paisa("paid")
    open_paisa = paisa("open")
    issued_at = Moment()
    voided_at = Moment(allow_none=True)
    void_reason = fields.String()


class PaymentAnswer(Answer):
    """A payment with its receipt number; advance_paisa is what settles no bill yet."""

    id = fields.Integer(required=True)
    number = fields.Integer(required=True)
    owner_id = fields.Integer()
    customer_id = fields.Integer()
    amount_paisa = paisa("amount")
    advance_paisa = paisa("unallocated")
    method = one_of(Method)
    gateway_transaction = fields.String(allow_none=True)
    collected_by_id = fields.Integer(allow_none=True)
    paid_on = fields.Date()
    received_at = Moment()
    note = fields.String()
    status = one_of(PaymentState)
    replaces_id = fields.Integer(allow_none=True)
    voided_at = Moment(allow_none=True)
    void_reason = fields.String()


class ExpenseAnswer(Answer):
    """Money spent."""

    id = fields.Integer(required=True)
    owner_id = fields.Integer()
    category_id = fields.Integer()
    category = fields.String(attribute="category.name")
    spent_on = fields.Date()
    amount_paisa = paisa("amount")
    note = fields.String()
    paid_from = one_of(PaidFrom)
    status = one_of(PaymentState)
    entered_by_id = fields.Integer()
    entered_at = Moment()
    voided_at = Moment(allow_none=True)
    void_reason = fields.String()


class PackageAnswer(Answer):
    """A package that can be sold. The price shows to holders of print-invoice or receive-payment."""

    id = fields.Integer(required=True)
    name = fields.String()
    connection_type = one_of(ConnectionType)
    download_kbps = fields.Integer()
    upload_kbps = fields.Integer()
    validity_hours = fields.Integer(allow_none=True)
    price_paisa = fields.Integer()


class ProfileAnswer(Answer):
    """A billing profile that can be chosen; vat_basis_points 750 is 7.5 %."""

    id = fields.Integer(required=True)
    name = fields.String()
    cycle = one_of(Cycle)
    due_day = fields.Integer()
    grace_days = fields.Integer()
    vat_basis_points = fields.Integer()


class ZoneAnswer(Answer):
    """A zone; path names the zones above it too."""

    id = fields.Integer(required=True)
    owner_id = fields.Integer()
    parent_id = fields.Integer(allow_none=True)
    name = fields.String()
    path = fields.String()


class SessionAnswer(Answer):
    """A session that is open now. Octets as the access server counts them."""

    id = fields.Integer(required=True)
    owner_id = fields.Integer()
    customer_id = fields.Integer(allow_none=True)
    username = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    mac = fields.String(allow_none=True)
    nas_address = fields.String()
    started_at = Moment(allow_none=True)
    updated_at = Moment(allow_none=True)
    downloaded_bytes = fields.Integer(attribute="downloaded", allow_none=True)
    uploaded_bytes = fields.Integer(attribute="uploaded", allow_none=True)


class MeAnswer(Answer):
    """As whom, and with what, the API key acts now."""

    account_id = fields.Integer(required=True)
    name = fields.String()
    email = fields.String()
    kind = fields.String()
    company = fields.String()
    api_key = fields.String()
    expires_at = Moment(allow_none=True)
    keys = fields.List(one_of(KEYS))


class ProblemAnswer(Answer):
    """Why not: errors names fields with sentences, key the permission that is missing."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    request_id = fields.String()
    detail = fields.String()
    key = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    earlier_payment_id = fields.Integer()

    class Meta:
        unknown = EXCLUDE


class CustomersAsked(PageAsked):
    """Which customers."""

    q = Text(100, metadata={"description": _l("Number, name in either script, username or mobile.")})
    status = one_of(CustomerStatus)
    username = Text(64)
    package_id = WholeInAddress()
    zone_id = WholeInAddress(metadata={"description": _l("With the zones below it.")})


class BillsAsked(PageAsked):
    """Which bills."""

    customer_id = WholeInAddress()
    status = one_of(BillStatus)
    due_from = Day()
    due_to = Day()


class PaymentsAsked(PageAsked):
    """Which payments."""

    customer_id = WholeInAddress()
    status = one_of(PaymentState)
    paid_from = Day()
    paid_to = Day()


class ExpensesAsked(PageAsked):
    """Which expenses."""

    spent_from = Day()
    spent_to = Day()


class NothingAsked(Asked):
    """No question."""


class CustomerChange(Asked):
    """What changes of a customer; what is not sent stays. The package changes by its own act, on the page."""

    name = Text(LENGTHS["name"], shortest=1)
    name_bn = Text(LENGTHS["name_bn"])
    mobile = Text(20)
    email = Text(LENGTHS["email"])
    nid = Text(LENGTHS["nid"])
    birth_date = Day(allow_none=True)
    zone_id = Whole(allow_none=True)
    house = Text(LENGTHS["house"])
    road = Text(LENGTHS["road"])
    address = Text(LENGTHS["address"])
    thana = Text(LENGTHS["thana"])
    district = Text(LENGTHS["district"])
    connection_type = one_of(ConnectionType)
    username = Text(64, shortest=1)
    connection_password = Text(LENGTHS["connection_password"])
    device_id = Whole(allow_none=True)
    mac = Text(17)
    ip_address = Text(45)
    profile_id = Whole()
    registered_on = Day()
    comment = Text(LENGTHS["comment"])
    custom_fields = fields.Dict(
        keys=Text(10),
        values=Text(200),
        error_messages=_said(invalid=_l("Send a JSON object.")),
        metadata={"description": _l("By the field's id; replaces all of them.")},
    )
    document_language = one_of(("bn", "en"))
    document_digits = one_of(("beng", "latn"))
    version = Whole(metadata={"description": _l("Refused when somebody changed the customer since this version.")})


class NewCustomer(CustomerChange):
    """A new customer of the account's own."""

    name = Text(LENGTHS["name"], shortest=1, required=True)
    username = Text(64, shortest=1, required=True)
    package_id = Whole(required=True)
    profile_id = Whole(required=True)
    connection_type = one_of(ConnectionType, required=True)

    class Meta:
        unknown = RAISE
        exclude = ("version",)


class ReasonAsked(Asked):
    """Why."""

    reason = Text(200, shortest=1, required=True)


class NoteAsked(Asked):
    """Why, where it need not be said."""

    reason = Text(200)


class CashAsked(Asked):
    """Cash from a customer: oldest bill first, the rest is advance."""

    amount_paisa = Whole(1, MOST_PAISA, required=True)
    paid_on = Day(metadata={"description": _l("Today, unless said.")})
    note = Text(200)
    confirmed = Flag(
        metadata={"description": _l("Record it although the same amount came from this customer minutes ago.")}
    )
