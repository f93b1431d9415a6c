"""A Group Admin's gateways: what they were given, sandbox or live, service charge, a try without money (spec §6)."""

from typing import Any

from flask import flash, redirect, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.core.errors import NotFound
from app.gateways.registry import GATEWAYS, LIVE, LOCAL, SANDBOX
from app.paylinks.forms import settings_form
from app.paylinks.merchants import credentials_of, environments, is_complete, save_settings, try_settings
from app.paylinks.models import GatewaySettings
from app.paylinks.queries import settings_of_tenant
from app.web.page import SENSITIVE_MINUTES, Panel

GROUP_ADMIN = "group-admin"
ENVIRONMENTS = {LIVE: _l("Live"), SANDBOX: _l("Sandbox of the gateway"), LOCAL: _l("Sandbox on this machine")}


class GatewaySettingsPage(Panel):
    """The gateways by which customers pay."""

    is_about_money = True
    route_base = "/settings/gateways"
    default_view = "index"
    keys = {"index": GROUP_ADMIN, "edit": GROUP_ADMIN, "try_out": GROUP_ADMIN}
    fresh = {"edit": SENSITIVE_MINUTES}

    @expose("/")
    def index(self) -> str:
        """Show each gateway with its environments."""
        kept = {(row.gateway, row.environment): row for row in settings_of_tenant()}
        return self.render(
            "paylinks/gateways.html",
            gateways=[
                {
                    "label": kind.label,
                    "places": [_place(kept.get((kind.name, name)), kind.name, name) for name in environments()],
                }
                for kind in GATEWAYS.values()
            ],
        )

    @expose("/<gateway>/<environment>", methods=["GET", "POST"])
    def edit(self, gateway: str, environment: str) -> Any:
        """Change what a gateway in one environment was given."""
        _known(gateway, environment)
        row = _kept(gateway, environment)
        kept = credentials_of(row) if row is not None else {}
        form = settings_form(
            gateway,
            kept,
            service_charge=row.charge_basis_points if row else 0,
            is_inherited=row.is_inherited if row else True,
            is_on=row.is_on if row else False,
        )
        names = [one.name for one in GATEWAYS[gateway].credentials]

        def act() -> Response:
            save_settings(
                gateway,
                environment,
                credentials={name: (form[name].data or "").replace("\x00", "").strip()[:5000] for name in names},
                charge_basis_points=form.service_charge.data,
                is_on=form.is_on.data,
                is_inherited=form.is_inherited.data,
            )
            return self.done(_("Saved."), url_for("GatewaySettingsPage.index"))

        return self.ask(
            form,
            act,
            title=f"{GATEWAYS[gateway].label} · {ENVIRONMENTS[environment]}",
            groups=[
                {
                    "title": _("Credentials"),
                    "intro": _("The gateway hands these out to its merchants. They are kept encrypted."),
                    "fields": names,
                },
                {"title": _("Use"), "fields": ["service_charge", "is_inherited", "is_on"]},
            ],
            cancel_url=url_for("GatewaySettingsPage.index"),
        )

    @expose("/<gateway>/<environment>/try", methods=["POST"])
    def try_out(self, gateway: str, environment: str) -> Response:
        """Call the gateway without moving money, and say whether it knows the merchant."""
        _known(gateway, environment)
        row = _kept(gateway, environment)
        if row is None:
            flash(_("Fill in everything first."), "warning")
        else:
            said = try_settings(row)
            if said is None:
                flash(_("%(gateway)s answers and knows you.", gateway=GATEWAYS[gateway].label), "success")
            else:
                flash(
                    _("%(gateway)s does not let you in: %(said)s", gateway=GATEWAYS[gateway].label, said=said),
                    "warning",
                )
        return redirect(url_for("GatewaySettingsPage.index"), 303)


def _known(gateway: str, environment: str) -> None:
    if gateway not in GATEWAYS or environment not in environments():
        raise NotFound("GatewaySettings")


def _kept(gateway: str, environment: str) -> GatewaySettings | None:
    return next((row for row in settings_of_tenant() if (row.gateway, row.environment) == (gateway, environment)), None)


def _place(row: GatewaySettings | None, gateway: str, environment: str) -> dict[str, Any]:
    where = {"gateway": gateway, "environment": environment}
    return {
        "name": ENVIRONMENTS[environment],
        "is_live": environment == LIVE,
        "is_on": row is not None and row.is_on,
        "is_complete": row is not None and is_complete(row, credentials_of(row)),
        "is_inherited": row is not None and row.is_inherited,
        "charge": row.charge_basis_points if row else 0,
        "edit_url": url_for("GatewaySettingsPage.edit", **where),
        "try_url": url_for("GatewaySettingsPage.try_out", **where) if row is not None else None,
    }
