"""How many customers an owner had of each status, day by day."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_counts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("suspended", sa.Integer(), nullable=False),
        sa.Column("disabled", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_customer_counts_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_customer_counts_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_counts")),
        sa.UniqueConstraint("owner_id", "day", name=op.f("uq_customer_counts_owner_id_day")),
    )
    op.create_index("ix_customer_counts_tenant", "customer_counts", ["tenant_id", "day"])


def downgrade() -> None:
    op.drop_table("customer_counts")
