"""The sign-in form."""

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, PasswordField

from app.web.forms import HouseForm


class SignInForm(HouseForm):
    """Email and password."""

    email = EmailField(_l("Email"), render_kw={"autocomplete": "username"})
    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password"})
    next = HiddenField()
