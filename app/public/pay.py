"""The page behind a payment link: what is due now, the ways to pay it, and what came of it. It needs no session (spec §6)."""

from typing import Any

from flask import current_app, make_response, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.access.actor import set_actor
from app.access.permissions import PUBLIC
from app.access.scope import everywhere, within
from app.core.database import db, transaction
from app.core.errors import NotFound, Refused
from app.customers.models import Customer
from app.gateways.registry import GATEWAYS
from app.paylinks.attempts import SETTLED_MEANWHILE, start
from app.paylinks.merchants import offers, place
from app.paylinks.models import AttemptState, LinkState, PaymentAttempt, PaymentLink
from app.paylinks.queries import attempt_of, due_of, last_posted, link_of, undecided_attempt
from app.paylinks.services import note_opened
from app.payments.models import Payment
from app.public.frame import is_of_the_page, page_language, page_languages, provider_of, token_of_the_page
from app.public.limits import limit
from app.public.views import masked
from app.web.frame import CSP
from app.web.page import REFUSED, Panel

BACK = "sanjog_pay"
"""The cookie that leads from the result back to the link: the link itself is told to no gateway."""

WAITING = (AttemptState.NEW, AttemptState.OPEN, AttemptState.VERIFYING, AttemptState.UNKNOWN)


class PayPage(Panel):
    """What a payment link opens."""

    route_base = "/pay"
    default_view = "show"
    keys = {"show": PUBLIC, "pay": PUBLIC, "opened": PUBLIC, "result": PUBLIC}

    @expose("/<token>")
    def show(self, token: str) -> Any:
        """Show what is due at this moment and how it can be paid; a look changes nothing."""
        limit("look")
        return self._shown(_open_link(token))

    @expose("/<token>", methods=["POST"])
    def pay(self, token: str) -> Any:
        """Begin to pay: what is due now is asked for at the gateway, and the customer goes on to its page."""
        limit("pay")
        link = _open_link(token)
        language = _language(link)
        with force_locale(language):
            if not is_of_the_page(_mark(link), request.form.get("csrf_token", "")):
                return self._shown(link, _("This page was open for too long. Look at the amount and press again.")), 400
            try:
                started = start(
                    link,
                    request.form.get("gateway", ""),
                    client_ip=request.remote_addr or "",
                    is_phone="Mobi" in request.headers.get("User-Agent", ""),
                    language=language,
                )
            except Refused as refused:
                return self._shown(link, refused.message), REFUSED
        response = redirect(started.pay_url, 303)
        response.set_cookie(
            BACK,
            token,
            max_age=2 * 3600,
            path="/pay/result",
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
        return response

    @expose("/<token>/opened", methods=["POST"])
    def opened(self, token: str) -> Any:
        """Note that a person looks at the page: its script says so, which previews of chats do not run."""
        limit("pay")
        link = _open_link(token)
        if not is_of_the_page(_mark(link), request.form.get("csrf_token", "")):
            return "", 400
        with within(link.tenant_id, link.owner_id), transaction():
            note_opened(link)
        return "", 204

    @expose("/result/<secret>")
    def result(self, secret: str) -> Any:
        """Show what came of an attempt, from our own books alone."""
        limit("look")
        set_actor(None)
        attempt = next((one for one in (attempt_of(name, secret) for name in GATEWAYS) if one is not None), None)
        if attempt is None:
            limit("guess")
            raise NotFound("PaymentAttempt")
        with within(attempt.tenant_id, attempt.owner_id):
            link = db.session.get_one(PaymentLink, attempt.link_id)
            back = _way_back(link)
            with force_locale(_language(link)):
                return self.render(
                    "public/pay_result.html",
                    outcome=_outcome(attempt),
                    receipt=_receipt_number(attempt),
                    reason=attempt.message if attempt.state == AttemptState.FAILED else "",
                    label=GATEWAYS[attempt.gateway].label,
                    back_url=back,
                    languages=page_languages(),
                    **provider_of(link),
                )

    def _shown(self, link: PaymentLink, sentence: str = "") -> Response:
        """Return the link's page in the customer's language, with the gateways' pages allowed as targets of its form."""
        with within(link.tenant_id, link.owner_id), force_locale(_language(link)):
            due = due_of(link)
            ways = offers(link.owner_id, due.amount) if due.amount else []
            posted = last_posted(link)
            page = self.render(
                "public/pay.html",
                customer=masked(_customer(link).name_for(_language(link))),
                bills=due.bills,
                amount=due.amount,
                ways=[
                    {
                        "name": way.kind.name,
                        "label": way.kind.label,
                        "charge": way.charge,
                        "total": due.amount + way.charge,
                        "is_test": way.settings.environment != "live",
                    }
                    for way in ways
                ],
                is_confirming=undecided_attempt(link) is not None,
                receipt=_receipt_number(posted) if link.state == LinkState.PAID and posted else None,
                is_paid=link.state == LinkState.PAID,
                token=token_of_the_page(_mark(link)),
                sentence=sentence,
                languages=page_languages(),
                **provider_of(link),
            )
            pages = {origin for way in ways for origin in _origins(way.settings)}
        response = make_response(page)
        # the browser follows the gateway's address after the form was sent: a policy of 'self' alone would stop it
        response.headers["Content-Security-Policy"] = CSP.replace(
            "form-action 'self'", " ".join(["form-action 'self'", *sorted(pages)])
        )
        response.headers["X-Robots-Tag"] = "noindex"
        return response


def _open_link(token: str) -> PaymentLink:
    """Return the link of a token that still opens something. Raises NotFound, the same for every other token (spec §6)."""
    # who is signed in beside it has nothing to do with this page
    set_actor(None)
    link = link_of(token)
    if link is None or link.state not in (LinkState.OPEN, LinkState.PAID):
        limit("guess")
        raise NotFound("PaymentLink")
    return link


def _customer(link: PaymentLink) -> Customer:
    return db.session.get_one(Customer, link.customer_id)


def _language(link: PaymentLink) -> str:
    with everywhere("the link names its customer"):
        return page_language(_customer(link).document_language)


def _mark(link: PaymentLink) -> str:
    return link.token_hash[:32]


def _origins(settings: Any) -> tuple[str, ...]:
    where = place(settings)
    return where.origins if where is not None else ()


def _outcome(attempt: PaymentAttempt) -> str:
    if attempt.state == AttemptState.POSTED:
        return "paid"
    if attempt.state == AttemptState.REVIEW:
        return "review"
    if attempt.state in WAITING:
        return "waiting"
    if attempt.code == SETTLED_MEANWHILE:
        return "settled"
    return "cancelled" if attempt.state == AttemptState.CANCELLED else "failed"


def _receipt_number(attempt: PaymentAttempt | None) -> int | None:
    if attempt is None or attempt.payment_id is None:
        return None
    return db.session.get_one(Payment, attempt.payment_id).number


def _way_back(link: PaymentLink) -> str | None:
    """Return the link's own page, when this browser came from it and it is still open."""
    token = request.cookies.get(BACK, "")
    known = link_of(token)
    is_same = known is not None and known.id == link.id and known.state == LinkState.OPEN
    return url_for("PayPage.show", token=token) if is_same else None
