"""What a form makes carries the form's request id: the same form again makes no second row."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("credits", "discounts", "expenses", "journal_entries")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("request_id", sa.String(36)))
        op.create_index(f"uq_{table}_request", table, ["tenant_id", "request_id"], unique=True)


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f"uq_{table}_request", table)
        op.drop_column(table, "request_id")
