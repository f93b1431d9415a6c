"""The catalogue of a request: found once and not anew for each sentence, also for WTForms, which ships no Bengali."""

from typing import Any

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, has_request_context, request
from flask_babel import Domain, get_babel, get_translations

from app.core.language import LANGUAGES, hear, locale_at_work
from app.web.problems import is_for_programs


class HouseDomain(Domain):
    """Find a catalogue by the locale itself; flask-babel writes the locale's name out for every sentence of a page."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._by_locale: dict[Locale | None, NullTranslations] = {}

    def get_translations(self) -> NullTranslations:
        """Return the catalogue of the locale at work."""
        locale = locale_at_work()
        found = self._by_locale.get(locale)
        if found is None:
            found = self._by_locale[locale] = super().get_translations()
        return found

    def gettext(self, string: str, **variables: Any) -> str:
        """Return a sentence in the language at work."""
        said: str = super().gettext(string, **variables)
        hear(said, string, variables)
        return said


def _asked_for() -> str:
    """Return the language that a program asks for; English where it asks for none of ours."""
    return request.accept_languages.best_match(LANGUAGES) or "en"


class _Catalogue:
    """The present language's catalogue as Flask-WTF asks for it."""

    def ugettext(self, text: str) -> str:
        """Translate a sentence."""
        return get_translations().ugettext(text)

    def ungettext(self, singular: str, plural: str, count: int) -> str:
        """Translate a sentence that counts."""
        return get_translations().ungettext(singular, plural, count)


def init_app(app: Flask) -> None:
    """Give each request, and its forms, the house's catalogue. FAB's builder must have set up flask-babel before."""
    babel = get_babel(app).instance
    by_session = get_babel(app).locale_selector
    get_babel(app).locale_selector = lambda: (
        _asked_for() if has_request_context() and is_for_programs() else by_session()
    )
    # flask-babel offers no setting for its domain, but keeps the one it finds here
    babel.__dict__["domain_instance"] = HouseDomain(domain=get_babel(app).default_domain)

    @app.before_request
    def _preset() -> None:
        # Flask-WTF looks for WTForms' own folder of languages unless a request says otherwise
        request.wtforms_translations = _Catalogue()  # type: ignore[attr-defined]
