"""The command line: flask isp …"""

import gc
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from app.access.actor import Actor, acting_as, find_actor
from app.access.scope import everywhere
from app.accounts.models import Account, Kind, Tenant
from app.accounts.passwords import hash_password, refuse_weak
from app.accounts.services import create_group_admin, create_super_admin, find_by_email
from app.activity.check import check_logs
from app.activity.queries import heads, read_printed, read_signed
from app.backups import back_up, restore
from app.billing.services import bill_month
from app.billing.suspending import auto_suspend
from app.books.check import check_books
from app.core.database import db, measure_tables, transaction
from app.core.errors import Refused
from app.core.sealing import rotate_seals
from app.customers.importing import import_customers, read_file
from app.demo import SIZES, fill, is_filled
from app.demo_cast import PASSWORD, people
from app.moving import move_all
from app.paylinks.reconciling import reconcile
from app.security.factors import reset_factors

if TYPE_CHECKING:
    from alembic.config import Config

ROOT = Path(__file__).resolve().parent.parent
isp = AppGroup("isp", help="Run the panel from the command line.")


def init_app(app: Flask) -> None:
    """Add the commands to the application."""
    app.cli.add_command(isp)


def speaks_english(run: Callable[..., Any]) -> Callable[..., Any]:
    """Run a command in English; a refusal is one line and exit code 1."""

    @wraps(run)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with current_app.test_request_context(), force_locale("en"):
            try:
                return run(*args, **kwargs)
            except Refused as refused:
                raise click.ClickException(refused.message) from None
            except DatabaseError as problem:
                said = str(problem.orig).strip().splitlines()[0]
                raise click.ClickException(f"the database says: {said} (is it up to date? flask isp migrate)") from None

    return wrapped


def alembic_config() -> "Config":
    """Return Alembic's configuration, wherever the command is called from."""
    from alembic.config import Config

    return Config(str(ROOT / "alembic.ini"))


def _bring_up_to_date() -> None:
    # only here: Alembic takes memory that server and worker, which import this module too, need not hold
    from alembic import command

    command.upgrade(alembic_config(), "head")


@isp.command()
def migrate() -> None:
    """Bring the database's tables up to date; nothing happens where they are."""
    _bring_up_to_date()
    measure_tables()
    click.echo("the database is up to date")


@isp.command("create-super-admin")
@click.argument("email")
@click.option("--name", default="Super Admin")
@click.password_option()
@speaks_english
def create_super_admin_command(email: str, name: str, password: str) -> None:
    """Create who runs the installation."""
    with transaction():
        create_super_admin(email, name, _hashed(password))
    click.echo(f"{email} created")


@isp.command("reset-factors")
@click.argument("email")
@speaks_english
def reset_factors_command(email: str) -> None:
    """Take a lost second factor away: a Super Admin's, a Group Admin's, anybody's. Its sessions end."""
    account = find_by_email(email)
    if account is None:
        raise click.ClickException(f"there is no account {email}")
    with everywhere("who runs the server helps everybody"), transaction():
        reset_factors(account, "factors_reset_here")
    click.echo(f"{account.email} signs in with its password alone")


def _hashed(password: str) -> str:
    refuse_weak(password)
    return hash_password(password)


@isp.command("create-group-admin")
@click.argument("email")
@click.option("--slug", required=True, help="short name of the tenant: small letters, digits, dashes")
@click.option("--tenant-name", required=True)
@click.option("--tenant-name-bn", default="")
@click.option("--name", required=True, help="name of the person")
@click.password_option()
@speaks_english
def create_group_admin_command(
    email: str, slug: str, tenant_name: str, tenant_name_bn: str, name: str, password: str
) -> None:
    """Create a tenant with the Group Admin at its head."""
    with everywhere("a new tenant"), transaction():
        create_group_admin(
            slug=slug,
            tenant_name=tenant_name,
            tenant_name_bn=tenant_name_bn,
            name=name,
            email=email,
            password_hash=_hashed(password),
        )
    click.echo(f"{email} created")


@isp.command()
@click.option(
    "--size",
    type=click.Choice(list(SIZES)),
    default="small",
    show_default=True,
    help="60, 2,000, 100,000 or a million customers",
)
@click.option("--if-empty", is_flag=True, help="do nothing when the database has accounts")
@speaks_english
def demo(size: str, if_empty: bool) -> None:
    """Make the tables and fill an empty database with the demo cast."""
    if not current_app.config["DEMO"]:
        raise click.ClickException("the production configuration has no demo data")
    _bring_up_to_date()
    if not (if_empty and is_filled()):
        # to look for cycles among millions of new objects every moment costs a sixth of the time
        gc.set_threshold(100_000)
        fill(size)
        measure_tables()
    click.echo(f"Sign in with the password {PASSWORD} as:")
    for person in people():
        click.echo(f"  {person.email:34}{person.kind.replace('_', ' ')}")


@isp.command("import-customers")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", required=True, help="short name of the tenant")
@speaks_english
def import_customers_command(file: Path, tenant: str) -> None:
    """Import customers from a CSV file; every row that is refused is named with its line and reason."""
    with acting_as(group_admin_of(tenant)):
        report = import_customers(read_file(file))
    for bad in report.refused:
        click.echo(f"line {bad.line}: {bad.reason}")
    click.echo(f"imported {report.imported}, refused {len(report.refused)}")


def group_admin_of(slug: str) -> Actor:
    """Return the Group Admin of a tenant. Raises Refused for an unknown short name."""
    with everywhere("the tenant is named on the command line"):
        account_id = db.session.execute(
            select(Account.id)
            .join(Tenant, Tenant.id == Account.tenant_id)
            .where(Tenant.slug == slug, Account.kind == Kind.GROUP_ADMIN.value)
        ).scalar_one_or_none()
    actor = find_actor(account_id) if account_id else None
    if actor is None:
        raise Refused(f"There is no active tenant {slug!r}.")
    return actor


def tenant_of(slug: str) -> Tenant:
    """Return a tenant by its short name. Raises Refused."""
    found = db.session.execute(select(Tenant).where(Tenant.slug == slug)).scalar_one_or_none()
    if found is None:
        raise Refused(f"there is no tenant {slug!r}")
    return found


@isp.command("bill-month")
@click.argument("month")
@click.option("--tenant", help="short name of one tenant; all without it")
@speaks_english
def bill_month_command(month: str, tenant: str | None) -> None:
    """Raise the bills of a month, such as 2026-11; a second run makes no second bill."""
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month):
        raise click.ClickException("write the month as 2026-11")
    run = bill_month(date.fromisoformat(f"{month}-01"), tenant_of(tenant) if tenant else None)
    for reason, count in sorted(run.skipped.items()):
        click.echo(f"skipped {count}: {reason}")
    click.echo(f"made {run.made}, skipped {sum(run.skipped.values())}")


@isp.command("auto-suspend")
@speaks_english
def auto_suspend_command() -> None:
    """Suspend who is past the date up to which service is paid."""
    click.echo(f"suspended {auto_suspend().suspended}")


@isp.command("reconcile")
@speaks_english
def reconcile_command() -> None:
    """Ask the gateways about online payments whose time has come; the server does it by itself every minute."""
    outcome = reconcile()
    for state, count in sorted(outcome.states.items()):
        click.echo(f"{state}: {count}")
    click.echo(f"asked about {outcome.asked}")


@isp.command("check-books")
@speaks_english
def check_books_command() -> None:
    """Recompute every balance from the journal and name each that differs."""
    report = check_books()
    for difference in report.differences:
        click.echo(difference)
    click.echo(f"{len(report.differences)} of {report.checked} differ")
    if report.differences:
        raise SystemExit(1)


@isp.command("verify-log")
@click.option("--tenant", help="short name of one tenant; all, and the installation's own chain, without it")
@click.option("--anchor", "anchors", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--head", "printed", multiple=True, help="head off a slip, such as A1-345-9f3a77c012ab44d1")
@speaks_english
def verify_log_command(tenant: str | None, anchors: tuple[Path, ...], printed: tuple[str, ...]) -> None:
    """Follow the chains of both logs and name the first broken row; --anchor takes signed heads that were downloaded."""
    known = [head for file in anchors for head in read_signed(file.read_text(encoding="utf-8", errors="replace"))]
    known += [read_printed(text) for text in printed]
    report = check_logs(known, tenant_of(tenant).id if tenant else None)
    for broken in reversed(report.breaks):
        click.echo(broken)
    if report.breaks:
        raise SystemExit(1)
    click.echo(f"{report.rows} rows in {report.chains} chains, all whole")


@isp.command("log-heads")
@speaks_english
def log_heads_command() -> None:
    """Print the head of every chain, to be sent or printed elsewhere each day (verify-log --head)."""
    for head in heads():
        click.echo(head.printed)


@isp.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--keep", type=click.IntRange(0), default=0, help="how many backups stay there; all without it")
@speaks_english
def backup_command(folder: Path, keep: int) -> None:
    """Back database and files up into a new folder below FOLDER; the keys are yours to keep elsewhere."""
    click.echo(back_up(folder, keep))


@isp.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@speaks_english
def restore_command(folder: Path) -> None:
    """Restore a backup into an empty database and folder, and look at books and logs."""
    restore(folder)
    books, logs = check_books(), check_logs([])
    for problem in [*books.differences, *logs.breaks]:
        click.echo(problem)
    click.echo(
        f"restored: {len(books.differences)} of {books.checked} differ; {logs.rows} log rows in {logs.chains} chains"
    )
    if books.differences or logs.breaks:
        raise SystemExit(1)


@isp.command("move-database")
@click.argument("source")
@click.argument("target")
@speaks_english
def move_database_command(source: str, target: str) -> None:
    """Move all from a database, such as sqlite:////var/lib/sanjog/sanjog.db, to an empty PostgreSQL, and look at it there.

    Stop web server and worker first. The source is left as it is.
    """
    before, after = (_elsewhere(address) for address in (source, target))
    with after():
        _bring_up_to_date()
    count = move_all(source, target, click.echo)
    click.echo(f"moved {count} rows")
    reports = []
    for place, name in ((before, "source"), (after, "target")):
        with place():
            books, logs = check_books(), check_logs([])
        for problem in [*books.differences, *logs.breaks]:
            click.echo(f"{name}: {problem}")
        click.echo(
            f"{name}: {len(books.differences)} of {books.checked} differ; {logs.rows} log rows in {logs.chains} chains"
        )
        reports.append((books.checked, len(books.differences), logs.rows, logs.chains, len(logs.breaks)))
    if reports[0] != reports[1]:
        raise click.ClickException("the target differs from the source: do not use it")


def _elsewhere(address: str) -> Callable[[], AbstractContextManager[None]]:
    """Return how to work on another database than this application's, with the same settings."""
    from app import create_app

    try:
        other = create_app(DATABASE_URL=address)
    except RuntimeError as unsafe:
        raise click.ClickException(str(unsafe)) from None

    @contextmanager
    def work() -> Iterator[None]:
        with other.test_request_context(), force_locale("en"):
            yield
            db.dispose()

    return work


@isp.command()
def docs() -> None:
    """Write the documents that are generated from the code."""
    from app.access.document import permissions_document

    place = ROOT / "docs" / "permissions.md"
    place.write_text(permissions_document(), encoding="utf-8")
    click.echo(os.path.relpath(place))


@isp.command("rotate-keys")
@speaks_english
def rotate_keys_command() -> None:
    """Encrypt every secret anew with the first of FIELD_KEYS; the others can then be taken out."""
    with everywhere("the installation's keys seal the secrets of all"), transaction():
        click.echo(f"sealed anew: {rotate_seals()}")
