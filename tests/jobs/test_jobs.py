"""Long work: who may start it and see it, how far it is, what came of it, and what is left when its process dies."""

import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import lazy_gettext as _l

from app.access.actor import current_actor
from app.access.scope import everywhere
from app.accounts.models import Account, AccountStatus
from app.accounts.services import set_keys
from app.core.database import db, transaction
from app.core.errors import NotFound, Refused
from app.core.jobs import queue
from app.customers.models import Customer
from app.jobs import services
from app.jobs.models import Job, JobState
from app.jobs.services import (
    KINDS,
    Outcome,
    Progress,
    cancel_job,
    folder,
    own_job,
    recover_jobs,
    remove_old_files,
    run_job,
    start_job,
    worker,
)
from app.jobs.views import state_of
from tests.cast import COLLECTOR, DESK, NORTH
from tests.make import actor_of, as_account


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    """Forget the kinds of job that a test registers."""
    before = dict(KINDS)
    yield
    KINDS.clear()
    KINDS.update(before)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Keep started jobs in a list instead of running them at once."""
    waiting: list[int] = []
    monkeypatch.setattr(services, "enqueue", lambda _name, job_id: waiting.append(job_id))
    return waiting


def does(work: Callable[[Progress], Outcome | None], **options: Any) -> None:
    """Register what a job of the tests does."""
    options.setdefault("key", "print-invoice")
    worker("test", sentence=_l("Jobs"), **options)(lambda _arguments, progress: work(progress))


def start(email: str = COLLECTOR, **options: Any) -> Job:
    with as_account(email), transaction():
        return start_job("test", {}, options.pop("arguments", {}), **options)


def job(job_id: int) -> Job:
    db.session.rollback()
    with everywhere("tests look at everything"):
        return db.session.get_one(Job, job_id, populate_existing=True)


def said(ended: Job, language: str = "bn") -> str:
    """What came of a job, as it is kept for readers of a language."""
    return ended.sentence["texts"][language]


def test_a_job_runs_as_who_started_it_on_its_rows_in_its_language(cast: Any, context: Flask) -> None:
    seen: dict[str, Any] = {}

    def look(progress: Progress) -> Outcome:
        actor = current_actor()
        assert actor is not None
        seen.update(email=actor.email, owners={row.owner_id for row in db.session.query(Customer)})
        return Outcome(_l("Jobs"))

    does(look)
    ended = job(start().id)
    assert (ended.state, said(ended), said(ended, "en")) == (JobState.DONE, "চলমান কাজ", "Jobs")
    assert seen == {"email": COLLECTOR, "owners": {actor_of(NORTH).id}}


def test_steps_are_counted(cast: Any, context: Flask) -> None:
    def work(progress: Progress) -> None:
        progress.total(3)
        for _step in range(3):
            progress.step()

    does(work)
    ended = job(start().id)
    assert (ended.done, ended.total, state_of(ended)["percent"]) == (3, 3, 100)


def test_a_running_job_says_how_far_it_is_and_how_long_it_takes(cast: Any, context: Flask, clock: Any) -> None:
    said: list[dict[str, Any]] = []

    def work(progress: Progress) -> None:
        progress.total(90)
        clock.forward(minutes=2)
        progress.step(30)
        with as_account(COLLECTOR):
            said.append(state_of(job(progress.job_id)))

    does(work)
    start()
    assert [(now["percent"], now["count"], now["left"]) for now in said] == [(33, "৯০-এর মধ্যে ৩০", "আর প্রায় ৪ মিনিট")]


def test_a_refusal_ends_the_job_with_its_sentence_and_nothing_is_written(cast: Any, context: Flask) -> None:
    def work(progress: Progress) -> None:
        with transaction():
            db.session.query(Customer).update({"comment": "half"})
            raise Refused("Not like this.")

    does(work)
    ended = job(start().id)
    assert (ended.state, said(ended)) == (JobState.FAILED, "Not like this.")
    with everywhere("tests look at everything"):
        assert db.session.query(Customer).filter_by(comment="half").count() == 0


def test_an_error_of_ours_is_a_sentence_on_the_page_and_a_trace_in_the_log(
    cast: Any, context: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def work(progress: Progress) -> None:
        raise ZeroDivisionError("secret detail")

    does(work)
    ended = job(start().id)
    assert ended.state == JobState.FAILED
    assert "secret" not in said(ended) and said(ended)
    assert "secret detail" in caplog.text


def test_a_cancelled_job_ends_at_its_next_step_and_leaves_nothing_of_its_transaction(cast: Any, context: Flask) -> None:
    def work(progress: Progress) -> None:
        path = progress.file(".txt")
        path.write_text("half")
        services.queue().put(f"job {progress.job_id} cancel", True)
        with transaction():
            db.session.query(Customer).update({"comment": "half"})
            progress.step()

    does(work)
    ended = job(start().id)
    assert ended.state == JobState.CANCELLED
    assert list(folder().glob("*.txt")) == []
    with everywhere("tests look at everything"):
        assert db.session.query(Customer).filter_by(comment="half").count() == 0


def test_a_job_that_waits_is_cancelled_at_once_and_never_runs(cast: Any, context: Flask, later: list[int]) -> None:
    ran: list[int] = []
    does(lambda progress: ran.append(1))
    waiting = start()
    with as_account(COLLECTOR), transaction():
        cancel_job(waiting)
    assert job(waiting.id).state == JobState.CANCELLED
    run_job(waiting.id)
    assert ran == []
    with pytest.raises(Refused), as_account(COLLECTOR), transaction():
        cancel_job(waiting)


def test_two_taps_and_two_tabs_start_one_job(cast: Any, context: Flask, later: list[int]) -> None:
    does(lambda progress: None)
    number = "5f0d2c1e-0000-4000-8000-000000000001"
    first = start(request_id=number, arguments={"zone": 1})
    assert start(request_id=number, arguments={"zone": 2}).id == first.id
    assert start(arguments={"zone": 1}).id == first.id
    assert start(arguments={"zone": 3}).id != first.id
    assert len(later) == 2


def test_the_key_and_the_account_are_asked_anew_when_the_job_runs(cast: Any, context: Flask, later: list[int]) -> None:
    ran: list[int] = []
    does(lambda progress: ran.append(1))
    without_key, suspended = start(arguments={"n": 1}), start(arguments={"n": 2})
    with everywhere("tests grant keys"), transaction():
        set_keys(db.session.get_one(Account, actor_of(COLLECTOR).id), {"receive-payment"})
    run_job(without_key.id)
    with everywhere("tests suspend accounts"), transaction():
        db.session.get_one(Account, suspended.account_id).status = AccountStatus.SUSPENDED
    run_job(suspended.id)
    for ended in (job(without_key.id), job(suspended.id)):
        assert ended.state == JobState.FAILED
        assert said(ended)
    assert ran == []


def test_only_the_maker_finds_a_job_and_only_with_the_key(cast: Any, context: Flask) -> None:
    does(lambda progress: None)
    made = start()
    for email in (DESK, NORTH):
        with as_account(email) as actor, pytest.raises(NotFound):
            own_job(actor, made.id)
    with as_account(COLLECTOR) as actor:
        assert own_job(actor, made.id).id == made.id
    with everywhere("tests grant keys"), transaction():
        set_keys(db.session.get_one(Account, actor_of(COLLECTOR).id), {"receive-payment"})
    with as_account(COLLECTOR) as actor, pytest.raises(NotFound):
        own_job(actor, made.id)


def _write(progress: Progress) -> Outcome:
    path = progress.file(".txt")
    path.write_text("ready")
    return Outcome(file=path, name="bills.txt")


def test_the_file_is_downloaded_by_its_maker_alone_and_kept_a_day(
    cast: Any, app: Flask, as_person: Any, clock: Any
) -> None:
    does(_write)
    with app.app_context():
        job_id = start().id
    maker = as_person(COLLECTOR)
    page = maker.get(f"/jobs/{job_id}")
    assert f"/jobs/{job_id}/file" in page.text
    answer = maker.get(f"/jobs/{job_id}/file", buffered=True)
    assert (answer.data, answer.headers["Content-Disposition"]) == (b"ready", "attachment; filename=bills.txt")
    colleague = as_person(NORTH)
    assert colleague.get(f"/jobs/{job_id}/file").status_code == 404
    assert colleague.get(f"/jobs/{job_id}").status_code == 404
    clock.forward(days=1, minutes=1)
    with app.app_context():
        assert remove_old_files() == 1
        assert list(folder().glob("*.txt")) == []
    assert as_person(COLLECTOR).get(f"/jobs/{job_id}/file").status_code == 404
    assert f"/jobs/{job_id}/file" not in as_person(COLLECTOR).get(f"/jobs/{job_id}").text


def test_a_job_whose_process_died_begins_again_where_that_is_right(cast: Any, context: Flask, later: list[int]) -> None:
    does(lambda progress: None, resumable=True)
    made = start()
    _die_in(made)
    assert recover_jobs() == 1
    assert (job(made.id).state, later) == (JobState.WAITING, [made.id, made.id])
    run_job(made.id)
    assert job(made.id).state == JobState.DONE


def test_a_job_that_takes_its_process_down_again_and_again_is_given_up(
    cast: Any, context: Flask, later: list[int]
) -> None:
    does(lambda progress: None, resumable=True)
    made = start()
    _die_in(made, attempts=services.MOST_ATTEMPTS)
    recover_jobs()
    assert job(made.id).state == JobState.FAILED


def test_a_job_that_must_not_begin_again_says_that_the_server_was_restarted(
    cast: Any, context: Flask, later: list[int]
) -> None:
    does(lambda progress: None)
    made = start()
    _die_in(made)
    recover_jobs()
    ended = job(made.id)
    assert ended.state == JobState.FAILED
    assert "সার্ভার" in said(ended)


def test_a_job_that_still_runs_is_left_alone(cast: Any, context: Flask, later: list[int]) -> None:
    does(lambda progress: None, resumable=True)
    made = start()
    _die_in(made)
    with (folder() / f"{made.id}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert recover_jobs() == 0
    assert job(made.id).state == JobState.RUNNING


def test_a_job_that_waits_and_is_not_in_the_queue_is_queued_at_the_next_look(
    cast: Any, context: Flask, later: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    does(lambda progress: None)
    made = start()
    monkeypatch.setattr(services, "queued", lambda _name: [(made.id,)])
    assert recover_jobs() == 0
    monkeypatch.setattr(services, "queued", lambda _name: [])
    assert recover_jobs() == 1
    assert later == [made.id, made.id]


def test_a_job_that_is_in_the_queue_twice_and_lost_its_process_does_not_begin_again_by_itself(
    cast: Any, context: Flask, later: list[int]
) -> None:
    begun: list[int] = []
    does(lambda progress: begun.append(progress.job_id))
    made = start()
    _die_in(made)
    run_job(made.id)
    assert begun == []
    recover_jobs()
    assert job(made.id).state == JobState.FAILED


def test_a_queue_that_is_gone_makes_no_error_of_what_is_committed(
    cast: Any, context: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    does(lambda progress: None)

    def gone(*_words: Any) -> None:
        raise ConnectionError("the queue is gone")

    monkeypatch.setattr(queue(), "enqueue", gone)
    monkeypatch.setattr(queue(), "get", gone)
    made = start()
    monkeypatch.undo()
    assert job(made.id).state == JobState.WAITING
    assert "the queue is gone" in caplog.text
    assert recover_jobs() == 1
    assert job(made.id).state == JobState.DONE


def test_files_that_no_job_names_are_swept_away_after_a_day(cast: Any, context: Flask, clock: Any) -> None:
    left: Path = folder() / "left-by-a-dead-process.zip"
    left.write_text("x")
    (folder() / "work-of-a-dead-process").mkdir()
    (folder() / "work-of-a-dead-process" / "00001.pdf").write_text("x")
    clock.forward(days=400)
    remove_old_files()
    assert list(folder().iterdir()) == []


def _die_in(made: Job, attempts: int = 1) -> None:
    with everywhere("tests pretend that a process died"), transaction():
        row = db.session.get_one(Job, made.id)
        row.state, row.attempts = JobState.RUNNING, attempts
