"""Pages and static files compressed on their way; what must not be, is not (docs/decisions/0036).

Compressed together with what a stranger may put into an address, a secret can be told from the length of the answer (BREACH). So answers
to POST, pages that show a secret, and streams go as they are, and where the address is echoed the length is blurred.
"""

import gzip
import secrets
from functools import lru_cache
from pathlib import Path

import brotli
from flask import Flask, current_app, request
from flask_compress import Compress
from werkzeug.wrappers import Response

SHOW_SECRETS = ("/account/security", "/account/password", "/login", "/pay/", "/invoice/", "/payment-links/")
"""Pages that show a secret, or take one, beside what stands in their address."""

PAGES = ("text/html", "application/json")
FILES = ("text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/manifest+json")
LONGEST_BLUR = 64

compress = Compress()


def init_app(app: Flask) -> None:
    """Prepare the compression; web/frame.py hands it each answer."""
    app.config.setdefault("COMPRESS_REGISTER", False)
    app.config.setdefault("COMPRESS_STREAMS", False)
    app.config.setdefault("COMPRESS_MIMETYPES", list(PAGES))
    app.config.setdefault("COMPRESS_ALGORITHM", ["br", "gzip"])
    compress.init_app(app)


def compressed(response: Response) -> Response:
    """Return the answer compressed where that is allowed and the browser takes it."""
    if request.endpoint == "static":
        return _file(response)
    response.vary.add("Accept-Encoding")
    if request.method not in ("GET", "HEAD") or request.path.startswith(SHOW_SECRETS) or response.status_code != 200:
        return response
    if request.query_string:
        response.headers["X-Blur"] = secrets.token_hex(LONGEST_BLUR)[: secrets.randbelow(LONGEST_BLUR)]
    return compress.after_request(response)  # type: ignore[arg-type, return-value]


def _file(response: Response) -> Response:
    """Compress a static file well, once a process: its address changes with its content."""
    if response.status_code != 200 or response.mimetype not in FILES or request.range:
        return response
    response.vary.add("Accept-Encoding")
    accepted = request.accept_encodings
    encoding = next((name for name in ("br", "gzip") if accepted[name] > 0), None)
    if encoding is None or not request.view_args:
        return response
    place = Path(current_app.static_folder or "") / request.view_args["filename"]
    response.direct_passthrough = False
    # ours to close: the answer no longer reads it
    response.close()
    response.set_data(_packed(str(place), place.stat().st_mtime_ns, encoding))
    response.headers["Content-Encoding"] = encoding
    tag, _is_weak = response.get_etag()
    if tag:
        response.set_etag(f"{tag}:{encoding}")
    return response


@lru_cache(maxsize=200)
def _packed(path: str, _changed: int, encoding: str) -> bytes:
    content = Path(path).read_bytes()
    return brotli.compress(content, quality=9) if encoding == "br" else gzip.compress(content, 9, mtime=0)
