"""The collection list at any size: who owes is counted by zone too, and read in the order of the walk from an index."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

COLUMNS = "tenant_id, owner_id, series, status, amount, number"
WATCHED = ("tenant_id", "owner_id", "due", "deleted_at")
COUNTS = "{0}.deleted_at IS NULL AND {0}.due > 0"
IS_OWING = sa.text("deleted_at IS NULL AND due > 0")
WALK = ("zone_id", "address", sa.text("length(road)"), "road", sa.text("length(house)"), "house", "id")


def _change(row: str, sign: str, zone: bool) -> str:
    columns, own = (f"{COLUMNS}, zone_id", f", {row}.zone_id") if zone else (COLUMNS, "")
    return (
        f"INSERT INTO figures ({columns}) SELECT {row}.tenant_id, {row}.owner_id, 'owing', '', {sign}{row}.due, {sign}1{own} "
        f"WHERE {COUNTS.format(row)}"
    )


def _watch(*, zone: bool) -> None:
    """Let the triggers keep who owes by owner, or by owner and zone."""
    watched = (*WATCHED, "zone_id") if zone else WATCHED
    take, add = _change("OLD", "-", zone), _change("NEW", "", zone)
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f"OLD.{one} IS NOT NEW.{one}" for one in watched)
        for verb, when, work in (
            ("INSERT", "", [add]),
            ("UPDATE", f"WHEN {changed}", [take, add]),
            ("DELETE", "", [take]),
        ):
            op.execute(f"DROP TRIGGER figures_owing_{verb.lower()}")
            op.execute(
                f"CREATE TRIGGER figures_owing_{verb.lower()} AFTER {verb} ON customers {when} BEGIN {'; '.join(work)}; END"
            )
        return
    old, new = (", ".join(f"{row}.{one}" for one in watched) for row in ("OLD", "NEW"))
    op.execute(
        "CREATE OR REPLACE FUNCTION figures_owing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN {take}; END IF; IF TG_OP <> 'DELETE' THEN {add}; END IF; RETURN NULL; END $$"
    )
    op.execute(
        # to drop one would keep readers out too
        "CREATE OR REPLACE TRIGGER figures_owing_update AFTER UPDATE ON customers FOR EACH ROW "
        f"WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION figures_owing()"
    )


def _count(*, zone: bool) -> None:
    own = ", zone_id" if zone else ""
    op.execute("DELETE FROM figures WHERE series = 'owing'")
    op.execute(
        f"INSERT INTO figures ({COLUMNS}{own}, is_folded) "
        f"SELECT tenant_id, owner_id, 'owing', '', SUM(due), COUNT(*){own}, {sa.true().compile(op.get_bind())} "
        f"FROM customers WHERE deleted_at IS NULL AND due > 0 GROUP BY tenant_id, owner_id{own}"
    )


def upgrade() -> None:
    """Apply the change."""
    # on PostgreSQL who writes to customers waits from here to the end; pages are read
    for whose in ("tenant", "owner"):
        op.create_index(
            f"ix_customers_{whose}_walk",
            "customers",
            [f"{whose}_id", *WALK],
            sqlite_where=IS_OWING,
            postgresql_where=IS_OWING,
        )
    _watch(zone=True)
    # it has the table alone: nobody folds figures while they are counted
    op.add_column("figures", sa.Column("zone_id", sa.Integer(), nullable=True))
    _count(zone=True)


def downgrade() -> None:
    """Undo the change."""
    for whose in ("tenant", "owner"):
        op.drop_index(f"ix_customers_{whose}_walk", "customers")
    _watch(zone=False)
    if op.get_bind().dialect.name == "postgresql":
        # as the new column did on the way up: nobody folds figures while they are counted
        op.execute("LOCK TABLE figures IN ACCESS EXCLUSIVE MODE")
    _count(zone=False)
    op.drop_column("figures", "zone_id")
