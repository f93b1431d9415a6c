"""Build the application and serve it, with the jobs beside it. The WSGI server of a production machine imports ``app`` from here."""

import signal
import threading
from types import FrameType

import waitress

from app import create_app
from app.core import jobs

app = create_app()


def serve() -> None:
    """Serve on 127.0.0.1 and run jobs in the background until a signal ends both."""
    stop = threading.Event()
    worker = jobs.start_worker(app)
    host, port = app.config["HOST"], app.config["PORT"]
    server = waitress.create_server(app, host=host, port=port, threads=8, ident=None)

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()
        server.close()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    print(f"Serving on http://localhost:{port}", flush=True)
    try:
        server.run()
    except OSError:
        if not stop.is_set():
            raise
    finally:
        worker.stop()


if __name__ == "__main__":
    serve()
