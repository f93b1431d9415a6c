"""Bengali for WTForms, which ships none: its sentences stand in the house's own catalogue."""

from flask import Flask, request
from flask_babel import get_translations


class _Catalogue:
    """The present language's catalogue as Flask-WTF asks for it."""

    def ugettext(self, text: str) -> str:
        """Translate a sentence."""
        return get_translations().ugettext(text)

    def ungettext(self, singular: str, plural: str, count: int) -> str:
        """Translate a sentence that counts."""
        return get_translations().ungettext(singular, plural, count)


def init_app(app: Flask) -> None:
    """Give each request's forms the house's catalogue."""

    @app.before_request
    def _preset() -> None:
        # Flask-WTF looks for WTForms' own folder of languages unless a request says otherwise
        request.wtforms_translations = _Catalogue()  # type: ignore[attr-defined]
