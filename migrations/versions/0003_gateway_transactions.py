"""A payment that came in through a gateway names its transaction: one receipt for each."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("gateway_transaction", sa.String(100)))
    op.create_index(
        "uq_payments_gateway_transaction", "payments", ["tenant_id", "method", "gateway_transaction"], unique=True
    )


def downgrade() -> None:
    op.drop_index("uq_payments_gateway_transaction", "payments")
    op.drop_column("payments", "gateway_transaction")
