"""Indexes that hold all a figure of the first page needs, so that no row is read to count and add up."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PRESENT = sa.text("deleted_at IS NULL")
OPEN = sa.text("voided_at IS NULL AND paid < total")


def upgrade() -> None:
    """Apply the change."""
    for scope in ("tenant", "owner"):
        whose = f"{scope}_id"
        for name, columns in (
            (f"ix_customers_{scope}_due", ["due", "id", "deleted_at", "zone_id"]),
            (f"ix_customers_{scope}_status", ["status", "id", "deleted_at", "due"]),
        ):
            op.drop_index(name, "customers")
            op.create_index(name, "customers", [whose, *columns])
        by_suspend_at = f"ix_customers_{scope}_by_suspend_at"
        op.drop_index(by_suspend_at, "customers")
        op.create_index(
            by_suspend_at,
            "customers",
            [whose, "suspend_at", "id", "deleted_at", "status", "profile_id"],
            sqlite_where=PRESENT,
            postgresql_where=PRESENT,
        )
        open_bills = f"ix_bills_{scope}_open"
        op.drop_index(open_bills, "bills")
        op.create_index(
            open_bills,
            "bills",
            [whose, "number", "due_on", "voided_at", "total", "paid"],
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        )
        op.create_index(
            f"ix_payments_{scope}_taken", "payments", [whose, "paid_on", "voided_at", "collected_by_id", "amount"]
        )
    op.create_index(
        "ix_bills_customer_open",
        "bills",
        ["customer_id", "due_on", "voided_at", "total", "paid", "tenant_id", "owner_id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
