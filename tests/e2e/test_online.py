"""The Online list in Chromium: who dials in and who hangs up is seen without loading the page again (spec §7)."""

import sqlite3
import time

DESK = "desk@meghna.example.com"
FASTER = """
const real = window.setInterval.bind(window);
window.setInterval = (work, pause, ...more) => real(work, pause / 50, ...more);
"""
"""The page's own clock, fifty times as fast: the list asks every 20 seconds."""


def told_by_the_access_server(browser, statement, *words):
    """Write what FreeRADIUS would write into its table; returns the rows of a question."""
    with sqlite3.connect(browser.server.folder / "sanjog.db", timeout=10) as database:
        return database.execute(statement, words).fetchall()


def test_the_list_brings_itself_up_to_date_and_can_be_paused(browser):
    [(username,)] = told_by_the_access_server(
        browser,
        "SELECT username FROM customers WHERE status = 'active' AND deleted_at IS NULL AND username LIKE 'north%'"
        " AND id NOT IN (SELECT customer_id FROM radacct WHERE acctstoptime IS NULL AND customer_id IS NOT NULL) LIMIT 1",
    )
    script = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": FASTER})
    try:
        browser.sign_in(DESK)
        browser.go("/lang/en")
        browser.go("/online/")
        before = len(browser.all("section.cards tbody tr"))
        assert f"{before} connected now" in browser.text
        assert username not in browser.text
        browser.driver.execute_script("window.loadedOnce = true")

        moment = int(time.time())
        told_by_the_access_server(
            browser,
            "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, framedipaddress, callingstationid,"
            " acctstarttime, acctupdatetime, acctinputoctets, acctoutputoctets) VALUES ('e1', 'e1', ?, '10.255.0.1',"
            " '10.20.30.40', '4C:5E:0C:AA:BB:CC', ?, ?, 0, 0)",
            username,
            moment,
            moment,
        )
        browser.see(username)
        browser.see(f"{before + 1} connected now")
        told_by_the_access_server(browser, "UPDATE radacct SET acctoutputoctets = 5000000000 WHERE acctuniqueid = 'e1'")
        browser.see("5.0 GB")

        browser.press("Pause")
        told_by_the_access_server(
            browser, "UPDATE radacct SET acctstoptime = ? WHERE acctuniqueid = 'e1'", int(time.time())
        )
        browser.see(username)
        browser.press("Go on")
        browser.see(f"{before} connected now")
        browser.wait(lambda: username not in browser.text, "the list without who has hung up")
        assert browser.driver.execute_script("return window.loadedOnce") is True
    finally:
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
