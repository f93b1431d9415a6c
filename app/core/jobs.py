"""Background work: one Huey per application, beside the database it works on."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from flask_babel import force_locale
from huey import Huey, MemoryHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 1
THREADS = 3
"""How many jobs run beside each other: a long one keeps neither the next nor the monthly run waiting."""


def init_app(app: Flask) -> None:
    """Give the application its job queue: a Redis, a file beside the SQLite database, or in memory and at once in tests."""
    place = app.config["JOBS_FILE"]
    if app.config["JOBS_URL"]:
        app.extensions["jobs"] = RedisHuey("sanjog", url=app.config["JOBS_URL"], utc=True)
    elif place is None:
        app.extensions["jobs"] = MemoryHuey("sanjog", immediate=True)
    else:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        app.extensions["jobs"] = SqliteHuey("sanjog", filename=place, utc=True)


def queue() -> Huey:
    """Return the job queue of the current application."""
    return current_app.extensions["jobs"]


def in_app(app: Flask, work: Callable[..., Any]) -> Callable[..., Any]:
    """Return the work wrapped in the application's context, in English: a job runs outside of every request."""

    def run(*args: Any, **kwargs: Any) -> Any:
        with app.app_context(), force_locale("en"):
            return work(*args, **kwargs)

    run.__name__ = work.__name__
    return run


def register(app: Flask, work: Callable[..., Any]) -> None:
    """Let the application's queue run a function, by its name."""
    task = app.extensions["jobs"].task(name=work.__name__)(in_app(app, work))
    app.extensions.setdefault("job_tasks", {})[work.__name__] = task


@contextmanager
def if_the_queue_answers() -> Iterator[None]:
    """Log what goes wrong in the block and go on: what it tells the queue is committed, or of no matter, and no error may say otherwise.

    Whatever is queued after a commit is also looked for in the database every minute.
    """
    try:
        yield
    except Exception:
        log.exception("the queue does not answer")


def enqueue(name: str, *arguments: Any) -> None:
    """Queue a call of a registered function; in tests it runs at once."""
    with if_the_queue_answers():
        current_app.extensions["job_tasks"][name](*arguments)


def queued(name: str) -> list[tuple[Any, ...]]:
    """Return the arguments of the calls of a registered function that lie in the queue."""
    return [task.args for task in queue().pending() if task.name == name]


def start_worker(app: Flask) -> Consumer:
    """Start the threads that run queued and periodic jobs beside the web server, and return what stops them."""
    worker = app.extensions["jobs"].create_consumer(workers=THREADS, periodic=True, max_delay=LONGEST_WAIT_SECONDS)
    worker.start()
    app.extensions["job_worker"] = worker
    return worker


def is_working() -> bool:
    """Tell whether the queue answers and, where its threads run in this process, all of them live."""
    queue().pending_count()
    worker = current_app.extensions.get("job_worker")
    return worker is None or threads_live(worker)


def threads_live(worker: Consumer) -> bool:
    """Tell whether all threads of a worker live."""
    return all(thread.is_alive() for _worker, thread in worker.worker_threads)
