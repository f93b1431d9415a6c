"""Chromium before the running program: fixtures for the tests that look at the pages as a person does."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers import free_port

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "sanjog-demo-1"
PHONE = (360, 800)
DESK = (1440, 900)
START_SECONDS = 60
STOP_SECONDS = 20
PATIENCE_SECONDS = 10
FAILED = pytest.StashKey[bool]()
# What chromedriver says, in the place of a stale element, when a page goes while it is read.
NODE_OF_A_PAGE_LEFT = "does not belong to the document"

CHROMIUM_FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
    "--lang=en",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
# The password of the demo is on a public list of leaked ones sooner or later; the warning would cover the page.
CHROMIUM_PREFERENCES = {
    "credentials_enable_service": False,
    "profile.password_manager_enabled": False,
    "profile.password_manager_leak_detection": False,
}


class LiveServer:
    """The real `run.py` as a process, on a free port, with a SQLite file in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._log = folder / "server.log"
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                # The death signal ends the server with the tests even when they are killed outright.
                ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "run.py"],
                cwd=ROOT,
                env=_environment(folder) | {"PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_healthy()
        except BaseException:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise

    @property
    def log(self) -> str:
        """What the server has printed so far."""
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        """End the process group with SIGTERM; raise RuntimeError when that does not end the server."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise RuntimeError(f"SIGTERM did not end the server:\n{self.log}") from None

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=START_SECONDS):
                return True
        except urllib.error.HTTPError as answer:
            answer.close()
            return False
        except OSError:
            return False

    def _wait_until_healthy(self) -> None:
        for _ in range(START_SECONDS * 10):
            if self._is_healthy():
                return
            try:
                self._process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        raise RuntimeError(f"the server did not start:\n{self.log}")


class Browser:
    """Chromium as a person uses it: go, see, fill, press. Everything waits a little for what it looks for."""

    def __init__(self, driver: Chrome, server: LiveServer) -> None:
        self.driver = driver
        self.server = server

    def resize(self, size: tuple[int, int]) -> None:
        """Become a phone with a touch screen (up to 800 px wide) or a screen with a mouse."""
        width, height = size
        touch = width < 800
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": touch})

    def forget(self) -> None:
        """Become a browser that has never been here: no cookie, no stored data, an empty page."""
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
        everything = {"origin": self.server.url, "storageTypes": "all"}
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", everything)
        self.driver.get_log("browser")

    def go(self, path: str) -> None:
        """Open a page of the program."""
        self.driver.get(self.server.url + path)

    @property
    def path(self) -> str:
        """The path of the page that is open, with its query."""
        return self.driver.current_url.removeprefix(self.server.url)

    @property
    def text(self) -> str:
        """The words that can be seen on the page."""
        return self.driver.find_element("css selector", "body").text

    def wait(self, condition: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
        """Wait for a condition to become true and return its value; AssertionError names what did not come."""
        from selenium.common.exceptions import (
            NoSuchElementException,
            StaleElementReferenceException,
            TimeoutException,
            WebDriverException,
        )
        from selenium.webdriver.support.wait import WebDriverWait

        def now() -> Any:
            try:
                return condition()
            except WebDriverException as problem:
                if NODE_OF_A_PAGE_LEFT in str(problem.msg):
                    return False
                raise

        passing = (NoSuchElementException, StaleElementReferenceException)
        waiting = WebDriverWait(self.driver, seconds, poll_frequency=0.05, ignored_exceptions=passing)
        try:
            return waiting.until(lambda _driver: now())
        except TimeoutException:
            raise AssertionError(f"{what} did not come on {self.path}, which says:\n{self.text}") from None

    def see(self, words: str) -> None:
        """Wait until the page shows the words."""
        self.wait(lambda: words in self.text, f"“{words}”")

    def find(self, selector: str) -> WebElement:
        """Wait for the first visible element of a CSS selector."""
        return self.wait(lambda: next((e for e in self.all(selector) if e.is_displayed()), None), selector)

    def all(self, selector: str) -> list[WebElement]:
        """Return the elements of a CSS selector that are there now."""
        return self.driver.find_elements("css selector", selector)

    def press(self, words: str) -> None:
        """Press the visible button or link that says the words; a new page it leads to is waited for."""
        written = "concat(" + ", '\"', ".join(f'"{part}"' for part in words.split('"')) + ', "")'
        said = f"[normalize-space(.)={written} or @aria-label={written} or @value={written}]"
        tags = "self::a or self::button or self::summary or self::input[@type='submit'] or @role='button'"
        targets = f"//*[{tags}]{said}"

        def visible() -> WebElement | None:
            found = self.driver.find_elements("xpath", targets)
            return next((element for element in found if element.is_displayed() and element.is_enabled()), None)

        self._click(self.wait(visible, f"a button or link “{words}”"))

    def tick(self, selector: str) -> None:
        """Click the first visible element of a CSS selector, such as a check box, wherever it is on the page."""
        self._click(self.find(selector))

    def _click(self, element: WebElement) -> None:
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    def fill(self, name: str, value: str) -> None:
        """Type a value into the field of a name in the place of what is there."""
        field = self.find(f"[name='{name}']")
        field.clear()
        field.send_keys(value)

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        """Sign in through the form."""
        self.go("/login/")
        self.fill("email", email)
        self.fill("password", password)
        self.find("form:has([name='password']) [type='submit']").click()
        self.wait(lambda: not self.path.startswith("/login"), f"the page after signing in as {email}")

    def fetch(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Fetch a path with the cookies of the browser: status, headers in lower case, body."""
        cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in self.driver.get_cookies())
        request = urllib.request.Request(self.server.url + path, headers={"Cookie": cookies})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, {name.lower(): value for name, value in answer.headers.items()}, answer.read()

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.driver.execute_script(script))

    def complaints(self) -> list[str]:
        """Return and forget what Chromium complained about: script errors, the content policy, missing static files."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE" and (entry.get("source") != "network" or "/static/" in entry["message"])
        ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember whether a test failed, for the picture its fixture takes."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def demo_folder(run_folder: Path) -> Path:
    """A folder with the database of the small demo and what lies beside it, filled once a run."""
    folder = run_folder / "demo"
    with (run_folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = run_folder / "demo.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            fill_demo(unfinished)
            unfinished.rename(folder)
    return folder


def fill_demo(folder: Path, size: str = "small") -> Path:
    """Make a folder with the database of a demo. Raises RuntimeError when a command fails."""
    folder.mkdir(parents=True)
    for words in (["migrate"], ["demo", "--size", size]):
        command = [sys.executable, "-m", "flask", "isp", *words]
        ran = subprocess.run(command, cwd=ROOT, env=_environment(folder), capture_output=True, text=True)
        if ran.returncode:
            raise RuntimeError(f"flask isp {' '.join(words)} failed:\n{ran.stdout}{ran.stderr}")
    return folder


@pytest.fixture(scope="module")
def live_server(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The running program with the demo's data, one for the tests of a file."""
    folder = tmp_path_factory.mktemp("live") / "instance"
    shutil.copytree(demo_folder, folder)
    server = LiveServer(folder)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Chromium without a window, one for all tests of a worker."""
    driver = start_chromium(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


def start_chromium(folder: Path) -> Chrome:
    """Start Chromium without a window, with its data in a folder. Raises RuntimeError when it is not installed."""
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    paths = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        raise RuntimeError(f"{' and '.join(missing)} missing: `make test` installs them on Debian")
    os.environ["SE_OFFLINE"] = "true"
    options = ChromeOptions()
    options.binary_location = str(paths["chromium"])
    for flag in CHROMIUM_FLAGS:
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.add_argument(f"--user-data-dir={folder}")
    options.add_experimental_option("prefs", CHROMIUM_PREFERENCES)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(options=options, service=ChromeService(executable_path=str(paths["chromedriver"])))


@pytest.fixture
def browser(
    request: pytest.FixtureRequest, chromium: Chrome, live_server: LiveServer, run_folder: Path
) -> Iterator[Browser]:
    """A browser at 1440 × 900 that has never been here; complains at the end about script errors.

    `@pytest.mark.parametrize("browser", [PHONE, DESK], indirect=True)` runs a test in both sizes. When a test fails, a
    picture and the text of the page are kept in the run's folder `failures`.
    """
    opened = Browser(chromium, live_server)
    opened.forget()
    opened.resize(getattr(request, "param", DESK))
    yield opened
    if request.node.stash.get(FAILED, False):
        _keep_picture(opened, request.node.name, run_folder / "failures")
        return
    complaints = opened.complaints()
    assert not complaints, "the browser complained:\n" + "\n".join(complaints)


@pytest.fixture
def phone(browser: Browser) -> Browser:
    """The browser as a phone of 360 × 800 with a touch screen."""
    browser.resize(PHONE)
    return browser


def _keep_picture(browser: Browser, test: str, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    name = "".join(letter if letter.isalnum() else "-" for letter in test)
    (folder / f"{name}.png").write_bytes(browser.driver.get_screenshot_as_png())
    (folder / f"{name}.html").write_text(browser.driver.page_source)
    (folder / f"{name}.log").write_text(browser.server.log)
    print(f"\nPicture, page and server log: {folder / name}.png .html .log\nAt {browser.path}:\n{browser.text}")


def _environment(folder: Path) -> dict[str, str]:
    return os.environ | {"DATABASE_URL": f"sqlite:///{folder / 'sanjog.db'}"}
