"""Render a page as one self-contained HTML file; the browser fetches nothing."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
from plotly import graph_objects as go
from plotly.io.json import to_json_plotly
from plotly.offline import get_plotlyjs

from glassgate.pages.charts import chart_exhibit
from glassgate.pages.coloured_text import ColouredText
from glassgate.pages.colours import DARK
from glassgate.pages.content import Chart, OverTime, Page, Section, Table, TreePicture, UnitPicture
from glassgate.pages.exhibits import Exhibit, tree_exhibit
from glassgate.pages.moments import MovingExhibit, moving_exhibits, still_picture, unit_exhibits

TREE_TITLE = "Words that leave the network in similar states"
PLOTLY_CONFIG = {"displayModeBar": False, "responsive": True}


@dataclass(frozen=True)
class FigureSection:
    """A section whose figures are ready to render.

    Attributes
    ----------
    heading
        The question.
    text
        How to read the answer, one string per paragraph.
    tables, figures
        The answer; figures stand side by side where the page is wide enough.
    exhibits
        Figures and tables that carry their own explanation.
    still
        A PNG to show in place of the exhibits where scripts are off, if there is one.
    """

    heading: str
    text: Sequence[str]
    tables: Sequence[Table] = ()
    figures: Sequence[go.Figure] = ()
    exhibits: Sequence[Exhibit] = ()
    still: bytes = b""


def content_page(page: Page) -> str:
    """Render a page's content as one HTML text."""
    sections = [
        _draw_section(section, number) for number, section in enumerate(page.sections, start=1)
    ]
    return render_page(page.title, page.lead, sections, page.facts)


def render_page(
    title: str, lead: str, sections: Sequence[FigureSection], facts: Mapping[str, str]
) -> str:
    """Render sections as one HTML text.

    Parameters
    ----------
    title, lead
        The page's title and the paragraph below it.
    sections
        From top to bottom.
    facts
        How the page was made (command, seed, versions), one line each in the footer.
    """
    folder = resources.files("glassgate.pages")
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
    )
    return environment.get_template("page.html").render(
        title=title,
        lead=lead,
        sections=[
            _template_section(section, number) for number, section in enumerate(sections, start=1)
        ],
        facts=facts,
        moments=_moments(sections),
        plotly=get_plotlyjs(),
        plotly_config=PLOTLY_CONFIG,
        dark_colours=DARK,
        dark_paper=DARK["#ffffff"],
    )


def _moments(sections: Sequence[FigureSection]) -> Sequence[str]:
    """Return the moments that figures show, the same for all of them; none if there are none."""
    exhibits = [exhibit for section in sections for exhibit in section.exhibits]
    moments = {tuple(e.moments) for e in exhibits if isinstance(e, MovingExhibit)}
    assert len(moments) <= 1, f"moments differ: {moments}"
    return moments.pop() if moments else ()


def _template_section(section: FigureSection, number: int) -> dict[str, Any]:
    """Return a section's variables for the template; its `number` makes the HTML ids unique."""
    exhibits = [
        _template_exhibit(exhibit, f"{number}-{index}")
        for index, exhibit in enumerate(section.exhibits, start=1)
    ]
    figures = [
        _figure_html(figure, f"figure-{number}-{index}")
        for index, figure in enumerate(section.figures)
    ]
    return {
        "heading": section.heading,
        "text": section.text,
        "tables": section.tables,
        "figures": figures,
        "exhibits": exhibits,
        "still": base64.b64encode(section.still).decode(),
    }


def _template_exhibit(exhibit: Exhibit, place: str) -> dict[str, Any]:
    """Return an exhibit's variables for the template."""
    item: dict[str, Any] = {"id": place, "exhibit": exhibit}
    if isinstance(exhibit.body, Table):
        return item | {"kind": "table"}
    if isinstance(exhibit.body, ColouredText):
        return item | {"kind": "text"}
    return item | {
        "kind": "figure",
        "figure": _figure_html(exhibit.body, f"exhibit-{place}-figure"),
        "changes": exhibit.changes_json() if isinstance(exhibit, MovingExhibit) else "",
    }


def _figure_html(figure: go.Figure, div_id: str) -> str:
    """Return the place of a figure and its data, which the script of the page draws there."""
    data = to_json_plotly(figure.to_plotly_json())  # with <, > and / escaped
    height = figure.layout.height
    return (
        f'<div id="{div_id}" class="plotly-graph-div" style="height: {height}px"></div>'
        f'<script>figures["{div_id}"] = {data};</script>'
    )


def _draw_section(section: Section, number: int) -> FigureSection:
    """Draw a section's figures; its `number` makes the names of its CSV files unique."""
    paragraphs = section.explanation.split("\n\n")
    if isinstance(section.body, Table):
        return FigureSection(section.heading, paragraphs, tables=[section.body])
    if isinstance(section.body, Sequence):
        return FigureSection(section.heading, paragraphs, tables=section.body)
    if isinstance(section.body, UnitPicture):
        exhibits = unit_exhibits(section.body, number)
        return FigureSection(section.heading, paragraphs, exhibits=exhibits)
    if isinstance(section.body, OverTime):
        moving, still = moving_exhibits(section.body, number), still_picture(section.body)
        return FigureSection(section.heading, paragraphs, exhibits=moving, still=still)
    drawn = section.body
    titled = {"": drawn} if isinstance(drawn, Chart | TreePicture) else drawn
    exhibits = [
        _draw(picture, title, f"{number}_{index}.csv")
        for index, (title, picture) in enumerate(titled.items(), start=1)
    ]
    return FigureSection(section.heading, paragraphs, exhibits=exhibits)


def _draw(picture: Chart | TreePicture, title: str, file: str) -> Exhibit:
    if isinstance(picture, Chart):
        return chart_exhibit(picture, title, f"chart_{file}")
    return tree_exhibit(title or TREE_TITLE, picture.tree, picture.classes, f"tree_{file}")
