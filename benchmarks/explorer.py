"""The explorer in a browser: when the page can be used, and what a frame takes when a slider moves.

    python benchmarks/explorer.py demo/explorer.html

Needs chromium. The sentence has 15 words and all networks of the page read it; the slider holds the
kept share of all units of the GRU, so that its run, its predictions and every view of it are new at
each move. A frame is the time for which the page's main thread computes, from the event to the end
of painting: the work to be done within the 16 ms between two frames. It is processor time, so that
other programs on the machine do not count. It includes the views out of sight, which follow in
pieces when there is time.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from statistics import median

from playwright.sync_api import CDPSession, Page, sync_playwright

SENTENCE = "the boy who the girls near the river saw fell down and hurt his knee"
WARM_UP, MOVES, OPENINGS = 20, 100, 5
FRAME, USABLE = 16.0, 1000.0  # milliseconds: the aims
MOVE = """value => new Promise((done) => {
  const slider = [...document.querySelectorAll("#hold input[type=range]")][0];
  slider.value = String(value);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => done()));
})"""


def open_page(page: Page, file: Path) -> float:
    """Open the file at a moment; return the milliseconds until it can be used."""
    page.goto("about:blank")
    page.goto(f"{file.as_uri()}#text={SENTENCE.replace(' ', '+')}&network=gru&hold=0:all:kept=0.5")
    page.wait_for_selector("html[data-ready=true]", timeout=120_000)
    script = "performance.getEntriesByName('glassgate-ready')[0].startTime"
    return float(page.evaluate(script))


def busy(session: CDPSession) -> float:
    """The milliseconds that the page's main thread has been busy so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def time_moves(page: Page) -> list[float]:
    """Move the slider, and return the milliseconds of each frame."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    frames = []
    for move in range(WARM_UP + MOVES):
        before = busy(session)
        page.evaluate(MOVE, (move % 100) / 100)
        frames.append(busy(session) - before)
    return frames[WARM_UP:]


def main() -> None:
    """Print both figures beside their aims."""
    file = Path(sys.argv[1] if len(sys.argv) > 1 else "demo/explorer.html").resolve()
    chromium = shutil.which("chromium")
    if chromium is None or not file.is_file():
        sys.exit(f"needs chromium, and a page: {file} (make demo writes it)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        opened = [open_page(page, file) for _ in range(OPENINGS)]
        frames = sorted(time_moves(page))
        browser.close()
    last = frames[int(0.95 * len(frames))]
    print(f"{file.name}, {len(SENTENCE.split())} words, {MOVES} moves of a slider")
    print(f"frame: median {median(frames):.1f} ms, 95% within {last:.1f} ms (aim: {FRAME:.0f} ms)")
    print(f"usable after: median {median(opened):.0f} ms (aim: {USABLE:.0f} ms)")


if __name__ == "__main__":
    main()
