"""Crawl a fresh demo with wapiti, signed in as a Manager, say what it found, and fail on anything of medium severity or above."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser import PASSWORD, LiveServer, fill_demo  # noqa: E402
from tests.conftest import form_fields  # noqa: E402

WHO = os.environ.get("WAPITI_USER", "office@meghna.example.com")
MODULES = "csp,cookieflags,http_headers,redirect,xss,permanentxss,sql,file,exec,xxe,upload,crlf,csrf,methods,htaccess"
SECONDS, SECONDS_A_MODULE = os.environ.get("WAPITI_SECONDS", "900"), os.environ.get("WAPITI_ATTACK_SECONDS", "240")
MEDIUM = 2
WORDS = {0: "info", 1: "low", 2: "medium", 3: "high", 4: "critical"}


def session_cookie(url: str) -> str:
    """Sign in through the form and return the cookies as a header says them. Raises RuntimeError when that fails."""
    jar = CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))
    form = form_fields(browser.open(f"{url}/login/").read().decode(), "email")
    with suppress(HTTPError):
        browser.open(f"{url}/login/", urlencode(form | {"email": WHO, "password": PASSWORD}).encode()).read()
    held = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
    if not is_signed_in(url, held):
        raise RuntimeError(f"{WHO} could not sign in")
    return held


def is_signed_in(url: str, cookie: str) -> bool:
    """Tell whether a session still opens a page that a stranger is not shown."""
    with build_opener().open(Request(f"{url}/account/", headers={"Cookie": cookie})) as page:
        return "/login/" not in page.url


def crawl(folder: Path, url: str, cookie: str, words: list[str]) -> Path:
    """Run the scanner with somebody's session and return its report."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    # signing out ends the crawl; choosing a language leads round in circles
    left_out = [word for path in ("logout/", "lang/*", "static/*") for word in ("-x", f"{url}/{path}")]
    command = [
        *(str(folder / "venv" / "bin" / "wapiti"), "-u", f"{url}/", "--scope", "folder", "--flush-session"),
        *("--no-bugreport", "--store-session", str(folder / "sessions"), "--skip", "csrf_token"),
        *("-C", cookie, *left_out, "-m", MODULES),
        *("--max-links-per-page", "60", "--max-files-per-dir", "25", "--depth", "6", "--tasks", "4", "--timeout", "20"),
        *("--max-scan-time", SECONDS, "--max-attack-time", SECONDS_A_MODULE, "-f", "json", "-o", str(report), *words),
    ]
    with (folder / "wapiti.log").open("wb") as log:
        subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=True)
    return report


def findings(report: Path) -> tuple[int, list[tuple[int, str]]]:
    """Return how many pages were crawled, and each finding with its severity."""
    content = json.loads(report.read_text(encoding="utf-8"))
    found = [
        (int(one["level"]), f"{kind}: {one['method']} {one['path']}: {one['info']}")
        for part in ("vulnerabilities", "anomalies")
        for kind, ones in content[part].items()
        for one in ones
    ]
    return int(content["infos"].get("crawled_pages_nbr") or 0), sorted(found, reverse=True)


def crawled_as_manager(folder: Path) -> bool:
    """Tell whether the pages that the scanner keeps are those of somebody signed in: a stranger is only ever shown the sign-in page."""
    kept = max((folder / "sessions").glob("*.db"), key=lambda file: file.stat().st_mtime)
    with sqlite3.connect(kept) as database:
        paths = {path for (path,) in database.execute("SELECT path FROM paths")}
    return any("/customers/show/" in path for path in paths)


def main(folder: Path, words: list[str]) -> int:
    """Print each finding; return 1 when one counts, or when it was not done as a Manager from the first page to the last attack."""
    with tempfile.TemporaryDirectory() as place:
        server = LiveServer(fill_demo(Path(place) / "demo"))
        try:
            cookie = session_cookie(server.url)
            pages, found = findings(crawl(folder, server.url, cookie, words))
            stayed = is_signed_in(server.url, cookie)
        finally:
            server.stop()
    for level, sentence in found:
        print(f"{WORDS[level]}: {sentence}")
    grave = sum(level >= MEDIUM for level, _sentence in found)
    print(f"{pages} pages crawled, {len(found)} findings, {grave} of medium severity or above")
    if not crawled_as_manager(folder):
        print("the scanner saw no customer: it was not signed in")
        return 1
    if not stayed:
        print("the session ended while the scanner was at work: its last attacks met the sign-in page alone")
        return 1
    return int(bool(grave) or not pages)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2:]))
