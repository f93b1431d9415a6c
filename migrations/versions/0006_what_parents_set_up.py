"""What parents set up: packages given down, zones as a tree, devices, custom fields, company settings."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _same_tenant(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}"),
    )


def _device_key(change: str) -> None:
    """Add or drop the foreign key of customers to their devices.

    SQLite makes the table anew for it and would lose what Alembic cannot read of it: triggers, indexes of expressions.
    """
    name, connection = op.f("fk_customers_tenant_id_device_id"), op.get_bind()
    lost: list[tuple[str, str, str]] = []
    if connection.dialect.name == "sqlite":
        lost = [
            (row.type, row.name, row.sql)
            for row in connection.exec_driver_sql(
                "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'customers' AND (type = 'trigger' "
                "OR type = 'index' AND sql LIKE '% WHERE %')"
            )
        ]
    for kind, thing, _sql in lost:
        op.execute(f"DROP {kind} {thing}")
    with op.batch_alter_table("customers") as batch:
        if change == "add":
            batch.create_foreign_key(name, "devices", ["tenant_id", "device_id"], ["tenant_id", "id"])
        else:
            batch.drop_constraint(name, type_="foreignkey")
    for _kind, _thing, sql in lost:
        op.execute(sa.text(sql.replace(":", r"\:")))


def _owner_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
    ]


def _owned(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        _same_tenant(table, "owner_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{table}_tenant_id_id")),
    ]


def upgrade() -> None:
    op.create_table(
        "devices",
        *_owner_columns(),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        *_owned("devices"),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_devices_owner_id_name")),
    )
    op.create_table(
        "custom_fields",
        *_owner_columns(),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("type", sa.String(length=10), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        *_owned("custom_fields"),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_custom_fields_owner_id_name")),
        sa.CheckConstraint("type IN ('text', 'number', 'date', 'choice')", name=op.f("ck_custom_fields_type")),
    )
    with op.batch_alter_table("packages") as batch:
        batch.add_column(sa.Column("radius_group", sa.String(length=64), nullable=False, server_default=""))
        batch.add_column(sa.Column("rate_limit", sa.String(length=120), nullable=False, server_default=""))
    with op.batch_alter_table("package_offers") as batch:
        batch.add_column(sa.Column("retail_price", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_check_constraint(op.f("ck_package_offers_retail_price"), "retail_price >= 0")
    with op.batch_alter_table("billing_profiles") as batch:
        batch.add_column(sa.Column("given_down", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("zones") as batch:
        batch.add_column(sa.Column("path", sa.String(length=260), nullable=False, server_default=""))
        batch.drop_constraint(op.f("uq_zones_owner_id_parent_id_name"), type_="unique")
    op.execute("UPDATE zones SET path = name")
    # of two areas of one name, which the old rule did not see, the newer is told apart by its number
    op.execute(
        "UPDATE zones SET name = substr(name, 1, 68) || ' #' || id, path = substr(name, 1, 68) || ' #' || id "
        "WHERE EXISTS (SELECT 1 FROM zones AS older WHERE older.owner_id = zones.owner_id "
        "AND older.name = zones.name AND older.id < zones.id)"
    )
    with op.batch_alter_table("zones") as batch:
        batch.create_unique_constraint(op.f("uq_zones_owner_id_path"), ["owner_id", "path"])
    op.execute(
        "INSERT INTO devices (tenant_id, owner_id, name, place) "
        "SELECT DISTINCT tenant_id, owner_id, device, '' FROM customers WHERE device <> ''"
    )
    op.add_column("customers", sa.Column("device_id", sa.Integer(), nullable=True))
    op.add_column("customers", sa.Column("deleted_by_id", sa.Integer(), nullable=True))
    op.add_column("customers", sa.Column("deleted_reason", sa.String(length=200), nullable=False, server_default=""))
    op.execute(
        "UPDATE customers SET device_id = (SELECT devices.id FROM devices "
        "WHERE devices.owner_id = customers.owner_id AND devices.name = customers.device) WHERE device <> ''"
    )
    op.drop_column("customers", "device")
    _device_key("add")
    op.add_column("bills", sa.Column("earlier_charges", sa.JSON(), nullable=True))
    op.add_column("bills", sa.Column("earlier_taken", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("tenants") as batch:
        batch.add_column(sa.Column("vat_number", sa.String(length=40), nullable=False, server_default=""))
        batch.add_column(sa.Column("receipt_footer", sa.String(length=500), nullable=False, server_default=""))
        batch.add_column(sa.Column("document_language", sa.String(length=2), nullable=False, server_default="bn"))
        batch.add_column(sa.Column("document_digits", sa.String(length=4), nullable=False, server_default="beng"))
        batch.add_column(sa.Column("default_package_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("default_profile_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tenants") as batch:
        for column in (
            "default_profile_id",
            "default_package_id",
            "document_digits",
            "document_language",
            "receipt_footer",
            "vat_number",
        ):
            batch.drop_column(column)
    op.drop_column("bills", "earlier_taken")
    op.drop_column("bills", "earlier_charges")
    op.add_column("customers", sa.Column("device", sa.String(length=80), nullable=False, server_default=""))
    op.execute(
        "UPDATE customers SET device = coalesce((SELECT devices.name FROM devices "
        "WHERE devices.id = customers.device_id), '')"
    )
    _device_key("drop")
    for column in ("deleted_reason", "deleted_by_id", "device_id"):
        op.drop_column("customers", column)
    with op.batch_alter_table("zones") as batch:
        batch.drop_constraint(op.f("uq_zones_owner_id_path"), type_="unique")
        batch.drop_column("path")
        batch.create_unique_constraint(op.f("uq_zones_owner_id_parent_id_name"), ["owner_id", "parent_id", "name"])
    with op.batch_alter_table("billing_profiles") as batch:
        batch.drop_column("given_down")
    with op.batch_alter_table("package_offers") as batch:
        batch.drop_constraint(op.f("ck_package_offers_retail_price"), type_="check")
        batch.drop_column("withdrawn_at")
        batch.drop_column("retail_price")
    with op.batch_alter_table("packages") as batch:
        batch.drop_column("rate_limit")
        batch.drop_column("radius_group")
    op.drop_table("custom_fields")
    op.drop_table("devices")
