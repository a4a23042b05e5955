"""The figures of a report: readable axes, and titles that agree with files and options."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from glassgate.analysis.report import Report, gather, page
from glassgate.analysis.report.words import Surprisals
from glassgate.pages.figures import line_figure, span_figure
from tests.analysis.report.test_numbers import no_bar
from tests.pages.page_parts import Element, downloads, parse


def report_of(trained: Path, name: str) -> Report:
    return gather(trained / name, trained / "corpus.txt", [], 0, no_bar)


def page_of(trained: Path, name: str) -> Element:
    return parse(page.report_page(report_of(trained, name), {}))


@pytest.mark.parametrize("values", [[1.3, 0.73], [2.0], [30.0, 0.15], [0.0, np.nan, np.inf, 0.5]])
def test_a_logarithmic_axis_spans_a_decade_and_has_at_least_three_ticks(values):
    spans = span_figure("", values)
    lines = line_figure("", range(len(values)), {"gru": values}, "k", "norm", logarithmic=True)
    for axis in (spans.layout.yaxis, lines.layout.yaxis):
        low, high = axis.range
        drawn = [math.log10(value) for value in values if 0 < value < math.inf]
        assert low < min(drawn) <= max(drawn) < high
        assert high - low > 1
        ticks = axis.tickvals or [10.0**power for power in range(-9, 9)]
        assert sum(low <= math.log10(value) <= high for value in ticks) >= 3
    assert span_figure("", [0.0, math.inf]).layout.yaxis.range is None


@pytest.mark.parametrize(("most", "width"), [(16.0, 1), (17.0, 2), (70.0, 5), (5000.0, 50)])
def test_bins_are_wide_enough_for_nearly_all_words(most: float, width: int):
    bits = np.linspace(0, most, 1000, endpoint=False)
    exhibit = page._histogram_exhibit(Surprisals(bits, (), (), 0))
    rows = list(exhibit.numbers.rows)
    assert [(low, high) for low, high, _ in rows[:2]] == [(0, width), (width, 2 * width)]
    assert rows[-1][:2] == (16 * width, math.inf)
    for low, high, words in rows:
        assert words == ((low <= bits) & (bits < high)).sum()
    (drawn,) = exhibit.body.data
    assert list(drawn.y) == [row[2] for row in rows]
    assert list(drawn.x) == [*(str(row[0]) for row in rows[:-1]), f"{16 * width}+"]


def test_layers_are_numbered_as_clamp_numbers_them(trained: Path):
    for name, layers in (("deep", (0, 1)), ("stream", ())):
        page = page_of(trained, name)
        titles = [one.text for one in page.all("h3")]
        found = {int(n) for title in titles for n in re.findall(r", layer (\d)", title)}
        assert found == set(layers)
        for exhibit in page.all("div", class_="exhibit"):
            if named := re.search(r", layer (\d)", exhibit.one("h3").text):
                (file,) = downloads(exhibit)
                assert f"_layer{named[1]}" in file


def test_a_share_is_drawn_from_0_to_1(trained: Path):
    report = report_of(trained, "sentiment")
    _, accuracy = page._learning_section(report).exhibits
    assert accuracy.title == "Accuracy by epoch"
    assert accuracy.body.layout.yaxis.range == (0, 1.02)


def test_figures_are_described_to_screen_readers(trained: Path):
    page = page_of(trained, "deep")
    figures = page.all("div", role="img")
    assert len(figures) == len(page.all("div", class_="plotly-graph-div")) > 8
    for figure in figures:
        assert figure.all("div", class_="plotly-graph-div")
        for by in ("aria-labelledby", "aria-describedby"):
            (description,) = page.all(id=str(figure.attributes[by]))
            assert description.text
    assert all(cell.attributes["scope"] == "col" for cell in page.all("th"))
