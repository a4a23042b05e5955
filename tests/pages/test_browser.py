"""A page in a browser: its colours on a dark screen, and how it says that there is more."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from glassgate.pages import Chart, Line, Page, Section, Table, content_page
from glassgate.pages.colours import DARK, NETWORKS, OTHERS
from tests.pages.page_parts import Element, parse

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to open pages with")

LINES = tuple(Line(name, (0.0, 1.0), (0.2, 0.8)) for name in ("GRU", "black, white"))
SECTIONS = (
    Section("Lines", "How.", Chart("words", "accuracy", (0, 1), LINES)),
    Section("Wide", "How.", Table([f"a long column {i}" for i in range(40)], [["cell"] * 40])),
    Section("Small", "How.", Table(["a", "b"], [["1", "2"]])),
)


def opened(folder: Path, *options: str) -> str:
    """Open the page in a browser, and return the document after its scripts have run."""
    page = folder / "page.html"
    page.write_text(content_page(Page("Why?", "So.", SECTIONS, {})))
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
        "--no-first-run", "--virtual-time-budget=6000", f"--user-data-dir={folder / 'profile'}",
        *options, page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=True).stdout


def rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))


def lines_drawn(document: str) -> list[str]:
    """The colours of the lines of a chart, each once: those of its legend repeat them."""
    found = re.findall(r'<path class="js-line"[^>]*stroke: (rgb\([^)]*\))', document)
    return list(dict.fromkeys(found))


def scroller(document: str, heading: str) -> Element:
    (section,) = [s for s in parse(document).all("section") if s.one("h2").text == heading]
    return section.one("div", class_="scroller")


@pytest.mark.parametrize("dark", [False, True])
def test_lines_have_the_colours_of_the_screen(tmp_path: Path, dark: bool):
    document = opened(tmp_path, f"--blink-settings=preferredColorScheme={0 if dark else 1}")
    light = [NETWORKS["gru"].lower(), OTHERS[1].lower()]
    assert lines_drawn(document) == [rgb(DARK[one] if dark else one) for one in light]


def test_a_table_that_is_too_wide_says_so(tmp_path: Path):
    document = opened(tmp_path)
    wide, small = (scroller(document, heading) for heading in ("Wide", "Small"))
    assert {"overflows", "more-after"} <= set(str(wide.attributes["class"]).split())
    assert "more-before" not in str(wide.attributes["class"])
    assert str(small.attributes["class"]).split() == ["scroller"]
