"""One valid receipt for a transaction of a gateway: of one that was given back in part, the rest stands again."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NAME, COLUMNS = "uq_payments_gateway_transaction", ["tenant_id", "method", "gateway_transaction"]
VALID = sa.text("voided_at IS NULL")


def upgrade() -> None:
    op.drop_index(NAME, "payments")
    op.create_index(NAME, "payments", COLUMNS, unique=True, sqlite_where=VALID, postgresql_where=VALID)


def downgrade() -> None:
    op.drop_index(NAME, "payments")
    op.create_index(NAME, "payments", COLUMNS, unique=True)
