"""Every page of the program by its links, as somebody who is signed in finds them: one address for each kind of page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

Fetch = Callable[[str], tuple[int, dict[str, str], bytes]]

LINK = re.compile(r'<a\b[^>]*?\bhref="([^"#]+)', re.IGNORECASE)
NO_PAGES = re.compile(
    r"^/(lang|static|logout)/|/(export|file|picture|state|see-as)\b|\.(pdf|json|csv|zip|txt|xml|png)$|^/(healthz|readyz|metrics)"
)
TABS = ("tab", "list")
"""Words of an address that make another page of it; all others only narrow or order what is there."""


def kind_of(address: str) -> str:
    """Return what pages of one kind share: the path without ids and codes, and the tab."""
    parts = urlsplit(address)
    path = re.sub(r"/(\d+|[\w-]{22,}|(?<=request/)[\w-]+)(?=/|$)", "/…", parts.path)
    tabs = sorted(word for word in parts.query.split("&") if word.partition("=")[0] in TABS)
    return path + ("?" + "&".join(tabs) if tabs else "")


def links_of(page: str, here: str) -> Iterator[str]:
    """Yield the addresses of this site that a page links to and that are pages."""
    for found in LINK.findall(page):
        address = urljoin(here, unescape(found))
        parts = urlsplit(address)
        if not parts.netloc and not parts.scheme and not NO_PAGES.search(parts.path):
            yield address


def every_page(fetch: Fetch, start: tuple[str, ...] = ("/",), most: int = 400) -> list[str]:
    """Return one address for each kind of page that can be reached, in the order found. Raises AssertionError for a broken link."""
    waiting, seen, found = list(start), set[str](), list[str]()
    while waiting and len(seen) < most:
        address = waiting.pop(0)
        if kind_of(address) in seen:
            continue
        seen.add(kind_of(address))
        status, headers, body = fetch(address)
        if "text/html" not in headers.get("content-type", ""):
            continue
        assert status < 500, f"{address} answers {status}"
        if status != 200:
            continue
        found.append(address)
        waiting += links_of(body.decode(), address)
    return found
