"""Sign-in and sign-out, one's own sessions and factors, and the question before a sensitive act."""

from typing import Any

import segno
from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.access.actor import Actor, current_actor
from app.access.permissions import KEYS, PUBLIC, SIGNED_IN
from app.core.database import transaction
from app.core.errors import ReadOnly, Refused
from app.demo_cast import PASSWORD, people
from app.security.devices import device_name
from app.security.factors import (
    begin_totp,
    confirm_totp,
    new_recovery_codes,
    recovery_codes_left,
    remove_totp,
    totp_address,
    totp_to_confirm,
)
from app.security.forms import FactorForm, PasskeyForm, SignInForm, TotpForm
from app.security.passkeys import add_passkey, own_passkey, passkeys_of, registration_options, remove_passkey
from app.security.queries import programs_of
from app.security.services import (
    Step,
    finish_sign_in,
    passkey_options,
    pending_sign_in,
    sign_in,
    sign_in_with_passkey,
    sign_out,
)
from app.security.sessions import end_other_sessions, end_session, live_sessions
from app.web.forms import HouseForm
from app.web.frame import KIND_LABELS, own_path
from app.web.page import GRAVE_MINUTES, REFUSED, Panel, demand_proof

TOO_MANY = 429


def json_answer(text: str) -> Response:
    """Answer with JSON for the page's own script."""
    return current_app.response_class(text, mimetype="application/json")


class SignInPage(Panel):
    """Email and password, then the second factor where there is one; in demo mode also one tap per person of the cast."""

    route_base = ""
    default_view = "login"
    keys = {"login": PUBLIC, "factor": PUBLIC, "passkey_options": PUBLIC, "passkey": PUBLIC, "logout": SIGNED_IN}

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Response | tuple[str, int] | str:
        """Show the form, or take email and password and go on to where the visitor wanted to be."""
        if current_actor() is not None and request.method == "GET":
            return redirect(url_for("HomePage.index"))
        form = SignInForm(data={"next": request.args.get("next", "")} if request.method == "GET" else None)
        step = None
        if form.validate_on_submit():
            step = sign_in(
                form.email.data or "",
                form.password.data or "",
                remember=bool(form.remember.data),
                next_url=own_path(form.next.data) or "",
            )
            if step == Step.FACTOR:
                return redirect(url_for("SignInPage.factor"))
            if step == Step.SIGNED_IN:
                return redirect(own_path(form.next.data) or url_for("HomePage.index"))
        return self._shown(form, step)

    def _shown(self, form: SignInForm, step: Step | None) -> tuple[str, int] | str:
        errors = {
            Step.REFUSED: (_("Email or password is not right. Try again."), REFUSED),
            Step.LOCKED: (_("Too many attempts. Try again in a few minutes."), TOO_MANY),
        }
        error, status = errors.get(step, (None, 200)) if step else (None, 200)
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
        return (shown, status) if error else shown

    @expose("/login/factor", methods=["GET", "POST"])
    def factor(self) -> Any:
        """Ask for the second factor of whose password was right; nobody is signed in before it is."""
        pending = pending_sign_in()
        if pending is None:
            if request.method == "POST":
                flash(_("Type your password again, then the code."), "info")
            return redirect(url_for("SignInPage.login"))
        form, error = FactorForm(), None
        if form.validate_on_submit():
            step = finish_sign_in(pending, code=form.code.data or "", credential=form.credential.data or "")
            if step == Step.SIGNED_IN:
                return redirect(own_path(pending.next_url) or url_for("HomePage.index"))
            if pending_sign_in() is None:
                flash(_("Too many attempts. Type your password again, then the code."), "warning")
                return redirect(url_for("SignInPage.login"))
            error = (
                _("Too many attempts. Try again in a few minutes.")
                if step == Step.LOCKED
                else _("That is not right. Try again.")
            )
        shown = self.render("security/factor.html", form=form, error=error, factors=pending.actor.factors)
        return (shown, REFUSED) if error else shown

    @expose("/login/passkey/options", methods=["POST"])
    def passkey_options(self) -> Response:
        """Say what a passkey has to sign: as second factor of whoever's password was right, else to sign in alone."""
        pending = pending_sign_in()
        return json_answer(passkey_options(pending.actor, "sign_in") if pending else passkey_options(None, "alone"))

    @expose("/login/passkey", methods=["POST"])
    def passkey(self) -> Any:
        """Sign in with a passkey alone."""
        step = sign_in_with_passkey(request.form.get("credential", ""))
        if step == Step.SIGNED_IN:
            return redirect(own_path(request.form.get("next")) or url_for("HomePage.index"))
        flash(
            _("Too many attempts. Try again in a few minutes.")
            if step == Step.LOCKED
            else _("The passkey did not fit. Sign in with email and password, or try again."),
            "warning",
        )
        return redirect(url_for("SignInPage.login"))

    @expose("/logout/", methods=["GET", "POST"])
    def logout(self) -> Response:
        """Sign out on POST; a GET changes nothing (an image tag could send it)."""
        if request.method == "POST":
            sign_out()
            return redirect(url_for("SignInPage.login"))
        return redirect(url_for("HomePage.index"))


WAYS = {
    "password": _l("Password"),
    "totp": _l("Password and code"),
    "recovery": _l("Password and recovery code"),
    "passkey": _l("Passkey"),
}
"""How a session was opened."""


class SecurityPage(Panel):
    """One's own factors and sessions."""

    route_base = "/account/security"
    default_view = "index"
    keys = {
        "index": SIGNED_IN,
        "begin_totp": SIGNED_IN,
        "totp": SIGNED_IN,
        "remove_totp": SIGNED_IN,
        "codes": SIGNED_IN,
        "passkey_options": SIGNED_IN,
        "add_passkey": SIGNED_IN,
        "remove_passkey": SIGNED_IN,
        "end_session": SIGNED_IN,
        "end_others": SIGNED_IN,
        "prove": SIGNED_IN,
        "proof_options": SIGNED_IN,
    }
    fresh = {
        "begin_totp": GRAVE_MINUTES,
        "totp": GRAVE_MINUTES,
        "remove_totp": GRAVE_MINUTES,
        "codes": GRAVE_MINUTES,
        "add_passkey": GRAVE_MINUTES,
        "remove_passkey": GRAVE_MINUTES,
    }

    @expose("/")
    def index(self) -> str:
        """Show one's factors and where one is signed in."""
        actor = self.actor()
        hand = actor.hand
        return self.render(
            "security/security.html",
            actor=hand,
            is_reading=actor.seen_by is not None,
            is_below=not hand.may("parents"),
            must_set_up=actor.gate == "factor",
            offered="offer" in request.args and not hand.factors,
            passkeys=passkeys_of(hand.id),
            codes_left=recovery_codes_left(hand.id),
            programs=[
                {
                    "name": row.name,
                    "prefix": row.prefix,
                    "created_at": row.created_at,
                    "last_used_at": row.last_used_at,
                    "keys": ", ".join(str(KEYS[name].label) for name in row.keys if name in KEYS and hand.may(name)),
                }
                for row in programs_of(hand.id)
            ],
            sessions=[
                {
                    "id": row.id,
                    "device": device_name(row.device),
                    "way": WAYS.get(row.way, row.way),
                    "address": row.address,
                    "seen_at": row.seen_at,
                    "created_at": row.created_at,
                    "remembered": row.device_id is not None,
                    "acting": hand.session is not None and row.id == hand.session.id,
                }
                for row in live_sessions(hand)
            ],
        )

    def _own(self) -> Actor:
        """Return who acts on its own factors and sessions: never a parent that looks at the panel as somebody else."""
        actor = self.actor()
        if actor.seen_by is not None:
            raise ReadOnly
        return actor

    # --- The authenticator app

    @expose("/totp/begin", methods=["POST"])
    def begin_totp(self) -> Response:
        """Make a secret for a new authenticator app."""
        with transaction():
            begin_totp(self._own())
        return redirect(url_for("SecurityPage.totp"), 303)

    @expose("/totp", methods=["GET", "POST"])
    def totp(self) -> Any:
        """Show the secret as QR code and as text until a code of the app confirms it; then show the recovery codes."""
        actor = self._own()
        secret = totp_to_confirm(actor)
        if secret is None:
            return redirect(url_for("SecurityPage.index"))
        form, shown = TotpForm(), []

        def act() -> Response:
            if not confirm_totp(actor, form.code.data or ""):
                raise Refused(_("This code does not fit. Type the one the app shows now."), "code")
            shown.append(self._codes(actor, _("The authenticator app is set up.")))
            return Response()

        company = current_app.config["APP_NAME"]
        image = segno.make(totp_address(actor, secret, company), micro=False, error="m")
        answer = self.ask(
            form,
            act,
            "security/totp.html",
            in_parts=True,
            # drawn by us from the secret, nothing anybody typed
            qr=Markup(image.svg_inline(border=3, dark="#000", light="#fff", omitsize=True)),
            secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
            cancel_url=url_for("SecurityPage.index"),
        )
        return shown[0] if shown else answer

    @expose("/totp/remove", methods=["GET", "POST"])
    def remove_totp(self) -> Any:
        """Take the authenticator app away."""
        actor = self._own()
        if "totp" not in actor.factors:
            return redirect(url_for("SecurityPage.index"))

        def act() -> Response:
            remove_totp(actor)
            return self._removed(_("The authenticator app is removed."))

        return self._confirm(act, _("Remove the authenticator app"), [])

    @expose("/codes", methods=["GET", "POST"])
    def codes(self) -> Any:
        """Make ten new recovery codes and show them once; the old ones are void."""
        actor = self._own()
        if not actor.factors:
            return redirect(url_for("SecurityPage.index"))
        shown: list[str] = []

        def act() -> Response:
            shown.append(self._codes(actor, ""))
            return Response()

        answer = self.ask(
            HouseForm(),
            act,
            "page/confirm.html",
            title=_("New recovery codes"),
            consequence=_("You see ten new codes once. All older ones are void."),
            submit_label=_("Make new codes"),
            cancel_url=url_for("SecurityPage.index"),
        )
        return shown[0] if shown else answer

    def _codes(self, actor: Actor, done: str) -> str:
        with transaction():
            codes = new_recovery_codes(actor)
        return self.render("security/codes.html", codes=codes, done=done, email=actor.email)

    # --- Passkeys

    @expose("/passkeys/options", methods=["POST"])
    def passkey_options(self) -> Response:
        """Say what a new passkey is made of."""
        return json_answer(registration_options(self._own()))

    @expose("/passkeys/add", methods=["GET", "POST"])
    def add_passkey(self) -> Any:
        """Add a passkey: the browser makes it, we keep its public half; the first factor brings recovery codes along."""
        actor = self._own()
        form = PasskeyForm()
        if request.method == "GET":
            form.name.data = device_name(request.headers.get("User-Agent", ""))
        shown: list[str] = []

        def act() -> Response:
            add_passkey(actor, form.name.data or "", form.credential.data or "")
            if not recovery_codes_left(actor.id):
                shown.append(self._codes(actor, _("The passkey is added.")))
                return Response()
            return self.done(_("The passkey is added."), url_for("SecurityPage.index"))

        answer = self.ask(
            form,
            act,
            "security/add_passkey.html",
            in_parts=True,
            options_url=url_for("SecurityPage.passkey_options"),
            cancel_url=url_for("SecurityPage.index"),
        )
        return shown[0] if shown else answer

    @expose("/passkeys/remove/<int:number>", methods=["GET", "POST"])
    def remove_passkey(self, number: int) -> Any:
        """Take a passkey away."""
        actor = self._own()
        row = own_passkey(actor, number)

        def act() -> Response:
            remove_passkey(actor, number)
            return self._removed(_("The passkey is removed."))

        facts = [(_("Name"), row.name, "data"), (_("Added"), row.created_at, "moment")]
        return self._confirm(act, _("Remove the passkey"), facts)

    def _confirm(self, act: Any, title: str, facts: list[Any]) -> Any:
        return self.ask(
            HouseForm(),
            act,
            "page/confirm.html",
            title=title,
            consequence=_("You are signed out everywhere else. Without any factor the password alone signs you in."),
            facts=facts,
            submit_label=title,
            danger=True,
            cancel_url=url_for("SecurityPage.index"),
        )

    def _removed(self, sentence: str) -> Response:
        return self.done(sentence, url_for("SecurityPage.index"))

    # --- Sessions

    @expose("/sessions/end/<int:number>", methods=["POST"])
    def end_session(self, number: int) -> Response:
        """End one of one's own sessions; the acting one is a sign-out."""
        actor = self._own()
        if actor.session is not None and actor.session.id == number:
            sign_out()
            return redirect(url_for("SignInPage.login"), 303)
        with transaction():
            end_session(actor, number)
        return self.done(_("Session ended."), url_for("SecurityPage.index"))

    @expose("/sessions/end-others", methods=["POST"])
    def end_others(self) -> Response:
        """End all of one's own sessions but this one, and forget all other devices."""
        with transaction():
            end_other_sessions(self._own())
        return self.done(_("You are signed out everywhere else."), url_for("SecurityPage.index"))

    # --- Once more, before a sensitive act

    @expose("/prove", methods=["GET", "POST"])
    def prove(self) -> Response:
        """Take the proof that a sensitive page has asked for, and go on to it."""
        if request.method == "GET":
            return redirect(url_for("HomePage.index"))
        demand_proof(0)
        return redirect(own_path(request.form.get("next")) or url_for("HomePage.index"), 303)

    @expose("/prove/options", methods=["POST"])
    def proof_options(self) -> Response:
        """Say what a passkey has to sign as a further proof."""
        return json_answer(passkey_options(self._own(), "prove"))
