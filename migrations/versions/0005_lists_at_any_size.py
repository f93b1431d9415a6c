"""Lists of any size: an index for each order of the customers, of bills and payments by number, and of parts of names."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ORDERS = {"number": "number", "name": "name", "suspend_at": "suspend_at", "balance": sa.text("(due - advance)")}
OPEN = sa.text("voided_at IS NULL AND paid < total")
PRESENT = sa.text("deleted_at IS NULL")
WITH_MOBILE = (
    "UPDATE customers SET search_text = search_text || ' ' || replace(mobile, '+88', '') "
    "WHERE mobile <> '' AND search_text NOT LIKE '%' || replace(mobile, '+88', '')"
)


def upgrade() -> None:
    for name, order in ORDERS.items():
        for scope in ("tenant", "owner"):
            op.create_index(
                f"ix_customers_{scope}_by_{name}",
                "customers",
                [f"{scope}_id", order, "id"],
                sqlite_where=PRESENT,
                postgresql_where=PRESENT,
            )
    for scope in ("tenant", "owner"):
        op.create_index(
            f"ix_bills_{scope}_open", "bills", [f"{scope}_id", "number"], sqlite_where=OPEN, postgresql_where=OPEN
        )
    op.create_index("ix_bills_owner_number", "bills", ["owner_id", "number"])
    op.create_index("ix_payments_owner_number", "payments", ["owner_id", "number"])
    op.execute(WITH_MOBILE)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE customers_words USING "
            "fts5(search_text, content='customers', content_rowid='id', tokenize='trigram case_sensitive 1')"
        )
        op.execute("INSERT INTO customers_words(rowid, search_text) SELECT id, search_text FROM customers")
        leave = "INSERT INTO customers_words(customers_words, rowid, search_text) VALUES ('delete', OLD.id, OLD.search_text);"
        enter = "INSERT INTO customers_words(rowid, search_text) VALUES (NEW.id, NEW.search_text);"
        op.execute(f"CREATE TRIGGER customers_words_new AFTER INSERT ON customers BEGIN {enter} END")
        op.execute(f"CREATE TRIGGER customers_words_gone AFTER DELETE ON customers BEGIN {leave} END")
        op.execute(
            f"CREATE TRIGGER customers_words_changed AFTER UPDATE OF search_text ON customers "
            f"WHEN OLD.search_text <> NEW.search_text BEGIN {leave} {enter} END"
        )
        return
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE INDEX ix_customers_words ON customers USING gin (search_text gin_trgm_ops)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for moment in ("new", "gone", "changed"):
            op.execute(f"DROP TRIGGER customers_words_{moment}")
        op.execute("DROP TABLE customers_words")
    else:
        op.execute("DROP INDEX ix_customers_words")
    op.drop_index("ix_payments_owner_number", "payments")
    op.drop_index("ix_bills_owner_number", "bills")
    for scope in ("tenant", "owner"):
        op.drop_index(f"ix_bills_{scope}_open", "bills")
    for name in ORDERS:
        for scope in ("tenant", "owner"):
            op.drop_index(f"ix_customers_{scope}_by_{name}", "customers")
