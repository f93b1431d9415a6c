"""What a page offers: its links, its forms, and what the house forbids in a page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Offer:
    """A page as somebody without script uses it."""

    links: list[str] = field(default_factory=list)
    forms: list[tuple[str, str]] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, here: str) -> None:
        super().__init__()
        self.offer = Offer()
        self._here = here

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.offer.links.append(str(given["href"]))
        elif tag == "form":
            method = (given.get("method") or "get").upper()
            action = given.get("action") or ""
            self.offer.forms.append((method, self._here if action.startswith("#") or not action else action))
        if tag == "script" and not given.get("src"):
            self.offer.forbidden.append("a script inside the page")
        if tag == "style":
            self.offer.forbidden.append("a style sheet inside the page")
        for name, value in given.items():
            if name.startswith("on") or name == "style":
                self.offer.forbidden.append(f"<{tag} {name}>")
            if name in ("src", "href", "action", "srcset", "poster", "formaction") and str(value).startswith(
                ("http:", "https:", "//", "javascript:")
            ):
                self.offer.forbidden.append(f"<{tag} {name}={value}>")


def read(page: str, here: str) -> Offer:
    """Return the links (path and query), the forms (method, address) and the forbidden things of a page at an address."""
    reader = _Reader(here)
    reader.feed(page)
    return reader.offer


def inner_links(offer: Offer) -> set[str]:
    """Return the addresses within the house that the page's links lead to."""
    return {link for link in offer.links if link.startswith("/")}
