"""The code on a printed invoice: which bill it opens, and until when. No row is kept of it (decision 0090)."""

import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date, timedelta
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from flask import current_app
from sqlalchemy import select

from app.access.scope import everywhere
from app.billing.models import Bill
from app.core.addresses import public_url
from app.core.clock import month_of, today
from app.core.database import db

CODE = re.compile(r"[A-Za-z0-9_-]{38}")
# the bill's id, the serial of its codes, and the last day as a day's number
_LAYOUT = struct.Struct(">QHH")


def printed_address(bill: Bill) -> str | None:
    """Return what the QR code of a bill's invoice opens: good to the end of the second month after the present one.

    None for a void bill, and where the program does not know its own address.
    """
    if bill.voided_at is not None or not public_url():
        return None
    return f"{public_url()}/invoice/{code_of(bill, last_day(today()))}"


def last_day(printed_on: date) -> date:
    """Return the last day on which a code printed on a day opens anything; it is the same for a whole month."""
    end = printed_on
    for _month in range(3):
        end = month_of(end)[1] + timedelta(days=1)
    return end - timedelta(days=1)


def code_of(bill: Bill, last: date) -> str:
    """Return the code that opens a bill up to a day: sealed, so that nobody can make one or read the bill's id in it."""
    sealed = _cipher().encrypt(_LAYOUT.pack(bill.id, bill.code_serial, last.toordinal() - _FIRST), None)
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def bill_of(code: str) -> Bill | None:
    """Return the bill that a code opens; None for one that is forged, too old or withdrawn, or of a customer who was deleted."""
    if not CODE.fullmatch(code):
        return None
    sealed = urlsafe_b64decode(f"{code}==")
    # the last letter has bits to spare: a code has one spelling
    if urlsafe_b64encode(sealed).rstrip(b"=").decode() != code:
        return None
    try:
        bill_id, serial, last = _LAYOUT.unpack(_cipher().decrypt(sealed, None))
    except InvalidTag:
        return None
    if date.fromordinal(_FIRST + last) < today():
        return None
    with everywhere("whoever holds the invoice may see what its bill says"):
        bill = db.session.execute(select(Bill).where(Bill.id == bill_id)).scalar_one_or_none()
        if bill is None or bill.code_serial != serial or bill.customer.deleted_at is not None:
            return None
        return bill


_FIRST = date(2020, 1, 1).toordinal()


def _cipher() -> AESSIV:
    return AESSIV(sha256(b"code of a printed invoice:" + current_app.config["SECRET_KEY"].encode()).digest())
