"""Start, run, cancel and clear jobs. How to use them stands in app/jobs/__init__.py."""

import fcntl
import logging
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.access.actor import Actor, acting_as, current_actor, find_actor
from app.access.scope import everywhere, get_or_404
from app.accounts.models import Account
from app.core.clock import now
from app.core.database import after_commit, db, is_disk_full, transaction
from app.core.errors import NotFound, Refused
from app.core.jobs import enqueue, if_the_queue_answers, queue, queued, register
from app.core.language import LANGUAGES, Sentence, in_language, listening
from app.jobs.models import UNFINISHED, Job, JobState

log = logging.getLogger(__name__)

DAYS_KEPT = 1
BETWEEN_WORDS = timedelta(milliseconds=500)
"""How often a running job says how far it is, and hears whether it was cancelled."""

WORTH_A_JOB = 50
"""More rows than this are changed by a job, with progress, and not while somebody waits for a page."""

MOST_ATTEMPTS = 3
"""A job that takes its process down this often is not begun again."""


_NO_LONGER = _l("You may no longer do this: the job was not carried out.")
_NOT_THERE = _l("What the job was about is no longer there.")
_OUR_FAULT = _l("Something went wrong on our side. Start the job once more.")
_DISK_FULL = _l("The server's disk is full. Nothing was kept; tell who runs the server.")
_STARTED_ANEW = _l("The server was started anew while this ran. Look what is done, then start it once more.")


class Cancelled(Exception):
    """Report that the person cancelled: the worker lets it pass, what it has in a transaction is rolled back."""


@dataclass(frozen=True)
class Outcome:
    """What came of a job: a lazy sentence that ``words`` fill, a path of this site to go on with, a file and its name."""

    sentence: object = ""
    words: dict[str, Any] = field(default_factory=dict)
    link: str = ""
    file: Path | None = None
    name: str = ""


Work = Callable[[dict[str, Any], "Progress"], Outcome | None]


@dataclass(frozen=True)
class JobKind:
    """A kind of job: the key that it needs, its sentence, and whether it may begin again after its process died."""

    name: str
    key: str
    sentence: Any
    resumable: bool
    work: Work


KINDS: dict[str, JobKind] = {}


def worker(name: str, *, key: str, sentence: Any, resumable: bool = False) -> Callable[[Work], Work]:
    """Register a function as the worker of a kind of job. ``sentence`` is a lazy text that the job's words fill."""

    def register_work(work: Work) -> Work:
        KINDS[name] = JobKind(name, key, sentence, resumable, work)
        return work

    return register_work


def init_app(app: Flask) -> None:
    """Let the application's queue run jobs."""
    register(app, run_job)


def start_job(kind: str, words: dict[str, Any], arguments: dict[str, Any], *, request_id: str | None = None) -> Job:
    """Queue a job of the account at work for after the commit, inside a transaction, and return it.

    The same request id, or the same work while it still waits or runs, gives the job that is there: two taps, one job.
    Raises Forbidden without the kind's key.
    """
    actor = current_actor()
    if actor is None:
        raise RuntimeError("a job is started by a person")
    earlier = _earlier(actor, kind, arguments, request_id)
    if earlier is not None:
        return earlier
    job = Job(
        tenant_id=actor.tenant_id,
        owner_id=actor.owner_id,
        account_id=actor.id,
        kind=KINDS[kind].name,
        words=words,
        arguments=arguments,
        request_id=request_id,
    )
    db.session.add(job)
    db.session.flush()
    job_id = job.id
    object.__setattr__(job, "is_new", True)

    def begin() -> None:
        _forget_words(job_id)
        enqueue("run_job", job_id)

    after_commit(begin)
    return job


def _earlier(actor: Actor, kind: str, arguments: dict[str, Any], request_id: str | None) -> Job | None:
    own = select(Job).where(Job.account_id == actor.id, Job.kind == kind).order_by(Job.id.desc())
    if request_id is not None:
        same = db.session.execute(own.where(Job.request_id == request_id)).scalars().first()
        if same is not None:
            return same
    unfinished = db.session.execute(own.where(Job.state.in_(UNFINISHED))).scalars()
    return next((job for job in unfinished if job.arguments == arguments), None)


def own_job(actor: Actor, job_id: object) -> Job:
    """Return a job of the account that still holds the key of its kind. Raises NotFound for any other."""
    job = get_or_404(Job, job_id)
    kind = KINDS.get(job.kind)
    if job.account_id != actor.id or kind is None or not actor.may(kind.key):
        raise NotFound("Job")
    return job


def cancel_job(job: Job) -> None:
    """Cancel a job, in a transaction: at once while it waits, at its next step while it runs. Raises Refused after its end."""
    job = get_or_404(Job, job.id, lock=True)
    if not job.is_unfinished:
        raise Refused(_("This job has ended already."))
    if job.state == JobState.WAITING:
        job.state, job.finished_at = JobState.CANCELLED, now()
    job_id = job.id
    after_commit(lambda: queue().put(_cancel_word(job_id), True))


def file_of(job: Job) -> Path:
    """Return where the file of a job lies. Raises NotFound when there is none or no longer."""
    place = folder() / job.file
    if not job.file or not place.is_file():
        raise NotFound("Job")
    return place


def folder() -> Path:
    """Return the folder of the jobs' files, which no web server serves."""
    place = Path(current_app.config["FILES_FOLDER"]) / "jobs"
    place.mkdir(parents=True, exist_ok=True)
    return place


def progress_of(job: Job) -> tuple[int, int]:
    """Return how many steps of a job are done, of how many (0: nobody knows yet)."""
    said = None
    if job.state == JobState.RUNNING:
        with if_the_queue_answers():
            said = queue().get(_progress_word(job.id), peek=True)
    return said or (job.done, job.total)


def is_cancelling(job: Job) -> bool:
    """Tell whether a running job was cancelled and has not heard of it yet."""
    if job.state == JobState.RUNNING:
        with if_the_queue_answers():
            return bool(queue().get(_cancel_word(job.id), peek=True))
    return False


class Progress:
    """What a worker says about how far it is, and how it hears that it was cancelled.

    Both go through the queue's own storage: a worker inside a transaction would wait for itself if it wrote to the database.
    """

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        self.done = 0
        self.of = 0
        self.files: list[Path] = []
        self._said_at: datetime | None = None

    def total(self, steps: int) -> None:
        """Say how many steps there are. Raises Cancelled."""
        self.of = steps
        self._say()

    def step(self, steps: int = 1) -> None:
        """Say that steps are done. Raises Cancelled."""
        self.reach(self.done + steps)

    def reach(self, done: int) -> None:
        """Say how many steps are done in all. Raises Cancelled."""
        self.done = done
        if self._said_at is None or now() - self._said_at >= BETWEEN_WORDS:
            self._say()

    def file(self, ending: str) -> Path:
        """Return where to write a file that goes with the job, under a name nobody can guess; ``ending`` is such as ".zip"."""
        path = folder() / (secrets.token_hex(20) + ending)
        self.files.append(path)
        return path

    def _say(self) -> None:
        self._said_at = now()
        is_cancelled = False
        with if_the_queue_answers():
            queue().put(_progress_word(self.job_id), (self.done, self.of))
            is_cancelled = bool(queue().get(_cancel_word(self.job_id), peek=True))
        if is_cancelled:
            raise Cancelled


def _progress_word(job_id: int) -> str:
    return f"job {job_id} progress"


def _cancel_word(job_id: int) -> str:
    return f"job {job_id} cancel"


def _forget_words(job_id: int) -> None:
    with if_the_queue_answers():
        # what is read without peeking is gone
        queue().get(_progress_word(job_id))
        queue().get(_cancel_word(job_id))


@contextmanager
def _alone(job_id: int) -> Iterator[bool]:
    """Hold a job for the length of the block; the system lets go of it when this process dies, however it dies."""
    with (folder() / f"{job_id}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def run_job(job_id: int) -> None:
    """Run a queued job as the account that started it; whatever happens is written on the job."""
    with _alone(job_id) as is_ours:
        kind = _begin(job_id) if is_ours else None
        if kind is None:
            return
        progress = Progress(job_id)
        account_id, language, arguments = _maker(job_id)
        outcome, state = Outcome(), JobState.DONE
        with in_language(language), listening() as heard:
            actor = find_actor(account_id)
            if actor is None or not actor.may(kind.key):
                state, outcome = JobState.FAILED, Outcome(_NO_LONGER)
            else:
                try:
                    with acting_as(actor):
                        outcome = kind.work(arguments, progress) or outcome
                except Cancelled:
                    state = JobState.CANCELLED
                except Refused as refused:
                    # the reader of the job's page may have another language by then
                    said = heard.get(refused.message) or Sentence(refused.message)
                    state, outcome = JobState.FAILED, Outcome(said)
                except NotFound:
                    state, outcome = JobState.FAILED, Outcome(_NOT_THERE)
                except Exception as problem:
                    log.exception("job %d (%s)", job_id, kind.name)
                    state, outcome = JobState.FAILED, Outcome(_DISK_FULL if is_disk_full(problem) else _OUR_FAULT)
        db.session.rollback()
        _end(progress, state, outcome)


def _begin(job_id: int) -> JobKind | None:
    with everywhere("a job is found before its maker"), transaction():
        job = db.session.get(Job, job_id, with_for_update=True)
        # one that runs and is nobody's is taken care of by recover_jobs, which knows whether it may begin again
        if job is None or job.state != JobState.WAITING:
            return None
        if queue().get(_cancel_word(job_id), peek=True):
            job.state, job.finished_at = JobState.CANCELLED, now()
            return None
        job.state, job.started_at, job.attempts = JobState.RUNNING, now(), job.attempts + 1
        return KINDS[job.kind]


def _maker(job_id: int) -> tuple[int, str, dict[str, Any]]:
    with everywhere("a job is found before its maker"):
        job = db.session.get_one(Job, job_id)
        account = db.session.get_one(Account, job.account_id)
        return account.id, account.language, dict(job.arguments)


def _end(progress: Progress, state: JobState, outcome: Outcome) -> None:
    for path in progress.files:
        if path != outcome.file:
            path.unlink(missing_ok=True)
    with everywhere("a job's end is written whoever its maker is now"), transaction():
        job = db.session.get_one(Job, progress.job_id, populate_existing=True)
        job.state, job.finished_at, job.link = state, now(), outcome.link[:300]
        job.sentence = _in_all_languages(outcome)
        job.done, job.total = progress.done, max(progress.of, progress.done)
        if outcome.file is not None:
            job.file, job.file_name = outcome.file.name, outcome.name[:120]
            job.file_size = outcome.file.stat().st_size
    _forget_words(progress.job_id)


def _in_all_languages(outcome: Outcome) -> dict[str, Any]:
    # the reader may have chosen another language since
    texts = {}
    for language in LANGUAGES:
        with in_language(language):
            texts[language] = str(outcome.sentence)
    return {"texts": texts, "words": outcome.words}


def recover_jobs() -> int:
    """Take care of jobs whose process died: begin them again where that is right, else mark them as failed. Return how many.

    So too of those that wait and are not in the queue: who committed them died, or did not reach it. Twice in the queue does no harm.
    """
    with everywhere("jobs of all tenants died with their process"):
        found = db.session.execute(select(Job.id, Job.state).where(Job.state.in_(UNFINISHED)).order_by(Job.id)).all()
        db.session.rollback()
        in_queue = {job_id for (job_id,) in queued("run_job")} if found else set()
        return sum(_recover(job_id) for job_id, state in found if state == JobState.RUNNING or job_id not in in_queue)


def _recover(job_id: int) -> bool:
    with _alone(job_id) as is_dead:
        waits = _take_up(job_id) if is_dead else None
    if waits:
        # only now: whoever takes it out of the queue needs its lock
        enqueue("run_job", job_id)
    return waits is not None


def _take_up(job_id: int) -> bool | None:
    """Let a job whose process died wait again (True) or fail (False); None where it has ended meanwhile."""
    with transaction():
        job = db.session.get_one(Job, job_id, populate_existing=True)
        if not job.is_unfinished:
            return None
        kind = KINDS.get(job.kind)
        may_begin = kind is not None and kind.resumable and job.attempts < MOST_ATTEMPTS
        if job.state == JobState.WAITING or may_begin:
            job.state = JobState.WAITING
            return True
        job.sentence = _in_all_languages(Outcome(_STARTED_ANEW))
        job.state, job.finished_at = JobState.FAILED, now()
        return False


def remove_old_files() -> int:
    """Remove the files of jobs that ended more than a day ago, and what no job names; return how many jobs lost theirs."""
    before = now() - timedelta(days=DAYS_KEPT)
    with everywhere("files are removed whoever's they are"), transaction():
        old = list(
            db.session.execute(select(Job).where(Job.file != "", Job.finished_at < before).order_by(Job.id)).scalars()
        )
        for job in old:
            (folder() / job.file).unlink(missing_ok=True)
            job.file = ""
        db.session.flush()
        named = set(db.session.execute(select(Job.file).where(Job.file != "")).scalars())
        named |= {
            f"{job_id}.lock" for job_id in db.session.execute(select(Job.id).where(Job.state.in_(UNFINISHED))).scalars()
        }
    for path in folder().iterdir():
        if path.name in named or path.stat().st_mtime >= before.timestamp():
            continue
        # a process that died leaves the folder it drew into
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(old)
