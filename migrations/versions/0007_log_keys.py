"""Rows of the logs name the key that sealed them; on SQLite no row of a log is replaced by an insert either."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LOGS = ("activity_log", "authentication_log")
SAME = {
    "activity_log": "id = NEW.id OR (tenant_id = NEW.tenant_id AND seq = NEW.seq)",
    "authentication_log": "id = NEW.id OR (tenant_id = NEW.tenant_id AND seq = NEW.seq)",
    "log_heads": "log = NEW.log AND tenant_id = NEW.tenant_id",
}


def upgrade() -> None:
    for table in LOGS:
        op.add_column(table, sa.Column("key_id", sa.String(8), nullable=False, server_default=""))
    if op.get_bind().dialect.name == "sqlite":
        # INSERT OR REPLACE deletes without firing what watches deletes
        for table, same in SAME.items():
            op.execute(
                f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in SAME:
            op.execute(f"DROP TRIGGER {table}_no_replace")
    for table in LOGS:
        op.drop_column(table, "key_id")
