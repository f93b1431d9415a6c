"""Codes on printed invoices: a serial by which those of a bill are withdrawn, and links made by them, which replace no other."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NAME, COLUMNS = "uq_payment_links_open", ["tenant_id", "customer_id"]
STILL_OPEN = "paid_at IS NULL AND revoked_at IS NULL AND replaced_at IS NULL"
SENT = f"{STILL_OPEN} AND NOT is_printed"


def upgrade() -> None:
    op.add_column("bills", sa.Column("code_serial", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("payment_links", sa.Column("is_printed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_index(NAME, "payment_links")
    op.create_index(
        NAME, "payment_links", COLUMNS, unique=True, sqlite_where=sa.text(SENT), postgresql_where=sa.text(SENT)
    )


def downgrade() -> None:
    # two open links of a customer would not fit the index of old
    op.execute("UPDATE payment_links SET revoked_at = CURRENT_TIMESTAMP WHERE is_printed AND revoked_at IS NULL")
    op.drop_index(NAME, "payment_links")
    op.create_index(
        NAME,
        "payment_links",
        COLUMNS,
        unique=True,
        sqlite_where=sa.text(STILL_OPEN),
        postgresql_where=sa.text(STILL_OPEN),
    )
    op.drop_column("payment_links", "is_printed")
    op.drop_column("bills", "code_serial")
