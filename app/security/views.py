"""Sign-in and sign-out pages."""

from flask import current_app, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.access.actor import current_actor
from app.access.permissions import PUBLIC, SIGNED_IN
from app.demo_cast import PASSWORD, people
from app.security.forms import SignInForm
from app.security.services import sign_in, sign_out
from app.web.frame import KIND_LABELS, own_path
from app.web.page import Panel


class SignInPage(Panel):
    """Email and password; in demo mode also one tap per person of the cast."""

    route_base = ""
    default_view = "login"
    keys = {"login": PUBLIC, "logout": SIGNED_IN}

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Response | tuple[str, int] | str:
        """Show the form, or sign in and go on to where the visitor wanted to be."""
        if current_actor() is not None and request.method == "GET":
            return redirect(url_for("HomePage.index"))
        form = SignInForm(data={"next": request.args.get("next", "")} if request.method == "GET" else None)
        error = None
        if form.validate_on_submit():
            if sign_in(form.email.data or "", form.password.data or ""):
                return redirect(own_path(form.next.data) or url_for("HomePage.index"))
            error = _("Email or password is not right. Try again.")
        shown = self.render(
            "security/login.html",
            form=form,
            error=error,
            next_url=form.next.data or "",
            demo_accounts=[
                {"email": person.email, "name": person.name, "kind": KIND_LABELS[person.kind], "password": PASSWORD}
                for person in people()
            ]
            if current_app.config["DEMO"]
            else [],
        )
        return (shown, 422) if error else shown

    @expose("/logout/", methods=["GET", "POST"])
    def logout(self) -> Response:
        """Sign out on POST; a GET changes nothing (an image tag could send it)."""
        if request.method == "POST":
            sign_out()
            return redirect(url_for("SignInPage.login"))
        return redirect(url_for("HomePage.index"))
