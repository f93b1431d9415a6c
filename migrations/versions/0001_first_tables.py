"""first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activity_log",
        sa.Column("topic", sa.String(length=30), nullable=False),
        sa.Column("subject_kind", sa.String(length=30), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_log")),
        sa.UniqueConstraint("tenant_id", "seq", name=op.f("uq_activity_log_tenant_id_seq")),
    )
    with op.batch_alter_table("activity_log", schema=None) as batch_op:
        batch_op.create_index("ix_activity_log_actor", ["tenant_id", "actor_id", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_activity_log_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index("ix_activity_log_owner", ["tenant_id", "owner_id", "seq"], unique=False)
        batch_op.create_index(
            "ix_activity_log_subject", ["tenant_id", "subject_kind", "subject_id", "seq"], unique=False
        )

    op.create_table(
        "authentication_log",
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authentication_log")),
        sa.UniqueConstraint("tenant_id", "seq", name=op.f("uq_authentication_log_tenant_id_seq")),
    )
    with op.batch_alter_table("authentication_log", schema=None) as batch_op:
        batch_op.create_index("ix_authentication_log_actor", ["tenant_id", "actor_id", "seq"], unique=False)

    op.create_table(
        "book_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_checks")),
    )
    op.create_table(
        "log_heads",
        sa.Column("log", sa.String(length=30), nullable=False),
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("log", "tenant_id", name=op.f("pk_log_heads")),
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_bn", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("invoice_footer", sa.String(length=500), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenants_slug")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=190), nullable=False),
        sa.Column("mobile", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("digits", sa.String(length=4), nullable=False),
        sa.Column("theme", sa.String(length=5), nullable=False),
        sa.Column("page_size", sa.Integer(), nullable=False),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("balance_kind", sa.String(length=6), nullable=True),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("credit_limit >= 0", name=op.f("ck_accounts_credit_limit")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_accounts_email")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_accounts_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_accounts_tenant_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounts_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_accounts_tenant_id_id")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index("ix_accounts_tenant_owner", ["tenant_id", "owner_id", "kind"], unique=False)

    op.create_table(
        "counters",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("series", sa.String(length=20), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_counters_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "series", name=op.f("pk_counters")),
    )
    op.create_table(
        "billing_profiles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("cycle", sa.String(length=20), nullable=False),
        sa.Column("due_day", sa.Integer(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("vat_basis_points", sa.Integer(), nullable=False),
        sa.Column("auto_bill", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("due_day BETWEEN 1 AND 31", name=op.f("ck_billing_profiles_due_day")),
        sa.CheckConstraint("grace_days BETWEEN 0 AND 60", name=op.f("ck_billing_profiles_grace_days")),
        sa.CheckConstraint("vat_basis_points BETWEEN 0 AND 10000", name=op.f("ck_billing_profiles_vat")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_billing_profiles_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_profiles_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_profiles")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_billing_profiles_tenant_id_id")),
    )
    with op.batch_alter_table("billing_profiles", schema=None) as batch_op:
        batch_op.create_index("ix_billing_profiles_scope", ["tenant_id", "owner_id"], unique=False)

    op.create_table(
        "credentials",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_credentials_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_credentials")),
    )
    op.create_table(
        "expense_categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_expense_categories_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"],
            ["expense_categories.tenant_id", "expense_categories.id"],
            name=op.f("fk_expense_categories_tenant_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_expense_categories_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense_categories")),
        sa.UniqueConstraint(
            "owner_id", "parent_id", "name", name=op.f("uq_expense_categories_owner_id_parent_id_name")
        ),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_expense_categories_tenant_id_id")),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("granted_by_id", sa.Integer(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["granted_by_id"], ["accounts.id"], name=op.f("fk_grants_granted_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_grants_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"], ["accounts.tenant_id", "accounts.id"], name=op.f("fk_grants_tenant_id_owner_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_grants_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_grants_account_id_key")),
    )
    op.create_table(
        "journal_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("bill_id", sa.Integer(), nullable=True),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("expense_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_journal_entries_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_journal_entries_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entries")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_journal_entries_tenant_id_id")),
    )
    with op.batch_alter_table("journal_entries", schema=None) as batch_op:
        batch_op.create_index("ix_journal_entries_scope", ["tenant_id", "owner_id", "id"], unique=False)

    op.create_table(
        "key_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("word", sa.String(length=200), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["answered_by_id"], ["accounts.id"], name=op.f("fk_key_requests_answered_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_key_requests_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_key_requests_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_key_requests_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_requests")),
    )
    with op.batch_alter_table("key_requests", schema=None) as batch_op:
        batch_op.create_index("ix_key_requests_open", ["tenant_id", "owner_id", "answered_at"], unique=False)

    op.create_table(
        "packages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("connection_type", sa.String(length=20), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("operator_price", sa.BigInteger(), nullable=False),
        sa.Column("download_kbps", sa.Integer(), nullable=False),
        sa.Column("upload_kbps", sa.Integer(), nullable=False),
        sa.Column("validity_hours", sa.Integer(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("price >= 0 AND operator_price >= 0", name=op.f("ck_packages_price")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_packages_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_packages_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packages")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_packages_tenant_id_id")),
    )
    with op.batch_alter_table("packages", schema=None) as batch_op:
        batch_op.create_index("ix_packages_scope", ["tenant_id", "owner_id"], unique=False)

    op.create_table(
        "zones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"], ["accounts.tenant_id", "accounts.id"], name=op.f("fk_zones_tenant_id_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"], ["zones.tenant_id", "zones.id"], name=op.f("fk_zones_tenant_id_parent_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_zones_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zones")),
        sa.UniqueConstraint("owner_id", "parent_id", "name", name=op.f("uq_zones_owner_id_parent_id_name")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_zones_tenant_id_id")),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_bn", sa.String(length=120), nullable=False),
        sa.Column("mobile", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=190), nullable=False),
        sa.Column("nid", sa.String(length=20), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("zone_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("house", sa.String(length=60), nullable=False),
        sa.Column("road", sa.String(length=60), nullable=False),
        sa.Column("thana", sa.String(length=60), nullable=False),
        sa.Column("district", sa.String(length=60), nullable=False),
        sa.Column("connection_type", sa.String(length=20), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("username_key", sa.String(length=64), nullable=False),
        sa.Column("connection_password", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("mac", sa.String(length=17), nullable=False),
        sa.Column("ip_address", sa.String(length=45), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_reason", sa.String(length=200), nullable=False),
        sa.Column("status_cause", sa.String(length=20), nullable=False),
        sa.Column("status_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_changed_by_id", sa.Integer(), nullable=True),
        sa.Column("suspend_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspend_at_by_hand", sa.Boolean(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("custom_fields", sa.JSON(), nullable=False),
        sa.Column("document_language", sa.String(length=2), nullable=False),
        sa.Column("document_digits", sa.String(length=4), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("paid_on_open", sa.BigInteger(), nullable=False),
        sa.Column("advance", sa.BigInteger(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("due = 0 OR advance = 0", name=op.f("ck_customers_due_or_advance")),
        sa.CheckConstraint("due >= 0 AND advance >= 0 AND paid_on_open >= 0", name=op.f("ck_customers_balance")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_customers_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "package_id"],
            ["packages.tenant_id", "packages.id"],
            name=op.f("fk_customers_tenant_id_package_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "profile_id"],
            ["billing_profiles.tenant_id", "billing_profiles.id"],
            name=op.f("fk_customers_tenant_id_profile_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "zone_id"], ["zones.tenant_id", "zones.id"], name=op.f("fk_customers_tenant_id_zone_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_customers_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_customers_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_customers_tenant_id_number")),
        sa.UniqueConstraint("username_key", name=op.f("uq_customers_username_key")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index("ix_customers_owner_due", ["owner_id", "due", "id"], unique=False)
        batch_op.create_index("ix_customers_owner_mobile", ["owner_id", "mobile", "id"], unique=False)
        batch_op.create_index("ix_customers_owner_newest", ["owner_id", "deleted_at", "id"], unique=False)
        batch_op.create_index("ix_customers_owner_status", ["owner_id", "status", "id"], unique=False)
        batch_op.create_index("ix_customers_tenant_due", ["tenant_id", "due", "id"], unique=False)
        batch_op.create_index("ix_customers_tenant_mobile", ["tenant_id", "mobile", "id"], unique=False)
        batch_op.create_index("ix_customers_tenant_newest", ["tenant_id", "deleted_at", "id"], unique=False)
        batch_op.create_index("ix_customers_tenant_status", ["tenant_id", "status", "id"], unique=False)

    op.create_table(
        "day_closings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("up_to_line", sa.Integer(), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=False),
        sa.Column("collected", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.JSON(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("difference", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("handed_over", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("word", sa.String(length=200), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("difference = 0 OR reason <> ''", name=op.f("ck_day_closings_reason")),
        sa.CheckConstraint("state IN ('submitted', 'confirmed', 'returned')", name=op.f("ck_day_closings_state")),
        sa.CheckConstraint(
            "counted >= 0 AND handed_over BETWEEN 0 AND counted", name=op.f("ck_day_closings_handed_over")
        ),
        sa.CheckConstraint(
            "difference = counted - (CASE WHEN expected > 0 THEN expected ELSE 0 END)",
            name=op.f("ck_day_closings_difference"),
        ),
        sa.CheckConstraint("expected = opening + collected - spent", name=op.f("ck_day_closings_expected")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "answered_by_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_day_closings_tenant_id_answered_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["journal_entries.tenant_id", "journal_entries.id"],
            name=op.f("fk_day_closings_tenant_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_day_closings_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_day_closings_tenant_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_day_closings_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_closings")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_day_closings_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "person_id", "number", name=op.f("uq_day_closings_tenant_id_person_id_number")
        ),
        sa.UniqueConstraint("tenant_id", "request_id", name=op.f("uq_day_closings_tenant_id_request_id")),
    )
    with op.batch_alter_table("day_closings", schema=None) as batch_op:
        batch_op.create_index("ix_day_closings_owner", ["tenant_id", "owner_id", "state", "id"], unique=False)
        batch_op.create_index("ix_day_closings_person", ["person_id", "id"], unique=False)

    op.create_table(
        "expenses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("paid_from", sa.String(length=10), nullable=False),
        sa.Column("picture", sa.String(length=60), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by_id", sa.Integer(), nullable=True),
        sa.Column("void_reason", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_expenses_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "category_id"],
            ["expense_categories.tenant_id", "expense_categories.id"],
            name=op.f("fk_expenses_tenant_id_category_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entered_by_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_expenses_tenant_id_entered_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_expenses_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_expenses_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expenses")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_expenses_tenant_id_id")),
    )
    with op.batch_alter_table("expenses", schema=None) as batch_op:
        batch_op.create_index("ix_expenses_owner_newest", ["owner_id", "id"], unique=False)
        batch_op.create_index("ix_expenses_tenant_newest", ["tenant_id", "id"], unique=False)

    op.create_table(
        "journal_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("ledger", sa.String(length=20), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_journal_lines_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["journal_entries.tenant_id", "journal_entries.id"],
            name=op.f("fk_journal_lines_tenant_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_journal_lines_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_journal_lines_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_lines")),
    )
    with op.batch_alter_table("journal_lines", schema=None) as batch_op:
        batch_op.create_index("ix_journal_lines_entry", ["tenant_id", "entry_id"], unique=False)
        batch_op.create_index("ix_journal_lines_holder", ["tenant_id", "ledger", "holder_id", "id"], unique=False)

    op.create_table(
        "package_offers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("ck_package_offers_price")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_package_offers_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_package_offers_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "package_id"],
            ["packages.tenant_id", "packages.id"],
            name=op.f("fk_package_offers_tenant_id_package_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_package_offers_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_offers")),
        sa.UniqueConstraint("account_id", "package_id", name=op.f("uq_package_offers_account_id_package_id")),
    )
    op.create_table(
        "shortage_repayments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_shortage_repayments_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["journal_entries.tenant_id", "journal_entries.id"],
            name=op.f("fk_shortage_repayments_tenant_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_shortage_repayments_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_shortage_repayments_tenant_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "recorded_by_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_shortage_repayments_tenant_id_recorded_by_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_shortage_repayments_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortage_repayments")),
        sa.UniqueConstraint("tenant_id", "request_id", name=op.f("uq_shortage_repayments_tenant_id_request_id")),
    )
    with op.batch_alter_table("shortage_repayments", schema=None) as batch_op:
        batch_op.create_index("ix_shortage_repayments_person", ["tenant_id", "person_id", "id"], unique=False)

    op.create_table(
        "bills",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("customer_name", sa.String(length=120), nullable=False),
        sa.Column("customer_mobile", sa.String(length=20), nullable=False),
        sa.Column("customer_username", sa.String(length=64), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=True),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_basis_points", sa.Integer(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("package_price", sa.BigInteger(), nullable=False),
        sa.Column("operator_price", sa.BigInteger(), nullable=False),
        sa.Column("upper_price", sa.BigInteger(), nullable=False),
        sa.Column("operator_amount", sa.BigInteger(), nullable=False),
        sa.Column("operator_taken", sa.BigInteger(), nullable=False),
        sa.Column("upper_amount", sa.BigInteger(), nullable=False),
        sa.Column("upper_taken", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by_id", sa.Integer(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by_id", sa.Integer(), nullable=True),
        sa.Column("void_reason", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_bills_amount")),
        sa.CheckConstraint("discount BETWEEN 0 AND amount", name=op.f("ck_bills_discount")),
        sa.CheckConstraint(
            "operator_amount >= 0 AND operator_taken >= 0 AND upper_amount >= 0 AND upper_taken >= 0",
            name=op.f("ck_bills_operator_taken"),
        ),
        sa.CheckConstraint("paid BETWEEN 0 AND total", name=op.f("ck_bills_paid")),
        sa.CheckConstraint("total = amount - discount + vat", name=op.f("ck_bills_total")),
        sa.CheckConstraint("vat >= 0 AND vat_basis_points BETWEEN 0 AND 10000", name=op.f("ck_bills_vat")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_bills_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"], ["accounts.tenant_id", "accounts.id"], name=op.f("fk_bills_tenant_id_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "package_id"],
            ["packages.tenant_id", "packages.id"],
            name=op.f("fk_bills_tenant_id_package_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_bills_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bills")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_bills_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_bills_tenant_id_number")),
        sa.UniqueConstraint("tenant_id", "request_id", name=op.f("uq_bills_tenant_id_request_id")),
    )
    with op.batch_alter_table("bills", schema=None) as batch_op:
        batch_op.create_index("ix_bills_customer", ["tenant_id", "customer_id", "period_from", "id"], unique=False)
        batch_op.create_index("ix_bills_owner_newest", ["owner_id", "id"], unique=False)
        batch_op.create_index("ix_bills_tenant_newest", ["tenant_id", "id"], unique=False)
        batch_op.create_index("uq_bills_month", ["tenant_id", "customer_id", "month"], unique=True)

    op.create_table(
        "credits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("unallocated", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=True),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_credits_amount")),
        sa.CheckConstraint("unallocated BETWEEN 0 AND amount", name=op.f("ck_credits_unallocated")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_credits_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"], ["accounts.tenant_id", "accounts.id"], name=op.f("fk_credits_tenant_id_owner_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_credits_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credits")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_credits_tenant_id_id")),
    )
    with op.batch_alter_table("credits", schema=None) as batch_op:
        batch_op.create_index("ix_credits_customer", ["tenant_id", "customer_id"], unique=False)

    op.create_table(
        "payments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("unallocated", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("collected_by_id", sa.Integer(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("check_code", sa.String(length=43), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by_id", sa.Integer(), nullable=True),
        sa.Column("void_reason", sa.String(length=200), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount")),
        sa.CheckConstraint("unallocated BETWEEN 0 AND amount", name=op.f("ck_payments_unallocated")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "collected_by_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_payments_tenant_id_collected_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_payments_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_payments_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "replaces_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_payments_tenant_id_replaces_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payments_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("check_code", name=op.f("uq_payments_check_code")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_payments_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_payments_tenant_id_number")),
        sa.UniqueConstraint("tenant_id", "request_id", name=op.f("uq_payments_tenant_id_request_id")),
    )
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index("ix_payments_collector", ["tenant_id", "collected_by_id", "paid_on"], unique=False)
        batch_op.create_index("ix_payments_customer", ["tenant_id", "customer_id", "id"], unique=False)
        batch_op.create_index("ix_payments_owner_newest", ["owner_id", "id"], unique=False)
        batch_op.create_index("ix_payments_tenant_newest", ["tenant_id", "id"], unique=False)

    op.create_table(
        "visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("promised_for", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(outcome = 'promised') = (promised_for IS NOT NULL)", name=op.f("ck_visits_promised_for")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_visits_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_visits_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"], ["accounts.tenant_id", "accounts.id"], name=op.f("fk_visits_tenant_id_owner_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_visits_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.create_index("ix_visits_customer", ["tenant_id", "customer_id", "id"], unique=False)

    op.create_table(
        "allocations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("credit_id", sa.Integer(), nullable=True),
        sa.Column("bill_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(payment_id IS NULL) <> (credit_id IS NULL)", name=op.f("ck_allocations_source")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_allocations_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bill_id"], ["bills.tenant_id", "bills.id"], name=op.f("fk_allocations_tenant_id_bill_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "credit_id"],
            ["credits.tenant_id", "credits.id"],
            name=op.f("fk_allocations_tenant_id_credit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_allocations_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_allocations_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_allocations_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocations")),
    )
    with op.batch_alter_table("allocations", schema=None) as batch_op:
        batch_op.create_index("ix_allocations_bill", ["tenant_id", "bill_id"], unique=False)
        batch_op.create_index("ix_allocations_credit", ["tenant_id", "credit_id"], unique=False)
        batch_op.create_index("ix_allocations_payment", ["tenant_id", "payment_id"], unique=False)

    op.create_table(
        "discounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bill_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=True),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_discounts_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bill_id"], ["bills.tenant_id", "bills.id"], name=op.f("fk_discounts_tenant_id_bill_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_discounts_tenant_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_discounts_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discounts")),
    )
    with op.batch_alter_table("discounts", schema=None) as batch_op:
        batch_op.create_index("ix_discounts_bill", ["tenant_id", "bill_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("discounts", schema=None) as batch_op:
        batch_op.drop_index("ix_discounts_bill")

    op.drop_table("discounts")
    with op.batch_alter_table("allocations", schema=None) as batch_op:
        batch_op.drop_index("ix_allocations_payment")
        batch_op.drop_index("ix_allocations_credit")
        batch_op.drop_index("ix_allocations_bill")

    op.drop_table("allocations")
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_index("ix_visits_customer")

    op.drop_table("visits")
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_index("ix_payments_tenant_newest")
        batch_op.drop_index("ix_payments_owner_newest")
        batch_op.drop_index("ix_payments_customer")
        batch_op.drop_index("ix_payments_collector")

    op.drop_table("payments")
    with op.batch_alter_table("credits", schema=None) as batch_op:
        batch_op.drop_index("ix_credits_customer")

    op.drop_table("credits")
    with op.batch_alter_table("bills", schema=None) as batch_op:
        batch_op.drop_index("uq_bills_month")
        batch_op.drop_index("ix_bills_tenant_newest")
        batch_op.drop_index("ix_bills_owner_newest")
        batch_op.drop_index("ix_bills_customer")

    op.drop_table("bills")
    with op.batch_alter_table("shortage_repayments", schema=None) as batch_op:
        batch_op.drop_index("ix_shortage_repayments_person")

    op.drop_table("shortage_repayments")
    op.drop_table("package_offers")
    with op.batch_alter_table("journal_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_journal_lines_holder")
        batch_op.drop_index("ix_journal_lines_entry")

    op.drop_table("journal_lines")
    with op.batch_alter_table("expenses", schema=None) as batch_op:
        batch_op.drop_index("ix_expenses_tenant_newest")
        batch_op.drop_index("ix_expenses_owner_newest")

    op.drop_table("expenses")
    with op.batch_alter_table("day_closings", schema=None) as batch_op:
        batch_op.drop_index("ix_day_closings_person")
        batch_op.drop_index("ix_day_closings_owner")

    op.drop_table("day_closings")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index("ix_customers_tenant_status")
        batch_op.drop_index("ix_customers_tenant_newest")
        batch_op.drop_index("ix_customers_tenant_mobile")
        batch_op.drop_index("ix_customers_tenant_due")
        batch_op.drop_index("ix_customers_owner_status")
        batch_op.drop_index("ix_customers_owner_newest")
        batch_op.drop_index("ix_customers_owner_mobile")
        batch_op.drop_index("ix_customers_owner_due")

    op.drop_table("customers")
    op.drop_table("zones")
    with op.batch_alter_table("packages", schema=None) as batch_op:
        batch_op.drop_index("ix_packages_scope")

    op.drop_table("packages")
    with op.batch_alter_table("key_requests", schema=None) as batch_op:
        batch_op.drop_index("ix_key_requests_open")

    op.drop_table("key_requests")
    with op.batch_alter_table("journal_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_journal_entries_scope")

    op.drop_table("journal_entries")
    op.drop_table("grants")
    op.drop_table("expense_categories")
    op.drop_table("credentials")
    with op.batch_alter_table("billing_profiles", schema=None) as batch_op:
        batch_op.drop_index("ix_billing_profiles_scope")

    op.drop_table("billing_profiles")
    op.drop_table("counters")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index("ix_accounts_tenant_owner")

    op.drop_table("accounts")
    op.drop_table("tenants")
    op.drop_table("log_heads")
    op.drop_table("book_checks")
    with op.batch_alter_table("authentication_log", schema=None) as batch_op:
        batch_op.drop_index("ix_authentication_log_actor")

    op.drop_table("authentication_log")
    with op.batch_alter_table("activity_log", schema=None) as batch_op:
        batch_op.drop_index("ix_activity_log_subject")
        batch_op.drop_index("ix_activity_log_owner")
        batch_op.drop_index(batch_op.f("ix_activity_log_customer_id"))
        batch_op.drop_index("ix_activity_log_actor")

    op.drop_table("activity_log")
