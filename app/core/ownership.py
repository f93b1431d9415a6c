"""Whose rows these are: the columns the row scope works on. The rule itself stands in access/scope.py."""

from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column


class OwnerColumns:
    """A row of one owner (a parent account) in one tenant."""

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"))
    owner_id: Mapped[int] = mapped_column()


class Owned(OwnerColumns):
    """A row that only its owner and the accounts above see."""


class Offered(OwnerColumns):
    """A row that the accounts below its owner may read too, such as a package the Group Admin gives to its Operators."""


def owned_by_account() -> ForeignKeyConstraint:
    """Bind the owner to an account of the same tenant."""
    return same_tenant("owner_id", "accounts")


def same_tenant(column: str, table: str, **options: Any) -> ForeignKeyConstraint:
    """Bind a column to a row of the same tenant: the database too refuses a row of another one."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], **options)


def found_by(name: str, column: str) -> Index:
    """Find rows by a column that most of them leave empty."""
    is_there = text(f"{column} IS NOT NULL")
    return Index(name, column, sqlite_where=is_there, postgresql_where=is_there)


def referable() -> UniqueConstraint:
    """Make (tenant_id, id) a target for ``same_tenant``."""
    return UniqueConstraint("tenant_id", "id")
