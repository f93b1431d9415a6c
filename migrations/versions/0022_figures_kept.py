"""Figures kept by the transaction that changes what they count: triggers write down what is added and taken away."""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Part:
    """A series of figures: of which table, which rows count, what they are kept by and what they add; ``{0}`` is the row."""

    series: str
    table: str
    counts: str
    status: str
    day: str
    person: str
    amount: str
    watched: tuple[str, ...]

    def change(self, row: str, sign: str = "") -> str:
        """Return the statement that adds a row, or takes it away."""
        figures = f"{self.key(row)}, {sign}({self.amount.format(row)}), {sign}1"
        return f"INSERT INTO figures ({COLUMNS}) SELECT {figures} WHERE {self.counts.format(row)}"

    def key(self, row: str) -> str:
        """Return what a row is kept by."""
        own = (part.format(row) for part in (self.status, self.day, self.person))
        return ", ".join([f"{row}.tenant_id", f"{row}.owner_id", f"'{self.series}'", *own])

    @property
    def all_watched(self) -> tuple[str, ...]:
        """The columns whose change changes the figure."""
        return ("tenant_id", "owner_id", *self.watched)


COLUMNS = "tenant_id, owner_id, series, status, day, person_id, amount, number"
NO_DAY, NO_PERSON = "CAST(NULL AS DATE)", "CAST(NULL AS INTEGER)"
PARTS = (
    Part(
        "customers",
        "customers",
        "{0}.deleted_at IS NULL",
        "{0}.status",
        NO_DAY,
        NO_PERSON,
        "0",
        ("status", "deleted_at"),
    ),
    Part(
        "owing",
        "customers",
        "{0}.deleted_at IS NULL AND {0}.due > 0",
        "''",
        NO_DAY,
        NO_PERSON,
        "{0}.due",
        ("due", "deleted_at"),
    ),
    Part(
        "open",
        "bills",
        "{0}.voided_at IS NULL AND {0}.paid < {0}.total",
        "''",
        "{0}.due_on",
        NO_PERSON,
        "{0}.total - {0}.paid",
        ("due_on", "voided_at", "total", "paid"),
    ),
    Part(
        "taken",
        "payments",
        "{0}.voided_at IS NULL",
        "''",
        "{0}.paid_on",
        "{0}.collected_by_id",
        "{0}.amount",
        ("paid_on", "voided_at", "collected_by_id", "amount"),
    ),
)


def upgrade() -> None:
    op.create_table(
        "figures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("series", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_folded", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_figures_tenant_id_tenants")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_figures_tenant_id_owner_id_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figures")),
    )
    for whose in ("tenant", "owner"):
        op.create_index(f"ix_figures_{whose}", "figures", [f"{whose}_id", "series", "day"])
    change = sa.text("NOT is_folded")
    op.create_index("ix_figures_changes", "figures", ["id"], sqlite_where=change, postgresql_where=change)
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for part in PARTS:
        # the triggers first: on PostgreSQL they keep writers out until what is there already is counted
        (_watch_sqlite if is_sqlite else _watch_postgresql)(part)
        op.execute(
            f"INSERT INTO figures ({COLUMNS}, is_folded) "
            f"SELECT {part.key('one')}, SUM({part.amount.format('one')}), COUNT(*), {sa.true().compile(op.get_bind())} "
            f"FROM {part.table} one WHERE {part.counts.format('one')} GROUP BY {_grouped(part)}"
        )


def _grouped(part: Part) -> str:
    own = (one.format("one") for one in (part.status, part.day, part.person) if "{0}" in one)
    return ", ".join(["one.tenant_id", "one.owner_id", *own])


def _watch_sqlite(part: Part) -> None:
    changed = " OR ".join(f"OLD.{one} IS NOT NEW.{one}" for one in part.all_watched)
    take, add = part.change("OLD", "-"), part.change("NEW")
    for verb, when, work in (
        ("INSERT", "", [add]),
        ("UPDATE", f"WHEN {changed}", [take, add]),
        ("DELETE", "", [take]),
    ):
        op.execute(
            f"CREATE TRIGGER figures_{part.series}_{verb.lower()} AFTER {verb} ON {part.table} {when} "
            f"BEGIN {'; '.join(work)}; END"
        )


def _watch_postgresql(part: Part) -> None:
    op.execute(
        f"CREATE FUNCTION figures_{part.series}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN {part.change('OLD', '-')}; END IF; "
        f"IF TG_OP <> 'DELETE' THEN {part.change('NEW')}; END IF; RETURN NULL; END $$"
    )
    old, new = (", ".join(f"{row}.{one}" for one in part.all_watched) for row in ("OLD", "NEW"))
    for name, verb, when in (
        ("rows", "INSERT OR DELETE", ""),
        ("update", "UPDATE", f"WHEN (({old}) IS DISTINCT FROM ({new}))"),
    ):
        op.execute(
            f"CREATE TRIGGER figures_{part.series}_{name} AFTER {verb} ON {part.table} "
            f"FOR EACH ROW {when} EXECUTE FUNCTION figures_{part.series}()"
        )


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for part in PARTS:
        if is_sqlite:
            for verb in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER figures_{part.series}_{verb}")
        else:
            op.execute(f"DROP FUNCTION figures_{part.series}() CASCADE")
    op.drop_table("figures")
