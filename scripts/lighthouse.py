"""Let Lighthouse look at four pages as a phone does, each some times, and print the medians; ends with 1 where a median is below its mark.

A measurement, never a test: the figures depend on the machine and on what else it does; the last column is its load.
scripts/lighthouse.py [SIZE of the demo] [times]
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser import LiveServer, fill_demo  # noqa: E402

MARKS = {"performance": 90, "accessibility": 100, "best-practices": 95}
WHO = "ga@meghna.example.com"
PASSWORD = "sanjog-demo-1"
FLAGS = "--headless=new --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"


def session_of(server: LiveServer) -> tuple[str, str]:
    """Sign in and return the session's cookie as a header, and the address of a customer who owes."""
    kept = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(kept))
    page = browser.open(f"{server.url}/login/").read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    form = {"email": WHO, "password": PASSWORD, "csrf_token": token.group(1)}
    browser.open(f"{server.url}/login/", urllib.parse.urlencode(form).encode()).read()
    listed = browser.open(f"{server.url}/customers/list/?payment=due").read().decode()
    customer = re.search(r"/customers/show/\d+", listed)
    assert customer is not None
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in kept), customer.group(0)


def install(place: Path) -> Path:
    """Install the pinned Lighthouse and return its program."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / "scripts" / "lighthouse" / name, place)
    subprocess.run(["npm", "ci", "--silent"], cwd=place, check=True)
    return place / "node_modules" / ".bin" / "lighthouse"


def scores(program: Path, url: str, cookie: str, place: Path) -> dict[str, float]:
    """Return the scores of one look at a page, and what it weighs in kB, and the names of what failed."""
    flags = FLAGS + (" --no-sandbox" if os.geteuid() == 0 else "") + f" --user-data-dir={tempfile.mkdtemp(dir=place)}"
    report = place / "report.json"
    command = [str(program), url, "--quiet", "--output=json", f"--output-path={report}", f"--chrome-flags={flags}"]
    command += [f"--only-categories={','.join(MARKS)}", f"--extra-headers={json.dumps({'Cookie': cookie})}"]
    environment = os.environ | {"CHROME_PATH": shutil.which("chromium") or "chromium"}
    subprocess.run(command, check=True, env=environment, capture_output=True, timeout=300)
    read = json.loads(report.read_text())
    for name, one in read["audits"].items():
        if (
            one["score"] is not None
            and one["score"] < 0.9
            and one.get("scoreDisplayMode") in ("binary", "metricSavings")
        ):
            FAILED.setdefault(name, one["title"])
    found = {name: (read["categories"][name]["score"] or 0) * 100 for name in MARKS}
    return found | {"kB": read["audits"]["total-byte-weight"]["numericValue"] / 1000}


FAILED: dict[str, str] = {}


def main() -> int:
    """Print a table of medians."""
    size = sys.argv[1] if len(sys.argv) > 1 else "medium"
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "lighthouse").mkdir()
        program = install(place / "lighthouse")
        server = LiveServer(fill_demo(place / "demo", size))
        try:
            cookie, profile = session_of(server)
            pages = {
                "customers": "/customers/list/",
                "profile": profile,
                "collect": "/collect/",
                "dashboard": "/",
            }
            print(f"{'page':12}" + "".join(f"{name:>16}" for name in (*MARKS, "kB", "load")))
            for name, path in pages.items():
                looks = [scores(program, server.url + path, cookie, place) for _time in range(times)]
                medians = {what: statistics.median(look[what] for look in looks) for what in (*MARKS, "kB")}
                failed |= any(medians[what] < least for what, least in MARKS.items())
                print(
                    f"{name:12}"
                    + "".join(f"{medians[what]:16.0f}" for what in (*MARKS, "kB"))
                    + f"{os.getloadavg()[0]:16.1f}",
                    flush=True,
                )
        finally:
            server.stop()
    for name, title in FAILED.items():
        print(f"  {name}: {title}")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
