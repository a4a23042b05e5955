"""Charts: every line is drawn, and its numbers can be downloaded."""

import pytest

from glassgate.pages.charts import PNG_DASHES, PNG_MARKERS, chart_figure, charts_png
from glassgate.pages.content import Chart, Line, Page, Section, Table
from glassgate.pages.render import content_page
from tests.pages.page_parts import downloads, parse


def a_chart(lines: int, **more: object) -> Chart:
    drawn = tuple(
        Line(f"line {i}", (0.0, 1.0), (0.25 + i, 0.5), (0.125, 0.25), (1.0 + i, 2.0))
        for i in range(lines)
    )
    return Chart("words", "accuracy", (0.1, 10.0), drawn, **more)


def test_seven_lines_have_seven_markers():
    figure = chart_figure(a_chart(7))
    assert len(figure.data) == 7
    assert len({trace.marker.symbol for trace in figure.data}) == 7
    assert len(set(map(str, PNG_DASHES))) == len(set(PNG_MARKERS)) == 7
    assert charts_png({"all": a_chart(7)}).startswith(b"\x89PNG")


def test_an_eighth_line_is_an_error():
    with pytest.raises(IndexError):
        chart_figure(a_chart(8))


def test_a_chart_has_an_explanation_a_definition_and_its_numbers():
    charts = {
        "First": a_chart(2, ticks=("none", "1-2")),
        "Second": Chart("words", "kept share", (0, 1), (Line("one", (3.0,), (0.5,)),)),
    }
    page = parse(content_page(Page("Why?", "So.", (Section("S", "How.", charts),), {})))
    assert "Vertical: accuracy; horizontal: words. Bars are 95% intervals." in page.text
    assert "Vertical: kept share; horizontal: words." in page.text
    assert "the share of correct answers; chance is 0.5" in page.text
    assert downloads(page) == {
        "chart_1_1.csv": [
            {"line": f"line {i}", "x": x, "y": y, "low": low, "high": high}
            for i in range(2)
            for x, y, low, high in (
                ("none", str(0.25 + i), "0.125", str(1.0 + i)),
                ("1-2", "0.5", "0.25", "2.0"),
            )
        ],
        "chart_1_2.csv": [{"line": "one", "x": "3.0", "y": "0.5", "low": "", "high": ""}],
    }


def test_a_variant_has_its_networks_colour_but_its_own_marker_and_dashes():
    looks = []
    for names in (("SRN", "GRU", "GRU, spans set"), ("GRU, spans set", "GRU")):
        lines = tuple(Line(name, (0.0,), (0.5,), (0.4,), (0.6,)) for name in names)
        drawn = {t.name: t for t in chart_figure(Chart("x", "accuracy", (0, 1), lines)).data}
        plain, form = drawn["GRU"], drawn["GRU, spans set"]
        assert plain.line.color == form.line.color
        assert plain.line.dash != form.line.dash
        looks.append((plain.marker.symbol, form.marker.symbol))
    assert looks[0] == looks[1]
    assert looks[0][0] != looks[0][1]


def test_the_labels_at_the_origin_do_not_touch():
    axis = chart_figure(a_chart(1)).layout.xaxis
    assert axis.ticklabelstandoff >= 6  # half the height of the letters of the other axis


def test_the_first_column_wraps_sooner_on_a_narrow_screen():
    table = Table(("claim", "confirmed"), (("a sentence of many words is so", "yes"),))
    html = content_page(Page("Why?", "So.", (Section("S", "How.", table),), {}))
    (row,) = parse(html).one("tbody").all("tr")
    first, last = row.all("td")
    assert first.one("div").text == "a sentence of many words is so"
    assert not last.all("div")
    wide, narrow = html.partition("</style>")[0].split("@media (max-width: 600px)")
    assert "td:first-child div { width: max-content; max-width: 21rem; white-space: normal; }" in (
        wide
    )
    assert "td:first-child div { max-width: 9rem; overflow-wrap: anywhere; }" in narrow
