"""Debian's Chromium through Playwright, and pages in it that must neither fail nor ask a server.

Without a browser these tests are skipped: `apt-get install chromium` brings one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from glassgate import load
from glassgate.explorer import Content, write_explorer
from tests.explorer.conftest import NAMES

CHROMIUM = shutil.which("chromium")
READY = "html[data-ready]"
AFTER_FRAMES = """
address => new Promise(done => {
  const rest = () => document.documentElement.hasAttribute("data-pending")
    ? requestAnimationFrame(rest) : done();
  const settle = () => requestAnimationFrame(() => requestAnimationFrame(rest));
  if (address === null || location.hash.slice(1) === address) return settle();
  addEventListener("hashchange", settle, { once: true });
  location.hash = address;
})
"""


class Opened:
    """A page in the browser, with what it said and what it asked for."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page, self.file = page, file
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda said: self.errors.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, address: str = "") -> Opened:
        """Load the page, at an address or without one, and wait until it has started."""
        self.page.goto(f"{self.file.as_uri()}#{address}", timeout=120_000)
        started = self.page.wait_for_selector(READY, timeout=120_000)
        assert started.get_attribute("data-ready") == "true", self.errors
        self.settle()
        return self

    def go(self, **parts: object) -> None:
        """Change the address, and wait until the page shows it."""
        values = (f"{name}={quote(str(value), safe=':,=;@')}" for name, value in parts.items())
        self.page.evaluate(AFTER_FRAMES, "&".join(values))

    def settle(self) -> None:
        """Wait until the page shows what was changed."""
        self.page.evaluate(AFTER_FRAMES, None)

    def state(self) -> str:
        """The address that the page itself has written, once it has."""
        self.settle()
        self.page.wait_for_timeout(400)
        return str(self.page.evaluate("location.hash.slice(1)"))

    def next(self) -> dict[str, dict[str, float]]:
        """The next words that the page shows, with their probabilities, for each network."""
        script = """() => [...document.querySelectorAll(
          "#next-words button[data-network][data-next][data-probability]:not([hidden] *)")].map(
            ({ dataset }) => [dataset.network, dataset.next, Number(dataset.probability)])"""
        shown: dict[str, dict[str, float]] = {}
        for network, word, probability in self.page.evaluate(script):
            assert shown.setdefault(network, {}).setdefault(word, probability) == probability
        return shown

    def look(self) -> dict[str, Any]:
        """What each view shows now, as HTML."""
        script = """() => Object.fromEntries([...document.querySelectorAll("main > section")]
          .map((section) => [section.id, section.innerHTML]))"""
        views: dict[str, Any] = self.page.evaluate(script)
        return views

    def check(self) -> None:
        """Fail if anything was said to the console, or anything but the file was asked for."""
        assert self.errors == []
        mine = {self.file.as_uri()}
        asked = {url.partition("#")[0] for url in self.requests if not url.startswith("data:")}
        assert asked <= mine


Open = Callable[..., Opened]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium to open pages with")
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield started
    started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a file in a browser window of its own; at the end it must have been quiet."""
    opened: list[Opened] = []

    def open_file(file: Path, address: str = "", **options: Any) -> Opened:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        opened.append(Opened(context.new_page(), file))
        return opened[-1].open(address)

    yield open_file
    for one in opened:
        one.check()
        one.page.context.close()


@pytest.fixture(scope="session")
def four(networks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the demo's four kinds of network."""
    file = tmp_path_factory.mktemp("four") / "explorer.html"
    write_explorer(file, Content({name: load(networks / name) for name in NAMES}))
    return file


@pytest.fixture(scope="session")
def pages(trained: Path) -> dict[str, Path]:
    """Pages of single models of other kinds: two layers, letters, a classifier."""
    files = {kind: trained / f"{kind}.html" for kind in ("deep", "letters", "sentiment")}
    for kind, file in files.items():
        write_explorer(file, Content({kind: load(trained / kind)}, text="the boy fell and hurt"))
    return files
