"""Indexes that hold all a figure of the first page needs, so that no row is read to count and add up."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PRESENT = sa.text("deleted_at IS NULL")
OPEN = sa.text("voided_at IS NULL AND paid < total")


def _held() -> Iterator[tuple[str, str, list[str], list[str], Any]]:
    # name, table, columns as before, columns that the index holds besides, which rows
    for scope in ("tenant", "owner"):
        whose = f"{scope}_id"
        yield f"ix_customers_{scope}_due", "customers", [whose, "due", "id"], ["deleted_at", "zone_id"], None
        yield f"ix_customers_{scope}_status", "customers", [whose, "status", "id"], ["deleted_at", "due"], None
        more = ["deleted_at", "status", "profile_id"]
        yield f"ix_customers_{scope}_by_suspend_at", "customers", [whose, "suspend_at", "id"], more, PRESENT
        yield f"ix_bills_{scope}_open", "bills", [whose, "number"], ["due_on", "voided_at", "total", "paid"], OPEN


def _new() -> Iterator[tuple[str, str, list[str], Any]]:
    for scope in ("tenant", "owner"):
        taken = [f"{scope}_id", "paid_on", "voided_at", "collected_by_id", "amount"]
        yield f"ix_payments_{scope}_taken", "payments", taken, None
    columns = ["customer_id", "due_on", "voided_at", "total", "paid", "tenant_id", "owner_id"]
    yield "ix_bills_customer_open", "bills", columns, OPEN


def upgrade() -> None:
    """Apply the change."""
    for name, table, columns, more, where in _held():
        op.drop_index(name, table)
        op.create_index(name, table, [*columns, *more], sqlite_where=where, postgresql_where=where)
    for name, table, columns, where in _new():
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Undo the change."""
    for name, table, _columns, _where in _new():
        op.drop_index(name, table)
    for name, table, columns, _more, where in _held():
        op.drop_index(name, table)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
