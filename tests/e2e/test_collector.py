"""The collector's job in Chromium, on a phone: sign in, find the customer, take the cash, show the receipt, in Bengali."""

import re

import pytest

from tests.browser import DESK, PHONE

COLLECTOR = "collector@meghna.example.com"
NORTH = "north@meghna.example.com"


def first_due_customer(browser):
    """Return the address of the profile of the first customer who owes something."""
    browser.go("/customers/list/?payment=due&sort=due&dir=desc")
    return re.search(r"/customers/show/\d+", browser.find("tbody a").get_attribute("href")).group(0)


def test_a_wrong_password_is_refused_in_one_sentence_and_the_right_one_lets_in(phone):
    phone.go("/login/")
    phone.fill("email", COLLECTOR)
    phone.fill("password", "not-the-password")
    phone.find("form [type='submit']").click()
    phone.wait(lambda: phone.all(".field-error"), "a sentence about the password")
    assert phone.path.startswith("/login/")
    phone.sign_in(COLLECTOR)
    assert phone.path == "/"


def test_four_taps_from_the_list_to_the_receipt(phone):
    phone.sign_in(COLLECTOR)
    phone.go("/lang/bn")
    profile = first_due_customer(phone)
    customer = profile.rsplit("/", 1)[1]
    phone.find(f'a[href^="{profile}"]').click()
    phone.wait(lambda: phone.path.startswith("/customers/show/"), "the profile")
    phone.find(f'a[href="/payments/receive/{customer}"]').click()
    phone.wait(lambda: phone.path.startswith("/payments/receive/"), "the cash form")
    assert phone.find('[name="amount"]').get_attribute("value")
    assert phone.all("[data-preview] li")
    phone.find("[data-submit]").click()
    phone.wait(lambda: phone.path.startswith("/payments/show/"), "the receipt")
    for link in phone.all('a[href*="receipt.pdf"]'):
        status, headers, content = phone.fetch(link.get_attribute("href").split(str(phone.server.port))[1])
        assert status == 200
        assert headers["content-type"] == "application/pdf"
        assert content.startswith(b"%PDF")


def test_a_receipt_s_code_opens_its_public_check_without_sign_in(phone):
    phone.sign_in(COLLECTOR)
    phone.go("/payments/list/")
    phone.find("tbody a").click()
    phone.wait(lambda: phone.path.startswith("/payments/show/"), "the receipt")
    assert phone.all(".qr svg")


@pytest.mark.parametrize("browser", [PHONE, DESK], indirect=True)
def test_the_language_switch_changes_the_page_and_stays(browser):
    browser.sign_in(COLLECTOR)
    browser.go("/lang/en?next=/customers/list/")
    assert browser.find("html").get_attribute("lang") == "en"
    assert browser.path.startswith("/customers/list/")
    browser.go("/lang/bn?next=/customers/list/")
    assert browser.find("html").get_attribute("lang") == "bn"
    browser.go("/payments/list/")
    assert browser.find("html").get_attribute("lang") == "bn"
    assert "পেমেন্ট" in browser.text


@pytest.mark.parametrize("browser", [PHONE, DESK], indirect=True)
def test_no_page_of_the_main_job_is_wider_than_the_screen(browser):
    browser.sign_in(NORTH)
    profile = first_due_customer(browser)
    customer = profile.rsplit("/", 1)[1]
    pages = [
        "/",
        "/customers/list/",
        profile,
        f"{profile}?tab=statement",
        f"/payments/receive/{customer}",
        "/bills/list/",
        "/payments/list/",
    ]
    pages += [
        "/expenses/list/",
        "/activity/",
        "/managers/list/",
        "/operators/list/",
        "/help/",
        "/account/",
        "/customers/add",
    ]
    for page in pages:
        browser.go(page)
        assert browser.overflow == 0, page


@pytest.mark.parametrize("browser", [PHONE], indirect=True)
def test_the_open_tab_of_a_profile_is_in_sight_on_a_phone(browser):
    browser.sign_in(NORTH)
    profile = first_due_customer(browser)
    browser.go("/lang/en?next=/customers/list/")
    for tab in ("profile", "history"):
        browser.go(f"{profile}?tab={tab}")
        place = browser.find("nav.tabs [aria-current]").rect
        assert place["x"] >= 0 and place["x"] + place["width"] <= PHONE[0], tab


def test_a_granted_and_a_withdrawn_key_bind_at_the_very_next_tap(browser):
    browser.sign_in(NORTH)
    browser.go("/managers/list/")
    manager = (
        next(link for link in browser.all("tbody a") if "Sumaiya" in link.text).get_attribute("href").rsplit("/", 1)[1]
    )
    browser.go(f"/managers/permissions/{manager}")
    browser.tick('input[name="keys"][value="print-invoice"]')
    browser.wait(lambda: browser.find('button[name="seen"]').is_enabled(), "the button to save")
    browser.find('button[name="seen"]').click()
    browser.wait(lambda: "/managers/show/" in browser.path, "the Manager's page")
    browser.forget()
    browser.sign_in("desk@meghna.example.com")
    browser.go("/bills/list/")
    assert browser.all("tbody tr")
