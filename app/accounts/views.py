"""One's own account: how pages look, password, My permissions, help, and the language switch."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import refresh
from werkzeug.wrappers import Response
from wtforms import PasswordField

from app.access.actor import Actor, current_actor, set_actor
from app.access.permissions import KEYS, MANAGER_KEYS, PUBLIC, SECTIONS, SIGNED_IN
from app.accounts.queries import held_by, open_requests, parent_of
from app.accounts.services import keep_preferences, request_key
from app.core.database import transaction
from app.core.errors import NotFound
from app.core.language import in_language
from app.dashboard.help import TOPICS
from app.security.services import change_own_password
from app.web.formats import show_digits
from app.web.forms import ChoiceField, HouseForm, TextField, row_id
from app.web.frame import back_to, wanted_language
from app.web.listing import PAGE_SIZES
from app.web.page import GRAVE_MINUTES, Panel, remember_language
from app.web.shown import LANGUAGE_NAMES, READER_DIGITS, choices


class PreferencesForm(HouseForm):
    """How pages look to this account."""

    language = ChoiceField(_l("Language"), choices=choices(LANGUAGE_NAMES))
    digits = ChoiceField(_l("Digits"), choices=choices(READER_DIGITS))
    theme = ChoiceField(
        _l("Colours"), choices=[("auto", _l("As on this device")), ("light", _l("Light")), ("dark", _l("Dark"))]
    )
    page_size = ChoiceField(_l("Rows of a list"), coerce=row_id)


class PasswordForm(HouseForm):
    """A new password of one's own."""

    current = PasswordField(_l("Current password"), render_kw={"autocomplete": "current-password"})
    new = PasswordField(
        _l("New password"), description=_l("12 to 128 characters."), render_kw={"autocomplete": "new-password"}
    )
    again = PasswordField(_l("New password again"), render_kw={"autocomplete": "new-password"})


class RequestForm(HouseForm):
    """Why a permission is needed."""

    reason = TextField(_l("What do you need it for?"), required=True, render_kw={"maxlength": 200})


class AccountPage(Panel):
    """One's own account: how pages look, password, permissions."""

    route_base = "/account"
    default_view = "index"
    fresh = {"password": GRAVE_MINUTES}
    asks_password = frozenset({"password"})
    keys = {
        "index": SIGNED_IN,
        "theme": SIGNED_IN,
        "password": SIGNED_IN,
        "permissions": "managers",
        "ask_for": "managers",
    }

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        """Show and change how pages look."""
        actor = self.actor()
        form = PreferencesForm(obj=actor)
        form.page_size.choices = [(size, show_digits(size)) for size in PAGE_SIZES]

        def act() -> Response:
            keep_preferences(actor.id, form.language.data, form.digits.data, form.theme.data, form.page_size.data)
            remember_language(form.language.data)
            return redirect(url_for("AccountPage.index"), 303)

        links = [
            {"label": _("Change password"), "url": url_for("AccountPage.password"), "icon": "key", "meaning": ""},
            {
                "label": _("Security"),
                "url": url_for("SecurityPage.index"),
                "icon": "shield-lock",
                "meaning": _("Second factor, passkeys, and where you are signed in."),
            },
        ]
        if actor.may(self.keys["permissions"]):
            links.append(
                {
                    "label": _("My permissions"),
                    "url": url_for("AccountPage.permissions"),
                    "icon": "shield-check",
                    "meaning": _("What you may do, and how to ask for more."),
                }
            )
        links.append({"label": _("Help"), "url": url_for("HelpPage.index"), "icon": "help", "meaning": ""})
        forms = [{"title": _("How pages look"), "form": form, "url": url_for("AccountPage.index")}]
        return self.ask(form, act, "accounts/account.html", forms=forms, links=links)

    @expose("/theme", methods=["POST"])
    def theme(self) -> tuple[str, int]:
        """Keep the colours that the switch of a page has chosen."""
        actor, theme = self.actor(), request.form.get("theme", "")
        if theme not in ("light", "dark"):
            abort(400)
        with transaction():
            keep_preferences(actor.id, actor.language, actor.digits, theme)
        return "", 204

    @expose("/password", methods=["GET", "POST"])
    def password(self) -> Any:
        """Change one's own password; a given one must be changed before anything else opens."""
        actor = self.actor()
        form = PasswordForm()

        def act() -> Response:
            change_own_password(actor, form.current.data or "", form.new.data or "", form.again.data or "")
            flash(_("Password changed. All other sessions of this account are over."), "success")
            if actor.must_change and not actor.factors:
                return redirect(url_for("SecurityPage.index", offer=1), 303)
            return redirect(url_for("HomePage.index"), 303)

        intro = _("This password was given to you. Choose one that only you know.") if actor.must_change else None
        return self.ask(
            form,
            act,
            title=_("Change password"),
            in_parts=True,
            intro=intro,
            cancel_url=None if actor.must_change else url_for("AccountPage.index"),
        )

    @expose("/permissions")
    def permissions(self) -> str:
        """Show every key, which ones are held, and a way to ask for the others."""
        actor = self.actor()
        held = held_by([actor.id])[actor.id]
        waiting = {request.key for request in open_requests(actor.id)}
        sections = [
            {
                "label": label,
                "keys": [
                    {
                        "name": row.name,
                        "label": row.label,
                        "meaning": row.meaning,
                        "sensitive": row.sensitive,
                        "held": row.name in held,
                        "until": held[row.name].until if row.name in held else None,
                        "requested": row.name in waiting,
                        "request_url": None if actor.seen_by else url_for("AccountPage.ask_for", key=row.name),
                    }
                    for row in KEYS.values()
                    if row.section == section and row.name in MANAGER_KEYS
                ],
            }
            for section, label in SECTIONS.items()
            if section != "reseller"
        ]
        return self.render("accounts/my_permissions.html", sections=sections, parent=parent_contact(actor))

    @expose("/permissions/request/<key>", methods=["GET", "POST"])
    def ask_for(self, key: str) -> Any:
        """Ask the parent for a key, with a reason."""
        row = KEYS.get(key)
        if row is None or row.name not in MANAGER_KEYS:
            raise NotFound("Key")
        form = RequestForm()

        def act() -> Response:
            request_key(key, form.reason.data or "")
            flash(_("Your request is on its way."), "success")
            return redirect(url_for("AccountPage.permissions"), 303)

        return self.ask(
            form,
            act,
            "page/confirm.html",
            title=_("Ask for a permission"),
            facts=[(_("Permission"), str(row.label)), (_("What it opens"), str(row.meaning))],
            submit_label=_("Send the request"),
            cancel_url=url_for("AccountPage.permissions"),
        )


def parent_contact(actor: Actor) -> dict[str, str] | None:
    """Return name and phone of the account above, for whom to call."""
    parent = parent_of(actor)
    return {"name": parent.name, "phone": parent.mobile} if parent else None


class HelpPage(Panel):
    """The questions a Manager has, answered."""

    route_base = "/help"
    default_view = "index"
    keys = {"index": SIGNED_IN}

    @expose("/")
    def index(self) -> str:
        """Show questions and answers."""
        return self.render("help/help.html", topics=TOPICS, parent=parent_contact(self.actor()))


class NoConnectionPage(Panel):
    """What a device shows that has no connection, in either language: kept by it beforehand, without data."""

    route_base = "/no-connection"
    default_view = "show"
    keys = {"show": PUBLIC}

    @expose("/<name>")
    def show(self, name: str) -> str:
        """Show the page in a language."""
        with in_language(wanted_language(name)):
            set_actor(None)
            return self.render("errors/offline.html")


class LanguagePage(Panel):
    """The language switch of every page: with sign-in, the only GET that changes something of one's own (demo contract)."""

    route_base = "/lang"
    default_view = "choose"
    keys = {"choose": PUBLIC}

    @expose("/<name>")
    def choose(self, name: str) -> Response:
        """Show pages in a language from now on, and go back to where the reader was."""
        language = wanted_language(name)
        remember_language(language)
        refresh()
        actor = current_actor()
        if actor is not None and actor.seen_by is None and actor.language != language:
            with transaction():
                keep_preferences(actor.id, language, actor.digits, actor.theme)
        return back_to(request.args.get("next"), "HomePage.index")
