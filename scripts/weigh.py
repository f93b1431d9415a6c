"""Weigh pages as a phone fetches them, compressed: the first time with all they need, later with the page alone, and what draws charts apart.

Ends with 1 above a limit.

Fonts count as a Bengali page needs them on a device that has none.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flask.testing import FlaskClient  # noqa: E402

from app import create_app  # noqa: E402
from app.cli import alembic_config  # noqa: E402
from app.demo import fill  # noqa: E402
from config import Testing  # noqa: E402
from scripts.measure import signed_in  # noqa: E402

FIRST, LATER = 300, 60
"""kB of a page at its first and at later loads (ui.md)."""

CHARTS = 180
"""kB of the library that draws charts, which comes after the page, once a chart is about to be seen, and then stays a year."""

TAKES = {"Accept-Encoding": "br, gzip"}
NEEDED = re.compile(r'(?:href|src)="(/static/[^"#]+)')
LIBRARY = re.compile(r'data-library="(/static/[^"#]+)')
IN_CSS = re.compile(r"url\(\.\./([^)]+)\)")


def weight(client: FlaskClient, path: str) -> int:
    """Return the bytes of an answer on the wire, without its headers."""
    answer = client.get(path, headers=TAKES, buffered=True)
    assert answer.status_code == 200, f"{path} answered {answer.status_code}"
    return len(answer.data)


def main() -> int:
    """Print a table of pages."""
    from alembic import command

    heavy = False
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Testing, DATABASE_URL=f"sqlite:///{folder}/weigh.db")
        with app.app_context():
            command.upgrade(alembic_config(), "head")
            with app.test_request_context():
                fill("small")
        client = signed_in(app, "ga@meghna.example.com")
        client.get("/lang/bn")
        profile = re.search(r"/customers/show/\d+", client.get("/customers/list/").text)
        assert profile is not None
        print(f"{'page':28}{'first, kB':>12}{'later, kB':>12}{'charts, kB':>12}")
        for path in ("/customers/list/", "/bills/list/", "/payments/list/", "/collect/", profile.group(0), "/"):
            page = client.get(path).text
            files = {file for file in NEEDED.findall(page) if not file.endswith((".png", "worker.js"))}
            styles = [client.get(file, buffered=True).text for file in files if ".css" in file]
            for found in (found for style in styles for found in IN_CSS.findall(style)):
                files.add(f"/static/{found}")
            later = weight(client, path) / 1000
            first = later + sum(weight(client, file) for file in files) / 1000
            charts = sum(weight(client, file) for file in set(LIBRARY.findall(page))) / 1000
            heavy |= first > FIRST or later > LATER or charts > CHARTS
            print(f"{path:28}{first:12.1f}{later:12.1f}{charts:12.1f}")
        app.extensions["database"].dispose()
    return int(heavy)


if __name__ == "__main__":
    raise SystemExit(main())
