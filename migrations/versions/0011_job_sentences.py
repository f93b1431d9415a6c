"""What came of a job is kept in every language."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.drop_column("sentence")
        batch_op.add_column(sa.Column("sentence", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.drop_column("sentence")
        batch_op.add_column(sa.Column("sentence", sa.String(length=300), nullable=False, server_default=""))
