"""Time how fast networks learn in the explorer: updates a second in Chromium, run as people do.

    python benchmarks/learning.py demo/explorer.html

Opens the page without a window, sets up each network in the view "Watch a network learn", presses
Run, and counts updates for some seconds once it has started. That includes what the page draws
meanwhile. Other programs on the machine's cores slow the page down, so that the load is printed
beside each figure, and the updates for each second in which the page had a processor. The page
itself learns for two thirds of the time and leaves the rest to drawing and to the reader.
"""

import argparse
import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import CDPSession, Page, sync_playwright

TARGET = 50  # updates a second: 16 units, T = 20, batches of 16
T, UNITS, BATCH = 20, 16, 16
TASKS = ("first", "adding")
NETWORKS = ("gru", "srn", "lstm")
WARM_UP = 2.0  # seconds
READY = "html[data-ready]"
UPDATES = "#learn [data-updates]"
COLUMNS = (
    "task",
    "network",
    "updates a second",
    f"at least {TARGET}",
    "a second of processor time",
    "load",
)
ROW = "{:8}{:9}{:>16}{:>14}{:>28}{:>7}"


class Moment(NamedTuple):
    """Updates so far, and the seconds that have passed: on the clock, and on a processor."""

    updates: int
    clock: float
    processor: float


def main() -> None:
    """Print a table, row by row, and whether each figure reaches the target."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("page", type=Path, help="what `glassgate explore` or `make demo` wrote")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each figure")
    options = parser.parse_args()
    print(f"{UNITS} units, T={T}, batches of {BATCH}")
    print(ROW.format(*COLUMNS))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        for task in TASKS:
            for network in NETWORKS:
                setting = f"{task}:{T}:1;{network}:{UNITS}"
                page.goto("about:blank")
                page.goto(f"{options.page.resolve().as_uri()}#learn={setting}", timeout=120_000)
                rate, busy_rate = measure(page, session, options.seconds)
                reached = "yes" if rate >= TARGET else "no"
                load = f"{os.getloadavg()[0]:.1f}"
                row = (task, network, f"{rate:.0f}", reached, f"{busy_rate:.0f}", load)
                print(ROW.format(*row), flush=True)
        browser.close()


def measure(page: Page, session: CDPSession, seconds: float) -> tuple[float, float]:
    """Run the network that the address names; return its updates a second, and a busy second."""
    page.wait_for_selector(READY, timeout=120_000)
    page.locator("#learn").scroll_into_view_if_needed()
    page.locator("#learn .learn-run").click()
    time.sleep(WARM_UP)
    first = look(page, session)
    time.sleep(seconds)
    last = look(page, session)
    done = last.updates - first.updates
    return done / (last.clock - first.clock), done / (last.processor - first.processor)


def look(page: Page, session: CDPSession) -> Moment:
    """Read the updates that the page shows, at most a quarter of a second old, and its clocks."""
    updates = int(page.locator(UPDATES).get_attribute("data-updates") or "")
    metrics = session.send("Performance.getMetrics")["metrics"]
    processor = {metric["name"]: metric["value"] for metric in metrics}["ProcessTime"]
    return Moment(updates, time.perf_counter(), processor)


if __name__ == "__main__":
    main()
