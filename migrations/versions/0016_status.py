"""Components of the status page, incidents."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _owner(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f(f"fk_{table}_tenant_id_owner_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _within(table: str, column: str, target: str) -> sa.schema.SchemaItem:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def upgrade() -> None:
    op.create_table(
        "status_components",
        sa.Column("id", sa.Integer(), nullable=False),
        *_owner("status_components"),
        sa.Column("key", sa.String(20), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("name_bn", sa.String(60), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("state_since", MOMENT, nullable=False),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived_at", MOMENT, nullable=True),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_status_components_tenant_id_id")),
    )
    op.create_index("ix_status_components_scope", "status_components", ["tenant_id", "position"])
    op.create_table(
        "status_days",
        sa.Column("id", sa.Integer(), nullable=False),
        *_owner("status_days"),
        sa.Column("component_id", sa.Integer(), nullable=False),
        _within("status_days", "component_id", "status_components"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("impaired", sa.Integer(), nullable=False),
        sa.Column("down", sa.Integer(), nullable=False),
        sa.UniqueConstraint("component_id", "day", name=op.f("uq_status_days_component_id_day")),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer(), nullable=False),
        *_owner("incidents"),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("title_bn", sa.String(120), nullable=False),
        sa.Column("impact", sa.String(20), nullable=False),
        sa.Column("progress", sa.String(20), nullable=False),
        sa.Column("component_ids", sa.JSON(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_incidents_tenant_id_id")),
    )
    op.create_index("ix_incidents_scope", "incidents", ["tenant_id", "started_at", "id"])
    op.create_table(
        "incident_updates",
        sa.Column("id", sa.Integer(), nullable=False),
        *_owner("incident_updates"),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        _within("incident_updates", "incident_id", "incidents"),
        sa.Column("progress", sa.String(20), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("said_bn", sa.Text(), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.Column("said_by_id", sa.Integer(), nullable=True),
    )
    op.create_index("ix_incident_updates_incident", "incident_updates", ["incident_id", "id"])


def downgrade() -> None:
    for table in ("incident_updates", "incidents", "status_days", "status_components"):
        op.drop_table(table)
