"""Parents and their Managers in Chromium: grant, request, see as, reset, suspend."""

import re

NORTH, SOUTH = "north@meghna.example.com", "south@meghna.example.com"
DESK, NEWBIE, COLLECTOR = "desk@meghna.example.com", "newbie@meghna.example.com", "collector@meghna.example.com"


def manager_page(browser, name):
    """Open the page of a Manager by name and return its id."""
    browser.go("/managers/list/")
    link = next(one for one in browser.all("tbody a") if name in one.text)
    number = link.get_attribute("href").rsplit("/", 1)[1]
    browser.go(f"/managers/show/{number}")
    return number


def be(browser, email, language="en"):
    """Become another person."""
    browser.forget()
    browser.sign_in(email)
    browser.go(f"/lang/{language}")


def test_the_missing_key_is_named_asked_for_granted_and_opens_the_page(browser):
    be(browser, NEWBIE)
    browser.go("/customers/list/")
    browser.see("view-customer-details")
    browser.press("Ask for this permission")
    browser.fill("reason", "I answer the phone from Monday on")
    browser.press("Send the request")
    browser.see("Your request is on its way.")
    be(browser, SOUTH)
    browser.go("/managers/list/")
    browser.see("I answer the phone from Monday on")
    browser.go(re.search(r"/managers/requests/\d+", browser.driver.page_source).group(0))
    browser.press("Send the answer")
    browser.see("Answered.")
    be(browser, NEWBIE)
    browser.go("/customers/list/")
    assert browser.all("tbody tr")


def test_see_as_shows_a_banner_on_a_phone_and_one_tap_leads_back(phone):
    be(phone, NORTH)
    number = manager_page(phone, "Tanvir Ahmed")
    phone.press("See as")
    phone.see("You see the panel as Tanvir Ahmed")
    phone.go("/customers/list/")
    phone.see("You see the panel as Tanvir Ahmed")
    assert phone.overflow == 0
    phone.go("/managers/list/")
    assert not phone.all("tbody tr")
    phone.go("/customers/list/")
    phone.find("form[action='/managers/see-as/end'] button").click()
    phone.wait(
        lambda: phone.path == f"/managers/show/{number}" or phone.path.startswith("/managers/"), "one's own panel"
    )
    phone.go("/managers/list/")
    assert phone.all("tbody tr")


def test_a_one_time_password_is_shown_once_and_must_be_changed(browser):
    be(browser, NORTH)
    manager_page(browser, "Sumaiya Desk")
    browser.press("Reset password")
    browser.wait(lambda: "/managers/password/" in browser.path, "the question")
    browser.press("Reset password")
    password = browser.wait(
        lambda: re.search(r"[a-z]{4}(?:-[a-z]{4}){3}", browser.text), "the one-time password"
    ).group(0)
    browser.forget()
    browser.sign_in(DESK, password)
    assert browser.path == "/account/password"
    browser.go("/customers/list/")
    assert browser.path == "/account/password"
    browser.fill("current", password)
    browser.fill("new", "a long new password")
    browser.fill("again", "a long new password")
    browser.find("form .btn-primary").click()
    browser.wait(lambda: browser.path == "/account/security/?offer=1", "the offer of a second factor")
    browser.go("/")
    assert browser.path == "/"


def test_the_difference_is_shown_before_it_is_saved(browser):
    be(browser, NORTH)
    number = manager_page(browser, "Tanvir Ahmed")
    browser.go(f"/managers/permissions/{number}")
    browser.tick('input[name="keys"][value="edit-suspend-date"]')
    browser.see("1 added")
    browser.press("Undo changes")
    browser.see("Nothing changed yet")
    browser.go(f"/managers/permissions/{number}?template=support-desk")
    browser.wait(lambda: browser.find('button[name="seen"]').is_enabled(), "the button to save")


def test_who_is_suspended_is_out_at_the_next_tap(browser):
    be(browser, NORTH)
    manager_page(browser, "Rafiq Accounts")
    browser.press("Suspend")
    browser.wait(lambda: "/managers/suspend/" in browser.path, "the question")
    browser.press("Suspend account")
    browser.see("Status changed.")
    browser.forget()
    browser.go("/login/")
    browser.fill("email", "accounts@meghna.example.com")
    browser.fill("password", "sanjog-demo-1")
    browser.find("form:has([name='password']) [type='submit']").click()
    browser.wait(lambda: browser.all(".field-error"), "the refusal")
    assert browser.path.startswith("/login/")
