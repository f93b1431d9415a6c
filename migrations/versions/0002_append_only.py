"""Logs and journal are append-only: the database refuses update and delete."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("activity_log", "authentication_log", "journal_entries", "journal_lines")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        op.execute(
            "CREATE TRIGGER log_heads_forward BEFORE UPDATE ON log_heads "
            "WHEN NEW.seq <= OLD.seq OR NEW.tenant_id <> OLD.tenant_id OR NEW.log <> OLD.log "
            "BEGIN SELECT RAISE(ABORT, 'the head of a log moves forward'); END"
        )
        op.execute(
            "CREATE TRIGGER log_heads_stay BEFORE DELETE ON log_heads BEGIN SELECT RAISE(ABORT, 'the head of a log stays'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    op.execute(
        "CREATE FUNCTION refuse_step_back() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.seq <= OLD.seq OR NEW.tenant_id <> OLD.tenant_id OR NEW.log <> OLD.log THEN "
        "RAISE EXCEPTION 'the head of a log moves forward'; END IF; RETURN NEW; END $$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER log_heads_forward BEFORE UPDATE ON log_heads FOR EACH ROW EXECUTE FUNCTION refuse_step_back()"
    )
    op.execute("CREATE TRIGGER log_heads_stay BEFORE DELETE ON log_heads FOR EACH ROW EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            op.execute(f"DROP TRIGGER {table}_no_update")
            op.execute(f"DROP TRIGGER {table}_no_delete")
        op.execute("DROP TRIGGER log_heads_forward")
        op.execute("DROP TRIGGER log_heads_stay")
        return
    for table in TABLES:
        op.execute(f"DROP TRIGGER {table}_rows ON {table}")
        op.execute(f"DROP TRIGGER {table}_whole ON {table}")
    op.execute("DROP TRIGGER log_heads_forward ON log_heads")
    op.execute("DROP TRIGGER log_heads_stay ON log_heads")
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("DROP FUNCTION refuse_step_back()")
