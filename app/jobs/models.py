"""Jobs: what was started by whom, how far it is, what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.ownership import Owned, owned_by_account, same_tenant


class JobState(StrEnum):
    """A job waits, runs, and ends in one of three ways."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (JobState.WAITING.value, JobState.RUNNING.value)


class Job(Owned, Base):
    """Long work of an account. ``words`` fill the sentence of its kind, ``arguments`` are what the worker gets."""

    __tablename__ = "jobs"
    __table_args__ = (
        owned_by_account(),
        same_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "request_id"),
        Index("ix_jobs_account", "tenant_id", "account_id", "id"),
        Index("ix_jobs_state", "state", "id"),
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", "state"),
        CheckConstraint("done >= 0 AND total >= 0", "done"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(40))
    words: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    request_id: Mapped[str | None] = mapped_column(String(36))
    state: Mapped[str] = mapped_column(String(10), default=JobState.WAITING)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # what came of it: the texts by language, and the words that fill them
    sentence: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    link: Mapped[str] = mapped_column(String(300), default="")
    # the file's name in the jobs' folder, which nobody can guess, and the one it is downloaded under
    file: Mapped[str] = mapped_column(String(60), default="")
    file_name: Mapped[str] = mapped_column(String(120), default="")
    file_size: Mapped[int] = mapped_column(BigInteger, default=0)

    is_new: ClassVar[bool] = False
    """Whether the job was started just now, and not by an earlier tap."""

    @property
    def is_unfinished(self) -> bool:
        """Whether the job still waits or runs."""
        return self.state in UNFINISHED
