"""Forms of sign-in and of one's own security."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, HiddenField, PasswordField

from app.web.forms import HouseForm, TextField

CODE = {"inputmode": "text", "autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}


class SignInForm(HouseForm):
    """Email and password."""

    email = EmailField(_l("Email"), render_kw={"autocomplete": "username"})
    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password"})
    remember = BooleanField(_l("Remember this device for 30 days"))
    next = HiddenField()


class FactorForm(HouseForm):
    """The second factor: a code, or what a passkey answers."""

    code = TextField(_l("Code"), render_kw={**CODE, "maxlength": 40})
    credential = HiddenField()


class TotpForm(HouseForm):
    """The first code of a new authenticator app."""

    code = TextField(
        _l("Code from the app"),
        required=True,
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12},
    )


class PasskeyForm(HouseForm):
    """A new passkey: its name, and what the browser has made."""

    name = TextField(
        _l("Name of the passkey"),
        required=True,
        description=_l("So that you know it again, such as “my phone”."),
        render_kw={"maxlength": 60, "autocomplete": "off"},
    )
    credential = HiddenField()
