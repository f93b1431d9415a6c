"""Take pictures of every page as the cast finds them by links: three widths, two languages, two themes, an index page and contact sheets.

scripts/screenshots.py [--folder build/screenshots] [--widths 360,768,1440] [--languages bn,en] [--themes light,dark] [--people ga,collector]
[--only words of an address]
"""

from __future__ import annotations

import argparse
import html
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image, ImageDraw  # noqa: E402

from tests.browser import Browser, LiveServer, fill_demo, start_chromium  # noqa: E402
from tests.crawl import every_page, kind_of  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTHS = {"360": (360, 800), "768": (768, 1024), "1440": (1440, 900)}
PEOPLE = {
    # in this order: a page that somebody before has shown is not taken again
    "nobody": (None, ("/login/", "/nothing-here", "/status/meghna", "/no-connection/bn")),
    "ga": (
        "ga@meghna.example.com",
        ("/", "/nothing-here", "/search/?q=017", "/customers/list/", "/customers/list/?q=zzzz"),
    ),
    "collector": (
        "collector@meghna.example.com",
        ("/collect/", "/collect/?list=later", "/account/", "/expenses/list/"),
    ),
    "newbie": ("newbie@meghna.example.com", ("/", "/customers/list/", "/account/permissions")),
    "north": ("north@meghna.example.com", ("/", "/operators/list/")),
    "root": ("root@sanjog.example.com", ("/",)),
}
ALSO = ("/", "/collect/", "/account/permissions", "/login/")
"""Pages that differ so much by person that each one's is taken."""

TALLEST = 3000
COLUMNS, THUMB, ROWS_A_SHEET = 6, 300, 4


def name_of(person: str, address: str) -> str:
    """Return the name of a page's pictures."""
    return re.sub(r"\W+", "-", f"{person}{address}").strip("-")[:80]


def photograph(browser: Browser, size: tuple[int, int], file: Path) -> None:
    """Take a picture of the whole page, charts drawn."""
    driver = browser.driver
    browser.resize(size)
    height = min(max(driver.execute_script("return document.documentElement.scrollHeight"), size[1]), TALLEST)
    browser.resize((size[0], height))
    if driver.find_elements("css selector", "[data-chart]"):
        browser.wait(lambda: not browser.all("[data-chart]:not([data-drawn])"), "the charts")
    driver.save_screenshot(str(file))


def look(browser: Browser, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield person and address of every page; the browser is signed in as that person when it is yielded."""
    seen: set[str] = set()
    for person in names:
        email, start = PEOPLE[person]
        browser.forget()
        if email:
            browser.sign_in(email)
        for address in [*start, *(every_page(browser.fetch, start) if email else ())]:
            kind = kind_of(address)
            if kind in seen and not (address in (*ALSO, *start) and (person, address) not in seen):
                continue
            seen |= {kind, (person, address)}  # type: ignore[arg-type]
            yield person, address


def sheets(folder: Path, pictures: list[tuple[str, str]], name: str) -> list[str]:
    """Put small pictures side by side, some rows a sheet; return the names of the files."""
    made = []
    a_sheet = COLUMNS * ROWS_A_SHEET
    for number, begin in enumerate(range(0, len(pictures), a_sheet), 1):
        part = pictures[begin : begin + a_sheet]
        height = THUMB * 4 // 3 + 20
        sheet = Image.new("RGB", (COLUMNS * (THUMB + 8), -(-len(part) // COLUMNS) * height), "#888888")
        for at, (file, label) in enumerate(part):
            with Image.open(folder / file) as picture:
                picture.thumbnail((THUMB, 10_000))
                small = picture.convert("RGB").crop((0, 0, THUMB, min(picture.height, height - 20)))
            place = (at % COLUMNS * (THUMB + 8), at // COLUMNS * height)
            sheet.paste(small, (place[0], place[1] + 16))
            ImageDraw.Draw(sheet).text((place[0] + 2, place[1] + 2), label[:48], fill="white")
        file = f"sheet-{name}-{number}.png"
        sheet.save(folder / file, optimize=True)
        made.append(file)
    return made


def write_index(folder: Path, rows: dict[str, list[str]], contact: list[str]) -> None:
    """Write the index page: the contact sheets, then a row for each page."""
    lines = ["<!doctype html><meta charset='utf-8'><title>Pages</title><h1>Contact sheets</h1>"]
    lines += [f'<p><a href="{one}"><img src="{one}" alt="{one}" width="1200"></a>' for one in contact]
    lines.append("<h1>Pages</h1>")
    for page, files in rows.items():
        lines.append(f"<h2>{html.escape(page)}</h2><p>")
        lines += [f'<a href="{one}"><img src="{one}" alt="{one}" height="320" loading="lazy"></a>' for one in files]
    (folder / "index.html").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Take all pictures that are asked for."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--folder", type=Path, default=ROOT / "build" / "screenshots")
    for name, default in (
        ("widths", ",".join(WIDTHS)),
        ("languages", "bn,en"),
        ("themes", "light,dark"),
        ("people", ",".join(PEOPLE)),
    ):
        reading.add_argument(f"--{name}", type=lambda text: text.split(","), default=default.split(","))
    reading.add_argument("--only", default="")
    asked = reading.parse_args()
    folder: Path = asked.folder
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[str]] = {}
    by_look: dict[str, list[tuple[str, str]]] = {}
    with tempfile.TemporaryDirectory() as place:
        server, driver = LiveServer(fill_demo(Path(place) / "demo")), start_chromium(Path(place) / "chromium")
        browser = Browser(driver, server)
        try:
            for person, address in look(browser, asked.people):
                if asked.only not in address:
                    continue
                for language in asked.languages:
                    browser.resize(WIDTHS["1440"])
                    browser.go(f"/lang/{language}?next={quote(address)}")
                    for theme in asked.themes:
                        script = "document.documentElement.setAttribute('data-bs-theme', arguments[0])"
                        driver.execute_script(script, theme)
                        for width in asked.widths:
                            kind = f"{width}-{language}-{theme}"
                            file = f"{name_of(person, address)}-{kind}.png"
                            photograph(browser, WIDTHS[width], folder / file)
                            wide = f" — {browser.overflow} px too wide" if browser.overflow else ""
                            rows.setdefault(f"{person} {address}{wide}", []).append(file)
                            by_look.setdefault(kind, []).append((file, f"{person} {address}{wide}"))
        finally:
            driver.quit()
            server.stop()
    contact = [sheet for kind, pictures in by_look.items() for sheet in sheets(folder, pictures, kind)]
    write_index(folder, rows, contact)
    print(f"{sum(map(len, rows.values()))} pictures of {len(rows)} pages and {len(contact)} contact sheets in {folder}")


if __name__ == "__main__":
    main()
