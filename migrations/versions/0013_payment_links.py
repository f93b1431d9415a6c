"""Payment links, attempts to pay by them, merchants' settings of gateways, and what is to be looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("environment", sa.String(length=10), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("is_inherited", sa.Boolean(), nullable=False),
        sa.Column("charge_basis_points", sa.Integer(), nullable=False),
        sa.Column("credentials", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("charge_basis_points BETWEEN 0 AND 1000", name=op.f("ck_gateway_settings_charge")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_gateway_settings_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_gateway_settings_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_settings")),
        sa.UniqueConstraint(
            "tenant_id", "gateway", "environment", name=op.f("uq_gateway_settings_tenant_id_gateway_environment")
        ),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_gateway_settings_tenant_id_id")),
    )
    op.create_table(
        "gateway_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("settings_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("refresh", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewing_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted", sa.JSON(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_gateway_tokens_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "settings_id"],
            ["gateway_settings.tenant_id", "gateway_settings.id"],
            name=op.f("fk_gateway_tokens_tenant_id_settings_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_gateway_tokens_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_tokens")),
        sa.UniqueConstraint("settings_id", name=op.f("uq_gateway_tokens_settings_id")),
    )
    op.create_table(
        "payment_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("is_for_chosen_bills", sa.Boolean(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times_opened", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by_id", sa.Integer(), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_payment_links_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "made_by_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_payment_links_tenant_id_made_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_payment_links_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payment_links_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_links")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_payment_links_tenant_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_payment_links_token_hash")),
    )
    op.create_index("ix_payment_links_owner_newest", "payment_links", ["owner_id", "id"], unique=False)
    op.create_index("ix_payment_links_tenant_newest", "payment_links", ["tenant_id", "id"], unique=False)
    op.create_index(
        "uq_payment_links_open",
        "payment_links",
        ["tenant_id", "customer_id"],
        unique=True,
        sqlite_where=sa.text("paid_at IS NULL AND revoked_at IS NULL AND replaced_at IS NULL"),
        postgresql_where=sa.text("paid_at IS NULL AND revoked_at IS NULL AND replaced_at IS NULL"),
    )

    op.create_table(
        "payment_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("settings_id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("charge", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("session", sa.String(length=200), nullable=True),
        sa.Column("pay_url", sa.String(length=1000), nullable=False),
        sa.Column("signature", sa.String(length=100), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim", sa.String(length=32), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("message", sa.String(length=200), nullable=False),
        sa.Column("transaction", sa.String(length=100), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=10), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("charge_posted", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0 AND charge >= 0", name=op.f("ck_payment_attempts_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_payment_attempts_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "link_id"],
            ["payment_links.tenant_id", "payment_links.id"],
            name=op.f("fk_payment_attempts_tenant_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_payment_attempts_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "settings_id"],
            ["gateway_settings.tenant_id", "gateway_settings.id"],
            name=op.f("fk_payment_attempts_tenant_id_settings_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payment_attempts_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempts")),
        sa.UniqueConstraint("gateway", "reference", name=op.f("uq_payment_attempts_gateway_reference")),
        sa.UniqueConstraint("gateway", "session", name=op.f("uq_payment_attempts_gateway_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_payment_attempts_secret_hash")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_payment_attempts_tenant_id_id")),
    )
    op.create_index("ix_payment_attempts_link", "payment_attempts", ["tenant_id", "link_id", "id"], unique=False)
    op.create_index("ix_payment_attempts_next", "payment_attempts", ["next_check_at"], unique=False)

    op.create_table(
        "payment_link_bills",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("bill_id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bill_id"],
            ["bills.tenant_id", "bills.id"],
            name=op.f("fk_payment_link_bills_tenant_id_bill_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "link_id"],
            ["payment_links.tenant_id", "payment_links.id"],
            name=op.f("fk_payment_link_bills_tenant_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_payment_link_bills_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payment_link_bills_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_link_bills")),
        sa.UniqueConstraint("link_id", "bill_id", name=op.f("uq_payment_link_bills_link_id_bill_id")),
    )
    op.create_table(
        "gateway_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attempt_id"],
            ["payment_attempts.tenant_id", "payment_attempts.id"],
            name=op.f("fk_gateway_events_tenant_id_attempt_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_gateway_events_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_gateway_events_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_events")),
    )
    op.create_index("ix_gateway_events_attempt", "gateway_events", ["tenant_id", "attempt_id", "id"], unique=False)

    op.create_table(
        "tray_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("transaction", sa.String(length=100), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.Column("word", sa.String(length=200), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attempt_id"],
            ["payment_attempts.tenant_id", "payment_attempts.id"],
            name=op.f("fk_tray_entries_tenant_id_attempt_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_tray_entries_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_tray_entries_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tray_entries_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tray_entries")),
        sa.UniqueConstraint(
            "attempt_id", "cause", "transaction", name=op.f("uq_tray_entries_attempt_id_cause_transaction")
        ),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_tray_entries_tenant_id_id")),
    )
    op.create_index("ix_tray_entries_owner_newest", "tray_entries", ["owner_id", "done_at", "id"], unique=False)
    op.create_index("ix_tray_entries_tenant_newest", "tray_entries", ["tenant_id", "done_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_tray_entries_tenant_newest", "tray_entries")
    op.drop_index("ix_tray_entries_owner_newest", "tray_entries")

    op.drop_table("tray_entries")
    op.drop_index("ix_gateway_events_attempt", "gateway_events")

    op.drop_table("gateway_events")
    op.drop_table("payment_link_bills")
    op.drop_index("ix_payment_attempts_next", "payment_attempts")
    op.drop_index("ix_payment_attempts_link", "payment_attempts")

    op.drop_table("payment_attempts")
    op.drop_index("uq_payment_links_open", "payment_links")
    op.drop_index("ix_payment_links_tenant_newest", "payment_links")
    op.drop_index("ix_payment_links_owner_newest", "payment_links")

    op.drop_table("payment_links")
    op.drop_table("gateway_tokens")
    op.drop_table("gateway_settings")
