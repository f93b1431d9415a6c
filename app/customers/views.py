"""Customers: list, profile, new, edit, status, suspend date, delete."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from flask import request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from app.access.actor import Actor
from app.activity.recorder import record
from app.billing.owner_services import owners_in_scope
from app.billing.suspending import suspended_by
from app.core.clock import end_of_day, now, to_dhaka
from app.core.database import transaction
from app.core.language import fold
from app.core.money import plain
from app.customers.bulk_views import bulk_actions_for
from app.customers.custom_fields import custom_fields, fields_in_sight, is_filled
from app.customers.forms import NoteForm, ReasonForm, SuspendDateForm, customer_form
from app.customers.models import Customer, CustomerStatus, CustomField, FieldType
from app.customers.queries import matches, matching, present, present_customer
from app.customers.services import change_status, create_customer, delete_customer, edit_customer, edit_suspend_date
from app.customers.tabs import ProfileAction, ProfileTab, actions_for, add_action, add_tab, notices_for, tabs_for
from app.packages.models import BillingProfile, Device, Package, Zone
from app.packages.queries import in_sight, packages_in_sight, profiles_in_sight, zone_and_below
from app.web.exports import amount_cell, day_cell, joined_cell, label_cell, mobile_cell, moment_cell, text_cell
from app.web.formats import beside_name, show_day, show_digits, show_name
from app.web.frame import company_of
from app.web.interface import AppInterface
from app.web.listing import Choice, Column, DateRange
from app.web.page import BulkAction, Page
from app.web.shown import (
    CONNECTION_TYPES,
    CUSTOMER_STATUS,
    CYCLES,
    DIGIT_NAMES,
    LANGUAGE_NAMES,
    PAYMENT_STATUS,
    Action,
    Tab,
    choices,
    shown_reason,
)

DUE_KEYS = ("print-invoice", "receive-payment")
"""Who sees what is due, and the payment status (spec §2)."""

SHOW = "view-customer-details"
SOON_DAYS = 3
"""How many days ahead the list looks for who will be suspended (spec: dashboard)."""


ZONE_PATH = select(Zone.path).where(Zone.id == Customer.zone_id).correlate(Customer).scalar_subquery()
"""What orders customers by area, street and building."""


def is_overdue(customer: Customer) -> bool:
    """Tell whether the customer owes and the date up to which service is paid has passed."""
    return customer.due > 0 and customer.suspend_at is not None and customer.suspend_at < now()


class CustomerPage(Page):
    """Customers of the account at work."""

    datamodel = AppInterface(Customer)
    route_base = "/customers"
    title = _l("Customers")
    add_label = _l("New customer")
    empty_text = _l("No customers yet. Add the first one.")
    empty_icon = "users"
    export_name = "customers"
    default_sort = "number"
    search = staticmethod(matching)
    search_row = staticmethod(matches)
    search_label = _l("Name, number, username or mobile")
    search_columns = ["name", "mobile", "status", "connection_type", "username"]
    load = (
        joinedload(Customer.package),
        joinedload(Customer.zone),
        joinedload(Customer.profile),
        joinedload(Customer.device),
    )
    keys = {
        "list": SHOW,
        "show": SHOW,
        "export": SHOW,
        "add": "create-customer",
        "edit": "edit-customer",
        "activate": "activate-customer",
        "suspend": "suspend-customer",
        "disable": "disable-customer",
        "suspend_date": "edit-suspend-date",
        "password": SHOW,
        "delete": "delete-customer",
    }
    columns = (
        Column("number", _l("No."), lambda row: row.number, "number", sort=Customer.number, card="bare", is_key=True),
        Column("name", _l("Name"), show_name, "data", sort=Customer.name, secondary=beside_name),
        Column("name_bn", _l("Bengali name"), lambda row: row.name_bn, only_csv=True),
        Column("username", _l("Username"), lambda row: row.username, only_csv=True),
        Column(
            "mobile",
            _l("Mobile"),
            lambda row: row.mobile,
            "phone",
            sort=Customer.mobile,
            csv=lambda row: row.mobile.removeprefix("+88"),
        ),
        Column("email", _l("Email"), lambda row: row.email, only_csv=True),
        Column(
            "connection_type",
            _l("Connection type"),
            lambda row: str(CONNECTION_TYPES[row.connection_type]),
            only_csv=True,
        ),
        Column("package", _l("Package"), lambda row: row.package.name, "data"),
        Column("profile", _l("Billing profile"), lambda row: row.profile.name, only_csv=True),
        Column("zone", _l("Zone"), lambda row: row.zone.path if row.zone else "", "data", sort=ZONE_PATH),
        Column("device", _l("Device"), lambda row: row.device.name if row.device else "", only_csv=True),
        Column("address", _l("Address"), lambda row: row.place, only_csv=True),
        Column(
            "status",
            _l("Status"),
            lambda row: CUSTOMER_STATUS[row.status].label,
            "status",
            sort=Customer.status,
            tone=lambda row: CUSTOMER_STATUS[row.status].tone,
        ),
        Column(
            "payment_status",
            _l("Payment status"),
            lambda row: str(PAYMENT_STATUS[row.payment_status].label),
            key=DUE_KEYS,
            only_csv=True,
        ),
        Column("suspend_at", _l("Paid up to"), lambda row: row.suspend_at, "moment", sort=Customer.suspend_at),
        Column("registered_on", _l("Registration date"), lambda row: row.registered_on, only_csv=True),
        Column(
            "due",
            _l("Due"),
            lambda row: row.balance,
            "due",
            sort=Customer.balance,
            key=DUE_KEYS,
            csv=lambda row: plain(row.balance),
            total=Customer.due,
            tone=lambda row: "due" if is_overdue(row) else None,
            align="right",
        ),
    )
    csv_cells = {
        "number": lambda: Customer.number,
        "name": lambda: text_cell(Customer.name),
        "name_bn": lambda: text_cell(Customer.name_bn),
        "username": lambda: text_cell(Customer.username),
        "mobile": lambda: mobile_cell(Customer.mobile),
        "email": lambda: text_cell(Customer.email),
        "connection_type": lambda: label_cell(Customer.connection_type, CONNECTION_TYPES),
        "package": lambda: text_cell(Package.name),
        "profile": lambda: text_cell(BillingProfile.name),
        "zone": lambda: text_cell(Zone.path),
        "device": lambda: text_cell(Device.name),
        "address": lambda: joined_cell(
            Customer.house, Customer.road, Customer.address, Customer.thana, Customer.district
        ),
        "status": lambda: label_cell(Customer.status, CUSTOMER_STATUS),
        "payment_status": lambda: label_cell(Customer.payment_status, PAYMENT_STATUS),
        "suspend_at": lambda: moment_cell(Customer.suspend_at),
        "registered_on": lambda: day_cell(Customer.registered_on),
        "due": lambda: amount_cell(Customer.balance),
    }
    filters = (
        Choice("status", _l("Status"), lambda: choices(CUSTOMER_STATUS), lambda value: Customer.status == value),
        Choice(
            "payment",
            _l("Payment"),
            lambda: [("owing", _l("Owes anything")), *choices(PAYMENT_STATUS)],
            lambda value: Customer.due > 0 if value == "owing" else Customer.payment_status == value,
            key=DUE_KEYS,
        ),
        Choice(
            "suspension",
            _l("Suspension"),
            lambda: [
                (
                    str(SOON_DAYS),
                    ngettext("Within %(count)s day", "Within %(count)s days", SOON_DAYS, count=show_digits(SOON_DAYS)),
                )
            ],
            lambda value: suspended_by(now() + timedelta(days=int(value))),
        ),
        Choice(
            "package",
            _l("Package"),
            lambda: [(str(row.id), row.name) for row in packages_in_sight()],
            lambda value: Customer.package_id == int(value),
            from_rows=True,
        ),
        Choice(
            "profile",
            _l("Billing profile"),
            lambda: [(str(row.id), row.name) for row in profiles_in_sight()],
            lambda value: Customer.profile_id == int(value),
            from_rows=True,
        ),
        Choice(
            "zone",
            _l("Zone"),
            lambda: [(str(row.id), row.path) for row in in_sight(Zone, Zone.path)],
            lambda value: Customer.zone_id.in_(zone_and_below(int(value))),
            from_rows=True,
        ),
        Choice(
            "device",
            _l("Device"),
            lambda: [(str(row.id), row.name) for row in in_sight(Device, Device.name)],
            lambda value: Customer.device_id == int(value),
            from_rows=True,
        ),
        Choice(
            "field",
            _l("Field filled in"),
            lambda: [(str(row.id), row.name) for row in fields_in_sight()],
            lambda value: is_filled(int(value)),
            from_rows=True,
        ),
        Choice(
            "owner",
            _l("Owner"),
            lambda: [(str(row.id), row.name) for row in owners_in_scope()],
            lambda value: Customer.owner_id.in_([int(value)]),
            key="parents",
            from_rows=True,
        ),
        Choice(
            "type",
            _l("Connection type"),
            lambda: choices(CONNECTION_TYPES),
            lambda value: Customer.connection_type == value,
        ),
        Choice(
            "cycle",
            _l("Billing cycle"),
            lambda: choices(CYCLES),
            lambda value: Customer.profile.has(BillingProfile.cycle == value),
        ),
        DateRange("suspend_at", _l("Paid up to"), Customer.suspend_at, is_moment=True),
        DateRange("registered", _l("Registration date"), Customer.registered_on),
    )

    def rows(self) -> Select[Any]:
        """Select the customers that are not deleted."""
        return present()

    def bulk_actions(self, actor: Actor) -> Sequence[BulkAction]:
        """Let parents change the status of the chosen customers, and who has accounts below move them to another owner."""
        actions = bulk_actions_for(actor)
        if actor.may("reseller-module") and actor.has_resellers:
            actions.append(BulkAction("move", _("Move to another owner"), url_for("MovePage.many")))
        return actions

    def exported_columns(self) -> tuple[Column, ...]:
        """Return the columns with those of the owners' own fields."""
        return (*self.columns, *_field_columns())

    def _row(self, pk: object) -> Customer:
        return present_customer(pk, *self.load)

    def for_cells(self, statement: Select[Any]) -> Select[Any]:
        """Join the names of package, profile, zone and device."""
        return (
            statement.join(Package, Package.id == Customer.package_id)
            .join(BillingProfile, BillingProfile.id == Customer.profile_id)
            .outerjoin(Zone, Zone.id == Customer.zone_id)
            .outerjoin(Device, Device.id == Customer.device_id)
        )

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show a customer's profile with the tab asked for."""
        actor, customer = self.actor(), self._row(pk)
        tabs = tabs_for(actor)
        asked = request.args.get("tab", "")
        tab = next((one for one in tabs if one.name == asked), tabs[0])
        context = {
            "listing": None,
            "facts": None,
            "side": None,
            "lead": None,
            "chart": None,
            **tab.context(customer, actor),
        }
        sees_due = any(actor.may(key) for key in DUE_KEYS)
        return self.render(
            "customers/profile.html",
            customer={
                "name": customer.name,
                "name_bn": customer.name_bn,
                "number": customer.number,
                "username": customer.username,
                "zone": customer.zone.path if customer.zone else "",
                "initials": "".join(word[0] for word in customer.name.split()[:2]).upper(),
                "status": CUSTOMER_STATUS[customer.status],
            },
            due=customer.balance if sees_due else None,
            overdue=is_overdue(customer),
            notices=notices_for(actor, customer),
            actions=[
                Action(one.label, one.url(customer), one.icon, one.style, one.method)
                for one in actions_for(actor, customer)
            ],
            tabs=[
                Tab(one.name, one.label, f"/customers/show/{customer.id}?tab={one.name}", one is tab) for one in tabs
            ],
            tab_title=tab.label,
            crumbs=[(_("Customers"), "/customers/list/"), (show_digits(customer.number), None)],
            **context,
        )

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Create a customer."""
        company = company_of(self.actor())
        form = customer_form(
            document_language=company.document_language if company else "bn",
            document_digits=company.document_digits if company else "beng",
            package_id=company.default_package_id if company else None,
            profile_id=company.default_profile_id if company else None,
        )

        def act() -> Response:
            customer = create_customer(form.details(), bill_the_rest_of_the_month=True)
            return self.done(
                _("Customer %(number)s created.", number=show_digits(customer.number)),
                self.link("show", pk=customer.id),
            )

        return self.ask(
            form,
            act,
            title=_("New customer"),
            groups=form.groups,
            cancel_url=self.link("list"),
            submit_label=_("Create customer"),
        )

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> Any:
        """Change a customer's profile and connection details."""
        customer = self._row(pk)
        form = customer_form(customer)
        if request.method == "GET":
            form.connection_password.data = ""
        form.connection_password.description = _("Leave empty to keep the password.")
        form.package_id.description = _("The package changes by its own button on the profile.")

        def act() -> Response:
            version = str(form.version.data or "")
            edit_customer(
                customer, form.details(), version=int(version) if version.isascii() and version.isdigit() else None
            )
            return self.done(
                _("Customer %(number)s saved.", number=show_digits(customer.number)), self.link("show", pk=customer.id)
            )

        return self.ask(form, act, title=_("Edit customer"), groups=form.groups, cancel_url=self.link("show", pk=pk))

    @expose("/activate/<pk>", methods=["GET", "POST"])
    def activate(self, pk: str) -> Any:
        """Make a customer active."""
        return self._change(
            pk, CustomerStatus.ACTIVE, NoteForm(), _("Activate customer"), _("The customer is served again at once.")
        )

    @expose("/suspend/<pk>", methods=["GET", "POST"])
    def suspend(self, pk: str) -> Any:
        """Suspend a customer."""
        return self._change(
            pk,
            CustomerStatus.SUSPENDED,
            ReasonForm(),
            _("Suspend customer"),
            _("The customer is cut off until somebody activates the line again."),
        )

    @expose("/disable/<pk>", methods=["GET", "POST"])
    def disable(self, pk: str) -> Any:
        """Disable a customer."""
        return self._change(
            pk,
            CustomerStatus.DISABLED,
            ReasonForm(),
            _("Disable customer"),
            _("The customer is cut off and no longer billed."),
        )

    def _change(self, pk: str, status: CustomerStatus, form: Any, title: str, consequence: str) -> Any:
        customer = self._row(pk)

        def act() -> Response:
            change_status(customer, status, form.reason.data or "")
            return self.done(_("Status changed."), self.link("show", pk=customer.id))

        return self._confirm(form, act, customer, title, consequence, danger=status != CustomerStatus.ACTIVE)

    def _confirm(self, form: Any, act: Any, customer: Customer, title: str, consequence: str, *, danger: bool) -> Any:
        return self.ask(
            form,
            act,
            "page/confirm.html",
            title=title,
            consequence=consequence,
            facts=[(_("Customer"), show_name(customer), "data"), (_("Customer no."), customer.number, "number")],
            submit_label=title,
            danger=danger,
            cancel_url=self.link("show", pk=customer.id),
        )

    @expose("/suspend-date/<pk>", methods=["GET", "POST"])
    def suspend_date(self, pk: str) -> Any:
        """Move the date up to which service is paid."""
        customer = self._row(pk)
        form = SuspendDateForm(
            data={"suspend_on": to_dhaka(customer.suspend_at).date() if customer.suspend_at else None}
        )

        def act() -> Response:
            edit_suspend_date(customer, end_of_day(form.suspend_on.data))
            return self.done(_("Suspend date moved."), self.link("show", pk=customer.id))

        return self._confirm(
            form,
            act,
            customer,
            _("Edit suspend date"),
            _("The customer is served up to the end of this day; the next settled bill moves it again."),
            danger=False,
        )

    @expose("/password/<pk>", methods=["POST"])
    def password(self, pk: str) -> str:
        """Show the connection password; the look is logged (spec §11.16)."""
        customer = self._row(pk)
        with transaction():
            record(
                "customers",
                "customer.password_shown",
                tenant_id=customer.tenant_id,
                owner_id=customer.owner_id,
                subject=customer,
                customer_id=customer.id,
                number=customer.number,
                customer=customer.name,
                customer_bn=customer.name_bn,
            )
        return self.render(
            "page/show.html",
            title=show_name(customer),
            back_url=self.link("show", pk=customer.id),
            facts=[
                {
                    "title": _("Connection"),
                    "rows": [
                        (_("Username"), customer.username, "data"),
                        (_("Connection password"), customer.connection_password, "data"),
                    ],
                }
            ],
            crumbs=[
                (_("Customers"), "/customers/list/"),
                (show_digits(customer.number), self.link("show", pk=customer.id)),
            ],
        )

    @expose("/delete/<pk>", methods=["GET", "POST"])
    def delete(self, pk: str) -> Any:
        """Delete a customer; it can be restored."""
        customer, form = self._row(pk), ReasonForm()

        def act() -> Response:
            delete_customer(customer, form.reason.data or "")
            return self.done(_("Customer deleted."), self.link("list"))

        return self._confirm(
            form,
            act,
            customer,
            _("Delete customer"),
            _(
                "The customer leaves all lists and is cut off; the username becomes free. Bills and payments stay on"
                " record, and the customer can be restored."
            ),
            danger=True,
        )


def _profile_tab(customer: Customer, actor: Actor) -> dict[str, Any]:
    connection = [
        (_("Package"), customer.package.name, "data"),
        (_("Billing profile"), customer.profile.name, "data"),
        (_("Connection type"), str(CONNECTION_TYPES[customer.connection_type])),
        (_("Paid up to"), customer.suspend_at, "moment"),
        (_("Username"), customer.username, "data"),
        (_("IP address"), customer.ip_address, "data"),
        (_("MAC address"), customer.mac, "data"),
        (_("Device"), customer.device.name if customer.device else "", "data"),
    ]
    if customer.status_reason:
        connection.insert(0, (_("Reason of the status"), shown_reason(customer.status_reason), "data"))
    contact = [
        (_("Mobile"), customer.mobile, "phone", f"tel:{customer.mobile}" if customer.mobile else None),
        (_("Email"), customer.email, "data"),
        (_("Address"), customer.place, "data"),
        (_("Zone"), customer.zone.path if customer.zone else "", "data"),
        (_("NID number"), customer.nid, "data"),
        (_("Date of birth"), customer.birth_date, "date"),
        (_("Customer since"), customer.registered_on, "date"),
    ]
    papers = [
        (_("Language of documents"), LANGUAGE_NAMES[customer.document_language], "data"),
        (_("Digits of documents"), DIGIT_NAMES[customer.document_digits], "data"),
        (_("Comment"), customer.comment, "data"),
    ]
    further = [
        (row.name, _shown_value(row, customer.custom_fields[str(row.id)]), "data")
        for row in custom_fields(customer.owner_id)
        if customer.custom_fields.get(str(row.id))
    ]
    return {
        "facts": [
            {"title": _("Connection"), "rows": connection},
            {"title": _("Contact"), "rows": contact},
            {"title": _("Documents and notes"), "rows": papers},
            {"title": _("Further fields"), "rows": further},
        ]
    }


def _shown_value(row: CustomField, value: str) -> str:
    """Return a custom field's value as the reader sees it: dates and numbers in the reader's words and digits."""
    if row.type == FieldType.DATE:
        return show_day(date.fromisoformat(value))
    return show_digits(value) if row.type == FieldType.NUMBER else value


def _field_columns() -> tuple[Column, ...]:
    """Return a CSV column for each custom field of the scope; fields of one name share a column."""
    by_name: dict[str, list[CustomField]] = {}
    for row in fields_in_sight():
        by_name.setdefault(fold(row.name), []).append(row)
    return tuple(
        Column(
            f"custom_{rows[0].id}",
            rows[0].name,
            partial(_first_value, [str(row.id) for row in rows]),
            only_csv=True,
        )
        for rows in by_name.values()
    )


def _first_value(keys: list[str], customer: Customer) -> str:
    return next((str(customer.custom_fields[key]) for key in keys if customer.custom_fields.get(key)), "")


def _to(route: str) -> Any:
    return lambda customer: url_for(f"CustomerPage.{route}", pk=customer.id)


add_tab(ProfileTab("profile", _l("Profile"), (SHOW,), _profile_tab, order=10))
add_action(ProfileAction(_l("Edit suspend date"), "calendar-event", "edit-suspend-date", _to("suspend_date"), order=30))
add_action(ProfileAction(_l("Edit"), "edit", "edit-customer", _to("edit"), order=50))
add_action(
    ProfileAction(
        _l("Activate"),
        "player-play",
        "activate-customer",
        _to("activate"),
        order=20,
        fits=lambda customer: customer.status != CustomerStatus.ACTIVE,
    )
)
add_action(
    ProfileAction(
        _l("Suspend"),
        "player-pause",
        "suspend-customer",
        _to("suspend"),
        order=80,
        style="danger",
        fits=lambda customer: customer.status == CustomerStatus.ACTIVE,
    )
)
add_action(
    ProfileAction(
        _l("Disable"),
        "ban",
        "disable-customer",
        _to("disable"),
        order=90,
        style="danger",
        fits=lambda customer: customer.status != CustomerStatus.DISABLED,
    )
)
# a POST: every look at the password is logged (spec §3, §11.16)
add_action(ProfileAction(_l("Connection password"), "eye", SHOW, _to("password"), order=70, method="post"))
add_action(ProfileAction(_l("Delete"), "trash", "delete-customer", _to("delete"), order=95, style="danger"))
