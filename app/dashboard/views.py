"""The first page: the tasks an account can do; and whether the process is well."""

from flask import url_for
from flask_appbuilder import IndexView, expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from app.access.actor import current_actor
from app.access.permissions import PUBLIC, SIGNED_IN
from app.accounts.management import ManagerPage, TenantPage
from app.billing.views import BillPage
from app.books.queries import last_check
from app.cash.views import CashPage
from app.core.database import db
from app.customers.views import CustomerPage
from app.expenses.views import ExpensePage
from app.payments.collect_views import CollectPage
from app.payments.views import PaymentPage
from app.web.page import Panel

TASKS = (
    (CollectPage, "index", "cash", _l("Collection"), _l("Take what is due, door by door.")),
    (CustomerPage, "list", "users", _l("Customers"), _l("Look a customer up, see the profile.")),
    (CustomerPage, "add", "user-plus", _l("New customer"), _l("Add somebody who wants a line.")),
    (BillPage, "list", "file-invoice", _l("Bills"), _l("See and print bills.")),
    (PaymentPage, "list", "receipt", _l("Payments"), _l("See what was received.")),
    (CashPage, "index", "wallet", _l("My cash"), _l("See what you hold and close the day.")),
    (ExpensePage, "list", "shopping-cart", _l("Expenses"), _l("Note what was spent.")),
    (ManagerPage, "list", "user-cog", _l("Managers"), _l("Grant and withdraw what your staff may do.")),
    (TenantPage, "list", "building", _l("Providers"), _l("Create and suspend Group Admins.")),
)


class HomePage(Panel, IndexView):
    """A plain welcome with the tasks the account can do."""

    route_base = ""
    default_view = "index"
    keys = {"index": SIGNED_IN}

    @expose("/")
    def index(self) -> str:
        """Show the tasks."""
        actor = current_actor()
        tasks = [
            {"url": url_for(f"{view.__name__}.{route}"), "icon": icon, "label": label, "meaning": meaning}
            for view, route, icon, label, meaning in TASKS
            if actor is not None and actor.may(view.keys[route])
        ]
        check = last_check() if actor is not None and actor.may("parents") else None
        return self.render("dashboard/welcome.html", tasks=tasks, check=check)


class HealthPage(Panel):
    """Answers for whoever watches the process; they tell nothing else."""

    route_base = ""
    default_view = "alive"
    keys = {"alive": PUBLIC, "ready": PUBLIC}

    @expose("/healthz")
    def alive(self) -> tuple[str, int, dict[str, str]]:
        """Say that the process answers."""
        return "ok\n", 200, {"Content-Type": "text/plain"}

    @expose("/readyz")
    def ready(self) -> tuple[str, int, dict[str, str]]:
        """Say whether the database answers too."""
        try:
            db.session.execute(text("SELECT 1"))
        except Exception:  # whatever is wrong with the database, the answer is the same
            return "not ready\n", 503, {"Content-Type": "text/plain"}
        return "ok\n", 200, {"Content-Type": "text/plain"}
