"""Expenses and their categories."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, case
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.money import Money
from app.core.ownership import Owned, owned_by_account, referable, same_tenant


class PaidFrom(StrEnum):
    """Which cash an expense was paid from: what the person has collected, or the business's own."""

    OWN_CASH = "own_cash"
    BUSINESS = "business"


class ExpenseCategory(Owned, Base):
    """What money is spent on; a category may stand below another."""

    __tablename__ = "expense_categories"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("parent_id", "expense_categories"),
        UniqueConstraint("owner_id", "parent_id", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    parent_id: Mapped[int | None] = mapped_column()
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.name


class Expense(Owned, Base):
    """Money spent, in paisa."""

    __tablename__ = "expenses"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("category_id", "expense_categories"),
        same_tenant("entered_by_id", "accounts"),
        Index("ix_expenses_tenant_newest", "tenant_id", "id"),
        Index("ix_expenses_owner_newest", "owner_id", "id"),
        Index("uq_expenses_request", "tenant_id", "request_id", unique=True),
        CheckConstraint("amount > 0", "amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = mapped_column()
    spent_on: Mapped[date] = mapped_column()
    amount: Mapped[int] = mapped_column(Money)
    note: Mapped[str] = mapped_column(String(200), default="")
    paid_from: Mapped[str] = mapped_column(String(10), default=PaidFrom.BUSINESS)
    # the file's name under the folder of the tenant; nobody can guess it
    picture: Mapped[str] = mapped_column(String(60), default="")
    request_id: Mapped[str | None] = mapped_column(String(36))
    entered_by_id: Mapped[int] = mapped_column()
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_by_id: Mapped[int | None] = mapped_column()
    void_reason: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)

    category: Mapped[ExpenseCategory] = relationship(
        viewonly=True, primaryjoin="foreign(Expense.category_id) == ExpenseCategory.id"
    )

    __mapper_args__ = {"version_id_col": version}

    @hybrid_property
    def status(self) -> str:
        """valid or void."""
        return "void" if self.voided_at is not None else "valid"

    @status.inplace.expression
    @classmethod
    def _status_sql(cls) -> Any:
        return case((cls.voided_at.is_not(None), "void"), else_="valid")
