"""One's own account, and the language switch."""

from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import refresh
from werkzeug.wrappers import Response

from app.access.actor import current_actor
from app.access.permissions import PUBLIC, SIGNED_IN
from app.accounts.services import keep_preferences
from app.core.database import transaction
from app.web.forms import ChoiceField, HouseForm
from app.web.frame import back_to, wanted_language
from app.web.page import Panel, remember_language
from app.web.shown import DIGIT_NAMES, LANGUAGE_NAMES, choices


class PreferencesForm(HouseForm):
    """How pages look to this account."""

    language = ChoiceField(_l("Language"), choices=choices(LANGUAGE_NAMES))
    digits = ChoiceField(_l("Digits"), choices=choices(DIGIT_NAMES))
    theme = ChoiceField(_l("Colours"), choices=[("auto", _l("As on this device")), ("light", _l("Light")), ("dark", _l("Dark"))])


class AccountPage(Panel):
    """Name, language, digits and colours of the signed-in account."""

    route_base = "/account"
    default_view = "index"
    keys = {"index": SIGNED_IN}

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        """Show and change how pages look."""
        actor = current_actor()
        form = PreferencesForm(obj=actor)

        def act() -> Response:
            keep_preferences(actor.id, form.language.data, form.digits.data, form.theme.data)  # type: ignore[union-attr]
            remember_language(form.language.data)
            return redirect(url_for("AccountPage.index"), 303)

        return self.ask(form, act, "accounts/account.html", forms=[{"title": _("How pages look"), "form": form, "url": url_for("AccountPage.index")}])


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
        if actor is not None and actor.language != language:
            with transaction():
                keep_preferences(actor.id, language, actor.digits, actor.theme)
        return back_to(request.args.get("next"), "HomePage.index")
