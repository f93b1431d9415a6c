"""No scope, no rows: for every mapped class, for every kind of statement; and the places that go around it are known."""

import ast
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, inspect, select, update
from sqlalchemy.orm import aliased, make_transient_to_detached
from sqlalchemy.orm.attributes import flag_modified

from app.access.actor import acting_as
from app.access.scope import Scope, everywhere, get_or_404, seeing, within
from app.accounts.models import Account, Counter, Credential, Tenant
from app.activity.models import Chained, ChainHead
from app.books.models import BookCheck
from app.core.database import Base, db, transaction
from app.core.errors import NotFound
from app.core.ownership import OwnerColumns
from app.customers.models import Customer
from app.packages.models import Zone
from app.security.models import (
    Challenge,
    Passkey,
    PendingSignIn,
    RecoveryCode,
    RememberedDevice,
    SignInSession,
    Throttle,
    TotpFactor,
)
from tests.cast import GHAT, GHATMAN, NORTH, OFFICE, PADMA_GA, SOUTH
from tests.make import actor_of
from tests.rules.house import WORDS, House, build
from tests.rules.source import called, calls, trees

MODELS = sorted((mapper.class_ for mapper in Base.registry.mappers), key=lambda model: model.__name__)
OWNED = [model for model in MODELS if issubclass(model, OwnerColumns)]
SCOPED = [model for model in MODELS if issubclass(model, OwnerColumns | Chained) or model is Account]

GLOBAL = {
    Tenant: "the companies; a tenant's name is on every page of its accounts",
    Credential: "who one is, asked before anybody acts; no page shows it",
    Counter: "the last number of a series; read by the numbering alone, under a lock",
    ChainHead: "the ends of the logs; read by the recorder alone",
    SignInSession: "who is signed in, asked before anybody acts; shown to its own account alone",
    RememberedDevice: "the same, for devices",
    PendingSignIn: "whose second factor is asked for: nobody acts yet",
    Challenge: "what a passkey has to sign: nobody acts yet",
    TotpFactor: "how one proves who one is; sealed, read by its own account's id alone",
    RecoveryCode: "the same, as hashes",
    Passkey: "the same, public keys; shown to its own account alone",
    Throttle: "failed attempts by keyed hash: of no account",
    BookCheck: "when the books of a tenant were checked: counts, no rows; asked for by tenant",
}
"""Mapped classes without an owner, each with its reason."""

EVERYWHERE = {
    "app/access/actor.py": {"_load"},
    "app/accounts/management.py": {"TenantPage"},
    "app/accounts/queries.py": {"collectors", "head_of", "parent_of"},
    "app/accounts/services.py": {
        "_check_name_and_email",
        "change_password",
        "create_group_admin",
        "find_by_email",
        "keep_preferences",
    },
    "app/activity/check.py": {"check_logs"},
    "app/activity/queries.py": {"tenants_with_logs"},
    "app/api/telling.py": {"_write_messages", "remove_old_messages", "send_webhooks"},
    "app/billing/package_change.py": {"_bill", "fits", "work_out"},
    "app/billing/services.py": {"bill_month", "bill_month_of_scope", "generate_bill", "plan_month"},
    "app/billing/settlement.py": {"_move_suspend_date"},
    "app/billing/suspending.py": {"auto_suspend"},
    "app/books/check.py": {"check_books"},
    "app/books/counting.py": {"count_anew", "fold_figures"},
    "app/books/once.py": {"made_by"},
    "app/books/operators.py": {"add_operator_balance", "lock_chain", "locked_account"},
    "app/cash/queries.py": {
        "_last_closings",
        "_lock",
        "is_closed_expense",
        "open_entries",
        "open_periods",
        "shortages",
    },
    "app/cash/services.py": {"_last_line"},
    "app/cli.py": {"create_group_admin_command", "group_admin_of", "reset_factors_command", "rotate_keys_command"},
    "app/customers/counting.py": {"count_customers"},
    "app/customers/importing.py": {"_Names"},
    "app/billing/owner_services.py": {"_move_bills"},
    "app/billing/printed.py": {"bill_of"},
    "app/customers/services.py": {"_checked", "free_username", "restore_customer"},
    "app/demo.py": {"_finish", "_refill", "make_cast", "state"},
    "app/demo_bulk.py": {"_chain", "load_history"},
    "app/demo_radius.py": {"go_on"},
    "app/demo_ten.py": {"fill_up", "last_entry"},
    "app/jobs/services.py": {"_begin", "_end", "_maker", "recover_jobs", "remove_old_files"},
    "app/metrics.py": {"Standing"},
    "app/packages/queries.py": {
        "accounts_above",
        "is_usable",
        "is_usable_profile",
        "packages_on_offer",
        "price_chain",
        "profiles_on_offer",
        "retail_prices",
    },
    "app/paylinks/merchants.py": {"shared_token", "token_was_refused"},
    "app/paylinks/queries.py": {"attempt_of", "link_of"},
    "app/paylinks/reconciling.py": {"reconcile"},
    "app/payments/recharge_views.py": {"_package"},
    "app/payments/recharging.py": {"_profile"},
    "app/payments/services.py": {"_owner_of_holder", "_taken_back"},
    "app/public/pay.py": {"_language"},
    "app/public/views.py": {"ReceiptCheckPage"},
    "app/security/factors.py": {"own_account"},
    "app/security/services.py": {"_failed", "prove_again", "sign_in"},
    "app/security/sessions.py": {"_end", "_touch", "open_session"},
    "app/radius/services.py": {"_fill", "close_stale_sessions"},
    "app/radius/telling.py": {"send_line_requests"},
    "app/safety.py": {"refuse_people_of_the_demo"},
    "app/status/queries.py": {"provider"},
    "app/status/services.py": {"check_components"},
    "app/web/frame.py": {"company_of"},
    "app/web/page.py": {"log_refusal"},
}
"""Who looks beyond the scope, by file; why is said at each place, and in the activity of whoever reviews a new one."""

AROUND_THE_HOOK = {
    "app/api/models.py": {"_due"},  # what an index is made of; no statement
    "app/accounts/numbering.py": {"next_number"},  # one statement that locks and counts, by tenant
    "app/activity/recorder.py": {"_append"},  # the log's last statement of a change, by tenant
    "app/billing/models.py": {"_open_bills"},  # what an index is made of; no statement
    "app/books/models.py": {"_is_change"},  # what an index is made of; no statement
    "app/books/services.py": {"post"},  # an entry's lines, of the accounts above too
    "app/core/ownership.py": {"found_by"},  # what an index is made of; no statement
    "app/core/database.py": {"_begin_sqlite", "measure_tables", "transaction"},  # begins, commits, measures
    "app/customers/models.py": {"Customer", "_orders", "_walks"},  # what indexes are made of; no statement
    "app/customers/queries.py": {"_with_parts"},  # ids by a part of a word, for a select in scope
    "app/dashboard/views.py": {"HealthPage"},  # SELECT 1
    "app/status/services.py": {"_database"},  # SELECT 1
    "app/radius/models.py": {"<module>", "AccessServer", "LineRequest", "_live"},  # indexes, defaults; no statement
    "app/books/counting.py": {"count_anew"},  # every owner's rows are counted, by owner
    "app/demo_bulk.py": {"_History", "write"},  # the large demo is bulk loaded, then check-books passes
    "app/demo_radius.py": {"_connect_owner"},  # ANALYZE
    "app/demo_ten.py": {"_Copies", "_go_on_counting", "_read", "_run", "fill_up"},  # the same, ten of each
    "app/backups.py": {"_version", "back_up"},  # the whole database as one file
    "app/moving.py": {
        "_count_on",
        "_move",
        "_refuse_other_versions",
        "_rows",
        "_still",
    },  # all rows of all
    "app/paylinks/models.py": {"PaymentLink"},  # what an index is made of; no statement
    "app/payments/models.py": {"Payment"},  # the same
    "app/web/exports.py": {"_copied"},  # COPY of a statement that scoped() narrows
}
"""Core statements, text() and bulk inserts, which no scope narrows, by file and function."""

AROUND_BY_TABLE = {
    "app/books/models.py",  # the name of who took the money, whoever reads the figure
    "app/paylinks/models.py",  # the name of who made a link, whoever reads the list
    "app/payments/models.py",  # the name of who took the money, whoever reads the receipt
    "app/activity/check.py",  # names of columns alone
    "app/activity/seals.py",  # names of columns alone
}
"""Files that name a table beside its class: a column of it goes round the hook too."""


def test_every_mapped_class_has_an_owner_or_is_on_the_short_global_list() -> None:
    loose = {model for model in MODELS if model not in SCOPED}
    assert {model.__name__ for model in loose} == {model.__name__ for model in GLOBAL}


def test_every_table_with_an_owner_binds_it_to_an_account_of_the_same_tenant() -> None:
    unbound = [
        model.__name__
        for model in MODELS
        if issubclass(model, OwnerColumns)
        and not any(
            [column.name for column in key.columns] == ["tenant_id", "owner_id"]
            and key.referred_table.name == "accounts"
            for key in model.__table__.foreign_key_constraints
        )
    ]
    assert unbound == []


def test_every_reference_between_owned_tables_stays_within_the_tenant() -> None:
    loose = [
        f"{model.__name__}.{key.column_keys}"
        for model in MODELS
        if issubclass(model, OwnerColumns)
        for key in model.__table__.foreign_key_constraints
        if "tenant_id" not in key.column_keys and key.referred_table.name not in ("tenants", "accounts")
    ]
    assert loose == []


@pytest.fixture
def filled(snapshot: Callable[..., Any], context: Flask) -> House:
    """The marked rows in the database, and an application context around the test."""
    db.session.remove()
    return snapshot("house", build)


def _key(model: type[Any]) -> Any:
    mapper = inspect(model)
    return getattr(model, mapper.get_property_by_column(mapper.primary_key[0]).key)


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__name__)
def test_without_a_scope_there_are_no_rows(model: type[Any], filled: House) -> None:
    key = _key(model)
    other = aliased(model)
    assert db.session.execute(select(model)).all() == []
    assert db.session.execute(select(key)).all() == []
    assert db.session.execute(select(other)).all() == []
    assert db.session.execute(select(func.count(key))).scalar_one() == 0
    assert db.session.execute(select(func.count()).select_from(model)).scalar_one() == 0
    assert db.session.execute(select(model).where(key.in_(select(key)))).all() == []
    assert db.session.execute(select(Tenant.id).where(select(key).exists())).all() == []
    assert db.session.query(model).count() == 0
    with pytest.raises(NotFound):
        get_or_404(model, 1)


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__name__)
def test_without_a_scope_nothing_is_updated_or_deleted(model: type[Any], filled: House) -> None:
    columns = [column for column in inspect(model).columns if not column.primary_key]
    # a row that only ties two others has nothing else to change
    column = min(columns, key=lambda column: bool(column.foreign_keys))
    with everywhere("the test counts"):
        before = db.session.execute(select(func.count()).select_from(model)).scalar_one()
    with transaction() as session:
        name = inspect(model).get_property_by_column(column).key
        assert session.execute(update(model).values({name: getattr(model, name)})).rowcount == 0
        assert session.execute(delete(model)).rowcount == 0
    with everywhere("the test counts"):
        assert db.session.execute(select(func.count()).select_from(model)).scalar_one() == before


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__name__)
def test_what_is_sent_to_the_database_asks_for_the_owner_s_rows_alone(model: type[Any], filled: House) -> None:
    # also of tables that hold no row, where the two tests above see nothing either way
    key, table, sent = _key(model), model.__table__.name, []
    narrowed = re.compile(rf"\b(?:{table}|{table}_1)\.owner_id (?:=|IN)")

    def keep(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if table in statement:
            sent.append(statement)

    column = min((one for one in inspect(model).columns if not one.primary_key), key=lambda one: bool(one.foreign_keys))
    name = inspect(model).get_property_by_column(column).key
    event.listen(db.engine, "before_cursor_execute", keep)
    try:
        with acting_as(actor_of(SOUTH)), transaction() as session:
            del sent[:]
            for statement in (
                select(model),
                select(key),
                select(aliased(model)),
                select(func.count()).select_from(model),
                select(Tenant.id).where(select(key).where(key == -1).exists()),
                update(model).where(key == -1).values({name: getattr(model, name)}),
                delete(model).where(key == -1),
            ):
                session.execute(statement)
    finally:
        event.remove(db.engine, "before_cursor_execute", keep)
    wide = [statement for statement in sent if not narrowed.search(statement.partition("WHERE")[2])]
    assert len(sent) == 7
    assert wide == []


def test_the_look_at_nothing_is_a_look_at_something(filled: House) -> None:
    # tables that the cast leaves empty would let the two tests above pass for nothing
    with everywhere("the test counts"):
        full = {
            model.__name__
            for model in SCOPED
            if db.session.execute(select(func.count()).select_from(model)).scalar_one()
        }
    assert {
        "Account",
        "Activity",
        "Authentication",
        "Bill",
        "Customer",
        "Expense",
        "Grant",
        "JournalLine",
        "Package",
        "Payment",
    } <= full


@pytest.mark.parametrize(
    ("email", "sees"),
    [(SOUTH, {SOUTH}), (GHATMAN, {GHAT}), (NORTH, {NORTH, GHAT}), (OFFICE, {"ga@meghna.example.com"})],
)
def test_a_scope_is_exactly_whose_rows_it_is(email: str, sees: set[str], filled: House) -> None:
    with acting_as(actor_of(email)):
        names = list(db.session.execute(select(Customer.name)).scalars())
        updated = db.session.execute(update(Customer).values(comment="seen")).rowcount
    db.session.rollback()
    assert {owner for owner, word in WORDS.items() if word in " ".join(names)} == sees
    assert updated == len(names)


def test_a_new_row_gets_the_owner_of_the_scope(filled: House) -> None:
    with acting_as(actor_of(GHATMAN)) as ghatman, transaction() as session:
        zone = Zone(name="Ferry road")
        session.add(zone)
        session.flush()
        assert (zone.tenant_id, zone.owner_id) == (ghatman.tenant_id, ghatman.owner_id)


@pytest.mark.parametrize("owner", [NORTH, PADMA_GA, "ga@meghna.example.com", GHAT])
def test_a_new_row_for_somebody_else_is_refused(owner: str, filled: House) -> None:
    other = actor_of(owner)
    with acting_as(actor_of(SOUTH)), pytest.raises(NotFound), transaction() as session:
        session.add(Zone(name="Stolen road", tenant_id=other.tenant_id, owner_id=other.id))


@pytest.mark.parametrize("change", ["update", "delete", "give away"])
def test_a_foreign_row_at_hand_cannot_be_changed(change: str, filled: House) -> None:
    south, north = actor_of(SOUTH), actor_of(NORTH)
    with pytest.raises(NotFound), transaction() as session:
        with everywhere("the row slipped through somehow"):
            zone = session.get_one(Zone, filled.rows[SOUTH if change == "give away" else NORTH]["Zone"])
        with acting_as(south):
            if change == "update":
                zone.name = "Taken road"
            elif change == "delete":
                session.delete(zone)
            else:
                zone.owner_id = north.id
            session.flush()


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_no_row_of_any_kind_is_written_changed_or_removed_for_somebody_else(model: type[Any], filled: House) -> None:
    north, key = actor_of(NORTH), _key(model).key
    whose = {"tenant_id": north.tenant_id, "owner_id": north.id}
    for act in ("add", "change", "remove"):
        row = model(**whose) if act == "add" else model(**{key: 2**30}, **whose)
        with acting_as(actor_of(SOUTH)), pytest.raises(NotFound, match=model.__name__), transaction() as session:
            if act != "add":
                # as if it had been read: the guard looks before any statement is run
                make_transient_to_detached(row)
            session.add(row)
            if act == "change":
                flag_modified(row, "owner_id")
            elif act == "remove":
                session.delete(row)
            session.flush()


def test_a_row_without_any_scope_cannot_be_written(filled: House) -> None:
    with pytest.raises(NotFound), transaction() as session:
        session.add(Zone(name="Nobody's road", tenant_id=1, owner_id=2))


def test_within_a_tenant_only_its_rows_are_seen(filled: House) -> None:
    padma = actor_of(PADMA_GA)
    with within(padma.tenant_id or 0, padma.id):
        names = " ".join(db.session.execute(select(Customer.name)).scalars())
    assert [owner for owner, word in WORDS.items() if word in names] == [PADMA_GA]


def test_a_scope_ends_with_its_block(filled: House) -> None:
    with seeing(Scope.of_tenant(1, 2)):
        assert db.session.execute(select(func.count(Customer.id))).scalar_one() > 0
    with pytest.raises(ZeroDivisionError), everywhere("it fails inside"):
        raise ZeroDivisionError
    assert db.session.execute(select(func.count(Customer.id))).scalar_one() == 0


def _places(names: Callable[[str], bool]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path, tree in trees("app", "reports").items():
        for place, call in calls(tree):
            if names(called(call)):
                found.setdefault(path, set()).add(place)
    return found


def _compare(found: dict[str, set[str]], listed: dict[str, set[str]], title: str) -> None:
    new = [
        f"{path}: {place}"
        for path, places in sorted(found.items())
        for place in sorted(places - listed.get(path, set()))
    ]
    gone = [
        f"{path}: {place}"
        for path, places in sorted(listed.items())
        for place in sorted(places - found.get(path, set()))
    ]
    assert (new, gone) == ([], []), f"{title} of {__file__}: is each new place needed?"


def test_only_the_listed_places_look_beyond_the_scope() -> None:
    found = _places(lambda name: name == "everywhere" or name.endswith(".everywhere"))
    _compare(
        {path: places for path, places in found.items() if path != "app/access/scope.py"}, EVERYWHERE, "EVERYWHERE"
    )


def test_each_look_beyond_the_scope_says_why() -> None:
    silent = [
        f"{path}:{call.lineno}"
        for path, tree in trees("app").items()
        for _place, call in calls(tree)
        if called(call) == "everywhere"
        and not (
            len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and len(str(call.args[0].value).split()) >= 3
        )
    ]
    assert silent == []


def test_only_the_listed_places_write_statements_that_no_scope_narrows() -> None:
    bare = {"text", "table", "insert", "sqlite.insert", "postgresql.insert"}
    endings = (
        ".connection",
        ".connect",
        ".exec_driver_sql",
        ".bulk_save_objects",
        ".bulk_insert_mappings",
        ".bulk_update_mappings",
        ".raw_connection",
    )
    found = _places(lambda name: name in bare or name.endswith(endings))
    _compare(found, AROUND_THE_HOOK, "AROUND_THE_HOOK")
    tables = {
        path
        for path, tree in trees("app").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("__table__", "get_bind")
    }
    assert tables <= set(AROUND_THE_HOOK) | AROUND_BY_TABLE
    assert AROUND_BY_TABLE <= tables
