"""FreeRADIUS' tables, and what it reads of customers, packages and access servers as views."""

import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import INET

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
ADDRESS = sa.Text().with_variant(INET(), "postgresql")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

LIVE = sa.text("acctstoptime IS NULL")

# What a customer reads when the line is refused, at most 253 bytes, in the language of the customer's documents.
SENTENCES = {
    "disabled": (
        "আপনার সংযোগ বন্ধ আছে। অনুগ্রহ করে আপনার ইন্টারনেট অফিসে যোগাযোগ করুন।",
        "Your line is switched off. Please call your internet provider.",
    ),
    "suspended": (
        "আপনার সংযোগ স্থগিত আছে। চালু করতে ইন্টারনেট অফিসে যোগাযোগ করুন।",
        "Your line is suspended. Please call your internet provider.",
    ),
    "expired": (
        "আপনার মেয়াদ শেষ হয়েছে। চালু করতে রিচার্জ করুন।",
        "Your time has run out. Please recharge to go on.",
    ),
    "no_password": (
        "এই সংযোগের পাসওয়ার্ড ঠিক নেই। ইন্টারনেট অফিসে যোগাযোগ করুন।",
        "This line has no usable password. Please call your internet provider.",
    ),
}
REFUSED = ", ".join(f"'{reason}'" for reason in SENTENCES)


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    _make_tables()
    op.bulk_insert(
        sa.table("radius_probe", sa.column("id", sa.Integer), sa.column("password", sa.String)),
        [{"id": 1, "password": secrets.token_hex(24)}],
    )
    for statement in _views(is_sqlite):
        op.execute(statement)
    for statement in SQLITE_TRIGGERS if is_sqlite else POSTGRESQL_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER customers_move_sessions")
    else:
        op.execute("DROP TRIGGER customers_move_sessions ON customers")
    for view in ("nas", "radgroupreply", "radusergroup", "radreply", "radcheck", "radius_lines"):
        op.execute(f"DROP VIEW {view}")
    for table in (
        "line_requests",
        "access_servers",
        "line_usage",
        "radacct",
        "radgroupcheck",
        "radpostauth",
        "nasreload",
        "radius_probe",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for function in ("move_sessions", "stamp_session", "count_usage"):
            op.execute(f"DROP FUNCTION {function}()")


def _owner(table: str, *, optional: bool = False) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Integer(), nullable=optional),
        sa.Column("owner_id", sa.Integer(), nullable=optional),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f(f"fk_{table}_tenant_id_owner_id"),
        ),
    ]


def _customer(table: str) -> sa.schema.SchemaItem:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "customer_id"],
        ["customers.tenant_id", "customers.id"],
        name=op.f(f"fk_{table}_tenant_id_customer_id"),
    )


def _make_tables() -> None:
    op.create_table(
        "radacct",
        sa.Column("radacctid", BIG_ID, autoincrement=True, nullable=False),
        *_owner("radacct", optional=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        _customer("radacct"),
        sa.Column("acctsessionid", sa.Text(), nullable=False),
        sa.Column("acctuniqueid", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("realm", sa.Text(), nullable=True),
        sa.Column("nasipaddress", ADDRESS, nullable=False),
        sa.Column("nasportid", sa.Text(), nullable=True),
        sa.Column("nasporttype", sa.Text(), nullable=True),
        sa.Column("acctstarttime", MOMENT, nullable=True),
        sa.Column("acctupdatetime", MOMENT, nullable=True),
        sa.Column("acctstoptime", MOMENT, nullable=True),
        sa.Column("acctinterval", sa.BigInteger(), nullable=True),
        sa.Column("acctsessiontime", sa.BigInteger(), nullable=True),
        sa.Column("acctauthentic", sa.Text(), nullable=True),
        sa.Column("connectinfo_start", sa.Text(), nullable=True),
        sa.Column("connectinfo_stop", sa.Text(), nullable=True),
        sa.Column("acctinputoctets", sa.BigInteger(), nullable=True),
        sa.Column("acctoutputoctets", sa.BigInteger(), nullable=True),
        sa.Column("calledstationid", sa.Text(), nullable=True),
        sa.Column("callingstationid", sa.Text(), nullable=True),
        sa.Column("acctterminatecause", sa.Text(), nullable=True),
        sa.Column("servicetype", sa.Text(), nullable=True),
        sa.Column("framedprotocol", sa.Text(), nullable=True),
        sa.Column("framedipaddress", ADDRESS, nullable=True),
        sa.Column("framedipv6address", ADDRESS, nullable=True),
        sa.Column("framedipv6prefix", ADDRESS, nullable=True),
        sa.Column("framedinterfaceid", sa.Text(), nullable=True),
        sa.Column("delegatedipv6prefix", ADDRESS, nullable=True),
        sa.Column("class", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("radacctid", name=op.f("pk_radacct")),
        sa.UniqueConstraint("acctuniqueid", name=op.f("uq_radacct_acctuniqueid")),
    )
    op.create_index("ix_radacct_username", "radacct", ["username"])
    op.create_index("ix_radacct_customer", "radacct", ["customer_id", "acctstarttime"])
    for name, columns in (
        ("tenant", ["tenant_id", "acctstarttime", "radacctid"]),
        ("owner", ["owner_id", "acctstarttime", "radacctid"]),
        ("customer", ["customer_id"]),
        ("updated", ["acctupdatetime"]),
        ("nas", ["nasipaddress", "acctstarttime"]),
    ):
        op.create_index(f"ix_radacct_live_{name}", "radacct", columns, sqlite_where=LIVE, postgresql_where=LIVE)
    op.create_table(
        "line_usage",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        *_owner("line_usage"),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        _customer("line_usage"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("uploaded", sa.BigInteger(), nullable=False),
        sa.Column("downloaded", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_usage")),
        sa.UniqueConstraint("customer_id", "day", name=op.f("uq_line_usage_customer_id_day")),
    )
    op.create_table(
        "access_servers",
        sa.Column("id", sa.Integer(), nullable=False),
        *_owner("access_servers"),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("secret", sa.String(60), nullable=False),
        sa.Column("coa_port", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("coa_port BETWEEN 1 AND 65535", name=op.f("ck_access_servers_coa_port")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_servers")),
    )
    op.create_index("ix_access_servers_scope", "access_servers", ["tenant_id", "owner_id"])
    present = sa.text("removed_at IS NULL")
    op.create_index(
        "uq_access_servers_address",
        "access_servers",
        ["address"],
        unique=True,
        sqlite_where=present,
        postgresql_where=present,
    )
    op.create_table(
        "line_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        *_owner("line_requests"),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        _customer("line_requests"),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("ask", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_requests")),
    )
    op.create_index("ix_line_requests_customer", "line_requests", ["customer_id", "id"])
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_line_requests_waiting", "line_requests", ["next_try_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_table(
        "radgroupcheck",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("groupname", sa.Text(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("op", sa.String(2), nullable=False, server_default="=="),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_radgroupcheck")),
    )
    op.create_table(
        "radpostauth",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("pass", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("calledstationid", sa.Text(), nullable=True),
        sa.Column("callingstationid", sa.Text(), nullable=True),
        sa.Column("authdate", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("class", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_radpostauth")),
    )
    op.create_table(
        "nasreload",
        sa.Column("nasipaddress", ADDRESS, nullable=False),
        sa.Column("reloadtime", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("nasipaddress", name=op.f("pk_nasreload")),
    )
    op.create_table(
        "radius_probe",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("password", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_radius_probe")),
    )


def _views(is_sqlite: bool) -> list[str]:
    moment = "strftime('%Y-%m-%d %H:%M:%f', 'now')" if is_sqlite else "now()"
    seconds_left = (
        "CAST(strftime('%s', suspend_at) AS INTEGER) - CAST(strftime('%s', 'now') AS INTEGER)"
        if is_sqlite
        else "CAST(extract(epoch FROM suspend_at - now()) AS bigint)"
    )
    first, last = (
        "substr(c.connection_password, 1, 1)",
        "substr(c.connection_password, length(c.connection_password))",
    )
    told = " ".join(
        f"WHEN answer = '{reason}' THEN CASE WHEN language = 'en' THEN '{english}' ELSE '{bengali}' END"
        for reason, (bengali, english) in SENTENCES.items()
    )
    speed = "CASE WHEN {0} % 1000 = 0 THEN CAST({0} / 1000 AS text) || 'M' ELSE CAST({0} AS text) || 'k' END"
    return [
        # FreeRADIUS runs a value that stands wholly in quotes (`…` as a command, "…" as an expression): such a password opens nothing
        f"""
        CREATE VIEW radius_lines AS
        SELECT c.id, c.username_key AS username, c.connection_password AS password, c.document_language AS language,
            c.package_id, c.ip_address, c.suspend_at, p.cycle,
            CASE
            WHEN c.status = 'disabled' THEN 'disabled'
            WHEN c.connection_password = '' OR ({first} = {last} AND {first} IN ('''', '"', '`')) THEN 'no_password'
            WHEN p.cycle IN ('daily', 'prepaid') AND c.status <> 'active' THEN
                CASE WHEN c.status_cause = 'non_payment' THEN 'expired' ELSE 'suspended' END
            WHEN p.cycle IN ('daily', 'prepaid') AND (c.suspend_at IS NULL OR c.suspend_at <= {moment}) THEN 'expired'
            WHEN c.status <> 'active' THEN 'pool'
            ELSE 'open'
            END AS answer
        FROM customers c JOIN billing_profiles p ON p.id = c.profile_id
        WHERE c.deleted_at IS NULL
        """,
        f"""
        CREATE VIEW radcheck AS
        SELECT id * 2 AS id, username, 'Cleartext-Password' AS attribute, ':=' AS op, password AS value
        FROM radius_lines WHERE answer <> 'no_password'
        UNION ALL
        SELECT id * 2 + 1, username, 'Auth-Type', ':=', 'Reject' FROM radius_lines WHERE answer IN ({REFUSED})
        UNION ALL
        SELECT 0, '~status-probe', 'Cleartext-Password', ':=', password FROM radius_probe
        """,
        f"""
        CREATE VIEW radreply AS
        SELECT id * 3 AS id, username, 'Reply-Message' AS attribute, ':=' AS op, CASE {told} END AS value
        FROM radius_lines WHERE answer IN ({REFUSED})
        UNION ALL
        SELECT id * 3 + 1, username, 'Session-Timeout', ':=', CAST({seconds_left} + 1 AS text)
        FROM radius_lines WHERE answer = 'open' AND cycle IN ('daily', 'prepaid')
        UNION ALL
        SELECT id * 3 + 2, username, 'Framed-IP-Address', ':=', ip_address
        FROM radius_lines WHERE answer = 'open' AND ip_address <> ''
        """,
        """
        CREATE VIEW radusergroup AS
        SELECT id, username, CASE WHEN answer = 'pool' THEN 'suspended' ELSE 'package-' || CAST(package_id AS text) END
            AS groupname, 1 AS priority
        FROM radius_lines WHERE answer IN ('open', 'pool')
        """,
        # the router's word for what it receives comes first: what the customer sends
        f"""
        CREATE VIEW radgroupreply AS
        SELECT id + 2 AS id, 'package-' || CAST(id AS text) AS groupname, 'Mikrotik-Rate-Limit' AS attribute, ':=' AS op,
            {speed.format("upload_kbps")} || '/' || {speed.format("download_kbps")} AS value
        FROM packages WHERE download_kbps > 0 AND upload_kbps > 0
        UNION ALL SELECT 1, 'suspended', 'Framed-Pool', ':=', 'suspended'
        UNION ALL SELECT 2, 'suspended', 'Mikrotik-Address-List', ':=', 'suspended'
        """,
        """
        CREATE VIEW nas AS
        SELECT id, address AS nasname, 'nas-' || CAST(id AS text) AS shortname, 'other' AS type, NULL AS ports, secret,
            NULL AS server, NULL AS community, NULL AS description
        FROM access_servers WHERE removed_at IS NULL
        """,
    ]


# The day of Dhaka in which a difference of the counters came in; a counter that went back began anew.
SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER radacct_stamp AFTER INSERT ON radacct BEGIN
        UPDATE radacct SET (tenant_id, owner_id, customer_id) =
            (SELECT tenant_id, owner_id, id FROM customers WHERE username_key = lower(NEW.username))
        WHERE radacctid = NEW.radacctid;
        INSERT INTO line_usage (tenant_id, owner_id, customer_id, day, uploaded, downloaded)
        SELECT tenant_id, owner_id, id,
            date(max(coalesce(NEW.acctstoptime, 0), coalesce(NEW.acctupdatetime, 0), coalesce(NEW.acctstarttime, 0)) + 21600, 'unixepoch'),
            coalesce(NEW.acctinputoctets, 0), coalesce(NEW.acctoutputoctets, 0)
        FROM customers WHERE username_key = lower(NEW.username)
            AND coalesce(NEW.acctinputoctets, 0) + coalesce(NEW.acctoutputoctets, 0) > 0
        ON CONFLICT (customer_id, day) DO UPDATE
            SET uploaded = uploaded + excluded.uploaded, downloaded = downloaded + excluded.downloaded;
    END
    """,
    """
    CREATE TRIGGER radacct_usage AFTER UPDATE OF acctinputoctets, acctoutputoctets ON radacct
    WHEN NEW.customer_id IS NOT NULL AND (NEW.acctinputoctets IS NOT OLD.acctinputoctets OR NEW.acctoutputoctets IS NOT OLD.acctoutputoctets)
    BEGIN
        INSERT INTO line_usage (tenant_id, owner_id, customer_id, day, uploaded, downloaded)
        VALUES (NEW.tenant_id, NEW.owner_id, NEW.customer_id,
            date(max(coalesce(NEW.acctstoptime, 0), coalesce(NEW.acctupdatetime, 0), coalesce(NEW.acctstarttime, 0)) + 21600, 'unixepoch'),
            coalesce(NEW.acctinputoctets, 0) - CASE WHEN coalesce(NEW.acctinputoctets, 0) >= coalesce(OLD.acctinputoctets, 0)
                THEN coalesce(OLD.acctinputoctets, 0) ELSE 0 END,
            coalesce(NEW.acctoutputoctets, 0) - CASE WHEN coalesce(NEW.acctoutputoctets, 0) >= coalesce(OLD.acctoutputoctets, 0)
                THEN coalesce(OLD.acctoutputoctets, 0) ELSE 0 END)
        ON CONFLICT (customer_id, day) DO UPDATE
            SET uploaded = uploaded + excluded.uploaded, downloaded = downloaded + excluded.downloaded;
    END
    """,
    # FreeRADIUS' query for SQLite updates a closed session too: one that was only thought dead is open again
    """
    CREATE TRIGGER radacct_alive AFTER UPDATE OF acctupdatetime ON radacct
    WHEN OLD.acctterminatecause = 'Stale' AND NEW.acctterminatecause = 'Stale' AND NEW.acctstoptime IS OLD.acctstoptime
        AND NEW.acctupdatetime > OLD.acctupdatetime
    BEGIN
        UPDATE radacct SET acctstoptime = NULL, acctterminatecause = '' WHERE radacctid = NEW.radacctid;
    END
    """,
    """
    CREATE TRIGGER customers_move_sessions AFTER UPDATE OF owner_id ON customers WHEN NEW.owner_id <> OLD.owner_id BEGIN
        UPDATE radacct SET owner_id = NEW.owner_id WHERE customer_id = NEW.id;
        UPDATE line_usage SET owner_id = NEW.owner_id WHERE customer_id = NEW.id;
        UPDATE line_requests SET owner_id = NEW.owner_id WHERE customer_id = NEW.id;
    END
    """,
)

# SECURITY DEFINER: FreeRADIUS' own account may write to radacct and to nothing else
POSTGRESQL_TRIGGERS = (
    # FreeRADIUS' queries for PostgreSQL leave closed sessions alone and insert: one that was only thought dead is open again, or ends now
    """
    CREATE FUNCTION stamp_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    BEGIN
        UPDATE radacct SET acctstoptime = NEW.acctstoptime, acctterminatecause = NEW.acctterminatecause,
            acctupdatetime = NEW.acctupdatetime, acctsessiontime = NEW.acctsessiontime,
            acctinputoctets = NEW.acctinputoctets, acctoutputoctets = NEW.acctoutputoctets
        WHERE acctuniqueid = NEW.acctuniqueid AND acctterminatecause = 'Stale';
        IF FOUND THEN RETURN NULL; END IF;
        SELECT tenant_id, owner_id, id INTO NEW.tenant_id, NEW.owner_id, NEW.customer_id
        FROM customers WHERE username_key = lower(NEW.username);
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER radacct_stamp BEFORE INSERT ON radacct FOR EACH ROW EXECUTE FUNCTION stamp_session()",
    """
    CREATE FUNCTION count_usage() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    DECLARE
        sent bigint := coalesce(NEW.acctinputoctets, 0);
        received bigint := coalesce(NEW.acctoutputoctets, 0);
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF sent >= coalesce(OLD.acctinputoctets, 0) THEN sent := sent - coalesce(OLD.acctinputoctets, 0); END IF;
            IF received >= coalesce(OLD.acctoutputoctets, 0) THEN received := received - coalesce(OLD.acctoutputoctets, 0); END IF;
        END IF;
        IF NEW.customer_id IS NOT NULL AND sent + received > 0 THEN
            INSERT INTO line_usage (tenant_id, owner_id, customer_id, day, uploaded, downloaded)
            VALUES (NEW.tenant_id, NEW.owner_id, NEW.customer_id,
                (greatest(NEW.acctstoptime, NEW.acctupdatetime, NEW.acctstarttime) AT TIME ZONE 'Asia/Dhaka')::date, sent, received)
            ON CONFLICT (customer_id, day) DO UPDATE
                SET uploaded = line_usage.uploaded + excluded.uploaded, downloaded = line_usage.downloaded + excluded.downloaded;
        END IF;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER radacct_usage AFTER INSERT OR UPDATE OF acctinputoctets, acctoutputoctets ON radacct "
    "FOR EACH ROW EXECUTE FUNCTION count_usage()",
    """
    CREATE FUNCTION move_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE radacct SET owner_id = NEW.owner_id WHERE customer_id = NEW.id;
        UPDATE line_usage SET owner_id = NEW.owner_id WHERE customer_id = NEW.id;
        UPDATE line_requests SET owner_id = NEW.owner_id WHERE customer_id = NEW.id;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER customers_move_sessions AFTER UPDATE OF owner_id ON customers FOR EACH ROW "
    "WHEN (NEW.owner_id <> OLD.owner_id) EXECUTE FUNCTION move_sessions()",
)
