"""Every page for everybody: axe-core's rules of WCAG 2.2 AA, targets for a thumb, the main job by keyboard, by touch, and without a network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser import DESK, PHONE, Browser
from tests.crawl import every_page

AXE = Path(__file__).resolve().parent / "axe" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
GA, COLLECTOR = "ga@meghna.example.com", "collector@meghna.example.com"
WITHOUT_SIGN_IN = ("/login/", "/nothing-here", "/no-connection/bn", "/status/meghna")
THUMB = 44
"""Pixels that a target has at least, each way, on a phone (ui.md)."""


SMALL = """
const least = arguments[0];
const reach = (element) => {
  // a label that holds a box, and a cell that a link fills, are hit as a whole
  const whole = element.closest("label") || element;
  let box = whole.getBoundingClientRect();
  const after = getComputedStyle(element, "::after");
  if (after.position === "absolute" && after.content !== "none") box = (element.closest("tr") || element.offsetParent).getBoundingClientRect();
  return box;
};
return [...document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !element.disabled)
  .filter((element) => !element.closest("p, .sentence, .visually-hidden, .skip, figure details, .crumbs, .foot"))
  .filter((element) => { const box = element.getBoundingClientRect(); return box.width > 1 && box.height > 1; })
  .filter((element) => { const box = reach(element); return box.height < least - 0.5 || box.width < least - 0.5; })
  .map((element) => `${Math.round(reach(element).width)}×${Math.round(reach(element).height)} ${element.outerHTML.slice(0, 140)}`);
"""


def violations(browser: Browser) -> list[str]:
    """Return what axe-core finds on the page that is open: rule, how often, and the first place."""
    browser.driver.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run({runOnly: {type: 'tag', values: arguments[0]}, resultTypes: ['violations']})"
        ".then((result) => done(result.violations.map((one) => [one.id, one.nodes.length, one.nodes[0].html, one.nodes[0].failureSummary])),"
        "(problem) => done([['axe', 1, String(problem), '']]))",
        RULES,
    )
    return [f"{rule} × {count}: {place[:200]} {why[:300]}" for rule, count, place, why in found]


def colours(browser: Browser, theme: str) -> None:
    """Show the page that is open in a theme."""
    browser.driver.execute_script("document.documentElement.setAttribute('data-bs-theme', arguments[0])", theme)


def look_at(browser: Browser, addresses: list[str], language: str, theme: str, *, thumbs: bool = False) -> list[str]:
    """Open pages in a language and a theme and return what is wrong, by page; with ``thumbs`` also targets that are too small."""
    wrong = []
    browser.go(f"/lang/{language}")
    for address in addresses:
        browser.go(address)
        colours(browser, theme)
        found = violations(browser)
        if thumbs:
            found += browser.driver.execute_script(SMALL, THUMB)[:5]
            found += [f"{browser.overflow} px wider than the phone"] if browser.overflow > 1 else []
        wrong += [f"{language} {theme} {address}: {one}" for one in found]
    return wrong


def pages_of(browser: Browser, email: str) -> list[str]:
    """Sign in and return an address of every kind of page that the person's links lead to."""
    browser.sign_in(email)
    return every_page(browser.fetch)


def test_no_page_has_a_hurdle_for_eye_ear_or_thumb_in_bengali_by_day(phone: Browser) -> None:
    wrong = look_at(phone, list(WITHOUT_SIGN_IN), "bn", "light")
    wrong += look_at(phone, pages_of(phone, GA), "bn", "light", thumbs=True)
    assert not wrong, "\n".join(wrong)


def test_the_main_pages_have_no_hurdle_in_english_by_night(phone: Browser) -> None:
    phone.sign_in(COLLECTOR)
    wrong = look_at(
        phone,
        ["/", "/collect/", "/customers/list/", profile_of_who_owes(phone), "/bills/list/", "/cash/"],
        "en",
        "dark",
    )
    assert not wrong, "\n".join(wrong)


@pytest.mark.long
@pytest.mark.parametrize("browser", [PHONE, DESK], indirect=True)
@pytest.mark.parametrize(
    "email", [GA, COLLECTOR, "north@meghna.example.com", "newbie@meghna.example.com", "root@sanjog.example.com"]
)
def test_no_page_of_anybody_has_a_hurdle_in_any_language_and_theme(browser: Browser, email: str) -> None:
    pages = pages_of(browser, email)
    wrong = [
        one
        for language in ("bn", "en")
        for theme in ("light", "dark")
        for one in look_at(browser, pages, language, theme)
    ]
    assert not wrong, "\n".join(wrong)


# --- The main job ------------------------------------------------------------------------------------------------


def profile_of_who_owes(browser: Browser) -> str:
    """Return the address of the profile of a customer who owes."""
    _status, _headers, page = browser.fetch("/customers/list/?payment=due&sort=due&dir=desc")
    found = re.search(r"/customers/show/\d+", page.decode())
    assert found is not None
    return found.group(0)


def focused(browser: Browser) -> str:
    """Return what has the focus: its address, its name, or its words."""
    script = (
        "const e = document.activeElement; return e.getAttribute('href') || e.getAttribute('name') || e.innerText || ''"
    )
    # amounts hold a space that does not break, which the driver shows as a usual one
    return str(browser.driver.execute_script(script)).replace("\u00a0", " ")


def tab_to(browser: Browser, wanted: str, most: int = 120) -> None:
    """Press the tab key until what is focused begins with the words; its ring must be seen."""
    for _time in range(most):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        if focused(browser).startswith(wanted):
            ring = "return getComputedStyle(document.activeElement).outlineStyle"
            assert browser.driver.execute_script(ring) != "none", f"{wanted} shows no focus"
            return
    raise AssertionError(f"the tab key does not reach {wanted} on {browser.path}")


def press_key(browser: Browser, *keys: str) -> None:
    """Press keys where the focus is."""
    ActionChains(browser.driver).send_keys(*keys).perform()


def test_the_whole_main_job_by_keyboard_alone(browser: Browser) -> None:
    browser.go("/login/")
    tab_to(browser, "email")
    press_key(browser, COLLECTOR)
    tab_to(browser, "password")
    press_key(browser, "sanjog-demo-1", Keys.ENTER)
    browser.wait(lambda: browser.path == "/", "the first page")
    profile = profile_of_who_owes(browser)
    _status, _headers, page = browser.fetch(profile)
    username = re.search(r'<span class="nowrap">([^<]+)</span>', page.decode())
    assert username is not None
    press_key(browser, "/")
    press_key(browser, username.group(1), Keys.ENTER)
    browser.wait(lambda: browser.path.startswith("/search/"), "the results")
    tab_to(browser, profile)
    press_key(browser, Keys.ENTER)
    browser.wait(lambda: browser.path.startswith(profile), "the profile")
    tab_to(browser, "/payments/receive/")
    press_key(browser, Keys.ENTER)
    browser.wait(lambda: browser.path.startswith("/payments/receive/"), "the cash form")
    tab_to(browser, "amount")
    tab_to(browser, browser.find("[data-submit]").text[:4])
    press_key(browser, Keys.ENTER)
    browser.wait(lambda: browser.path.startswith("/payments/show/"), "the receipt")


def tap(browser: Browser, selector: str) -> None:
    """Touch the middle of the first visible element of a CSS selector, as a finger does."""
    element = browser.find(selector)
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
    box = browser.driver.execute_script(
        "const b = arguments[0].getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]", element
    )
    point = [{"x": box[0], "y": box[1]}]
    browser.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": point})
    browser.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_four_touches_at_most_from_the_list_to_the_receipt(phone: Browser) -> None:
    phone.sign_in(COLLECTOR)
    profile = profile_of_who_owes(phone)
    phone.go("/customers/list/?payment=due&sort=due&dir=desc")
    tap(phone, f'tbody a[href^="{profile}"]')
    phone.wait(lambda: phone.path.startswith(profile), "the profile")
    tap(phone, 'a[href^="/payments/receive/"]')
    phone.wait(lambda: phone.path.startswith("/payments/receive/"), "the cash form")
    tap(phone, "[data-submit]")
    phone.wait(lambda: phone.path.startswith("/payments/show/"), "the receipt")


# --- Charts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("browser", [PHONE, DESK], indirect=True)
def test_charts_are_drawn_and_lead_to_their_rows(browser: Browser) -> None:
    browser.sign_in(GA)
    boxes = len(browser.all("[data-chart]"))
    assert boxes == 4
    for box in browser.all("[data-chart]"):
        browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", box)
        browser.wait(lambda box=box: box.get_attribute("data-drawn") is not None, "the drawing")  # type: ignore[misc]
    assert len(browser.all("[data-drawn] canvas")) == boxes
    browser.tick(".chart-figures summary")
    link = browser.find(".chart-figures[open] td a")
    assert link.get_attribute("href").startswith(browser.server.url + "/payments/list/?")
