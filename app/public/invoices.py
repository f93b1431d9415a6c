"""The page behind the code on a printed invoice: what its bill says today, and a way to pay it (decision 0090)."""

from typing import Any

from flask import make_response, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.access.actor import set_actor
from app.access.permissions import PUBLIC
from app.access.scope import within
from app.billing.models import Bill
from app.billing.printed import bill_of
from app.core.database import transaction
from app.core.errors import NotFound, Refused
from app.paylinks.merchants import offers
from app.paylinks.queries import undecided_about
from app.paylinks.services import make_printed_link
from app.public.frame import is_of_the_page, page_language, page_languages, provider_of, token_of_the_page
from app.public.limits import limit
from app.public.views import masked
from app.web.page import REFUSED, Panel


class PrintedInvoicePage(Panel):
    """What the QR code of an invoice opens. It names nobody in full: the paper may lie anywhere."""

    route_base = "/invoice"
    default_view = "show"
    keys = {"show": PUBLIC, "pay": PUBLIC}

    @expose("/<code>")
    def show(self, code: str) -> Response:
        """Show what the bill says at this moment; a look changes nothing."""
        limit("look")
        return self._shown(_bill(code), code)

    @expose("/<code>", methods=["POST"])
    def pay(self, code: str) -> Any:
        """Make the payment link of the bill for today, and go on to it."""
        limit("pay")
        bill = _bill(code)
        with within(bill.tenant_id, bill.owner_id), force_locale(_language(bill)):
            if not is_of_the_page(code, request.form.get("csrf_token", "")):
                sentence = _("This page was open for too long. Look at the amount and press again.")
                return self._shown(bill, code, sentence), 400
            try:
                with transaction():
                    made = make_printed_link(bill)
            except Refused as refused:
                return self._shown(bill, code, refused.message), REFUSED
        return redirect(url_for("PayPage.show", token=made.token, lang=request.args.get("lang")), 303)

    def _shown(self, bill: Bill, code: str, sentence: str = "") -> Response:
        language = _language(bill)
        with within(bill.tenant_id, bill.owner_id), force_locale(language):
            page = self.render(
                "public/invoice.html",
                bill=bill,
                customer=masked(bill.customer.name_for(language)),
                is_payable=bool(bill.open and offers(bill.owner_id, bill.open)),
                is_confirming=undecided_about(bill.customer_id, [bill.id]) is not None,
                token=token_of_the_page(code),
                sentence=sentence,
                languages=page_languages(),
                **provider_of(bill),
            )
        response = make_response(page)
        response.headers["X-Robots-Tag"] = "noindex"
        return response


def _bill(code: str) -> Bill:
    """Return the bill of a code. Raises NotFound, the same for a forged, an old and a withdrawn one."""
    # who is signed in beside it has nothing to do with this page
    set_actor(None)
    bill = bill_of(code)
    if bill is None:
        limit("guess")
        raise NotFound("Bill")
    return bill


def _language(bill: Bill) -> str:
    return page_language(bill.customer.document_language)
