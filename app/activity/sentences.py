"""The sentences of the logs, by event. An entry keeps the event and its words; the sentence is made in the reader's language."""

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access.actor import reader_digits, shown_number, shown_taka
from app.access.permissions import KEYS
from app.activity.models import Activity, Authentication
from app.core.language import format_date, locale_at_work
from app.core.money import plain
from app.web.formats import language, show_full_moment
from app.web.shown import CONNECTION_TYPES, CUSTOMER_STATUS, DIGIT_NAMES, LANGUAGE_NAMES, REASONS, Badge

SENTENCES = {
    "customer.created": _l("Customer %(number)s, %(customer)s, created"),
    "customer.edited": _l("Customer %(number)s, %(customer)s, changed"),
    "customer.active": _l("Customer %(number)s, %(customer)s, activated"),
    "customer.suspended": _l("Customer %(number)s, %(customer)s, suspended: %(reason)s"),
    "customer.disabled": _l("Customer %(number)s, %(customer)s, disabled: %(reason)s"),
    "customer.suspend_date": _l("Suspend date of customer %(number)s, %(customer)s, moved"),
    "customer.package": _l("Package of customer %(number)s, %(customer)s, changed to %(package)s"),
    "customer.deleted": _l("Customer %(number)s, %(customer)s, deleted: %(reason)s"),
    "customer.left": _l("Customer %(number)s, %(customer)s, moved from %(old)s to %(new)s"),
    "customer.came": _l("Customer %(number)s, %(customer)s, came from %(old)s to %(new)s"),
    "customer.restored": _l("Customer %(number)s, %(customer)s, restored"),
    "customer.password_shown": _l("Connection password of customer %(number)s, %(customer)s, looked at"),
    "import.done": _l("%(count)s customers imported from %(file)s, %(refused)s rows refused"),
    "import.undone": _l("Import of %(file)s undone: %(count)s customers deleted"),
    "visit.not_home": _l("Customer %(number)s, %(customer)s, not at home"),
    "visit.promised": _l("Customer %(number)s, %(customer)s, promised to pay on %(promised)s"),
    "bill.raised": _l("Bill %(number)s over %(amount)s raised for %(customer)s"),
    "bill.month_run": _l("Monthly run for %(month)s: %(made)s bills made, %(skipped)s customers skipped"),
    "bill.edited": _l("Bill %(number)s of %(customer)s changed"),
    "bill.discounted": _l("Discount of %(amount)s on bill %(number)s of %(customer)s: %(reason)s"),
    "invoices.downloaded": _l("Invoices of %(count)s bills made into a file"),
    "bill.voided": _l("Bill %(number)s of %(customer)s over %(amount)s voided: %(reason)s"),
    "bill.codes_withdrawn": _l("Codes on printed invoices of bill %(number)s of %(customer)s withdrawn"),
    "payment.received": _l("%(amount)s received from %(customer)s, receipt %(number)s"),
    "payment.received_online": _l(
        "%(amount)s received from %(customer)s by %(method)s, transaction %(transaction)s, receipt %(number)s"
    ),
    "payment.edited": _l("Receipt %(replaced)s of %(customer)s corrected by receipt %(number)s: %(reason)s"),
    "payment.voided": _l("Receipt %(number)s of %(customer)s over %(amount)s voided: %(reason)s"),
    "link.made": _l("Payment link made for customer %(number)s, %(customer)s"),
    "link.printed": _l("Payment link of customer %(number)s, %(customer)s, made by the code on an invoice"),
    "link.revoked": _l("Payment link of customer %(number)s, %(customer)s, revoked"),
    "gateway.saved": _l("Settings of %(gateway)s changed: %(environment)s"),
    "tray.accepted": _l("Held payment of %(amount)s of %(customer)s accepted: %(word)s"),
    "tray.refunded": _l("Refund of %(amount)s to %(customer)s recorded: %(word)s"),
    "tray.done": _l("Online payment of %(customer)s looked at: %(word)s"),
    "expense.added": _l("Expense of %(amount)s for %(category)s added"),
    "expense.edited": _l("Expense for %(category)s changed"),
    "expense.voided": _l("Expense of %(amount)s for %(category)s voided: %(reason)s"),
    "cash.closed": _l("%(person)s closed the day, closing %(number)s: %(counted)s counted"),
    "cash.closed_short": _l(
        "%(person)s closed the day, closing %(number)s: %(counted)s counted, %(amount)s missing: %(reason)s"
    ),
    "cash.closed_over": _l(
        "%(person)s closed the day, closing %(number)s: %(counted)s counted, %(amount)s too much: %(reason)s"
    ),
    "cash.confirmed": _l("Closing %(number)s of %(person)s confirmed: %(handed_over)s received"),
    "cash.returned": _l("Closing %(number)s of %(person)s returned: %(word)s"),
    "cash.shortage_repaid": _l("%(person)s paid back %(amount)s of a shortage"),
    "account.created": _l("Account %(account)s created"),
    "account.keys": _l("Permissions of %(account)s changed"),
    "account.status": _l("Status of account %(account)s changed"),
    "account.terms": _l("Account terms of %(account)s changed"),
    "account.customers_suspended": _l("%(count)s customers suspended with %(account)s"),
    "account.customers_back": _l("%(count)s customers brought back with %(account)s"),
    "account.edited": _l("Account %(account)s changed"),
    "account.sessions_ended": _l("Sessions of %(account)s ended"),
    "account.password_given": _l("One-time password given to %(account)s"),
    "account.password_changed": _l("%(account)s changed the password"),
    "account.totp_added": _l("%(account)s set up an authenticator app"),
    "account.totp_removed": _l("%(account)s removed the authenticator app"),
    "account.passkey_added": _l("%(account)s added a passkey"),
    "account.passkey_removed": _l("%(account)s removed a passkey"),
    "account.factors_reset": _l("Second factors of %(account)s taken away"),
    "account.factor_demanded": _l("%(account)s demands a second factor of its Managers"),
    "account.factor_not_demanded": _l("%(account)s no longer demands a second factor of its Managers"),
    "account.key_requested": _l("%(account)s asked for %(key)s: %(reason)s"),
    "account.key_granted": _l("%(key)s granted to %(account)s"),
    "account.key_declined": _l("%(key)s declined to %(account)s: %(word)s"),
    "account.seen_as": _l("Panel looked at as %(account)s"),
    "account.seen_as_ended": _l("Look at the panel as %(account)s ended"),
    "account.balance": _l("%(amount)s added to the account of %(account)s"),
    "setup.added": _l("%(kind)s %(name)s added"),
    "setup.edited": _l("%(kind)s %(name)s changed"),
    "setup.archived": _l("%(kind)s %(name)s archived"),
    "setup.restored": _l("%(kind)s %(name)s brought back"),
    "company.edited": _l("Company settings changed"),
    "company.logo": _l("Logo of the company changed"),
    "offer.given": _l("Package %(package)s given to %(account)s at %(amount)s"),
    "offer.changed": _l("Prices of package %(package)s for %(account)s changed"),
    "offer.withdrawn": _l("Package %(package)s withdrawn from %(account)s"),
    "statement.printed": _l("Statement of customer %(number)s, %(customer)s, taken out"),
    "incident.opened": _l("Incident published: %(incident)s"),
    "incident.updated": _l("Update published: %(incident)s"),
    "status_component.added": _l("Component %(component)s added to the status page"),
    "status_component.edited": _l("Component %(component)s of the status page changed"),
    "status_component.archived": _l("Component %(component)s taken off the status page"),
    "access_server.added": _l("Access server %(server)s entered"),
    "access_server.edited": _l("Access server %(server)s changed"),
    "access_server.removed": _l("Access server %(server)s removed"),
    "webhook.added": _l("Webhook %(url)s added"),
    "webhook.edited": _l("Webhook %(url)s changed"),
    "webhook.removed": _l("Webhook %(url)s removed"),
    "webhook.tested": _l("Test sent to webhook %(url)s"),
    "webhook.sent_again": _l("Message %(message)s sent to webhook %(url)s again"),
    "webhook.disabled": _l("Webhook %(url)s switched off: %(count)s messages in a row were not answered"),
    "api_key.made": _l("API key %(name)s made for %(account)s"),
    "api_key.revoked": _l("API key %(name)s of %(account)s revoked"),
    "list.exported": _l("List exported: %(list)s"),
    "log.heads_downloaded": _l("Signed heads of the logs downloaded"),
    "access.refused": _l("Refused: %(path)s"),
}

TOPICS = {
    "customers": _l("Customers"),
    "bills": _l("Bills"),
    "payments": _l("Payments"),
    "expenses": _l("Expenses"),
    "cash": _l("Cash in hand"),
    "accounts": _l("Accounts"),
    "setup": _l("Settings"),
    "access": _l("Access"),
    "access_servers": _l("Access servers"),
    "status": _l("Status page"),
}
"""What entries are about. Which key opens a topic of others' entries stands in TOPIC_KEYS."""

TOPIC_KEYS = {
    "customers": "view-customer-details",
    "bills": "print-invoice",
    "payments": "view-customer-payments",
    "expenses": "expense-management",
    "cash": "parents",
    "accounts": "parents",
    "setup": "parents",
    "access": "parents",
    "access_servers": "parents",
    "status": "parents",
}
"""A Manager sees others' entries of the topics whose list key it holds (spec §8)."""


def sentence(entry: Activity) -> str:
    """Return the entry's sentence in the reader's language and digits.

    A word with a twin that ends in ``_bn``, such as a customer's Bengali name, gives way to it in a Bengali page.
    """
    detail = json.loads(entry.detail)
    found = detail.get("words", {})
    if language() == "bn":
        found |= {name.removesuffix("_bn"): word for name, word in found.items() if name.endswith("_bn") and word}
    words: dict[str, Any] = {}
    for name, word in found.items():
        if name.endswith("_paisa"):
            words[name.removesuffix("_paisa")] = shown_taka(word)
        elif name.endswith("_day"):
            words[name.removesuffix("_day")] = _day(word)
        else:
            words[name] = shown_number(word) if isinstance(word, int) else _word(name, word)
    said = str(SENTENCES[entry.event]) % words
    if "api_key" not in detail:
        return said
    return _("%(sentence)s · by API key %(name)s", sentence=said, name=detail["api_key"])


WORDS = {
    "list": {
        "customers": _l("Customers"),
        "bills": _l("Bills"),
        "payments": _l("Payments"),
        "expenses": _l("Expenses"),
        "activity": _l("Activity log"),
        "authentication-log": _l("Authentication log"),
        "managers": _l("Managers"),
        "operators": _l("Operators"),
        "payment-links": _l("Payment links"),
        "to-look-at": _l("To look at"),
        "packages": _l("Packages"),
        "profiles": _l("Billing profiles"),
        "zones": _l("Zones"),
        "devices": _l("Devices"),
        "custom-fields": _l("Custom fields"),
        "expense-categories": _l("Expense categories"),
        "deleted-customers": _l("Deleted customers"),
        "online": _l("Online customers"),
        "offline": _l("Offline customers"),
        "incidents": _l("Incidents"),
        "collections": _l("Collection by person and day"),
        "bills-by-operator": _l("Bills by operator"),
        "dues-by-zone": _l("Dues by zone"),
        "dues-by-customer": _l("Dues by customer"),
        "income": _l("Income against expense"),
        "ledgers": _l("Ledgers"),
        "ledger": _l("A ledger line by line"),
        "journal": _l("Journal"),
        "customers-to-repair": _l("Customers that were not imported"),
        "api-keys": _l("API keys"),
        "webhook-messages": _l("Messages to webhooks"),
    },
    "kind": {
        "Package": _l("Package"),
        "BillingProfile": _l("Billing profile"),
        "Zone": _l("Zone"),
        "Device": _l("Device"),
        "CustomField": _l("Custom field"),
        "ExpenseCategory": _l("Expense category"),
        "collections": _l("Collection by person and day"),
        "dues-by-zone": _l("Dues by zone"),
        "dues-by-customer": _l("Dues by customer"),
    },
    "environment": {
        "live": _l("Live"),
        "sandbox": _l("Sandbox of the gateway"),
        "local": _l("Sandbox on this machine"),
    },
    "reason": REASONS,
    "method": {"bkash": _l("bKash"), "nagad": _l("Nagad"), "sslcommerz": _l("SSLCommerz")},
}
"""Words of entries that are names of ours and not data; permission keys are looked up in their table."""


def _word(name: str, word: str) -> str:
    if name == "key" and word in KEYS:
        return str(KEYS[word].label)
    return str(WORDS.get(name, {}).get(word, word))


FIELDS = {
    "name": _l("Name"),
    "name_bn": _l("Bengali name"),
    "mobile": _l("Mobile"),
    "email": _l("Email"),
    "nid": _l("NID number"),
    "birth_date": _l("Date of birth"),
    "connection_type": _l("Connection type"),
    "username": _l("Username"),
    "connection_password": _l("Connection password"),
    "package": _l("Package"),
    "ip_address": _l("IP address"),
    "mac": _l("MAC address"),
    "price_paisa": _l("Price"),
    "operator_price_paisa": _l("Operator price"),
    "retail_price_paisa": _l("Price for customers"),
    "balance_kind": _l("Account"),
    "slug": _l("Short name"),
    "phone": _l("Phone"),
    "vat_number": _l("VAT registration number"),
    "invoice_footer": _l("Last lines of invoices"),
    "receipt_footer": _l("Last lines of receipts"),
    "default_package_id": _l("Package"),
    "default_profile_id": _l("Billing profile"),
    "credit_limit_paisa": _l("Credit limit"),
    "download_kbps": _l("Download, kbit/s"),
    "upload_kbps": _l("Upload, kbit/s"),
    "validity_hours": _l("Lasts, hours"),
    "radius_group": _l("FreeRADIUS group"),
    "rate_limit": _l("Rate limit of MikroTik"),
    "cycle": _l("Billing cycle"),
    "due_day": _l("Due day"),
    "grace_days": _l("Grace days"),
    "vat_basis_points": _l("VAT, hundredths of a per cent"),
    "auto_bill": _l("Raise the monthly bill by itself"),
    "given_down": _l("Operators below may use it"),
    "parent_id": _l("Lies in"),
    "path": _l("Path"),
    "place": _l("Place"),
    "type": _l("Type"),
    "options": _l("Choices"),
    "required": _l("Must be filled in"),
    "position": _l("Order"),
    "device": _l("Device"),
    "zone": _l("Zone"),
    "profile": _l("Billing profile"),
    "category": _l("Category"),
    "house": _l("House"),
    "road": _l("Road"),
    "address": _l("Address"),
    "thana": _l("Thana"),
    "district": _l("District"),
    "registered_on": _l("Registration date"),
    "comment": _l("Comment"),
    "document_language": _l("Language of documents"),
    "document_digits": _l("Digits of documents"),
    "status": _l("Status"),
    "suspend_at": _l("Paid up to"),
    "amount_paisa": _l("Amount"),
    "description": _l("Description"),
    "period_from": _l("Period from"),
    "period_to": _l("Period to"),
    "due_on": _l("Due date"),
    "paid_on": _l("Date"),
    "spent_on": _l("Date"),
    "note": _l("Note"),
    "paid_from": _l("Paid from"),
    "secret": _l("Secret"),
    "coa_port": _l("Port for disconnecting (CoA)"),
    "url": _l("Address"),
    "events": _l("Events"),
    "webhook_on": _l("It is told what happens"),
    "gateway_on": _l("Customers can pay by it"),
    "gateway_inherited": _l("Customers of Operators pay by it too"),
    "service_charge": _l("Service charge in hundredths of a per cent"),
    "credentials": _l("Credentials"),
}


def changes(entry: Activity) -> str:
    """Return before → after by field as one line, in the reader's language and digits."""
    return _changes(entry, _value)


def plain_changes(entry: Activity) -> str:
    """Return before → after by field for a CSV: ISO dates, amounts as 1234.50, digits of ASCII (spec §11.14)."""
    return _changes(entry, _plain_value)


def _changes(entry: Activity, show: Callable[[str, Any], str]) -> str:
    found = json.loads(entry.detail).get("changes", {})
    return "; ".join(f"{_field(name)}: {show(name, old)} → {show(name, new)}" for name, (old, new) in found.items())


def _field(name: str) -> str:
    if name in KEYS:
        return str(KEYS[name].label)
    # the fields that an owner adds have the owner's own names
    return name.removeprefix("custom:") if name.startswith("custom:") else str(FIELDS.get(name, name))


VALUES: dict[str, dict[str, Any]] = {
    "status": {**CUSTOMER_STATUS},
    "connection_type": CONNECTION_TYPES,
    "document_language": LANGUAGE_NAMES,
    "document_digits": DIGIT_NAMES,
    "paid_from": {"business": _l("The business's money"), "own_cash": _l("Cash I have collected")},
}
"""Values of fields that are words of ours and not data."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+.\d:]*")


def _value(name: str, value: Any) -> str:
    if isinstance(value, str) and _DAY.fullmatch(value):
        return _day(value)
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return show_full_moment(datetime.fromisoformat(value))
    if name.endswith("_paisa") and value is not None:
        return shown_taka(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return shown_number(value)
    return _plain_value(name, value)


def _plain_value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(_l("Yes") if value else _l("No"))
    if name.endswith("_paisa") and value is not None:
        return plain(value)
    word = VALUES.get(name, {}).get(value, value)
    return "–" if word in (None, "") else str(word.label if isinstance(word, Badge) else word)


REFERENCES = {
    "Customer": (_l("Customer %(number)s"), "CustomerPage.show", "view-customer-details"),
    "Bill": (_l("Bill %(number)s"), "BillPage.show", "print-invoice"),
    "Payment": (_l("Receipt %(number)s"), "PaymentPage.show", "view-customer-payments"),
    "DayClosing": (_l("Closing %(number)s"), "ClosingPage.show", "parents"),
}
"""What entries with a number are about: how it is named, its page, and the key that opens it."""


def reference(entry: Activity) -> str:
    """Return what an entry is about, such as “Bill 1001”, in the reader's language; empty where it has no number."""
    number = json.loads(entry.detail).get("words", {}).get("number")
    if entry.subject_kind not in REFERENCES or not isinstance(number, int):
        return ""
    return str(REFERENCES[entry.subject_kind][0]) % {"number": shown_number(number)}


AUTHENTICATION = {
    "signed_in": _l("Signed in"),
    "sign_in_failed": _l("Sign-in failed"),
    "second_factor_failed": _l("Second factor failed"),
    "locked": _l("Locked for a while"),
    "signed_out": _l("Signed out"),
    "password_changed": _l("Password changed"),
    "password_given": _l("One-time password given"),
    "totp_added": _l("Authenticator app added"),
    "totp_removed": _l("Authenticator app removed"),
    "passkey_added": _l("Passkey added"),
    "passkey_removed": _l("Passkey removed"),
    "passkey_failed": _l("Passkey refused"),
    "recovery_codes_made": _l("Recovery codes made"),
    "recovery_code_used": _l("Recovery code used"),
    "factors_reset": _l("Second factors taken away"),
    "device_remembered": _l("Device remembered"),
    "session_ended": _l("Session ended"),
    "sessions_ended": _l("All sessions ended"),
    "proven": _l("Proven again before a sensitive act"),
    "proof_failed": _l("Proof before a sensitive act failed"),
}
"""The events of the authentication log."""

RESULTS = {"ok": (_l("OK"), "ok"), "refused": (_l("Refused"), "due"), "locked": (_l("Locked"), "warn")}
"""How a step of a sign-in ended: the word and its tone."""


def authentication_sentence(entry: Authentication) -> str:
    """Return the entry's event in the reader's language."""
    return str(AUTHENTICATION.get(entry.event, entry.event))


def result_of(entry: Authentication) -> tuple[str, str | None]:
    """Return how a step ended, as a word in the reader's language and a tone."""
    word, tone = RESULTS.get(entry.result, (entry.result, None))
    return str(word), tone


def _day(text: str) -> str:
    locale = locale_at_work()
    return format_date(date.fromisoformat(text), locale.language if locale is not None else "bn", reader_digits())
