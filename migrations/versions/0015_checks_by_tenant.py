"""The books are checked tenant by tenant: each sees its own outcome."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("book_checks", sa.Column("tenant_id", sa.Integer()))
    op.create_index("ix_book_checks_tenant", "book_checks", ["tenant_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_book_checks_tenant", "book_checks")
    op.drop_column("book_checks", "tenant_id")
