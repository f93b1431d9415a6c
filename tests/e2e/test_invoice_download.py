"""Invoice Download in Chromium: chosen, made while one waits, fetched once it is there, cancelled, and nobody else's to see."""

import io
from datetime import date

import pypdfium2

from tests.browser import DESK, PHONE
from tests.e2e.test_managers import be, manager_page

NORTH, COLLECTOR, ACCOUNTS, GA = (
    "north@meghna.example.com",
    "collector@meghna.example.com",
    "accounts@meghna.example.com",
    "ga@meghna.example.com",
)
ALL_BILLS = {"period_from": "2020-01-01", "period_to": f"{date.today().year + 1}-01-01"}


def begin(browser, **fields):
    """Ask for the invoices of all bills; return the path of the job's page."""
    browser.go("/bills/download")
    for name, value in {**ALL_BILLS, **fields}.items():
        browser.driver.execute_script(
            "document.querySelector(`[name='${arguments[0]}']`).value = arguments[1]", name, value
        )
    browser.press("Make the file")
    browser.wait(lambda: browser.path.startswith("/jobs/"), "the job's page")
    return browser.path


def test_the_page_counts_and_then_offers_a_pdf_of_every_bill(browser):
    be(browser, GA)
    job = begin(browser)
    browser.wait(lambda: browser.all("[data-count]") and browser.find("[data-count]").text.strip(), "how many are done")
    assert browser.all("progress[data-bar]")
    link = browser.wait(lambda: browser.all("a[href$='/file']"), "the file", seconds=120)[0]
    said = browser.find(".note").text
    status, headers, body = browser.fetch(link.get_attribute("href").removeprefix(browser.server.url))
    assert status == 200
    assert headers["content-type"] == "application/pdf"
    assert "attachment" in headers["content-disposition"]
    pages = len(pypdfium2.PdfDocument(io.BytesIO(body)))
    assert pages > 60, "so many bills are drawn by processes of their own"
    assert f"{pages} invoices in one PDF." in said
    for size in (PHONE, DESK):
        browser.resize(size)
        browser.go(job)
        assert browser.overflow == 0
        assert browser.all("a[href$='/file']")


def test_a_job_that_is_cancelled_leaves_no_file(browser):
    be(browser, GA)
    begin(browser, format="zip")
    browser.press("Cancel the job")
    browser.wait(lambda: "Cancelled" in browser.text, "the word that it was cancelled", seconds=60)
    assert not browser.all("a[href$='/file']")


def test_two_taps_make_one_job(browser):
    be(browser, NORTH)
    browser.go("/jobs/")
    before = len(browser.all("main tbody tr"))
    browser.go("/bills/download")
    browser.driver.execute_script(
        "const form = document.querySelector(\"form:has([name='layout'])\"), sent = new FormData(form);"
        "window.answers = Promise.all([1, 2].map(() => fetch(form.action || location, {method: 'POST', body: sent})))"
        ".then((all) => all.map((one) => one.url))"
    )
    first, second = browser.driver.execute_async_script("window.answers.then(arguments[0])")
    assert first == second
    assert "/jobs/" in first
    browser.go("/jobs/")
    assert len(browser.all("main tbody tr")) == before + 1


def test_nobody_else_finds_it_and_without_the_key_its_maker_does_not_either(browser):
    be(browser, COLLECTOR)
    job = begin(browser, status="paid")
    browser.wait(lambda: browser.all("a[href$='/file']"), "the file", seconds=120)
    number = job.rpartition("/")[2]
    assert browser.fetch(f"/jobs/{number}/file")[0] == 200
    for stranger in (ACCOUNTS, NORTH, GA):
        be(browser, stranger)
        assert browser.fetch(job)[0] == browser.fetch(f"/jobs/{number}/file")[0] == 404
    withdraw_printing(browser)
    be(browser, COLLECTOR)
    for path in ("/bills/download", f"/jobs/{number}/file", job):
        assert browser.fetch(path)[0] in (403, 404), path
    assert browser.fetch("/bills/download")[0] == 403


def withdraw_printing(browser):
    """Let the parent take the key to print invoices from the collector."""
    be(browser, NORTH)
    manager_page(browser, "Tanvir")
    browser.go(browser.path.replace("/show/", "/permissions/"))
    browser.tick('input[name="keys"][value="print-invoice"]')
    browser.wait(lambda: browser.find('button[name="seen"]').is_enabled(), "the button to save")
    browser.find('button[name="seen"]').click()
    browser.wait(lambda: "/managers/show/" in browser.path, "the Manager's page")
