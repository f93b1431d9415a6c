"""Who is online is counted from an index alone: on SQLite it must hold the columns of its own condition."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

LIVE = sa.text("acctstoptime IS NULL")


def _made_anew(*more: str) -> None:
    for whose in ("tenant", "owner"):
        name = f"ix_radacct_live_{whose}"
        op.drop_index(name, "radacct")
        columns = [f"{whose}_id", "acctstarttime", "radacctid", *more]
        op.create_index(name, "radacct", columns, sqlite_where=LIVE, postgresql_where=LIVE)


def upgrade() -> None:
    """Apply the change."""
    _made_anew("acctstoptime")


def downgrade() -> None:
    """Undo the change."""
    _made_anew()
