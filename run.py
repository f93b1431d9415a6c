"""Build the application and serve it, with the jobs beside it; another WSGI server imports ``app`` from here.

``run.py`` serves and works, ``run.py web`` only serves, ``run.py worker`` only works: jobs, and what runs by the clock.
"""

import errno
import os
import signal
import subprocess
import sys
import threading
from functools import partial
from types import FrameType
from typing import Any

import waitress
from flask import Flask
from sqlalchemy.exc import DBAPIError

from app import create_app, metrics, schedule
from app.core import jobs, logs

SECONDS_BETWEEN_LOOKS = 2
SECONDS_TO_END = 1.5
"""After a signal requests in work get this long, then the process ends all the same."""

# a process that draws for a job imports this file too, as __mp_main__: it needs none of the pages
app = create_app() if __name__ != "__mp_main__" else Flask(__name__)
if app.config.get("LOG_LINES"):
    logs.write_lines()


def serve(*, with_jobs: bool = True) -> None:
    """Serve on 127.0.0.1, with jobs in the background, until a signal ends both; a port that is taken is one line."""
    server = _bind(app.config["HOST"], app.config["PORT"])
    worker = _start_jobs() if with_jobs else None
    _start_sandbox()
    metrics.serve_metrics(app)
    _hear_signals()
    print(f"Serving on http://localhost:{app.config['PORT']}", flush=True)
    server.run()
    if worker is not None:
        worker.stop()


def work() -> None:
    """Run jobs, and what runs by the clock, until a signal ends it; nobody is served."""
    worker = _start_jobs()
    metrics.serve_metrics(app)
    _hear_signals()
    print("Working", flush=True)
    while jobs.threads_live(worker):
        signal.sigtimedwait((), SECONDS_BETWEEN_LOOKS)
    sys.exit("A thread of the worker died.")


def _hear_signals() -> None:
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)


def _start_jobs() -> Any:
    try:
        schedule.init_app(app)
        return jobs.start_worker(app)
    except DBAPIError:
        sys.exit("The database is not there or not up to date: .venv/bin/flask isp migrate")


def _start_sandbox() -> None:
    """Start the sandbox gateways beside the demo, as a process of their own that ends with this one."""
    if not os.environ.get("WITH_SANDBOX") or not app.config["SANDBOX_URL"]:
        return
    port = app.config["SANDBOX_URL"].rpartition(":")[2]
    words = ["--port", port, "--folder", app.config["FILES_FOLDER"], "--beside"]
    subprocess.Popen([sys.executable, "-m", "app.gateways.sandbox", *words], stdin=subprocess.DEVNULL)


WAITING_BYTES = 256 * 1024
"""How much of an answer may wait for its reader in memory before the next part is made."""


def _bind(host: str, port: int) -> Any:
    try:
        return waitress.create_server(
            app,
            host=host,
            port=port,
            threads=8,
            ident=None,
            # an export waits for its reader: without, what a slow one has not taken yet would pile up, 16 MiB and more each
            outbuf_high_watermark=WAITING_BYTES,
            # what proxies say is read by the application, where there are any
            clear_untrusted_proxy_headers=not app.config["PROXIES"],
        )
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            raise
        sys.exit(f"Port {port} is taken by another program. Choose another: PORT={port + 1}")


def _end(_signal: int, _frame: FrameType | None) -> None:
    last_resort = threading.Timer(SECONDS_TO_END, os._exit, (0,))
    last_resort.daemon = True
    last_resort.start()
    # waitress ends its threads when it sees this
    raise SystemExit(0)


MODES = {"": serve, "web": partial(serve, with_jobs=False), "worker": work}

if __name__ == "__main__":
    mode = sys.argv[1] if len(sys.argv) > 1 else ""
    if mode not in MODES:
        sys.exit("run.py [web|worker]")
    MODES[mode]()
