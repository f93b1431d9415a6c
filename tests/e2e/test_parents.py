"""Parents and the Super Admin in Chromium: providers, Operators, Sub-Operators, copied permissions, many customers at once, the logs."""

import re

from tests.e2e.test_managers import be, manager_page

ROOT, GA, NORTH, SOUTH = (
    "root@sanjog.example.com",
    "ga@meghna.example.com",
    "north@meghna.example.com",
    "south@meghna.example.com",
)
NEWBIE, GHAT = "newbie@meghna.example.com", "ghat@meghna.example.com"
ONE_TIME = re.compile(r"\b[a-z]{4}(?:-[a-z]{4}){3}\b")


def fill_in(browser, **fields):
    """Fill the fields of the form that is open."""
    for name, value in fields.items():
        browser.fill(name, value)


def test_a_new_provider_gets_a_password_once_and_a_suspended_one_is_out(browser):
    be(browser, ROOT)
    browser.go("/tenants/add")
    fill_in(
        browser,
        name="Jamuna Owner",
        email="ga@jamuna.example.com",
        tenant_name="Jamuna Net",
        tenant_name_bn="যমুনা নেট",
        slug="jamuna",
    )
    browser.press("Create provider")
    password = browser.wait(lambda: ONE_TIME.search(browser.text), "the one-time password").group(0)
    browser.go("/tenants/")
    browser.see("Jamuna Net")
    assert "Rahima" not in browser.text
    browser.forget()
    browser.sign_in("ga@jamuna.example.com", password)
    assert browser.path == "/account/password"
    be(browser, ROOT)
    browser.go("/tenants/")
    next(one for one in browser.all("tbody a") if "Jamuna" in one.text).click()
    browser.wait(lambda: "/tenants/show/" in browser.path, "the provider")
    browser.press("Suspend")
    browser.wait(lambda: "/tenants/suspend/" in browser.path, "the question")
    browser.press("Suspend account")
    browser.see("Status changed.")


def test_the_group_admin_makes_an_operator_and_the_operator_a_sub_operator(browser):
    be(browser, GA)
    browser.go("/operators/add")
    fill_in(browser, name="Purbo Operator", email="purbo@meghna.example.com")
    browser.press("Create Operator")
    browser.wait(lambda: ONE_TIME.search(browser.text), "the one-time password")
    browser.go("/operators/list/")
    browser.see("Purbo Operator")
    be(browser, NORTH)
    browser.go("/operators/add")
    kinds = [one.get_attribute("value") for one in browser.all('select[name="kind"] option')]
    assert kinds == ["sub_operator"]
    fill_in(browser, name="Char Cable", email="char@meghna.example.com")
    browser.press("Create Operator")
    browser.wait(lambda: ONE_TIME.search(browser.text), "the one-time password")
    browser.go("/operators/list/")
    browser.see("Char Cable")
    assert "Purbo Operator" not in browser.text
    be(browser, SOUTH)
    browser.go("/operators/list/")
    browser.see("reseller-module")
    be(browser, GHAT)
    browser.go("/operators/list/")
    assert not browser.all("tbody tr")


def test_permissions_are_copied_from_a_colleague(browser):
    be(browser, NORTH)
    number = manager_page(browser, "Sumaiya Desk")
    browser.go(f"/managers/permissions/{number}")
    address = next(
        one.get_attribute("href")
        for one in browser.all("a[href*='copy=']")
        if "Tanvir" in one.get_attribute("textContent")
    )
    browser.go(address.replace(browser.server.url, ""))
    browser.wait(lambda: browser.find('button[name="seen"]').is_enabled(), "the button to save")
    # the bar with the button moves while the page settles
    browser.driver.execute_script("arguments[0].click()", browser.find('button[name="seen"]'))
    browser.see("Saved:")
    browser.go("/managers/who")
    browser.see("Tanvir Ahmed")
    assert "Nabila" not in browser.text


def test_a_request_is_declined_with_a_word_that_the_log_keeps(browser):
    be(browser, NEWBIE)
    browser.go("/account/permissions/request/delete-bills")
    browser.fill("reason", "I was told to tidy up")
    browser.press("Send the request")
    browser.see("Your request is on its way.")
    be(browser, SOUTH)
    browser.go("/managers/list/")
    browser.go(re.search(r"/managers/requests/\d+", browser.driver.page_source).group(0))
    browser.driver.execute_script("document.querySelector('[name=answer]').value = 'decline'")
    browser.fill("word", "Ask the accounts desk")
    browser.press("Send the answer")
    browser.see("Answered.")
    browser.go("/activity/?topic=accounts")
    browser.see("Ask the accounts desk")


def test_many_customers_are_suspended_at_once_and_each_is_told(phone):
    be(phone, NORTH)
    phone.go("/customers/list/?status=active")
    boxes = phone.all('input[name="ids"]')[:2]
    for box in boxes:
        phone.driver.execute_script("arguments[0].click()", box)
    phone.driver.execute_script("document.querySelector('button[formaction$=suspend]').click()")
    phone.wait(lambda: phone.path.startswith("/customers/bulk/"), "the question")
    phone.fill("reason", "Cable of the road is cut")
    phone.press("Suspend customers")
    phone.see("Done for 2 of 2 customers.")
    assert phone.overflow == 0


def test_a_filter_brings_its_choices_when_it_is_opened_and_leaves_the_page_as_it_is(phone):
    be(phone, NORTH, "bn")
    phone.go("/customers/list/?status=active")
    assert not phone.all('input[name="package"][value]:not([value=""])')
    phone.driver.execute_script(
        "window.still_here = true; document.querySelector('[data-filter=package]').closest('details').open = true"
    )
    phone.wait(lambda: phone.all('[data-filter="package"] input[value]:not([value=""])'), "the choices")
    assert phone.driver.execute_script("return window.still_here")
    phone.driver.execute_script(
        "document.querySelector('[data-filter=package] input[value]:not([value=\"\"])').checked = true;"
        "document.querySelector('[data-filter=package] button').click()"
    )
    phone.wait(
        lambda: "package=" in phone.driver.current_url and "status=active" in phone.driver.current_url, "the list"
    )
    assert "choices" not in phone.driver.current_url


def test_the_logs_are_read_on_a_phone_in_bengali(phone):
    be(phone, NORTH, "bn")
    phone.go("/authentication-log/")
    phone.see("লগইন করেছেন")
    assert phone.overflow == 0
    phone.go("/activity/?topic=customers")
    assert phone.overflow == 0
