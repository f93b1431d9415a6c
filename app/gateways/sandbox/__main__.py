"""Run the sandbox server: python -m app.gateways.sandbox --port 8081 --folder instance."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

import waitress

from app.gateways.sandbox.desk import Desk
from app.gateways.sandbox.keys import load_keys
from app.gateways.sandbox.server import create_sandbox

LOOKS_EVERY_SECONDS = 1


def main() -> None:
    """Serve on 127.0.0.1 until a signal ends it, or its parent does where it was started beside a panel."""
    reading = argparse.ArgumentParser(description="bKash, Nagad and SSLCommerz on this machine, without real money")
    reading.add_argument("--port", type=int, required=True)
    reading.add_argument("--folder", type=Path, required=True, help="where its keys lie: beside the demo's database")
    reading.add_argument("--beside", action="store_true", help="end when the process that started it does")
    words = reading.parse_args()
    parent = os.getppid()
    try:
        server = waitress.create_server(
            create_sandbox(Desk(load_keys(words.folder))), host="127.0.0.1", port=words.port, threads=8, ident=None
        )
    except OSError:
        sys.exit(f"Port {words.port} is taken: no sandbox gateways here.")
    signal.signal(signal.SIGTERM, lambda *_words: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_words: os._exit(0))
    if words.beside:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    print(f"Sandbox gateways on http://127.0.0.1:{words.port}", flush=True)
    server.run()


def _end_with(parent: int) -> None:
    waiting = threading.Event()
    while os.getppid() == parent:
        waiting.wait(LOOKS_EVERY_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main()
