"""The ends of the logs' chains: short for paper, signed for a file that is kept elsewhere."""

import json
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.access.scope import everywhere
from app.activity.models import Activity, Authentication, ChainHead
from app.activity.seals import GENESIS, UnknownKey, present_key, signed
from app.core.clock import now
from app.core.database import db
from app.core.errors import Refused

LOGS = {model.__tablename__: model for model in (Activity, Authentication)}
LETTERS = {"activity_log": "A", "authentication_log": "S"}
"""How a log is named where room is scarce: on a slip."""

SHORT = 16
"""Hex digits of a seal on paper: 64 bits, which nobody meets by trying."""

FORMAT = "sanjog-log-heads-1"
_PRINTED = re.compile(rf"([AS])-?(\d+)-(\d+)-([0-9a-f]{{{SHORT}}})")


@dataclass(frozen=True)
class Head:
    """The last row of a tenant's log: its number and the seal, or the seal's beginning, that everything before it must lead to."""

    log: str
    tenant_id: int
    seq: int
    seal: str

    @property
    def printed(self) -> str:
        """The head for paper, such as A1-345-9f3a77c012ab44d1: log, tenant, number of the row, beginning of its seal."""
        return f"{LETTERS[self.log]}{self.tenant_id}-{self.seq}-{self.seal[:SHORT]}"


def heads(tenant_id: int | None = None) -> list[Head]:
    """Return the heads of all chains, or of one tenant's."""
    statement = select(ChainHead.log, ChainHead.tenant_id, ChainHead.seq, ChainHead.seal)
    if tenant_id is not None:
        statement = statement.where(ChainHead.tenant_id == tenant_id)
    return [Head(*row) for row in db.session.execute(statement.order_by(ChainHead.log, ChainHead.tenant_id))]


def printed_head(tenant_id: int) -> str:
    """Return the head of a tenant's activity log for a slip of paper: `flask isp verify-log --head` compares it (spec §8)."""
    found = [head for head in heads(tenant_id) if head.log == Activity.__tablename__]
    return (found[0] if found else Head(Activity.__tablename__, tenant_id, 0, GENESIS)).printed


def read_printed(text: str) -> Head:
    """Read a head off paper. Raises Refused."""
    match = _PRINTED.fullmatch(text.strip().replace(" ", ""))
    if match is None:
        raise Refused(f"{text!r} is not the head of a log, such as A1-345-9f3a77c012ab44d1")
    letter, tenant_id, seq, seal = match.groups()
    return Head(next(log for log, one in LETTERS.items() if one == letter), int(tenant_id), int(seq), seal)


def signed_heads(tenant_id: int, tenant: str) -> str:
    """Return the heads of a tenant's logs as a signed JSON text to be kept outside of the database."""
    key_id = present_key()
    content: dict[str, Any] = {
        "format": FORMAT,
        "tenant": tenant,
        "made_at": now().isoformat(timespec="seconds"),
        "heads": [vars(head) for head in heads(tenant_id)],
        "key_id": key_id,
    }
    return json.dumps(content | {"signature": signed(_canonical(content), key_id)}, indent=2) + "\n"


def read_signed(text: str) -> list[Head]:
    """Read heads off a signed text. Raises Refused when it is none of ours, or was changed."""
    try:
        content = json.loads(text)
        signature = content.pop("signature")
        if content["format"] != FORMAT or signed(_canonical(content), str(content["key_id"])) != signature:
            raise Refused("the signature of this file is not ours: it was changed, or made by another installation")
        return [Head(**one) for one in content["heads"]]
    except UnknownKey:
        raise Refused("this file was signed with a key that LOG_KEY no longer names") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("this file holds no heads of logs") from None


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def tenants_with_logs() -> set[tuple[str, int]]:
    """Return every chain there is: by its head, or by rows that no head knows of."""
    with everywhere("chains of all tenants"):
        found = {(head.log, head.tenant_id) for head in heads()}
        for log, model in LOGS.items():
            found |= {
                (log, tenant_id) for tenant_id in db.session.execute(select(model.tenant_id).distinct()).scalars()
            }
    return found
