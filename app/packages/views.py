"""Packages with what they are given down at, billing profiles, zones, devices: the pages on which parents set them up."""

from typing import Any

from flask import g, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, func, or_, select
from werkzeug.wrappers import Response

from app.access.scope import current_scope, get_or_404
from app.accounts.models import PARENTS, Account
from app.accounts.queries import account_names, resellers_right_below
from app.core.database import db
from app.core.language import write_decimal
from app.core.money import plain
from app.customers.models import Customer
from app.packages.catalogue import is_changeable, is_own
from app.packages.forms import (
    MBIT_PLACES,
    PER_CENT_PLACES,
    DeviceForm,
    GiveForm,
    GiveWithPriceForm,
    PackageForm,
    ProfileForm,
    RetailPriceForm,
    ZoneForm,
)
from app.packages.models import PATH_MARK, BillingProfile, Device, Package, PackageOffer, Zone
from app.packages.queries import (
    count_of_offers,
    price_chain,
    retail_price,
    usable_packages,
    usable_profiles,
    zone_and_below,
    zones,
)
from app.packages.services import (
    PackageWords,
    ProfileWords,
    archive_zone,
    bring_back_zone,
    give_down,
    may_give,
    save_device,
    save_package,
    save_profile,
    save_zone,
    set_retail_price,
    withdraw,
)
from app.web.catalogue import KEYS, CataloguePage, Use, state_column, state_filter
from app.web.formats import show_digits, show_number, show_taka
from app.web.forms import HouseForm
from app.web.interface import AppInterface
from app.web.listing import Choice, Column, simple_listing
from app.web.shown import CONNECTION_TYPES, CYCLES, Action, badges, choices

HOURS_A_DAY = 24
LEVELS = (_l("Area"), _l("Street"), _l("Building"))
OFFERS = badges(("given", _l("Given"), "ok"), ("withdrawn", _l("Withdrawn"), None))


def customers_by(column: Any) -> dict[int, int]:
    """Return how many customers of the scope, deleted ones left out, have each value of a column; once a request."""
    kept = g.setdefault("customer_counts", {})
    if column.key not in kept:
        counted = select(column, func.count(Customer.id)).where(Customer.deleted_at.is_(None)).group_by(column)
        kept[column.key] = {value: count for value, count in db.session.execute(counted).all() if value}
    return kept[column.key]


def customers_text(count: int) -> str:
    """Return a count of customers as a card of the list says it."""
    return ngettext("%(count)s customer", "%(count)s customers", count, count=show_number(count))


def owner_name(row: Any) -> str:
    """Return the name of a row's owner, when that lies in scope."""
    if "owner_names" not in g:
        parents = select(Account.id, Account.name).where(Account.kind.in_([kind.value for kind in PARENTS]))
        g.owner_names = {account_id: name for account_id, name in db.session.execute(parents).all()}
    return g.owner_names.get(row.owner_id, "")


def owner_column() -> Column:
    """Return the column that names whose row it is; rows from above say so instead."""
    return Column("owner", _l("Owner"), lambda row: owner_name(row) or _("Given to you"), "data")


def speed(package: Package) -> str:
    """Return a package's speeds as people say them, such as 10/5 Mbit/s."""
    if not (package.download_kbps or package.upload_kbps):
        return ""
    words = "/".join(write_decimal(kbps, MBIT_PLACES) for kbps in (package.download_kbps, package.upload_kbps))
    return _("%(speed)s Mbit/s", speed=show_digits(words))


def lasts(package: Package) -> str:
    """Return how long a package lasts, in days where it comes out even."""
    hours = package.validity_hours
    if not hours:
        return ""
    days, rest = divmod(hours, HOURS_A_DAY)
    if rest:
        return ngettext("%(count)s hour", "%(count)s hours", hours, count=show_number(hours))
    return ngettext("%(count)s day", "%(count)s days", days, count=show_number(days))


def _sold_at(package: Package) -> int:
    return retail_price(current_scope().owner_id, package) if not is_changeable(package) else package.price


def _bought_at(package: Package) -> int | None:
    """Return what the account at work pays for a package that came down to it, in paisa."""
    if is_changeable(package):
        return None
    levels = price_chain(current_scope().owner_id, package)
    return levels[0][1] if levels else None


class PackagePage(CataloguePage):
    """The packages of the account at work and of those below it, and what came down to it."""

    datamodel = AppInterface(Package)
    route_base = "/packages"
    title = _l("Packages")
    add_label = _l("New package")
    edit_title = _l("Edit package")
    empty_text = _l("No packages yet. Add the first one.")
    empty_icon = "package"
    export_name = "packages"
    search = staticmethod(lambda text: Package.name.icontains(text, autoescape=True))
    search_label = _l("Name")
    archive_text = _l("No customer is put on it any more. Who is on it stays, and is billed as before.")
    keys = {**KEYS, "give": "parents", "withdraw": "parents", "price": "edit-package-price"}
    columns = (
        Column("name", _l("Name"), lambda row: row.name, "data", sort=Package.name, secondary=speed),
        owner_column(),
        Column(
            "connection_type",
            _l("Connection type"),
            lambda row: str(CONNECTION_TYPES[row.connection_type]),
            sort=Package.connection_type,
        ),
        Column("validity", _l("Lasts"), lasts),
        Column("bought_at", _l("You pay"), _bought_at, "money", csv=lambda row: _paisa(_bought_at(row)), card="meta"),
        Column(
            "operator_price",
            _l("Operator price"),
            lambda row: row.operator_price if is_changeable(row) else None,
            "money",
            sort=Package.operator_price,
            csv=lambda row: _paisa(row.operator_price if is_changeable(row) else None),
            card="meta",
        ),
        Column(
            "price",
            _l("Price"),
            _sold_at,
            "money",
            sort=Package.price,
            csv=lambda row: plain(_sold_at(row)),
            card="amount",
        ),
        Column(
            "customers",
            _l("Customers"),
            lambda row: customers_text(customers_by(Customer.package_id).get(row.id, 0)),
            csv=lambda row: customers_by(Customer.package_id).get(row.id, 0),
        ),
        state_column(Package),
    )
    filters = (
        Choice(
            "type",
            _l("Connection type"),
            lambda: choices(CONNECTION_TYPES),
            lambda value: Package.connection_type == value,
        ),
        state_filter(Package),
    )

    def in_sight(self) -> Select[Any]:
        """Select what is owned here or below, and what came down, also where it was withdrawn."""
        scope = current_scope()
        if scope.shape == "tenant":
            return select(Package)
        came_down = usable_packages(scope.owner_id, also_withdrawn=True).with_only_columns(Package.id)
        return select(Package).where(or_(Package.owner_id.in_(scope.owners), Package.id.in_(came_down)))

    def is_in_sight(self, row: Package) -> bool:
        """Tell whether a package is owned here or below, or came down."""
        return is_changeable(row) or db.session.execute(self.in_sight().where(Package.id == row.id)).first() is not None

    def form(self, row: Package | None = None) -> PackageForm:
        """Return the form of a package."""
        if row is None:
            return PackageForm()
        hours = row.validity_hours or 0
        even = hours % HOURS_A_DAY == 0
        return PackageForm(
            obj=row,
            data={"validity": hours // HOURS_A_DAY if even else hours, "validity_unit": "days" if even else "hours"},
        )

    def save(self, form: Any, row: Package | None = None) -> Package:
        """Write what the form says."""
        hours = form.validity.data * (HOURS_A_DAY if form.validity_unit.data == "days" else 1)
        names = ("name", "connection_type", "price", "download_kbps", "upload_kbps", "radius_group", "rate_limit")
        words = PackageWords(
            **{name: form[name].data for name in names},
            operator_price=form.operator_price.data or 0,
            validity_hours=hours or None,
        )
        return save_package(words, row.id if row else None)

    def uses(self, row: Package) -> list[Use]:
        """Return the customers on the package and the accounts it was given to."""
        return [
            Use(
                _("Customers"),
                customers_by(Customer.package_id).get(row.id, 0),
                url_for("CustomerPage.list", package=row.id),
            ),
            Use(_("Given to Operators"), count_of_offers(row)),
        ]

    def facts(self, row: Package) -> list[tuple[Any, ...]]:
        """Return what the package is."""
        bought_at = _bought_at(row)
        prices = [(_("Price"), _sold_at(row), "money")]
        if is_changeable(row):
            prices.append((_("Operator price"), row.operator_price, "money"))
        elif bought_at is not None:
            prices.append((_("You pay"), bought_at, "money"))
        return [
            (_("Owner"), owner_name(row) or _("Given to you"), "data"),
            (_("Connection type"), str(CONNECTION_TYPES[row.connection_type])),
            *prices,
            (_("Speed"), speed(row), "data"),
            (_("Lasts"), lasts(row)),
            (_("FreeRADIUS group"), row.radius_group, "data"),
            (_("Rate limit of MikroTik"), row.rate_limit, "data"),
        ]

    def more(self, row: Package) -> dict[str, Any]:
        """Add to whom the package is given down."""
        if not _receivers():
            return {}
        names = account_names({account.id for account in _receivers()})
        offers = db.session.execute(
            select(PackageOffer)
            .where(PackageOffer.package_id == row.id, PackageOffer.account_id.in_(names))
            .order_by(PackageOffer.id)
        ).scalars()
        columns = (
            Column(
                "account",
                _l("Operator"),
                lambda one: names[one.account_id],
                "data",
                url=lambda one: self._give_url(row, one),
            ),
            Column("price", _l("Operator price"), lambda one: one.price, "money"),
            Column("retail", _l("Price for its customers"), lambda one: one.retail_price, "money", card="meta"),
            Column(
                "state",
                _l("Status"),
                lambda one: OFFERS[_offer_state(one)].label,
                "status",
                tone=lambda one: OFFERS[_offer_state(one)].tone,
            ),
        )
        listing = simple_listing(columns, list(offers), empty_text=_("Given to nobody yet."))
        listing.title = _("Given to Operators")
        return {"tables": [listing]}

    def _give_url(self, row: Package, offer: PackageOffer) -> str | None:
        return self.link("give", pk=row.id, account=offer.account_id) if may_give(row) else None

    def more_actions(self, row: Package) -> list[Action]:
        """Add giving down, and the price for the own customers."""
        found = []
        if row.archived_at is None and may_give(row) and _receivers():
            found.append(Action(_("Give to an Operator"), self.link("give", pk=row.id) or "", "share"))
        price_url = self.link("price", pk=row.id)
        if price_url and not is_changeable(row):
            found.append(Action(_("Price for your customers"), price_url, "edit"))
        return found

    @expose("/give/<pk>", methods=["GET", "POST"])
    def give(self, pk: str) -> Any:
        """Give a package to an Operator or Sub-Operator right below, or change at which prices."""
        row, actor = self._row(pk), self.actor()
        may_price = is_changeable(row) or actor.may("edit-package-price")
        asked = request.args.get("account", "")
        offer = _offer(row, asked) if asked else None
        starting = {
            "account_id": offer.account_id if offer else None,
            "price": offer.price if offer else row.operator_price if is_changeable(row) else _bought_at(row),
            "retail_price": offer.retail_price if offer else None,
        }
        form = (GiveWithPriceForm if may_price else GiveForm)(data=starting if request.method == "GET" else None)
        form.account_id.choices = [(account.id, account.name) for account in _receivers()]

        def act() -> Response:
            retail = form.retail_price.data if may_price else offer.retail_price if offer else None
            give_down(self._row(pk), form.account_id.data, form.price.data, retail)
            return self.done(_("Package given."), self.link("show", pk=pk))

        return self.ask(
            form,
            act,
            title=_("Give to an Operator"),
            about=f"{row.name} · {show_taka(_sold_at(row))}",
            cancel_url=self.link("show", pk=pk),
            submit_label=_("Give"),
            form_action=request.full_path.rstrip("?"),
            withdraw_url=self.link("withdraw", pk=pk, account=offer.account_id)
            if offer and offer.withdrawn_at is None
            else None,
            template="packages/give.html",
        )

    @expose("/withdraw/<pk>", methods=["GET", "POST"])
    def withdraw(self, pk: str) -> Any:
        """Offer a package no longer to an account right below."""
        row = self._row(pk)
        receivers = {str(account.id): account for account in _receivers()}
        account = receivers.get(request.args.get("account", ""))
        if account is None:
            return redirect(self.link("show", pk=pk) or "/")

        def act() -> Response:
            withdraw(self._row(pk), account.id)
            return self.done(_("Package withdrawn."), self.link("show", pk=pk))

        return self.ask(
            HouseForm(),
            act,
            "page/confirm.html",
            title=_("Withdraw package"),
            consequence=_("No customer of this account is put on it any more. Who is on it stays, at the same prices."),
            facts=[(_("Package"), row.name, "data"), (_("Operator"), account.name, "data")],
            form_action=request.full_path.rstrip("?"),
            submit_label=_("Withdraw package"),
            danger=True,
            cancel_url=self.link("show", pk=pk),
        )

    @expose("/price/<pk>", methods=["GET", "POST"])
    def price(self, pk: str) -> Any:
        """Set what the own customers pay for a package that came down."""
        row, actor = self._row(pk), self.actor()
        if is_changeable(row):
            return redirect(self.link("edit", pk=pk) or "/")
        offer = _offer(row, str(actor.owner_id))
        form = RetailPriceForm(
            data={"price": offer.retail_price if offer else None} if request.method == "GET" else None
        )

        def act() -> Response:
            set_retail_price(self._row(pk), form.price.data)
            return self.done(_("Saved."), self.link("show", pk=pk))

        return self.ask(
            form, act, title=_("Price for your customers"), intro=row.name, cancel_url=self.link("show", pk=pk)
        )


def _paisa(amount: int | None) -> str:
    return "" if amount is None else plain(amount)


def _offer_state(offer: PackageOffer) -> str:
    return "given" if offer.withdrawn_at is None else "withdrawn"


def _offer(package: Package, account_id: str) -> PackageOffer | None:
    account = get_or_404(Account, account_id)
    return db.session.execute(
        select(PackageOffer).where(PackageOffer.package_id == package.id, PackageOffer.account_id == account.id)
    ).scalar_one_or_none()


def _receivers() -> list[Account]:
    """Return the Operators and Sub-Operators right below the account at work."""
    if "receivers" not in g:
        g.receivers = resellers_right_below(current_scope().owner_id)
    return g.receivers


class BillingProfilePage(CataloguePage):
    """When and how customers are billed."""

    datamodel = AppInterface(BillingProfile)
    route_base = "/profiles"
    title = _l("Billing profiles")
    add_label = _l("New billing profile")
    edit_title = _l("Edit billing profile")
    empty_text = _l("No billing profiles yet. Add the first one.")
    empty_icon = "calendar-event"
    export_name = "profiles"
    search = staticmethod(lambda text: BillingProfile.name.icontains(text, autoescape=True))
    search_label = _l("Name")
    archive_text = _l("No customer is put on it any more. Who is on it stays, and is billed as before.")
    columns = (
        Column("name", _l("Name"), lambda row: row.name, "data", sort=BillingProfile.name),
        owner_column(),
        Column("cycle", _l("Billing cycle"), lambda row: str(CYCLES[row.cycle]), sort=BillingProfile.cycle),
        Column(
            "due_day",
            _l("Due day"),
            lambda row: row.due_day if row.cycle == "monthly" else None,
            "number",
            align="right",
            card="hide",
        ),
        Column(
            "grace_days",
            _l("Grace days"),
            lambda row: row.grace_days if row.cycle == "monthly" else None,
            "number",
            align="right",
            card="hide",
        ),
        Column("vat", _l("VAT"), lambda row: percent(row.vat_basis_points), "data", align="right", card="hide"),
        Column(
            "customers",
            _l("Customers"),
            lambda row: customers_text(customers_by(Customer.profile_id).get(row.id, 0)),
            csv=lambda row: customers_by(Customer.profile_id).get(row.id, 0),
        ),
        state_column(BillingProfile),
    )
    filters = (
        Choice("cycle", _l("Billing cycle"), lambda: choices(CYCLES), lambda value: BillingProfile.cycle == value),
        state_filter(BillingProfile),
    )

    def in_sight(self) -> Select[Any]:
        """Select what is owned here or below, and what comes down from above."""
        scope = current_scope()
        if scope.shape == "tenant":
            return select(BillingProfile)
        usable = usable_profiles(scope.owner_id).with_only_columns(BillingProfile.id)
        return select(BillingProfile).where(
            or_(BillingProfile.owner_id.in_(scope.owners), BillingProfile.id.in_(usable))
        )

    def form(self, row: BillingProfile | None = None) -> ProfileForm:
        """Return the form of a billing profile."""
        return ProfileForm(obj=row)

    def save(self, form: Any, row: BillingProfile | None = None) -> BillingProfile:
        """Write what the form says."""
        words = ProfileWords(**{name: form[name].data for name in ProfileWords.__dataclass_fields__})
        return save_profile(words, row.id if row else None)

    def uses(self, row: BillingProfile) -> list[Use]:
        """Return the customers billed by the profile."""
        count = customers_by(Customer.profile_id).get(row.id, 0)
        return [Use(_("Customers"), count, url_for("CustomerPage.list", profile=row.id))]

    def facts(self, row: BillingProfile) -> list[tuple[Any, ...]]:
        """Return what the profile says."""
        monthly = row.cycle == "monthly"
        return [
            (_("Owner"), owner_name(row), "data"),
            (_("Billing cycle"), str(CYCLES[row.cycle])),
            (_("Due day"), row.due_day if monthly else None, "number"),
            (_("Grace days"), row.grace_days if monthly else None, "number"),
            (_("VAT"), percent(row.vat_basis_points), "data"),
            (_("Raise the monthly bill by itself"), row.auto_bill, "yes_no"),
            (_("Operators below may use it"), row.given_down, "yes_no"),
        ]


def percent(basis_points: int) -> str:
    """Return a rate as the reader sees it, such as 7.5 %."""
    return f"{show_digits(write_decimal(basis_points, PER_CENT_PLACES))} %"


class ZonePage(CataloguePage):
    """Where customers live, as a tree: area › street › building."""

    datamodel = AppInterface(Zone)
    route_base = "/zones"
    title = _l("Zones")
    add_label = _l("New zone")
    edit_title = _l("Edit zone")
    empty_text = _l("No zones yet. Add the first area.")
    empty_icon = "map-pin"
    export_name = "zones"
    search = staticmethod(lambda text: Zone.path.icontains(text, autoescape=True))
    search_label = _l("Name")
    archive_text = _l("No customer is put into it any more. Who lives there stays in it.")
    columns = (
        Column("name", _l("Zone"), lambda row: row.path, "data", sort=Zone.path),
        Column("level", _l("Level"), lambda row: str(LEVELS[min(row.level, 2)])),
        Column("owner", _l("Owner"), owner_name, "data"),
        Column(
            "customers",
            _l("Customers"),
            lambda row: customers_text(customers_by(Customer.zone_id).get(row.id, 0)),
            csv=lambda row: customers_by(Customer.zone_id).get(row.id, 0),
        ),
        state_column(Zone),
    )
    filters = (state_filter(Zone),)

    def form(self, row: Zone | None = None) -> ZoneForm:
        """Return the form of a zone; a new one may start below another."""
        under = request.args.get("under", "")
        if row is None:
            parent = get_or_404(Zone, under) if under else None
            form = ZoneForm(data={"parent_id": parent.id if parent else None} if request.method == "GET" else None)
        else:
            form = ZoneForm(obj=row)
        own_path = row.path if row else None
        choices_above = [
            (one.id, one.path)
            for one in zones(row.owner_id if row else current_scope().owner_id)
            if one.level < len(LEVELS) - 1
            and not (own_path and (one.path == own_path or one.path.startswith(own_path + PATH_MARK)))
        ]
        form.parent_id.choices = [("", _("Nothing: it is an area")), *choices_above]
        return form

    def save(self, form: Any, row: Zone | None = None) -> Zone:
        """Write what the form says."""
        return save_zone(form.name.data or "", form.parent_id.data, row.id if row else None)

    def archiving(self, row: Zone) -> None:
        """Archive a zone below which none is in use."""
        archive_zone(row)

    def bringing_back(self, row: Zone) -> None:
        """Bring a zone back below one that is in use."""
        bring_back_zone(row)

    def uses(self, row: Zone) -> list[Use]:
        """Return the customers in the zone and in those below it."""
        counts = customers_by(Customer.zone_id)
        ids = db.session.execute(zone_and_below(row.id)).scalars().all()
        return [
            Use(
                _("Customers, with the zones below"),
                sum(counts.get(one, 0) for one in ids),
                url_for("CustomerPage.list", zone=row.id),
            ),
            Use(_("Zones below"), len(ids) - 1),
        ]

    def facts(self, row: Zone) -> list[tuple[Any, ...]]:
        """Return where the zone stands."""
        return [
            (_("Zone"), row.path, "data"),
            (_("Level"), str(LEVELS[min(row.level, 2)])),
            (_("Owner"), owner_name(row), "data"),
        ]

    def more(self, row: Zone) -> dict[str, Any]:
        """Add the zones below."""
        below = db.session.execute(
            select(Zone)
            .where(Zone.id.in_(zone_and_below(row.id)), Zone.id != row.id, Zone.archived_at.is_(None))
            .order_by(Zone.path, Zone.id)
        ).scalars()
        names = ("name", "level", "customers")
        listing = simple_listing(
            tuple(column for column in self.columns if column.name in names),
            list(below),
            row_url=self.row_url,
            empty_text=_("No zones below."),
        )
        listing.title = _("Zones below")
        return {"tables": [listing]} if row.level < len(LEVELS) - 1 else {}

    def more_actions(self, row: Zone) -> list[Action]:
        """Add a zone below."""
        if row.archived_at is not None or row.level >= len(LEVELS) - 1 or not is_own(row):
            return []
        label = _("New street") if row.level == 0 else _("New building")
        return [Action(label, self.link("add", under=row.id) or "", "plus")]


class DevicePage(CataloguePage):
    """What customers hang on in the field."""

    datamodel = AppInterface(Device)
    route_base = "/devices"
    title = _l("Devices")
    add_label = _l("New device")
    edit_title = _l("Edit device")
    empty_text = _l("No devices yet: switches, OLTs, access points that customers hang on.")
    empty_icon = "router"
    export_name = "devices"
    search = staticmethod(
        lambda text: Device.name.icontains(text, autoescape=True) | Device.place.icontains(text, autoescape=True)
    )
    search_label = _l("Name or place")
    archive_text = _l("No customer is put on it any more. Who is on it stays.")
    columns = (
        Column("name", _l("Name"), lambda row: row.name, "data", sort=Device.name),
        Column("place", _l("Place"), lambda row: row.place, "data", sort=Device.place),
        Column("owner", _l("Owner"), owner_name, "data"),
        Column(
            "customers",
            _l("Customers"),
            lambda row: customers_text(customers_by(Customer.device_id).get(row.id, 0)),
            csv=lambda row: customers_by(Customer.device_id).get(row.id, 0),
        ),
        state_column(Device),
    )
    filters = (state_filter(Device),)

    def form(self, row: Device | None = None) -> DeviceForm:
        """Return the form of a device."""
        return DeviceForm(obj=row)

    def save(self, form: Any, row: Device | None = None) -> Device:
        """Write what the form says."""
        return save_device(form.name.data or "", form.place.data or "", row.id if row else None)

    def uses(self, row: Device) -> list[Use]:
        """Return the customers on the device."""
        count = customers_by(Customer.device_id).get(row.id, 0)
        return [Use(_("Customers"), count, url_for("CustomerPage.list", device=row.id))]

    def facts(self, row: Device) -> list[tuple[Any, ...]]:
        """Return what the device is."""
        return [(_("Place"), row.place, "data"), (_("Owner"), owner_name(row), "data")]
