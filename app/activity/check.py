"""Prove the logs: follow every chain from its first row to its head, and name the first row that breaks it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, select

from app.access.scope import everywhere
from app.activity.models import Chained, ChainHead
from app.activity.queries import LOGS, Head, heads, tenants_with_logs
from app.activity.seals import GENESIS, UnknownKey, keys, seal_of
from app.core.database import db

BATCH = 5000


@dataclass(frozen=True)
class Break:
    """The first row of a chain that does not hold: its number in the chain, its id where it is there, and what is wrong."""

    log: str
    tenant_id: int
    number: int
    row_id: int | None
    what: str

    def __str__(self) -> str:
        row = f"row {self.row_id}" if self.row_id is not None else f"row {self.number}"
        return f"{self.log} {row} (number {self.number} of tenant {self.tenant_id}): {self.what}"


@dataclass
class LogReport:
    """How many rows of how many chains were followed, and where they break."""

    rows: int = 0
    chains: int = 0
    breaks: list[Break] = field(default_factory=list)


def check_logs(known: Iterable[Head] = (), tenant_id: int | None = None) -> LogReport:
    """Follow every chain, or one tenant's, and compare it with heads known from elsewhere (paper, signed files).

    A row that was edited, deleted, put in, put elsewhere or cut off breaks its chain. Rows cut off together with the head, or a
    chain that is gone whole, are found by a known head alone.
    """
    report = LogReport()
    known = list(known)
    chains = tenants_with_logs() | {(head.log, head.tenant_id) for head in known}
    with everywhere("the check covers the installation"):
        for log, owner in sorted(chains):
            if tenant_id is not None and owner != tenant_id:
                continue
            report.chains += 1
            anchors = {head.seq: head.seal for head in known if (head.log, head.tenant_id) == (log, owner)}
            found = _Chain(log, owner, anchors).follow()
            report.rows += found.rows
            if found.broken is not None:
                report.breaks.append(found.broken)
    return report


class _Chain:
    """One log of one tenant, on the way from its first row."""

    def __init__(self, log: str, tenant_id: int, anchors: dict[int, str]) -> None:
        self.log, self.tenant_id, self.anchors = log, tenant_id, anchors
        self.model: type[Chained] = LOGS[log]
        self.rows, self.last_id, self.previous, self.key = 0, 0, GENESIS, ""
        # a key that has been followed by a newer one seals no more rows: whoever has stolen it can forge none after
        self.ages = {key_id: age for age, key_id in enumerate(reversed(keys()), 1)}
        self.broken: Break | None = None

    def follow(self) -> "_Chain":
        """Read the rows in their order until one does not hold."""
        head = next((one for one in heads(self.tenant_id) if one.log == self.log), None)
        last = head.seq if head else 0
        for row in self._read():
            number = self.rows + 1
            if number > last:
                break  # written meanwhile, or beyond the head: told apart below
            what = self._wrong(row, number)
            if what:
                return self._break(number, None if row.seq != number else row.id, what)
            self.rows, self.last_id, self.previous, self.key = number, row.id, row.seal, row.key_id
            if number in self.anchors and not row.seal.startswith(self.anchors[number]):
                return self._break(number, row.id, "is not the row that the head kept elsewhere names")
        if self.broken is not None:
            return self
        if self.rows < last:
            return self._break(self.rows + 1, None, f"is missing: the head says that there are {last} rows")
        if head and head.seal != self.previous:
            return self._break(last, self.last_id, "is not the row that the head names")
        beyond = self._beyond_the_head()
        if beyond is not None:
            return self._break(beyond.seq, beyond.id, "stands beyond the head of its log")
        cut = [seq for seq in self.anchors if seq > max(self.rows, last)]
        if cut:
            return self._break(
                self.rows + 1, None, f"is missing: a head kept elsewhere says that there were {max(cut)}"
            )
        return self

    def _wrong(self, row: Row[Any], number: int) -> str | None:
        if row.seq != number:
            return f"is missing: the next row there is number {row.seq}, row {row.id}"
        if row.previous != self.previous:
            return "does not follow the row before it"
        if row.id <= self.last_id:
            return "stands before a row that it follows"
        if self.ages.get(row.key_id, 0) < self.ages.get(self.key, 0):
            return "was sealed with a key that was out of use by then"
        try:
            return None if seal_of(self.model, row._mapping) == row.seal else "was changed"
        except UnknownKey:
            return "was sealed with a key that LOG_KEY does not name"

    def _read(self) -> Iterator[Row[Any]]:
        columns = [getattr(self.model, column.key) for column in self.model.__table__.columns]  # type: ignore[attr-defined]
        statement = select(*columns).where(self.model.tenant_id == self.tenant_id).order_by(self.model.seq)
        size, after = BATCH, 0
        while self.broken is None:
            try:
                rows = db.session.execute(statement.where(self.model.seq > after).limit(size)).all()
            except (ValueError, TypeError, OverflowError):
                # SQLite keeps whatever it is given: something in this batch is no value of its column
                if size == 1:
                    self._break(self.rows + 1, None, "cannot be read")
                    return
                size = 1
                continue
            yield from rows
            if not rows:
                return
            after = rows[-1].seq

    def _beyond_the_head(self) -> Row[Any] | None:
        # one statement sees log and head at one moment
        end = func.coalesce(_end_of(self.log, self.tenant_id), 0)
        statement = select(self.model.seq, self.model.id).where(
            self.model.tenant_id == self.tenant_id, (self.model.seq > end) | (self.model.seq < 1)
        )
        return db.session.execute(statement.order_by(self.model.seq).limit(1)).first()

    def _break(self, number: int, row_id: int | None, what: str) -> "_Chain":
        self.broken = Break(self.log, self.tenant_id, number, row_id, what)
        return self


def _end_of(log: str, tenant_id: int) -> Any:
    return select(ChainHead.seq).where(ChainHead.log == log, ChainHead.tenant_id == tenant_id).scalar_subquery()
