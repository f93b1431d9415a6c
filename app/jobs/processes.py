"""Work that fills a core, in processes of its own: as many as there are cores.

Each has an application without pages: settings, database, languages. The whole one would take a third more memory and seconds to build.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from typing import Any, TypeVar

from flask import Flask, current_app
from flask_babel import Babel, force_locale

from app.access.actor import acting_as, current_actor, find_actor
from app.core.database import db
from app.core.errors import Forbidden
from app.jobs.services import Cancelled, Progress

Piece = TypeVar("Piece")
Tick = Callable[[], None]

SECONDS_BETWEEN_LOOKS = 0.3
NEEDED = (
    "DATABASE_URL",
    "SLOW_QUERY_MS",
    "FILES_FOLDER",
    # the codes on invoices are sealed, and lead to the program's own address
    "SECRET_KEY",
    "PUBLIC_URL",
    "BABEL_DEFAULT_LOCALE",
    "BABEL_DEFAULT_TIMEZONE",
    "BABEL_TRANSLATION_DIRECTORIES",
)
"""The settings that a process for drawing and reckoning needs."""


@dataclass(frozen=True)
class _Shared:
    """What the processes of a job share: how many steps are done in all, and whether to stop."""

    done: Any
    stop: Any


def in_processes(
    work: Callable[[Piece, Tick], Any], pieces: Sequence[Piece], progress: Progress, *, inline: bool = False
) -> Iterator[Any]:
    """Do ``work(piece, tick)`` for each piece in a process per core, and yield what it returns, in order.

    ``work`` is a function of a module, pieces and results can be pickled. It runs as the account at work, found anew in
    each process; it calls ``tick()`` for each step done, which raises Cancelled when the job was cancelled. With
    ``inline``, for little work, and in tests, all happens in this process.
    """
    if inline or current_app.testing:
        for piece in pieces:
            yield work(piece, progress.step)
        return
    yield from _in_pool(work, pieces, progress)


def _in_pool(work: Callable[[Piece, Tick], Any], pieces: Sequence[Piece], progress: Progress) -> Iterator[Any]:
    actor = current_actor()
    if actor is None:
        raise RuntimeError("a job runs as the account that started it")
    context = get_context("spawn")
    shared = _Shared(context.Value("q", 0), context.Event())
    settings = {name: current_app.config[name] for name in NEEDED}
    begun = progress.done
    pool = ProcessPoolExecutor(
        min(os.cpu_count() or 1, len(pieces)),
        mp_context=context,
        initializer=_begin_process,
        initargs=(settings, actor.id, actor.language, shared),
    )
    try:
        futures = [pool.submit(_do, work, piece) for piece in pieces]
        for future in futures:
            while not future.done():
                wait([future], timeout=SECONDS_BETWEEN_LOOKS, return_when=FIRST_COMPLETED)
                _raise_first_problem(futures)
                progress.reach(begun + shared.done.value)
            yield future.result()
        progress.reach(begun + shared.done.value)
    except BaseException:
        shared.stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _raise_first_problem(futures: Sequence[Future[Any]]) -> None:
    for future in futures:
        if future.done() and future.exception() is not None:
            future.result()


_app: Flask
_shared: _Shared
_actor_id: int
_language: str


def _begin_process(settings: dict[str, Any], actor_id: int, language: str, shared: _Shared) -> None:
    """Build this process' own application; it ends with the process that started it."""
    global _app, _shared, _actor_id, _language
    _end_with_parent()
    _app = Flask("app")
    _app.config.update(settings)
    db.init_app(_app)
    Babel(_app)
    _shared, _actor_id, _language = shared, actor_id, language


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _tick() -> None:
    with _shared.done.get_lock():
        _shared.done.value += 1
    if _shared.stop.is_set():
        raise Cancelled


def _do(work: Callable[[Any, Tick], Any], piece: Any) -> Any:
    if _shared.stop.is_set():
        raise Cancelled
    with _app.app_context(), force_locale(_language):
        actor = find_actor(_actor_id)
        if actor is None:
            raise Forbidden
        with acting_as(actor):
            return work(piece, _tick)
