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


def _key(columns: dict[str, list[str]]) -> None:
    """Make the indexes anew over other columns."""
    tables = {name: table for name, table, _columns in KEYED}
    if op.get_bind().dialect.name == "sqlite":
        for name, wanted in columns.items():
            op.drop_index(name, tables[name])
            op.create_index(name, tables[name], wanted)
        return
    # the new ones first: meanwhile pages are read, and only who writes waits; to drop one keeps everybody out
    for name, wanted in columns.items():
        op.create_index(f"{name}_new", tables[name], wanted)
    for name in columns:
        op.drop_index(name, tables[name])
        op.execute(f"ALTER INDEX {name}_new RENAME TO {name}")


def upgrade() -> None:
    """Apply the change."""
    for name, table, column in NEW:
        is_there = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, table, [column], sqlite_where=is_there, postgresql_where=is_there)
    _key({name: [*columns] for name, _table, columns in KEYED})


def downgrade() -> None:
    """Undo the change."""
    for name, table, _column in NEW:
        op.drop_index(name, table)
    _key({name: ["tenant_id", *columns] for name, _table, columns in KEYED})
