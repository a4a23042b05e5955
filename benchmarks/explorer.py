"""The explorer in a browser: when the page can be used, and what a frame takes when a slider moves.

    python benchmarks/explorer.py demo/explorer.html

Needs chromium. The sentence has 15 words and all networks of the page read it; the slider holds
the kept share of all units of the GRU, so that its run, its predictions and every view of it are
new at each move. The window stands at the sliders, and at the top of the page. A frame is the time
for which the page's main thread computes from the event to the end of painting the next frame: the
work to be done within the 16 ms between two frames. All views have followed when those that wait
for a later frame, and those out of sight, have. Both are processor time, so that other programs on
the machine count little.
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
  requestAnimationFrame(() => {  // after the page's own, and before it paints
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done();
    channel.port2.postMessage(null);
  });
})"""
REST = """() => new Promise((done) => {
  const look = () => document.documentElement.hasAttribute("data-pending")
    ? requestAnimationFrame(look) : done();
  look();
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


def time_moves(page: Page) -> tuple[list[float], list[float]]:
    """Move the slider; return the milliseconds of each frame, and those until all views follow."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    frames, totals = [], []
    for move in range(WARM_UP + MOVES):
        before = busy(session)
        page.evaluate(MOVE, (move % 100) / 100)
        frames.append(busy(session) - before)
        page.evaluate(REST)
        totals.append(busy(session) - before)
    return sorted(frames[WARM_UP:]), sorted(totals[WARM_UP:])


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
        print(f"{file.name}, {len(SENTENCE.split())} words, {MOVES} moves of a slider")
        for place in ("hold", "sentence"):
            page.locator(f"#{place}").evaluate("(element) => element.scrollIntoView()")
            page.wait_for_timeout(500)
            frames, totals = time_moves(page)
            last = frames[int(0.95 * len(frames))]
            print(
                f"at #{place}: frame median {median(frames):.1f} ms, 95% within {last:.1f} ms "
                f"(aim: {FRAME:.0f} ms); all views after {median(totals):.1f} ms"
            )
        browser.close()
    print(f"usable after: median {median(opened):.0f} ms (aim: {USABLE:.0f} ms)")


if __name__ == "__main__":
    main()
