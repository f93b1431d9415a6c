"""A customer pays a link on a phone, through the sandbox's own page, by each gateway."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser import PHONE, Browser, LiveServer

GA = "ga@meghna.example.com"
LABELS = {"bkash": "bKash", "nagad": "Nagad", "sslcommerz": "SSLCommerz"}


@pytest.fixture(scope="module")
def live_server(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The running program with the sandbox gateways beside it, as `make demo` starts them."""
    folder = tmp_path_factory.mktemp("live") / "instance"
    shutil.copytree(demo_folder, folder)
    os.environ["WITH_SANDBOX"] = "1"
    try:
        server = LiveServer(folder)
    finally:
        del os.environ["WITH_SANDBOX"]
    yield server
    server.stop()


def make_link(browser: Browser) -> str:
    """Make a link from a bill that nobody has paid; return its path."""
    browser.sign_in(GA)
    browser.go("/lang/en?next=/")
    browser.go("/bills/list/?status=unpaid")
    browser.find("a[href*='/bills/show/']").click()
    browser.press("Send payment link")
    browser.press("Make the link")
    return "/" + browser.find("a.break").get_attribute("href").split("/", 3)[3]


@pytest.mark.parametrize("gateway", LABELS)
def test_a_customer_pays_on_a_phone(gateway: str, browser: Browser) -> None:
    path = make_link(browser)
    browser.resize(PHONE)
    browser.go(f"{path}?lang=en")
    browser.see("To pay now")
    assert browser.overflow <= 0
    browser.find(f".way-{gateway}").click()
    browser.see("Sandbox, no real money")
    browser.find("button[value='pay']").click()
    browser.find(".mark-ok")
    assert browser.path.startswith("/pay/result/") and browser.overflow <= 0
    browser.go(f"{path}?lang=en")
    browser.see("Receipt")


def test_a_customer_who_cancels_finds_the_way_back(browser: Browser) -> None:
    path = make_link(browser)
    browser.resize(PHONE)
    browser.go(f"{path}?lang=en")
    browser.find(".way-bkash").click()
    browser.see("Sandbox, no real money")
    browser.find("button[value='cancel']").click()
    browser.find("a.way").click()
    assert browser.path.startswith(path)


def test_who_pays_what_a_collector_has_just_taken_is_told_that_nothing_is_due(browser: Browser) -> None:
    path = make_link(browser)
    customer = browser.find("a[href*='/customers/show/']").get_attribute("href").rpartition("/")[2].partition("?")[0]
    browser.resize(PHONE)
    browser.go(f"{path}?lang=bn")
    browser.find(".way-bkash").click()
    browser.see("Sandbox, no real money")
    at_the_gateway = browser.driver.current_url
    browser.go(f"/customers/show/{customer}")
    browser.find("a[href*='/payments/receive/']").click()
    browser.find("form button.btn-primary:not([formaction])").click()
    browser.wait(lambda: browser.path.startswith("/payments/show/"), "the receipt")
    browser.driver.get(at_the_gateway)
    browser.find("button[value='pay']").click()
    browser.see("আর কিছু বকেয়া নেই")
    assert browser.path.startswith("/pay/result/") and browser.overflow <= 0


def test_the_sandbox_runs_beside_the_program_and_ends_with_it(demo_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(demo_folder, tmp_path / "instance")
    os.environ["WITH_SANDBOX"] = "1"
    try:
        server = LiveServer(tmp_path / "instance")
    finally:
        del os.environ["WITH_SANDBOX"]
    place = ("127.0.0.1", server.port + 1)
    try:
        assert until(lambda: is_open(place)), server.log
    finally:
        server.stop()
    assert until(lambda: not is_open(place))


def is_open(place: tuple[str, int]) -> bool:
    """Tell whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(place) == 0


def until(condition: Callable[[], bool]) -> bool:
    """Wait up to half a minute for a condition."""
    waiting = threading.Event()
    return any(condition() or waiting.wait(0.1) for _time in range(300))
