"""What a person meets when the network or the session is gone, what the account keeps, and dangerous acts by keyboard, in Chromium."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser import DESK, PHONE, Browser, LiveServer
from tests.e2e.test_everybody_can_use_it import COLLECTOR, GA, press_key, profile_of_who_owes, tab_to, tap

NO_CONNECTION = {"bn": "সংযোগ নেই", "en": "No connection"}
ONLY_WITH_A_RECEIPT = {"bn": "রসিদ দেখলে তবেই", "en": "taken only when you see its receipt"}


# --- Without a network ----------------------------------------------------------------------------------------------


@pytest.fixture
def own_server(demo_folder: Path, tmp_path: Path) -> Iterator[LiveServer]:
    """A server of the test's own, to be stopped in the middle."""
    shutil.copytree(demo_folder, tmp_path / "instance")
    server = LiveServer(tmp_path / "instance")
    yield server
    server.stop()


@pytest.fixture
def walker(browser: Browser, own_server: LiveServer) -> Browser:
    """A phone before the test's own server."""
    walker = Browser(browser.driver, own_server)
    walker.forget()
    walker.resize(PHONE)
    return walker


def wait_for_the_worker(browser: Browser, language: str) -> None:
    """Wait until the device keeps the offline page and knows the language that is read."""
    kept = """
        const done = arguments[arguments.length - 1];
        (async () => {
          const said = await caches.match("/language");
          const page = await caches.match(`/no-connection/${arguments[0]}`);
          done(Boolean(navigator.serviceWorker.controller && page && said && (await said.text()) === arguments[0]));
        })();
    """
    browser.wait(lambda: browser.driver.execute_async_script(kept, language), "the offline page on the device")


@pytest.mark.parametrize("language", ["bn", "en"])
def test_without_a_network_a_tap_leads_to_the_offline_page_and_no_cash_seems_taken(
    walker: Browser, own_server: LiveServer, language: str
) -> None:
    walker.sign_in(COLLECTOR)
    walker.go(f"/lang/{language}")
    profile = profile_of_who_owes(walker)
    walker.go(profile.replace("/customers/show/", "/payments/receive/"))
    walker.go(profile)
    wait_for_the_worker(walker, language)
    tap(walker, 'a[href^="/payments/receive/"]')
    walker.wait(lambda: walker.path.startswith("/payments/receive/"), "the cash form")
    own_server.stop()
    tap(walker, "[data-submit]")
    walker.see(ONLY_WITH_A_RECEIPT[language])
    assert not walker.all(".proof"), "cash that did not arrive is shown as taken"
    walker.go("/collect/")
    walker.see(NO_CONNECTION[language])
    assert walker.find("html").get_attribute("lang") == language
    assert walker.overflow == 0
    walker.driver.get_log("browser")


# --- Without a session ----------------------------------------------------------------------------------------------


def test_what_was_typed_survives_the_end_of_the_session(phone: Browser) -> None:
    phone.sign_in(COLLECTOR)
    phone.go("/lang/bn")
    phone.go(profile_of_who_owes(phone).replace("/customers/show/", "/payments/receive/"))
    phone.fill("amount", "১")
    phone.fill("note", "বড় ভাই দিয়েছেন")
    phone.driver.delete_all_cookies()
    tap(phone, "[data-submit]")
    phone.see("যা লিখেছেন তা এখানেই আছে")
    here = phone.driver.current_window_handle
    phone.press("লগইন")
    phone.driver.switch_to.window(next(one for one in phone.driver.window_handles if one != here))
    phone.sign_in(COLLECTOR)
    phone.driver.close()
    phone.driver.switch_to.window(here)
    phone.press("আবার পাঠান")
    phone.see("আবার পাঠান")
    phone.press("আবার পাঠান")
    phone.wait(lambda: phone.path.startswith("/payments/show/"), "the receipt")
    phone.see("বড় ভাই দিয়েছেন")


# --- What an account keeps ------------------------------------------------------------------------------------------


def test_page_size_theme_and_digits_follow_the_account_to_another_device(browser: Browser) -> None:
    browser.sign_in(GA)
    browser.go("/lang/bn")
    browser.go("/account/")
    for name, value in (("digits", "latn"), ("theme", "dark"), ("page_size", "50")):
        browser.tick(f'select[name="{name}"] option[value="{value}"]')
    browser.tick('form:has([name="digits"]) button.btn-primary')
    browser.wait(lambda: browser.find("html").get_attribute("data-theme") == "dark", "the dark colours")
    browser.forget()
    browser.sign_in(GA)
    browser.go("/bills/list/")
    html = browser.find("html")
    assert (html.get_attribute("lang"), html.get_attribute("data-theme")) == ("bn", "dark")
    assert browser.driver.execute_script("return getComputedStyle(document.body).colorScheme") == "dark"
    assert browser.find('.page-size [aria-current="true"]').text == "50"
    assert len(browser.all("tbody tr")) == 50
    # the language stays Bengali while the digits are those of English
    assert not re.search("[০-৯]", browser.find("tbody").text)
    assert "পরিশোধিত" in browser.find("tbody").text


# --- Dangerous acts -------------------------------------------------------------------------------------------------


def test_a_dangerous_act_asks_its_reason_and_is_done_by_keyboard_alone(browser: Browser) -> None:
    browser.sign_in(GA)
    browser.go("/lang/en")
    profile = profile_of_who_owes(browser)
    browser.go(profile)
    tab_to(browser, profile.replace("/show/", "/suspend/"))
    press_key(browser, Keys.ENTER)
    browser.wait(lambda: "/customers/suspend/" in browser.path, "the question")
    browser.see("cut off")
    tab_to(browser, "Suspend customer")
    press_key(browser, Keys.ENTER)
    # without a reason nothing happens, and the keyboard is where the reason goes
    browser.wait(lambda: browser.all(".field-error"), "a sentence beside the field")
    assert browser.driver.execute_script("return document.activeElement.name") == "reason"
    press_key(browser, "Moved away", Keys.ENTER)
    browser.wait(lambda: browser.path.startswith(profile), "the profile")
    browser.see("Suspended")


def test_the_sheet_of_the_collection_list_holds_the_keyboard_and_gives_it_back(phone: Browser) -> None:
    phone.sign_in(COLLECTOR)
    phone.go("/collect/")
    tab_to(phone, "#take-")
    opener = phone.driver.switch_to.active_element.get_attribute("href")
    press_key(phone, Keys.ENTER)
    phone.wait(lambda: "#take-" in phone.path, "the sheet")
    inside = "return Boolean(document.activeElement.closest('[role=dialog]'))"
    for _time in range(4):
        press_key(phone, Keys.TAB)
        assert phone.driver.execute_script(inside), "the keyboard leaves the open sheet"
    press_key(phone, Keys.ESCAPE)
    phone.wait(lambda: phone.driver.switch_to.active_element.get_attribute("href") == opener, "the button again")


# --- On paper -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("browser", [DESK], indirect=True)
def test_paper_shows_the_receipt_and_the_list_without_what_is_only_for_a_screen(browser: Browser) -> None:
    browser.sign_in(GA)
    receipt = re.findall(r"/payments/show/\d+", browser.fetch("/payments/list/")[2].decode())[0]
    for address in (receipt, "/customers/list/"):
        browser.go(address)
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        try:
            shown = [
                one for one in browser.all(".side, .top, .bottom, .filters, .pager, button, .btn") if one.is_displayed()
            ]
            assert not shown, f"{address} prints {shown[0].get_attribute('outerHTML')[:120]}"
            assert (
                browser.driver.execute_script("return getComputedStyle(document.body).backgroundColor")
                == "rgb(255, 255, 255)"
            )
            assert browser.find("main").text
        finally:
            browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
