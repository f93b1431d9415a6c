"""Servers on 127.0.0.1 for the tests of online payments: the sandbox gateways, and the panel itself, in threads of the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from app.gateways.sandbox.desk import Desk, Payment
from app.gateways.sandbox.keys import credentials, load_keys
from app.gateways.sandbox.server import create_sandbox
from app.gateways.sandbox.sslcommerz import notice_of

PATIENCE_SECONDS = 1
"""The clients' time-out in tests; the sandbox is slow for longer than that."""

SLOW_SECONDS = 3


class Quiet(WSGIRequestHandler):
    """Serve without a line for each request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(app: Callable[..., Any]) -> Iterator[str]:
    """Serve an application on a free port of 127.0.0.1, a thread a request; its address is the value."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Sandbox:
    """The sandbox gateways while a test runs: where they are, what they remember, what a merchant types into its settings."""

    def __init__(self, url: str, app: Flask, credentials: dict[str, dict[str, str]]) -> None:
        self.url = url
        self.app = app
        self.desk: Desk = app.extensions["desk"]
        self.credentials = credentials

    def fault(self, gateway: str, name: str) -> None:
        """Let the next payment at a gateway suffer a fault."""
        self.desk.faults.setdefault(gateway, []).append(name)

    def notice(self, payment: Payment) -> dict[str, str]:
        """Return the signed notice that SSLCommerz sends of a payment as it stands."""
        with self.app.app_context():
            return notice_of(payment)


@contextmanager
def sandbox_gateways(folder: Path) -> Iterator[Sandbox]:
    """Run the sandbox gateways with the keys of a folder."""
    desk = Desk(load_keys(folder), slow_seconds=SLOW_SECONDS)
    app = create_sandbox(desk)
    with serving(app) as url:
        yield Sandbox(url, app, credentials(folder))
        desk.ended.set()
