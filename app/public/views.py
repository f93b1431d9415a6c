"""Pages for everybody: is this receipt genuine?"""

import re

from flask import request
from flask_appbuilder import expose
from sqlalchemy import select

from app.access.permissions import PUBLIC
from app.access.scope import everywhere
from app.accounts.models import Tenant
from app.core.database import db
from app.core.errors import NotFound
from app.customers.models import Customer
from app.payments.models import Payment
from app.web.page import Panel

CODE = re.compile(r"[A-Za-z0-9_-]{43}")


class ReceiptCheckPage(Panel):
    """What a receipt's QR code opens: number, masked name, amount, time, valid or void (spec §5.7)."""

    route_base = "/receipt"
    default_view = "check"
    keys = {"check": PUBLIC}

    @expose("/<code>")
    def check(self, code: str) -> str:
        """Show whether a receipt is genuine; unknown codes answer 404."""
        if not CODE.fullmatch(code) or request.method != "GET":
            raise NotFound("Payment")
        with everywhere("whoever holds the code may see what is on the receipt"):
            row = db.session.execute(
                select(Payment, Customer.name, Tenant)
                .join(Customer, Customer.id == Payment.customer_id)
                .join(Tenant, Tenant.id == Payment.tenant_id)
                .where(Payment.check_code == code)
            ).first()
        if row is None:
            raise NotFound("Payment")
        payment, name, tenant = row
        return self.render("public/receipt.html", payment=payment, masked_name=masked(name), tenant=tenant)


def masked(name: str) -> str:
    """Return a name that its owner knows and nobody else: the first letter of each word."""
    return " ".join(word[0] + "•••" for word in name.split())
