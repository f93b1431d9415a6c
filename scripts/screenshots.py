"""Take pictures of the main pages: three widths, two languages, two themes, with an index page; into build/screenshots or the folder named."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

WIDTHS = {"360": (360, 800), "768": (768, 1024), "1440": (1440, 900)}
PEOPLE = {
    "collector": (
        "/",
        "/collect/",
        "/customers/list/",
        "{customer}",
        "{customer}?tab=bills",
        "{customer}?tab=payments",
        "{customer}?tab=statement",
        "{customer}?tab=history",
        "{receive}",
        "{payment}",
        "/bills/list/",
        "{bill}",
        "/payments/list/",
        "/cash/",
        "/activity/",
        "/account/",
        "/account/permissions",
        "/help/",
        "/expenses/list/",
        "/nothing-here",
    ),
    "north": (
        "/managers/list/",
        "{manager}",
        "{permissions}",
        "/managers/who",
        "/managers/add",
        "/operators/list/",
        "/customers/add",
        "{edit}",
        "{suspend}",
        "/expenses/add",
        "/account/balance/",
    ),
}
PLACES = {
    "customer": ("/customers/list/?payment=due", r"/customers/show/\d+"),
    "bill": ("/bills/list/", r"/bills/show/\d+"),
    "payment": ("/payments/list/", r"/payments/show/\d+"),
    "manager": ("/managers/list/", r"/managers/show/\d+"),
}
DERIVED = {
    "receive": ("customer", "/payments/receive/"),
    "edit": ("customer", "/customers/edit/"),
    "suspend": ("customer", "/customers/suspend/"),
    "permissions": ("manager", "/managers/permissions/"),
}


def places_of(browser: object, pages: tuple[str, ...]) -> dict[str, str]:
    """Return the addresses behind the names in braces, off the lists the person sees."""
    wanted = {name for page in pages for name in re.findall(r"{(\w+)}", page)}
    needed = wanted | {DERIVED[name][0] for name in wanted if name in DERIVED}
    found: dict[str, str] = {}
    for name, (listing, pattern) in PLACES.items():
        if name in needed:
            browser.go(listing)  # type: ignore[attr-defined]
            match = re.search(pattern, browser.driver.page_source)  # type: ignore[attr-defined]
            found[name] = match.group(0) if match else listing
    for name, (source, prefix) in DERIVED.items():
        if source in found:
            found[name] = prefix + found[source].rsplit("/", 1)[1]
    return found


def photograph(browser: object, size: tuple[int, int], file: Path) -> None:
    """Take a picture of the whole page."""
    driver = browser.driver  # type: ignore[attr-defined]
    browser.resize(size)  # type: ignore[attr-defined]
    height = min(max(driver.execute_script("return document.documentElement.scrollHeight"), size[1]), 3000)
    browser.resize((size[0], height))  # type: ignore[attr-defined]
    driver.save_screenshot(str(file))


def main(folder: Path) -> None:
    """Take all pictures and write the index."""
    import tempfile

    from tests.browser import Browser, LiveServer, fill_demo, start_chromium

    folder.mkdir(parents=True, exist_ok=True)
    rows: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        demo = fill_demo(Path(place) / "demo")
        server, driver = LiveServer(demo), start_chromium(Path(place) / "chromium")
        browser = Browser(driver, server)
        try:
            for person, pages in PEOPLE.items():
                browser.forget()
                browser.sign_in(f"{person}@meghna.example.com")
                addresses = places_of(browser, pages)
                for page in pages:
                    for language in ("bn", "en"):
                        browser.go(
                            f"/lang/{language}?next=" + page.format(**addresses).replace("?", "%3F").replace("=", "%3D")
                        )
                        for theme in ("light", "dark"):
                            driver.execute_script(
                                "document.documentElement.setAttribute('data-bs-theme', arguments[0])", theme
                            )
                            for width, size in WIDTHS.items():
                                name = (
                                    re.sub(r"\W+", "-", f"{person}{page}").strip("-")
                                    + f"-{language}-{theme}-{width}.png"
                                )
                                photograph(browser, size, folder / name)
                                rows.append(f'<a href="{name}"><img src="{name}" alt="{name}" height="320"></a>')
        finally:
            driver.quit()
            server.stop()
    (folder / "index.html").write_text(
        "<!doctype html><title>Pages</title>\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    print(f"{len(rows)} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "screenshots")
