"""Passkeys in Chromium, with its virtual authenticator: made, used both ways, refused when something is not as it must be."""

import json

import pyotp
import pytest
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

COLLECTOR, DESK = "collector@meghna.example.com", "desk@meghna.example.com"
OFFICE, ACCOUNTS, NEWBIE = "office@meghna.example.com", "accounts@meghna.example.com", "newbie@meghna.example.com"
PASSWORD = "sanjog-demo-1"

SEND = """
const done = arguments[arguments.length - 1], [answer, change] = arguments;
fetch("/login/").then((page) => page.text()).then((text) => {
  const token = /name="csrf_token"[^>]*value="([^"]+)"/.exec(text)[1];
  const body = new URLSearchParams({ csrf_token: token, credential: answer });
  return fetch("/login/passkey", { method: "POST", body, redirect: "follow" });
}).then((page) => done(page.url));
"""

ANSWER = """
const done = arguments[arguments.length - 1];
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
(async () => {
  const token = document.querySelector("[name=csrf_token]").value;
  const options = await (await fetch("/login/passkey/options", { method: "POST", body: new URLSearchParams({ csrf_token: token }) })).json();
  options.challenge = bytes(options.challenge);
  delete options.allowCredentials;
  const made = await navigator.credentials.get({ publicKey: options });
  const said = made.response;
  done(JSON.stringify({
    id: made.id, rawId: text(made.rawId), type: made.type, clientExtensionResults: {},
    response: {
      clientDataJSON: text(said.clientDataJSON), authenticatorData: text(said.authenticatorData),
      signature: text(said.signature), userHandle: text(said.userHandle),
    },
  }));
})().catch((problem) => done("failed: " + problem));
"""


@pytest.fixture
def authenticator(browser):
    """A virtual authenticator with resident keys, whose holder is verified."""
    driver = browser.driver
    driver.add_virtual_authenticator(
        VirtualAuthenticatorOptions(
            protocol="ctap2",
            transport="internal",
            has_resident_key=True,
            has_user_verification=True,
            is_user_verified=True,
            is_user_consenting=True,
        )
    )
    yield driver
    driver.remove_virtual_authenticator()


def add_passkey(browser, name):
    """Add a passkey through the page, and say that the recovery codes are kept when they are shown."""
    browser.go("/account/security/passkeys/add")
    browser.fill("name", name)
    browser.press("Add a passkey")
    browser.see("The passkey is added.")


def leave(browser):
    """Sign out, with the cookies of this browser left as they are then."""
    browser.go("/account/")
    browser.driver.execute_script("document.querySelector(\"form[action='/logout/']\").requestSubmit()")
    browser.wait(lambda: browser.path.startswith("/login"), "the sign-in page")


def type_password(browser, email):
    """Take the first step of the sign-in."""
    browser.go("/lang/en?next=/login/")
    browser.fill("email", email)
    browser.fill("password", PASSWORD)
    browser.find("form:has([name='password']) [type='submit']").click()


def remove_passkeys(browser):
    """Leave the account as it was."""
    browser.go("/account/security/")
    while links := browser.all("a[href*='/passkeys/remove/']"):
        links[0].click()
        browser.wait(lambda: "/passkeys/remove/" in browser.path, "the question")
        browser.find("form .btn-danger").click()
        browser.wait(lambda: browser.path == "/account/security/", "the list")


def test_a_passkey_is_added_and_signs_in_both_ways(browser, authenticator):
    browser.sign_in(COLLECTOR)
    browser.go("/lang/en")
    add_passkey(browser, "my phone")
    assert len(browser.find("#codes").text.split()) == 10
    (made,) = authenticator.get_credentials()
    assert made.is_resident_credential
    assert made.rp_id == "localhost"

    # as second factor: between password and passkey nothing opens
    leave(browser)
    type_password(browser, COLLECTOR)
    browser.wait(lambda: browser.path == "/login/factor", "the second step")
    browser.go("/customers/list/")
    assert browser.path.startswith("/login/")
    browser.go("/login/factor")
    browser.press("Use my passkey")
    browser.wait(lambda: browser.path == "/", "the first page")

    # alone, on to where one wanted to be
    leave(browser)
    browser.go("/bills/list/")
    browser.press("Sign in with a passkey")
    browser.wait(lambda: browser.path == "/bills/list/", "the page that was wanted")
    assert authenticator.get_credentials()[0].sign_count > made.sign_count

    # the same device cannot add a second one
    browser.go("/account/security/passkeys/add")
    browser.press("Add a passkey")
    browser.see("This device has a passkey for your account already.")
    remove_passkeys(browser)


def test_an_unverified_holder_an_old_challenge_and_a_changed_signature_are_refused(browser, authenticator):
    browser.sign_in(OFFICE)
    browser.go("/lang/en")
    add_passkey(browser, "my phone")
    leave(browser)

    authenticator.set_user_verified(False)
    browser.go("/login/")
    browser.press("Sign in with a passkey")
    browser.see("The passkey was not used. Try again.")
    assert browser.path.startswith("/login/")
    authenticator.set_user_verified(True)

    browser.go("/login/")
    answer = browser.driver.execute_async_script(ANSWER)
    spoilt = json.loads(answer)
    spoilt["response"]["signature"] = "AAAA" + spoilt["response"]["signature"][4:]
    assert "/login/" in browser.driver.execute_async_script(SEND, json.dumps(spoilt))
    # the challenge is burnt, even for the answer that was right
    assert "/login/" in browser.driver.execute_async_script(SEND, answer)
    browser.go("/customers/list/")
    assert browser.path.startswith("/login/")

    # a used answer signs nobody in again
    browser.go("/login/")
    answer = browser.driver.execute_async_script(ANSWER)
    assert "/login/" not in browser.driver.execute_async_script(SEND, answer)
    leave(browser)
    assert "/login/" in browser.driver.execute_async_script(SEND, answer)

    # one named for another account by its handle
    browser.go("/login/")
    other = json.loads(browser.driver.execute_async_script(ANSWER))
    other["response"]["userHandle"] = "A" * 43
    assert "/login/" in browser.driver.execute_async_script(SEND, json.dumps(other))

    browser.driver.delete_all_cookies()
    type_password(browser, OFFICE)
    browser.wait(lambda: browser.path == "/login/factor", "the second step")
    browser.press("Use my passkey")
    browser.wait(lambda: browser.path == "/", "the first page")
    remove_passkeys(browser)


def test_a_passkey_of_another_account_is_no_second_factor(browser, authenticator):
    browser.sign_in(ACCOUNTS)
    browser.go("/lang/en")
    add_passkey(browser, "my phone")
    collectors = authenticator.get_credentials()
    leave(browser)
    authenticator.remove_all_credentials()
    browser.driver.delete_all_cookies()
    browser.sign_in(DESK)
    browser.go("/lang/en")
    add_passkey(browser, "the desk")
    leave(browser)
    type_password(browser, ACCOUNTS)
    browser.wait(lambda: browser.path == "/login/factor", "the second step")
    browser.press("Use my passkey")
    browser.see("The passkey was not used. Try again.")
    # even where the browser is made to answer with it
    answer = browser.driver.execute_async_script(ANSWER)
    browser.driver.execute_script(
        "const form = document.querySelector('[data-passkey]'); form.querySelector('[data-credential]').value = arguments[0]; form.submit()",
        answer,
    )
    browser.see("That is not right. Try again.")
    browser.go("/customers/list/")
    assert browser.path.startswith("/login/")
    # whoever it belongs to signs in with it
    browser.driver.delete_all_cookies()
    browser.go("/lang/en?next=/login/")
    browser.press("Sign in with a passkey")
    browser.wait(lambda: browser.path == "/", "the first page")
    browser.see("Sumaiya Desk")
    remove_passkeys(browser)
    assert len(collectors) == 1


def test_an_authenticator_app_is_set_up_on_a_phone_and_asked_for(phone):
    phone.sign_in(NEWBIE)
    phone.go("/lang/en?next=/account/security/")
    phone.press("Set up the app")
    phone.see("Scan this picture")
    assert phone.overflow == 0
    app = pyotp.TOTP(phone.find("#secret").text.replace(" ", ""))
    phone.fill("code", app.now())
    phone.press("Confirm")
    phone.see("The authenticator app is set up.")
    codes = phone.find("#codes").text.split()
    assert len(codes) == 10
    assert phone.overflow == 0
    leave(phone)
    type_password(phone, NEWBIE)
    phone.wait(lambda: phone.path == "/login/factor", "the second step")
    assert phone.overflow == 0
    phone.fill("code", codes[0])
    phone.press("Sign in")
    phone.wait(lambda: phone.path == "/", "the first page")
