"""One slider moves all figures of a page, and without it they show the last moment."""

import base64
import json
import re
from pathlib import Path

import pytest

from glassgate.pages import Chart, Line, Page, Section, UnitPicture, content_page
from glassgate.pages.content import OverTime
from glassgate.pages.moments import moving_exhibits
from tests.analysis.report.test_page import CHROMIUM, opened
from tests.pages.page_parts import downloads, parse

NAMES = ["start", "half of it", "end </script>"]
WORDS = ["the", "boy", "<eos>"]


def chart(moment: int) -> Chart:
    """Two lines, one of which grows."""
    grown = tuple(float(x) for x in range(moment + 1))
    lines = (
        Line("fixed", (0.0, 1.0), (0.5, 0.5)),
        Line("grows", grown, tuple(x / 4 for x in grown), (0.0,) * len(grown), (1.0,) * len(grown)),
    )
    return Chart("training steps", "accuracy", (0, 1), lines, ticks=("0", "4", "8"))


def picture(moment: int) -> UnitPicture:
    kept = [[0.1 * moment, 0.2], [0.3, 0.4], [0.5, 0.6]]
    return UnitPicture(WORDS, {"kept": kept, "reset": kept}, [1, 0], "units")


BODIES = (
    OverTime(NAMES, [{"Accuracy": chart(moment)} for moment in range(3)]),
    OverTime(NAMES, [picture(moment) for moment in range(3)]),
)


@pytest.fixture(scope="module")
def html() -> str:
    sections = tuple(Section(f"Section {i}", "Read this.", body) for i, body in enumerate(BODIES))
    return content_page(Page("Over time", "It moves.", sections, {}))


def test_a_figure_shows_the_end_and_knows_what_differs_before():
    (accuracy,) = moving_exhibits(BODIES[0], 1)
    _, grows = accuracy.body.data
    assert list(grows.x) == [0, 1, 2]
    assert list(accuracy.body.layout.xaxis.range) == pytest.approx([-0.4, 2.4])  # room for names
    for moment, (of_fixed, of_grown) in enumerate(accuracy.changes):
        assert of_fixed == {}
        assert list(of_grown["x"]) == list(range(moment + 1))
        assert set(of_grown) == {"x", "y", "error_y"}
    kept, _ = moving_exhibits(BODIES[1], 2)
    assert [name for (trace,) in kept.changes for name in trace] == ["z"] * 3
    (last,) = kept.body.to_plotly_json()["data"]
    assert [of["z"] == last["z"] for (of,) in kept.changes] == [False, False, True]
    assert "moment" in kept.numbers.columns


def test_the_page_has_one_slider_and_pictures_for_browsers_without_scripts(html):
    page = parse(html)
    slider = page.one("input", type="range")
    assert [slider.attributes[name] for name in ("min", "max", "step", "value")] == [*"0212"]
    assert page.one("label", for_="moment").text == "Moment of training"
    assert slider.attributes["aria-valuetext"] == NAMES[-1]
    assert page.one("output", for_="moment").text == NAMES[-1]
    assert "hidden" in page.one("form", class_="moments").attributes  # until a script runs
    scripts = page.all("script", class_="changes")
    assert [script.attributes["data-figure"] for script in scripts] == [
        f"exhibit-{place}-figure" for place in ("1-1", "2-1", "2-2")
    ]
    assert all(len(json.loads(script.texts[0])) == 3 for script in scripts)
    for still in page.all("noscript"):
        kind, _, data = str(still.one("img").attributes["src"]).partition(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data).startswith(b"\x89PNG")
    assert len(page.all("noscript")) == 2
    rows = downloads(page)["chart_1_1.csv"]
    assert [row["moment"] for row in rows if row["line"] == "grows"] == [
        *(NAMES[:1] + NAMES[1:2] * 2 + NAMES[2:] * 3)
    ]


def test_a_page_without_moments_has_no_slider():
    still = content_page(Page("Still", "", (Section("One", "", chart(2)),), {}))
    assert 'type="range"' not in still
    assert 'getElementById("moment")' not in still


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to open the page with")
def test_the_slider_moves_every_figure_and_a_printed_page_shows_the_end(html, tmp_path: Path):
    act = """<script>addEventListener("load", () => {
      const said = [], slider = document.getElementById("moment");
      const drawn = ({ _fullData: [first, second] }) => [...(first.z ? first.z[1] : second.x)];
      const look = () => said.push([
        document.querySelector(".moments output").value,
        ...[...document.querySelectorAll(".plotly-graph-div")].map(drawn),
      ]);
      slider.value = 0; slider.dispatchEvent(new Event("input")); look();
      dispatchEvent(new Event("beforeprint")); look();
      dispatchEvent(new Event("afterprint")); look();
      document.body.dataset.said = JSON.stringify(said);
    })</script></body>"""
    shown, complaints = opened(html.replace("</body>", act), tmp_path)
    assert complaints == []
    (said,) = re.findall(r'data-said="([^"]*)"', shown)
    start = ["start", [0], [0, 0.3, 0.5], [0, 0.3, 0.5]]
    end = [NAMES[-1], [0, 1, 2], [0.2, 0.3, 0.5], [0.2, 0.3, 0.5]]
    unescaped = said.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">")
    assert json.loads(unescaped) == [start, end, start]
