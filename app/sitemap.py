"""The menu: sections, pages, icons, in order. Registers every view; nothing else does."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Flask, request, url_for
from flask_appbuilder import AppBuilder
from flask_babel import lazy_gettext as _l

from app.access.actor import Actor
from app.accounts.company_views import CompanyPage
from app.accounts.management import ManagerPage, OwnBalancePage, ResellerPage, TenantPage
from app.accounts.views import AccountPage, HelpPage, LanguagePage, NoConnectionPage
from app.activity.views import ActivityPage, AuthenticationPage
from app.api.description import DescriptionApi
from app.api.key_views import ApiKeyPage
from app.api.resources import RESOURCES
from app.api.webhook_views import WebhookMessagePage, WebhookPage
from app.billing.download_views import DownloadPage
from app.billing.package_views import PackageChangePage
from app.billing.run_views import BillingRunPage
from app.billing.views import BillPage
from app.cash.views import CashPage, ClosingPage
from app.customers.bulk_views import BulkStatusPage
from app.customers.deleted_views import DeletedCustomerPage
from app.customers.field_views import CustomFieldPage
from app.customers.import_views import ImportPage
from app.customers.move_views import MovePage
from app.customers.views import CustomerPage
from app.dashboard.search import SearchPage, may_search
from app.dashboard.views import HealthPage, HomePage
from app.expenses.category_views import ExpenseCategoryPage
from app.expenses.views import ExpensePage
from app.jobs.views import JobPage
from app.packages.views import BillingProfilePage, DevicePage, PackagePage, ZonePage
from app.paylinks.gateway_views import GatewaySettingsPage
from app.paylinks.views import PaymentLinkPage, TrayPage
from app.payments.collect_views import CollectPage
from app.payments.recharge_views import RechargePage
from app.payments.statement_views import StatementPage
from app.payments.views import PaymentPage
from app.public.callbacks import GatewayPage
from app.public.invoices import PrintedInvoicePage
from app.public.pay import PayPage
from app.public.status_views import StatusPage
from app.public.views import ReceiptCheckPage
from app.radius.views import AccessServerPage, OfflinePage, OnlinePage
from app.reporting.views import REPORTS, ReportsPage
from app.security.views import SecurityPage
from app.status.views import ComponentPage, IncidentPage


# compared by identity: by value would look up every word of them, twice a page
@dataclass(frozen=True, eq=False)
class Entry:
    """A page in the menu; its key is the one its view declares for the route. ``thumb`` is its rank in a phone's bottom bar."""

    label: Any
    icon: str
    view: Any
    route: str
    section: Any = ""
    thumb: int = 0

    def opens_to(self, actor: Actor) -> bool:
        """Tell whether the account may open the page."""
        return actor.may(self.view.keys[self.route])


ENTRIES = (
    Entry(_l("Home"), "home", HomePage, "index", thumb=6),
    Entry(_l("Collection"), "cash", CollectPage, "index", thumb=1),
    Entry(_l("Customers"), "users", CustomerPage, "list", _l("Customers"), thumb=2),
    Entry(_l("Online"), "wifi", OnlinePage, "list", _l("Customers")),
    Entry(_l("Offline"), "wifi-off", OfflinePage, "list", _l("Customers")),
    Entry(_l("Bills"), "file-invoice", BillPage, "list", _l("Money"), thumb=5),
    Entry(_l("Monthly run"), "calendar-event", BillingRunPage, "index", _l("Money")),
    Entry(_l("Payments"), "receipt", PaymentPage, "list", _l("Money"), thumb=3),
    Entry(_l("Payment links"), "link", PaymentLinkPage, "list", _l("Money")),
    Entry(_l("To look at"), "alert-triangle", TrayPage, "list", _l("Money")),
    Entry(_l("My cash"), "wallet", CashPage, "index", _l("Money"), thumb=4),
    Entry(_l("Expenses"), "shopping-cart", ExpensePage, "list", _l("Money")),
    Entry(_l("Reports"), "report", ReportsPage, "index", _l("Money")),
    Entry(_l("Activity log"), "history", ActivityPage, "list", _l("Logs")),
    Entry(_l("Authentication log"), "key", AuthenticationPage, "list", _l("Logs")),
    Entry(_l("Jobs"), "hourglass", JobPage, "list", _l("Logs")),
    Entry(_l("Packages"), "package", PackagePage, "list", _l("Packages")),
    Entry(_l("Billing profiles"), "calendar-event", BillingProfilePage, "list", _l("Packages")),
    Entry(_l("Company"), "building", CompanyPage, "index", _l("Settings")),
    Entry(_l("Zones"), "map-pin", ZonePage, "list", _l("Settings")),
    Entry(_l("Devices"), "router", DevicePage, "list", _l("Settings")),
    Entry(_l("Import of customers"), "upload", ImportPage, "list", _l("Settings")),
    Entry(_l("Custom fields"), "adjustments", CustomFieldPage, "list", _l("Settings")),
    Entry(_l("Expense categories"), "tag", ExpenseCategoryPage, "list", _l("Settings")),
    Entry(_l("Deleted customers"), "trash", DeletedCustomerPage, "list", _l("Settings")),
    Entry(_l("Payment gateways"), "credit-card", GatewaySettingsPage, "index", _l("Settings")),
    Entry(_l("API keys"), "key", ApiKeyPage, "list", _l("Settings")),
    Entry(_l("Webhooks"), "send", WebhookPage, "list", _l("Settings")),
    Entry(_l("Managers"), "user-cog", ManagerPage, "list", _l("Resellers & Managers")),
    Entry(_l("Operators"), "users-group", ResellerPage, "list", _l("Resellers & Managers")),
    Entry(_l("My balance"), "wallet", OwnBalancePage, "index", _l("Resellers & Managers")),
    Entry(_l("Providers"), "building", TenantPage, "list", _l("Resellers & Managers")),
    Entry(_l("Status page"), "heartbeat", IncidentPage, "list", _l("Settings")),
    Entry(_l("Access servers"), "network", AccessServerPage, "list", _l("Settings")),
    Entry(_l("Help"), "help", HelpPage, "index", _l("Help")),
)

VIEWS = (
    CollectPage,
    CustomerPage,
    BulkStatusPage,
    OnlinePage,
    OfflinePage,
    AccessServerPage,
    ImportPage,
    BillPage,
    DownloadPage,
    BillingRunPage,
    PackageChangePage,
    PaymentPage,
    RechargePage,
    StatementPage,
    CashPage,
    ClosingPage,
    ExpensePage,
    ActivityPage,
    AuthenticationPage,
    JobPage,
    PackagePage,
    BillingProfilePage,
    ZonePage,
    DevicePage,
    CustomFieldPage,
    MovePage,
    DeletedCustomerPage,
    CompanyPage,
    ExpenseCategoryPage,
    ManagerPage,
    ResellerPage,
    TenantPage,
    OwnBalancePage,
    AccountPage,
    SecurityPage,
    HelpPage,
    LanguagePage,
    NoConnectionPage,
    HealthPage,
    SearchPage,
    ReceiptCheckPage,
    IncidentPage,
    ComponentPage,
    StatusPage,
    ReportsPage,
    *REPORTS,
    PaymentLinkPage,
    TrayPage,
    GatewaySettingsPage,
    PayPage,
    PrintedInvoicePage,
    GatewayPage,
    ApiKeyPage,
    WebhookPage,
    WebhookMessagePage,
    DescriptionApi,
    *RESOURCES,
)


BASES = {entry.view.route_base for entry in ENTRIES} - {""}


@cache
def _address(entry: Entry, _root: str) -> str:
    # the same for everybody as long as the program stands under the same path
    return url_for(f"{entry.view.__name__}.{entry.route}")


def _open_base(path: str) -> str | None:
    # of pages that lie in each other, such as settings and gateways, the innermost is the one that is open
    if path == "/":
        return ""
    return max((base for base in BASES if path.startswith(f"{base}/")), key=len, default=None)


class SiteMap:
    """Build the menu of an account."""

    def menu(self, actor: Actor, path: str) -> list[dict[str, Any]]:
        """Return the sections with the pages that open to the account."""
        sections: dict[str, dict[str, Any]] = {}
        is_open = _open_base(path)
        for entry in ENTRIES:
            if entry.opens_to(actor):
                section = sections.setdefault(str(entry.section), {"label": str(entry.section), "items": []})
                section["items"].append(self._item(entry, is_open))
        return list(sections.values())

    def bottom_bar(self, actor: Actor, path: str) -> list[dict[str, Any]]:
        """Return the pages for the thumb on a phone, four at the most."""
        ranked = sorted(
            (entry for entry in ENTRIES if entry.thumb and entry.opens_to(actor)), key=lambda entry: entry.thumb
        )
        shown = ranked[:4]
        is_open = _open_base(path)
        return [self._item(entry, is_open) for entry in ENTRIES if entry in shown]

    @staticmethod
    def search_url(actor: Actor) -> str | None:
        """Return where to search everything, or None for an account that may search nothing."""
        return url_for("SearchPage.index") if may_search(actor) else None

    @staticmethod
    def _item(entry: Entry, open_base: str | None) -> dict[str, Any]:
        return {
            "label": str(entry.label),
            "url": _address(entry, request.script_root),
            "icon": entry.icon,
            "active": entry.view.route_base == open_base,
        }


def init_app(app: Flask, appbuilder: AppBuilder) -> None:
    """Register every view and the menu."""
    for view in VIEWS:
        appbuilder.add_view_no_menu(view)
    app.extensions["sitemap"] = SiteMap()
