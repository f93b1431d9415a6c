"""A Group Admin made on the command line runs a provider in Bengali without the demo: sets up, imports, bills, collects, reads the reports."""

import csv
import io
import os
import re
import subprocess
import sys

import pytest
from selenium.webdriver.support.select import Select

from tests.browser import DESK, PHONE, ROOT, LiveServer
from tests.e2e.test_group_admin import number_in, send
from tests.e2e.test_parents import ONE_TIME
from tests.rules.test_bengali_pages import LATIN, WRITTEN_IN_LATIN_BY_EVERYBODY

GA, GIVEN, CHOSEN = "ga@meghna.example.com", "given-by-the-office", "chosen by myself"
SAMPLE = ROOT / "tests" / "data" / "customers-import.csv"

PACKAGES = {
    "Home 10M": {"connection_type": "pppoe", "price": "৮০০", "operator_price": "৫০০", "download_kbps": "১০"},
    "Home 20M": {"connection_type": "pppoe", "price": "১২০০", "operator_price": "৮০০", "download_kbps": "২০"},
    "Business 50M": {"connection_type": "static_ip", "price": "৩৫০০", "operator_price": "২৫০০", "download_kbps": "৫০"},
    "Daily 5M": {"connection_type": "pppoe", "price": "৩০", "operator_price": "২০", "validity": "২৪"},
    "Hotspot Weekly": {"connection_type": "hotspot", "price": "১৫০", "operator_price": "১০০", "validity": "১৬৮"},
}
PROFILES = {
    "Monthly 10": {"cycle": "monthly", "due_day": "১০"},
    "Monthly 5": {"cycle": "monthly", "due_day": "৫"},
    "Daily": {"cycle": "daily"},
    "Prepaid": {"cycle": "prepaid"},
}
RESELLERS = {"north": "operator", "south": "operator", "ghat": "sub_operator"}
REPORTS = (
    *("collections", "bills-by-operator", "dues-by-zone", "dues-by-customer", "expenses", "income"),
    *("operators", "ledgers", "ledger", "journal"),
)
NAMES_OF_SYSTEMS = {"English", "RADIUS", "FreeRADIUS", "MikroTik", "IP", "MAC", "VAT", "QR", "PIN"}
"""What is written in Latin letters in Bengali too, besides what the rule of languages allows."""

NAMES_IN_SENTENCES = {"North", "South", "Ghat", "Shirin", "Office", "Rezaul", "Karim", "Meghna", "Net"}
"""Names that were typed and stand in the middle of a sentence."""

SAID = """
const said = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const node = walk.currentNode, place = node.parentElement;
  if (!place.closest('[translate=no], script, style, option, code, noscript')) said.push(node.data);
}
for (const one of document.querySelectorAll('[aria-label], [placeholder], [title]'))
  if (!one.closest('[translate=no]')) said.push(...['aria-label', 'title'].map(name => one.getAttribute(name) || ''));
return said.join(' | ');
"""


@pytest.fixture(scope="module")
def live_server(tmp_path_factory):
    """The program on a database with tables and nothing else."""
    folder = tmp_path_factory.mktemp("nothing") / "instance"
    folder.mkdir()
    isp_in(folder, "migrate")
    server = LiveServer(folder)
    yield server
    server.stop()


def isp_in(folder, *words):
    """Run a command of the program on a database and return its last line."""
    database = {"DATABASE_URL": f"sqlite:///{folder / 'sanjog.db'}"}
    command = [sys.executable, "-m", "flask", "isp", *words]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ | database, capture_output=True, text=True, check=True)
    return ran.stdout.strip().splitlines()[-1]


def english_on(browser):
    """Return the English words that the open page says, data left out."""
    said = browser.driver.execute_script(SAID)

    words = {word.strip("-") for word in LATIN.findall(said) if len(word) > 1}
    return words - WRITTEN_IN_LATIN_BY_EVERYBODY - NAMES_OF_SYSTEMS - NAMES_IN_SENTENCES


def see_in_bengali(browser, path=None):
    """Open a page, or stay on the one that is open, and see that it is Bengali and fits the screen."""
    if path is not None:
        browser.go(path)
    assert english_on(browser) == set(), browser.path
    assert browser.overflow == 0, browser.path


def fill_in(phone, path, /, **fields):
    """See that a form is Bengali, then send it."""
    see_in_bengali(phone, path)
    led_to = send(phone, path, **fields)
    see_in_bengali(phone)
    return led_to


def until(phone, path, words):
    """Load a page again until it says the words: a job is at work."""

    def said():
        phone.go(path)
        return words in phone.text

    phone.wait(said, words)


def give_down(phone, packages, wanted):
    """Give packages to every account right below, and return these accounts."""
    phone.go(f"/packages/give/{packages[0]}")
    accounts = [one.get_attribute("value") for one in Select(phone.find("[name='account_id']")).options]
    assert len(accounts) == wanted
    for package in packages:
        for account in accounts:
            fill_in(phone, f"/packages/give/{package}", account_id=account, price="২৫")
    return accounts


def set_up(phone):
    """Set up company, packages, profiles, Operators, a Manager with permissions, and give the packages down."""
    passwords = {}
    fill_in(phone, "/settings/", name_bn="মেঘনা নেট", phone="09612-000111", invoice_footer="সময়মতো বিল দিন।")
    packages = [number_in(fill_in(phone, "/packages/add", name=name, **more)) for name, more in PACKAGES.items()]
    for name, more in PROFILES.items():
        fill_in(phone, "/profiles/add", name=name, **more)
    fill_in(phone, "/expense-categories/add", name="ফাইবার")
    for name, kind in RESELLERS.items():
        place = {"kind": kind, "name": name.title(), "email": f"{name}@meghna.example.com", "balance_kind": "credit"}
        if kind == "sub_operator":
            phone.go("/operators/add")
            above = next(one for one in Select(phone.find("[name='parent_id']")).options if one.text == "North")
            place["parent_id"] = above.get_attribute("value")
        fill_in(phone, "/operators/add", **place)
        one_time = phone.wait(lambda: ONE_TIME.search(phone.text), "the one-time password").group(0)
        passwords[name] = one_time
    north = give_down(phone, packages, 2)[0]
    see_in_bengali(phone, f"/operators/permissions/{north}")
    phone.driver.execute_script("document.querySelector('[value=reseller-module]').click()")
    phone.driver.execute_script("document.querySelector('button[name=seen]').click()")
    phone.wait(lambda: phone.path.startswith("/operators/show/"), "the Operator")
    see_in_bengali(phone)
    # what it got the Operator gives on to its Sub-Operator
    phone.forget()
    phone.sign_in("north@meghna.example.com", passwords["north"])
    fill_in(phone, "/account/password", current=passwords["north"], new="north chose this", again="north chose this")
    give_down(phone, packages, 1)
    phone.forget()
    phone.sign_in(GA, CHOSEN)
    phone.resize(PHONE)
    fill_in(phone, "/managers/add", name="Shirin Office", email="office@meghna.example.com", mobile="০১৭১২৩৪৫৬৭৮")
    phone.go("/managers/list/")
    manager = re.search(r"/managers/show/(\d+)", phone.driver.page_source).group(1)
    see_in_bengali(phone, f"/managers/permissions/{manager}?template=cash-collector")
    phone.driver.execute_script("document.querySelector('button[name=seen]').click()")
    phone.wait(lambda: phone.path.startswith("/managers/show/"), "the Manager")
    see_in_bengali(phone)


def bring_in(phone):
    """Import the sample: what is wrong with 14 rows is told, 226 customers come in."""
    see_in_bengali(phone, "/import/add")
    phone.driver.find_element("css selector", "input[type=file]").send_keys(str(SAMPLE))
    phone.tick("main form .btn-primary")
    phone.wait(lambda: phone.path.startswith("/import/show/"), "the import")
    page = phone.path
    until(phone, page, "২২৬")
    for reason in ("Home 999M", "Weekly", "nobody@meghna.example.com", "মোবাইল", "ইমেইল"):
        assert reason in phone.text, reason
    see_in_bengali(phone)
    status, _headers, file = phone.fetch(page.replace("/show/", "/repair/"))
    refused = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    assert status == 200 and len(refused) == 14 and any("মোবাইল" in row["Reason"] for row in refused)
    phone.tick("main form .btn-primary")
    phone.wait(lambda: phone.path.startswith("/jobs/"), "the job")
    phone.see("২২৬")
    see_in_bengali(phone, page)


def bill_and_collect(phone):
    """Raise the month's bills, take cash from one customer at the door, spend a little of it."""
    see_in_bengali(phone, "/billing-run/")
    phone.driver.execute_script("document.querySelector('form[action*=\"/billing-run/month\"] button').click()")
    phone.wait(lambda: phone.path.startswith("/jobs/"), "the job")
    job = phone.path
    phone.wait(lambda: phone.go(job) or "data-job" not in phone.driver.page_source, "the end of the run")
    see_in_bengali(phone)
    see_in_bengali(phone, "/bills/list/")
    see_in_bengali(phone, "/collect/")
    customer = re.search(r"/payments/receive/(\d+)", phone.driver.page_source).group(1)
    see_in_bengali(phone, f"/payments/receive/{customer}")
    phone.tick("main form .btn-primary")
    phone.wait(lambda: phone.path.startswith("/payments/show/"), "the receipt")
    see_in_bengali(phone)
    fill_in(phone, "/expenses/add", amount="২৫০", note="তার")
    see_in_bengali(phone, f"/customers/show/{customer}?tab=statement")


@pytest.mark.long
def test_a_group_admin_runs_a_provider_in_bengali_from_nothing(phone):
    folder = phone.server.folder
    names = ("--slug", "meghna", "--tenant-name", "Meghna Net", "--name", "Rezaul Karim", "--password", GIVEN)
    isp_in(folder, "create-group-admin", GA, *names)
    phone.sign_in(GA, GIVEN)
    fill_in(phone, "/account/password", current=GIVEN, new=CHOSEN, again=CHOSEN)
    set_up(phone)
    bring_in(phone)
    bill_and_collect(phone)
    for size in (PHONE, DESK):
        phone.resize(size)
        for path in ("/", "/reports/", "/customers/list/", "/operators/list/", "/payments/list/", "/api-keys/list/"):
            see_in_bengali(phone, path)
        for report in REPORTS:
            see_in_bengali(phone, f"/reports/{report}/")
            assert phone.all("[data-chart]") or report in ("operators",), report
    assert isp_in(folder, "check-books").startswith("0 of ")
