"""What belongs to a row is found by that row alone, whoever looks: an owner's people ask by owner and not by tenant.

An index that begins with the tenant is no help to a question that does not name it. And three columns had no index at all.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KEYED = (
    ("ix_bills_customer", "bills", ("customer_id", "period_from", "id")),
    ("ix_payments_customer", "payments", ("customer_id", "id")),
    ("ix_allocations_bill", "allocations", ("bill_id",)),
    ("ix_allocations_payment", "allocations", ("payment_id",)),
    ("ix_allocations_credit", "allocations", ("credit_id",)),
    ("ix_discounts_bill", "discounts", ("bill_id",)),
    ("ix_credits_customer", "credits", ("customer_id",)),
    ("ix_visits_customer", "visits", ("customer_id", "id")),
    ("ix_journal_lines_entry", "journal_lines", ("entry_id",)),
    ("ix_journal_lines_holder", "journal_lines", ("ledger", "holder_id", "id")),
)
NEW = (
    ("ix_journal_entries_payment", "journal_entries", "payment_id"),
    ("ix_journal_entries_expense", "journal_entries", "expense_id"),
    ("ix_payments_replaces", "payments", "replaces_id"),
)


def upgrade() -> None:
    """Apply the change."""
    for name, table, columns in KEYED:
        op.drop_index(name, table)
        op.create_index(name, table, [*columns])
    for name, table, column in NEW:
        is_there = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, table, [column], sqlite_where=is_there, postgresql_where=is_there)


def downgrade() -> None:
    """Undo the change."""
    for name, table, _column in NEW:
        op.drop_index(name, table)
    for name, table, columns in KEYED:
        op.drop_index(name, table)
        op.create_index(name, table, ["tenant_id", *columns])
