"""Resellers & Managers: the pages on which parents look after the accounts below them, and the Super Admin's tenants."""

from datetime import timedelta
from typing import Any, ClassVar

from flask import g, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from werkzeug.wrappers import Response
from wtforms import BooleanField, EmailField, IntegerField, TelField
from wtforms.validators import Optional

from app.access.actor import Actor
from app.access.models import KeyRequest
from app.access.permissions import KEYS, MANAGER_KEYS, RESELLER_KEYS, SECTIONS, SIGNED_IN, TEMPLATES, Key
from app.access.scope import everywhere, get_or_404
from app.accounts.models import Account, AccountStatus, Kind, Tenant
from app.accounts.queries import (
    account_names,
    held_by,
    key_counts,
    managers_of,
    one_of,
    open_requests,
    resellers_below,
    resellers_right_below,
    tenants_heads,
)
from app.accounts.services import (
    ONE_TIME_HOURS,
    answer_request,
    create_account,
    create_group_admin,
    demand_factor,
    edit_account,
    end_sessions,
    give_one_time_password,
    new_one_time_password,
    record_account,
    set_keys,
    set_status,
    set_terms,
)
from app.billing.owner_services import (
    BRING_BACK_WITH_OWNER,
    SUSPEND_WITH_OWNER,
    active_customers,
    bring_back_customers_of,
    customers_of,
    suspend_customers_of,
    suspended_with,
)
from app.books.models import EntryKind, JournalEntry
from app.books.once import sent_before
from app.books.operators import add_operator_balance
from app.books.statement import operator_statement
from app.core.clock import now
from app.core.database import db, transaction
from app.core.errors import NotFound
from app.core.language import fold
from app.core.money import plain
from app.jobs.services import WORTH_A_JOB, start_job
from app.packages.queries import packages_on_offer
from app.security.factors import reset_factors
from app.security.queries import with_factor
from app.security.services import see_as, see_as_myself
from app.web.formats import show_moment, show_number
from app.web.forms import ChoiceField, HouseForm, MoneyField, RequestIdField, TextField, row_id
from app.web.frame import KIND_LABELS
from app.web.interface import AppInterface
from app.web.listing import Choice, Column, simple_listing
from app.web.page import GRAVE_MINUTES, REFUSED, SENSITIVE_MINUTES, Page, Panel
from app.web.shown import Action, badges, choices

ACCOUNT_STATUS = badges(
    ("active", _l("Active"), "ok"), ("suspended", _l("Suspended"), "warn"), ("disabled", _l("Disabled"), None)
)
BALANCE_KINDS = {"debit": _l("Debit (prepaid)"), "credit": _l("Credit (postpaid)")}


class AccountForm(HouseForm):
    """Who an account is."""

    name = TextField(_l("Name"), required=True)
    email = EmailField(_l("Email"), render_kw={"autocomplete": "off", "required": True})
    mobile = TelField(_l("Mobile"), render_kw={"autocomplete": "off"})


class ResellerForm(AccountForm):
    """Who an Operator or Sub-Operator is, and how it stands with whom it buys from."""

    kind = ChoiceField(_l("Kind"))
    parent_id = ChoiceField(
        _l("Stands below"), coerce=row_id, description=_l("Only a Sub-Operator stands below an Operator.")
    )
    balance_kind = ChoiceField(_l("Account with whom it buys from"), choices=choices(BALANCE_KINDS))
    credit_limit = MoneyField(
        _l("Credit limit"),
        optional=True,
        allow_zero=True,
        description=_l("Only for credit accounts; empty is unlimited."),
    )


class ResellerEditForm(AccountForm):
    """The same of an account that is there: its kind and place stay."""

    balance_kind = ChoiceField(_l("Account with whom it buys from"), choices=choices(BALANCE_KINDS))
    credit_limit = MoneyField(
        _l("Credit limit"),
        optional=True,
        allow_zero=True,
        description=_l("Only for credit accounts; empty is unlimited."),
    )


class SuspendForm(HouseForm):
    """Whether the customers of an account are suspended with it."""

    with_customers = BooleanField(_l("Suspend its customers too"))


class TenantForm(AccountForm):
    """A new provider with the Group Admin at its head."""

    tenant_name = TextField(_l("Name of the provider"), required=True)
    tenant_name_bn = TextField(_l("Name in Bengali"))
    slug = TextField(
        _l("Short name"),
        required=True,
        description=_l("Small letters, digits and dashes; part of the status page's address."),
    )


class AnswerForm(HouseForm):
    """The answer to a request for a key."""

    answer = ChoiceField(
        _l("Answer"),
        choices=[("for_good", _l("Grant for good")), ("hours", _l("Grant for some hours")), ("decline", _l("Decline"))],
    )
    hours = IntegerField(_l("Hours"), [Optional()], render_kw={"inputmode": "numeric"})
    word = TextField(_l("A word to the Manager"), render_kw={"maxlength": 200})


class BalanceForm(HouseForm):
    """Money added to an Operator's account."""

    amount = MoneyField(_l("Amount"))
    note = TextField(_l("Note"), render_kw={"maxlength": 200})
    request_id = RequestIdField()


def _keys_of(account: Account) -> int:
    # one statement for the whole list, not one a row
    if "key_counts" not in g:
        g.key_counts = key_counts(_managers())
    return g.key_counts[account.id]


def _factor_of(account: Account) -> bool:
    if "with_factor" not in g:
        g.with_factor = with_factor(_managers())
    return account.id in g.with_factor


def _managers() -> list[int]:
    return [manager.id for manager in db.session.execute(managers_of(Page.actor())).scalars()]


class AccountsPage(Page):
    """What the pages of Managers, of resellers and of Group Admins share."""

    datamodel = AppInterface(Account)
    default_sort = "name"
    search = staticmethod(
        lambda text: (
            Account.name.icontains(text, autoescape=True)
            | Account.email.contains(fold(text), autoescape=True)
            | Account.mobile.contains(text, autoescape=True)
        )
    )
    search_label = _l("Name, email or mobile")
    search_columns: ClassVar[list[str]] = ["name", "email", "mobile", "status"]
    empty_icon = "users-group"
    name_column = Column(
        "name", _l("Name"), lambda row: row.name, "data", sort=Account.name, secondary=lambda row: row.email
    )
    shared_columns = (
        Column("mobile", _l("Mobile"), lambda row: row.mobile, "phone", csv=lambda row: row.mobile.removeprefix("+88")),
        Column("email", _l("Email"), lambda row: row.email, only_csv=True),
        Column(
            "status",
            _l("Status"),
            lambda row: ACCOUNT_STATUS[row.status].label,
            "status",
            sort=Account.status,
            tone=lambda row: ACCOUNT_STATUS[row.status].tone,
        ),
        Column(
            "last_sign_in_at",
            _l("Last sign-in"),
            lambda row: row.last_sign_in_at,
            "moment",
            sort=Account.last_sign_in_at,
        ),
    )
    filters = (Choice("status", _l("Status"), lambda: choices(ACCOUNT_STATUS), lambda value: Account.status == value),)

    def _row(self, pk: object) -> Account:
        return one_of(self.rows(), pk)

    def _form_page(self, form: HouseForm, act: Any, title: str, cancel_url: str | None, **more: Any) -> Any:
        return self.ask(form, act, title=title, cancel_url=cancel_url, **more)

    def _secret(self, account: Account, password: str) -> str:
        return self.render(
            "accounts/secret.html",
            account={"name": account.name, "email": account.email},
            password=password,
            valid_until=now() + timedelta(hours=ONE_TIME_HOURS),
            back_url=self.link("show", pk=account.id),
        )

    def _created(self, form: HouseForm, create: Any, title: str, **more: Any) -> Any:
        """Create an account with a one-time password and show that password once."""
        if form.validate_on_submit():
            password, hashed = new_one_time_password()
            shown: list[str] = []

            def act() -> Response:
                account = create(hashed)
                shown.append(self._secret(account, password))
                return Response()

            answer = self.ask(form, act, title=title, cancel_url=self.link("list"), **more)
            return shown[0] if shown else answer
        answer = self.render("page/form.html", form=form, title=title, cancel_url=self.link("list"), **more)
        return (answer, REFUSED) if request.method == "POST" else answer

    def _confirm(
        self, form: HouseForm, act: Any, account: Account, title: str, consequence: str, *, danger: bool = False
    ) -> Any:
        return self.ask(
            form,
            act,
            "page/confirm.html",
            title=title,
            consequence=consequence,
            facts=[(_("Name"), account.name, "data"), (_("Email"), account.email, "data")],
            submit_label=title,
            danger=danger,
            cancel_url=self.link("show", pk=account.id),
        )

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> Any:
        """Change name, email and mobile."""
        account = self._row(pk)
        form = AccountForm(obj=account)

        def act() -> Response:
            edit_account(account, name=form.name.data or "", email=form.email.data or "", mobile=form.mobile.data or "")
            return self.done(_("Account saved."), self.link("show", pk=account.id))

        return self._form_page(form, act, _("Edit account"), self.link("show", pk=pk))

    @expose("/suspend/<pk>", methods=["GET", "POST"])
    def suspend(self, pk: str) -> Any:
        """Suspend an account; it and everyone below it are out at the next request."""
        return self._status(
            pk,
            AccountStatus.SUSPENDED,
            _("Suspend account"),
            _("The account and everyone below it are signed out at their next click."),
            danger=True,
        )

    @expose("/activate/<pk>", methods=["GET", "POST"])
    def activate(self, pk: str) -> Any:
        """Let an account sign in again."""
        return self._status(pk, AccountStatus.ACTIVE, _("Activate account"), _("The account can sign in again."))

    @expose("/disable/<pk>", methods=["GET", "POST"])
    def disable(self, pk: str) -> Any:
        """Disable an account for good; its rows stay on record."""
        return self._status(
            pk,
            AccountStatus.DISABLED,
            _("Disable account"),
            _("For somebody who has left: nobody signs in with it, what it did stays on record."),
            danger=True,
        )

    def _status(self, pk: str, status: AccountStatus, title: str, consequence: str, *, danger: bool = False) -> Any:
        account = self._row(pk)

        def act() -> Response:
            set_status(account, status)
            return self.done(_("Status changed."), self.link("show", pk=account.id))

        return self._confirm(HouseForm(), act, account, title, consequence, danger=danger)

    @expose("/password/<pk>", methods=["GET", "POST"])
    def password(self, pk: str) -> Any:
        """Give a one-time password, shown once."""
        account = self._row(pk)
        shown: list[str] = []

        def act() -> Response:
            shown.append(self._secret(account, give_one_time_password(account)))
            return Response()

        answer = self._confirm(
            HouseForm(),
            act,
            account,
            _("Reset password"),
            _(
                "The old password and all sessions end. You see a new one once; it must be changed at the first sign-in."
            ),
        )
        return shown[0] if shown else answer

    @expose("/end-sessions/<pk>", methods=["GET", "POST"])
    def end_sessions(self, pk: str) -> Any:
        """End all sessions of an account."""
        account = self._row(pk)

        def act() -> Response:
            end_sessions(account)
            return self.done(_("Sessions ended."), self.link("show", pk=account.id))

        return self._confirm(
            HouseForm(),
            act,
            account,
            _("End sessions"),
            _("The account is signed out everywhere and can sign in again."),
        )

    @expose("/permissions/<pk>", methods=["GET", "POST"])
    def permissions(self, pk: str) -> Any:
        """Special Permissions: all keys by section; the difference is shown before it is saved."""
        account = self._row(pk)
        grantable = MANAGER_KEYS if account.kind == Kind.MANAGER else RESELLER_KEYS
        before = held_by([account.id])[account.id]
        form = HouseForm()
        wanted, template = self._wanted_keys(account, set(before))
        if form.validate_on_submit() and request.form.get("seen") == "1":
            with transaction():
                added, withdrawn = set_keys(account, wanted)
            sentence = _("Saved: %(added)s added, %(withdrawn)s withdrawn.", added=len(added), withdrawn=len(withdrawn))
            return self.done(sentence, self.link("show", pk=account.id))
        rows = [row for row in KEYS.values() if row.name in grantable]
        return self.render(
            "accounts/permissions.html",
            account={
                "name": account.name,
                "email": account.email,
                "mobile": account.mobile,
                "kind": KIND_LABELS[Kind(account.kind)],
                "status": ACCOUNT_STATUS[account.status],
                "second_factor": account.id in with_factor([account.id]),
                "last_sign_in_at": account.last_sign_in_at,
            },
            form=form,
            sections=[
                {
                    "label": label,
                    "sensitive": section == "sensitive",
                    "keys": [
                        {
                            "name": row.name,
                            "label": row.label,
                            "meaning": row.meaning,
                            "checked": row.name in wanted,
                            "held": row.name in before,
                            "until": before[row.name].until if row.name in before else None,
                        }
                        for row in rows
                        if row.section == section
                    ],
                }
                for section, label in SECTIONS.items()
                if any(row.section == section for row in rows)
            ],
            templates=[
                {
                    "name": name,
                    "label": label,
                    "url": url_for(f"{self.endpoint}.permissions", pk=account.id, template=name),
                    "active": name == template,
                }
                for name, (label, _keys) in TEMPLATES.items()
            ]
            if account.kind == Kind.MANAGER
            else [],
            colleagues=[
                {"name": one.name, "url": url_for(f"{self.endpoint}.permissions", pk=account.id, copy=one.id)}
                for one in db.session.execute(
                    self.rows().where(Account.id != account.id).order_by(Account.name)
                ).scalars()
                if one.kind == account.kind
            ],
            difference=_difference(rows, set(before), wanted) if request.method == "POST" else None,
            held_count=len(before),
            cancel_url=self.link("show", pk=account.id),
        )

    def _wanted_keys(self, account: Account, held: set[str]) -> tuple[set[str], str]:
        """Return the keys the form starts from or says, and the template it starts from."""
        if request.method == "POST":
            return set(request.form.getlist("keys")), ""
        template = request.args.get("template", "")
        if template in TEMPLATES and account.kind == Kind.MANAGER:
            return set(TEMPLATES[template][1]), template
        if request.args.get("copy"):
            colleague = self._row(request.args["copy"])
            return set(held_by([colleague.id])[colleague.id]), ""
        return held, ""

    def _account_actions(self, account: Account, routes: list[tuple[str, Any, str, str]]) -> list[Action]:
        status = account.status
        hidden = {"activate": status == "active", "suspend": status != "active", "disable": status == "disabled"}
        return [
            Action(label, url_for(f"{self.endpoint}.{route}", pk=account.id), icon, style)
            for route, label, icon, style in routes
            if route in self.keys and self.actor().may(self.keys[route]) and not hidden.get(route, False)
        ]

    def _account_facts(self, account: Account) -> list[tuple[Any, ...]]:
        return [
            (_("Kind"), str(KIND_LABELS[Kind(account.kind)])),
            (_("Email"), account.email, "data"),
            (_("Mobile"), account.mobile, "phone"),
            (_("Last sign-in"), account.last_sign_in_at, "moment"),
            (_("Created"), account.created_at, "moment"),
        ]


ACTIONS: list[tuple[str, Any, str, str]] = [
    ("permissions", _l("Special Permissions"), "shield-lock", "primary"),
    ("edit", _l("Edit"), "edit", "plain"),
    ("activate", _l("Activate"), "player-play", "plain"),
    ("password", _l("Reset password"), "key", "plain"),
    ("reset_factors", _l("Take away 2FA"), "lock-open", "plain"),
    ("end_sessions", _l("End sessions"), "logout", "plain"),
    ("suspend", _l("Suspend"), "player-pause", "danger"),
    ("disable", _l("Disable"), "ban", "danger"),
]


def _difference(rows: list[Key], before: set[str], wanted: set[str]) -> dict[str, list[dict[str, Any]]]:
    return {
        "added": [{"name": row.name, "label": row.label} for row in rows if row.name in wanted - before],
        "removed": [{"name": row.name, "label": row.label} for row in rows if row.name in before - wanted],
    }


class ManagerPage(AccountsPage):
    """The Managers of a parent account."""

    route_base = "/managers"
    title = _l("Managers")
    add_label = _l("New Manager")
    empty_text = _l("No Managers yet. Add the first one and grant what it may do.")
    export_name = "managers"
    list_template = "accounts/managers.html"
    keys = {
        "list": "parents",
        "show": "parents",
        "export": "parents",
        "add": "parents",
        "edit": "parents",
        "suspend": "parents",
        "activate": "parents",
        "disable": "parents",
        "password": "parents",
        "end_sessions": "parents",
        "permissions": "parents",
        "see_as": "parents",
        "see_as_end": SIGNED_IN,
        "answer": "parents",
        "who": "parents",
        "demand_factor": "parents",
        "reset_factors": "parents",
    }
    fresh = {
        "permissions": GRAVE_MINUTES,
        "answer": GRAVE_MINUTES,
        "password": GRAVE_MINUTES,
        "reset_factors": GRAVE_MINUTES,
        "demand_factor": GRAVE_MINUTES,
        "edit": SENSITIVE_MINUTES,
        "add": SENSITIVE_MINUTES,
    }
    columns = (
        AccountsPage.name_column,
        *AccountsPage.shared_columns[:3],
        Column(
            "second_factor",
            _l("2FA"),
            lambda row: _("2FA on") if _factor_of(row) else _("2FA off"),
            "status",
            csv=lambda row: _("On") if _factor_of(row) else _("Off"),
            tone=lambda row: "ok" if _factor_of(row) else None,
        ),
        AccountsPage.shared_columns[3],
        Column("keys", _l("Permissions"), _keys_of, "number", align="right"),
    )

    def rows(self) -> Select[Any]:
        """Select the Managers right below."""
        return managers_of(self.actor())

    def list_context(self, actor: Actor) -> dict[str, Any]:
        """Add the requests that wait for an answer."""
        waiting = open_requests()
        mine = {account.id for account in db.session.execute(self.rows()).scalars()}
        names = account_names({request.account_id for request in waiting})
        return {
            "who_url": url_for("ManagerPage.who"),
            "demands_factor": db.session.get_one(Account, actor.id).demands_factor,
            "requests": [
                {
                    "who": names[one.account_id],
                    "key": one.key,
                    "key_label": KEYS[one.key].label,
                    "reason": one.reason,
                    "asked_at": one.asked_at,
                    "url": url_for("ManagerPage.answer", pk=one.id),
                }
                for one in waiting
                if one.account_id in mine
            ],
        }

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show a Manager with what the parent may do about it."""
        account = self._row(pk)
        held = held_by([account.id])[account.id]
        has_factor = account.id in with_factor([account.id])
        routes = [one for one in ACTIONS if has_factor or one[0] != "reset_factors"]
        actions = self._account_actions(account, routes)
        if account.status == AccountStatus.ACTIVE:
            actions.insert(1, Action(_("See as"), url_for("ManagerPage.see_as", pk=account.id), "eye", "plain", "post"))
        keys = [
            (
                str(row.label),
                _("until %(moment)s", moment=show_moment(held[name].until).striptags())
                if held[name].until
                else _("for good"),
            )
            for name, row in KEYS.items()
            if name in held
        ]
        return self.render(
            "page/show.html",
            title=account.name,
            subtitle=account.email,
            badges=[ACCOUNT_STATUS[account.status]],
            actions=actions,
            facts=[
                {
                    "title": _("Account"),
                    "rows": [*self._account_facts(account), (_("2FA"), _("On") if has_factor else _("Off"))],
                },
                {"title": _("Permissions"), "rows": keys},
            ],
            back_url=self.link("list"),
            crumbs=[(_("Managers"), "/managers/list/"), (account.name, None)],
        )

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Create a Manager with a one-time password."""
        form = AccountForm()
        parent = db.session.get_one(Account, self.actor().id)

        def create(hashed: str) -> Account:
            return create_account(
                Kind.MANAGER,
                parent,
                name=form.name.data or "",
                email=form.email.data or "",
                mobile=form.mobile.data or "",
                password_hash=hashed,
            )

        return self._created(form, create, _("New Manager"), submit_label=_("Create Manager"))

    @expose("/demand-factor", methods=["POST"])
    def demand_factor(self) -> Response:
        """Demand a second factor of all one's Managers, or demand it no longer."""
        wanted = request.form.get("wanted") == "1"
        with transaction():
            demand_factor(self.actor().id, wanted)
        sentence = (
            _("Managers without a second factor must set one up before they go on.")
            if wanted
            else _("A second factor is no longer demanded.")
        )
        return self.done(sentence, self.link("list"))

    @expose("/reset-factors/<pk>", methods=["GET", "POST"])
    def reset_factors(self, pk: str) -> Any:
        """Take a Manager's second factors away: the phone is lost."""
        account = self._row(pk)

        def act() -> Response:
            reset_factors(account)
            return self.done(_("Second factors taken away."), self.link("show", pk=account.id))

        return self._confirm(
            HouseForm(),
            act,
            account,
            _("Take away 2FA"),
            _(
                "App, passkeys and recovery codes are gone and all sessions end. The password alone signs in; the person is told."
            ),
            danger=True,
        )

    @expose("/see-as/<pk>", methods=["POST"])
    def see_as(self, pk: str) -> Response:
        """Look at the panel as one of one's own Managers, read-only."""
        account = self._row(pk)
        if account.status != AccountStatus.ACTIVE:
            raise NotFound("Account")
        with transaction():
            see_as(account)
        return redirect(url_for("HomePage.index"), 303)

    @expose("/see-as/end", methods=["POST"])
    def see_as_end(self) -> Response:
        """Go back to one's own panel."""
        actor = self.actor()
        see_as_myself(actor)
        return redirect(url_for("ManagerPage.show", pk=actor.id) if actor.seen_by else url_for("HomePage.index"), 303)

    @expose("/requests/<pk>", methods=["GET", "POST"])
    def answer(self, pk: str) -> Any:
        """Grant a requested key, for good or for hours, or decline it."""
        asked = get_or_404(KeyRequest, pk)
        account = self._row(asked.account_id)
        form = AnswerForm(data={"hours": 24} if request.method == "GET" else None)

        def act() -> Response:
            choice = form.answer.data
            hours = (form.hours.data or 0) if choice == "hours" else None
            answer_request(asked, grant=choice != "decline", hours=hours, word=form.word.data or "")
            return self.done(_("Answered."), self.link("list"))

        return self.ask(
            form,
            act,
            "page/confirm.html",
            title=_("Answer a request"),
            facts=[
                (_("Manager"), account.name, "data"),
                (_("Permission"), str(KEYS[asked.key].label)),
                (_("What it opens"), str(KEYS[asked.key].meaning)),
                (_("Reason"), asked.reason, "data"),
            ],
            submit_label=_("Send the answer"),
            cancel_url=self.link("list"),
        )

    @expose("/who")
    def who(self) -> str:
        """Show people × keys: who can do what."""
        people = list(db.session.execute(self.rows().order_by(Account.name, Account.id)).scalars())
        held = held_by([account.id for account in people])
        return self.render(
            "accounts/who.html",
            people=[{"name": account.name, "url": url_for("ManagerPage.show", pk=account.id)} for account in people],
            sections=[
                {
                    "label": label,
                    "rows": [
                        {
                            "name": row.name,
                            "label": row.label,
                            "cells": [
                                {
                                    "held": row.name in held[account.id],
                                    "until": held[account.id][row.name].until if row.name in held[account.id] else None,
                                }
                                for account in people
                            ],
                        }
                        for row in KEYS.values()
                        if row.section == section
                    ],
                }
                for section, label in SECTIONS.items()
                if section != "reseller"
            ],
        )


def _balance(account: Account) -> int:
    return account.balance


class ResellerPage(AccountsPage):
    """The Operators and Sub-Operators below a parent account."""

    is_about_money = True
    route_base = "/operators"
    fresh = {
        "permissions": GRAVE_MINUTES,
        "password": GRAVE_MINUTES,
        "edit": SENSITIVE_MINUTES,
        "add": SENSITIVE_MINUTES,
    }
    title = _l("Operators")
    add_label = _l("New Operator")
    empty_text = _l("No Operators yet.")
    export_name = "operators"
    keys = {
        "list": "reseller-module",
        "show": "reseller-module",
        "export": "reseller-module",
        "add": "reseller-module",
        "edit": "reseller-module",
        "suspend": "reseller-module",
        "activate": "reseller-module",
        "disable": "reseller-module",
        "password": "reseller-module",
        "end_sessions": "reseller-module",
        "balance": "reseller-module",
        "statement": "reseller-module",
        "permissions": "operator-makers",
    }
    default_descending = False
    columns = (
        AccountsPage.name_column,
        Column("kind", _l("Kind"), lambda row: str(KIND_LABELS[Kind(row.kind)])),
        *AccountsPage.shared_columns,
        Column("balance_kind", _l("Account"), lambda row: str(BALANCE_KINDS[row.balance_kind])),
        Column(
            "balance",
            _l("Account balance"),
            _balance,
            "money",
            sort=Account.balance,
            csv=lambda row: plain(row.balance),
            align="right",
        ),
    )

    def rows(self) -> Select[Any]:
        """Select the Operators and Sub-Operators below."""
        return resellers_below(self.actor())

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show an Operator or Sub-Operator."""
        account = self._row(pk)
        actions = self._account_actions(
            account,
            [
                (
                    "balance",
                    _l("Record settlement") if account.balance_kind == "credit" else _l("Add balance"),
                    "wallet",
                    "primary",
                ),
                *ACTIONS[1:3],
                ("statement", _l("Statement"), "list", "plain"),
                *ACTIONS[3:],
            ],
        )
        if account.kind == Kind.OPERATOR:
            actions += self._account_actions(
                account, [("permissions", _l("Special Permissions"), "shield-lock", "plain")]
            )
        actions.append(Action(_("Move customers"), url_for("MovePage.many", of=account.id), "transfer"))
        money = [
            (_("Account"), str(BALANCE_KINDS[account.balance_kind or "debit"])),
            (_("Account balance"), account.balance, "money"),
            (_("Credit limit"), account.credit_limit, "money")
            if account.credit_limit
            else (_("Credit limit"), _("Unlimited")),
        ]
        return self.render(
            "page/show.html",
            title=account.name,
            subtitle=account.email,
            badges=[ACCOUNT_STATUS[account.status]],
            figure={
                "label": _("Account balance"),
                "amount": account.balance,
                "tone": "due" if account.balance < 0 else None,
            },
            actions=actions,
            facts=[
                {"title": _("Account"), "rows": self._account_facts(account)},
                {"title": _("Account balance"), "rows": money if account.balance_kind == "credit" else money[:2]},
                {"title": _("What it has"), "rows": self._holdings(account)},
            ],
            back_url=self.link("list"),
            crumbs=[(_("Operators"), "/operators/list/"), (account.name, None)],
        )

    def _holdings(self, account: Account) -> list[tuple[Any, ...]]:
        """Return what an Operator has: customers, what its parent gave it, who stands below it, which keys it holds."""
        held = held_by([account.id])[account.id]
        customers = url_for("CustomerPage.list", owner=account.id)
        rows: list[tuple[Any, ...]] = [
            (_("Stands below"), account_names({account.parent_id or 0}).get(account.parent_id or 0, ""), "data"),
            (_("Customers"), customers_of(account), "number", customers),
            (_("Packages it may use"), len(packages_on_offer(owner_id=account.id)), "number"),
        ]
        if suspended_with(account):
            rows.append((_("Customers suspended with it"), suspended_with(account), "number"))
        if account.kind == Kind.OPERATOR:
            rows.append((_("Permissions"), ", ".join(str(KEYS[name].label) for name in held) or _("None")))
        return rows

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> Any:
        """Change name, email and mobile, and how the account stands with whom it buys from."""
        account = self._row(pk)
        form = ResellerEditForm(obj=account)
        if request.method == "GET":
            form.credit_limit.data = account.credit_limit or None

        def act() -> Response:
            edit_account(account, name=form.name.data or "", email=form.email.data or "", mobile=form.mobile.data or "")
            set_terms(account, form.balance_kind.data, form.credit_limit.data or 0)
            return self.done(_("Account saved."), self.link("show", pk=account.id))

        return self._form_page(form, act, _("Edit account"), self.link("show", pk=pk))

    @expose("/suspend/<pk>", methods=["GET", "POST"])
    def suspend(self, pk: str) -> Any:
        """Suspend an Operator, with or without its customers."""
        account, form = self._row(pk), SuspendForm()
        count = active_customers(account)
        form.with_customers.description = _(
            "%(count)s active customers, those of Sub-Operators below included. They come back with the account.",
            count=show_number(count),
        )

        def act() -> Response:
            set_status(account, AccountStatus.SUSPENDED)
            if form.with_customers.data:
                if count > WORTH_A_JOB:
                    return self._by_a_job(SUSPEND_WITH_OWNER, account, count)
                record_account(account, "account.customers_suspended", count=suspend_customers_of(account))
            return self.done(_("Status changed."), self.link("show", pk=account.id))

        consequence = _("The account and everyone below it are signed out at their next click.")
        return self._confirm(form, act, account, _("Suspend account"), consequence, danger=True)

    @expose("/activate/<pk>", methods=["GET", "POST"])
    def activate(self, pk: str) -> Any:
        """Let an Operator sign in again; the customers that were suspended with it are served again."""
        account = self._row(pk)
        count = suspended_with(account)

        def act() -> Response:
            set_status(account, AccountStatus.ACTIVE)
            if count > WORTH_A_JOB:
                return self._by_a_job(BRING_BACK_WITH_OWNER, account, count)
            if count:
                record_account(account, "account.customers_back", count=bring_back_customers_of(account))
            return self.done(_("Status changed."), self.link("show", pk=account.id))

        consequence = _("The account can sign in again.")
        if count:
            consequence = _(
                "The account can sign in again. %(count)s customers that were suspended with it are served again.",
                count=show_number(count),
            )
        return self._confirm(HouseForm(), act, account, _("Activate account"), consequence)

    def _by_a_job(self, kind: str, account: Account, count: int) -> Response:
        """Let a job change the customers of an account whose status changes now."""
        job = start_job(kind, {"count": count, "name": account.name}, {"account": account.id, "count": count})
        return self.done(_("Status changed."), url_for("JobPage.show", pk=job.id))

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Create an Operator or a Sub-Operator with a one-time password."""
        actor = self.actor()
        form = ResellerForm()
        kinds = [Kind.SUB_OPERATOR]
        if actor.may("operator-makers"):
            kinds.insert(0, Kind.OPERATOR)
        form.kind.choices = [(kind.value, KIND_LABELS[kind]) for kind in kinds]
        below = resellers_right_below(actor.id) if actor.may("operator-makers") else []
        operators = [one for one in below if one.kind == Kind.OPERATOR]
        form.parent_id.choices = [(actor.id, actor.name), *((one.id, one.name) for one in operators)]
        if not operators:
            del form.parent_id

        def create(hashed: str) -> Account:
            parent_id = form.parent_id.data if "parent_id" in form else actor.id
            return create_account(
                Kind(form.kind.data),
                get_or_404(Account, parent_id),
                name=form.name.data or "",
                email=form.email.data or "",
                mobile=form.mobile.data or "",
                password_hash=hashed,
                balance_kind=form.balance_kind.data,
                credit_limit=form.credit_limit.data or 0,
            )

        return self._created(form, create, _("New Operator"), submit_label=_("Create Operator"))

    @expose("/balance/<pk>", methods=["GET", "POST"])
    def balance(self, pk: str) -> Any:
        """Add prepaid money to an Operator's account, or record that it settles what it owes."""
        account = self._row(pk)
        settles = account.balance_kind == "credit"
        form = BalanceForm(data={"amount": -account.balance} if settles and account.balance < 0 else None)

        def act() -> Response:
            earlier = sent_before(JournalEntry, form.request_id.data)
            add_operator_balance(account, form.amount.data, form.note.data or "", request_id=form.request_id.data)
            said = _("Settlement recorded.") if settles else _("Balance added.")
            return self.done(_("The balance was added already.") if earlier else said, self.link("show", pk=account.id))

        return self._confirm(
            form,
            act,
            account,
            _("Record settlement") if settles else _("Add balance"),
            _("The money is booked at once and stands in the log."),
        )

    @expose("/statement/<pk>")
    def statement(self, pk: str) -> str:
        """Show every movement of an Operator's account."""
        account = self._row(pk)
        return self.render("page/show.html", **statement_context(account), back_url=self.link("show", pk=account.id))


class OwnBalancePage(Panel):
    """What an Operator or Sub-Operator has with whom it buys from."""

    route_base = "/account/balance"
    default_view = "index"
    keys = {"index": "resellers"}

    @expose("/")
    def index(self) -> str:
        """Show every movement of one's own account."""
        account = db.session.get_one(Account, self.actor().id)
        return self.render("page/show.html", **statement_context(account), back_url=url_for("AccountPage.index"))


OPERATOR_WORDS = {
    EntryKind.OPERATOR_AMOUNT: _l("Operator amount of a bill"),
    EntryKind.OPERATOR_BALANCE: _l("Balance added"),
    EntryKind.COLLECTED_ABOVE: _l("Collected for you"),
}


def statement_context(account: Account) -> dict[str, Any]:
    """Return an Operator's statement as the page shows it: balances above zero are prepaid money."""
    columns = (
        Column("entry", _l("Entry"), lambda line: str(OPERATOR_WORDS[line.kind]), secondary=lambda line: line.note),
        Column("on", _l("Date"), lambda line: line.on, "date"),
        Column("taken", _l("Taken"), lambda line: line.billed, "money", align="right", card="amount"),
        Column("added", _l("Added"), lambda line: line.paid, "money", align="right", card="amount"),
        Column("balance", _l("Account balance"), lambda line: -line.balance, "money", align="right", running=True),
    )
    listing = simple_listing(columns, operator_statement(account, LONGEST_STATEMENT), empty_text=_("No movements yet."))
    listing.title = _("Statement")
    return {
        "title": account.name,
        "subtitle": str(BALANCE_KINDS[account.balance_kind or "debit"]),
        "figure": {
            "label": _("Account balance"),
            "amount": account.balance,
            "tone": "due" if account.balance < 0 else None,
        },
        "tables": [listing],
        "facts": [],
    }


LONGEST_STATEMENT = 500
"""How many movements a statement's page shows, newest first."""


class TenantPage(AccountsPage):
    """The Super Admin's Group Admins: one per provider. No customer data is seen here."""

    route_base = "/tenants"
    fresh = {"password": GRAVE_MINUTES, "add": SENSITIVE_MINUTES}
    title = _l("Providers")
    add_label = _l("New provider")
    empty_text = _l("No providers yet.")
    export_name = "providers"
    keys = {
        "list": "super-admin",
        "show": "super-admin",
        "add": "super-admin",
        "suspend": "super-admin",
        "activate": "super-admin",
        "password": "super-admin",
    }
    columns = (
        AccountsPage.name_column,
        Column("tenant", _l("Provider"), lambda row: _tenant_name(row), "data"),
        *AccountsPage.shared_columns,
    )

    def rows(self) -> Select[Any]:
        """Select the Group Admins."""
        return tenants_heads()

    @expose("/")
    def list(self) -> str:
        """Show the Group Admins."""
        with everywhere("the Super Admin looks after the heads of all tenants"):
            return super().list()

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show a Group Admin."""
        with everywhere("the Super Admin looks after the heads of all tenants"):
            account = self._row(pk)
            return self.render(
                "page/show.html",
                title=_tenant_name(account),
                subtitle=account.name,
                badges=[ACCOUNT_STATUS[account.status]],
                actions=self._account_actions(account, [one for one in ACTIONS if one[0] in self.keys]),
                facts=[{"title": _("Account"), "rows": self._account_facts(account)}],
                back_url=self.link("list"),
                crumbs=[(_("Providers"), "/tenants/"), (account.name, None)],
            )

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Create a tenant with its Group Admin and a one-time password."""
        form = TenantForm()

        def create(hashed: str) -> Account:
            return create_group_admin(
                slug=(form.slug.data or "").strip(),
                tenant_name=form.tenant_name.data or "",
                tenant_name_bn=form.tenant_name_bn.data or "",
                name=form.name.data or "",
                email=form.email.data or "",
                password_hash=hashed,
            )

        with everywhere("a new tenant has no scope yet"):
            return self._created(form, create, _("New provider"), submit_label=_("Create provider"))

    def _status(self, pk: str, status: AccountStatus, title: str, consequence: str, *, danger: bool = False) -> Any:
        with everywhere("the Super Admin looks after the heads of all tenants"):
            return super()._status(pk, status, title, consequence, danger=danger)

    @expose("/password/<pk>", methods=["GET", "POST"])
    def password(self, pk: str) -> Any:
        """Give a Group Admin a one-time password."""
        with everywhere("the Super Admin looks after the heads of all tenants"):
            return super().password(pk)


def _tenant_name(account: Account) -> str:
    return db.session.get_one(Tenant, account.tenant_id).name
