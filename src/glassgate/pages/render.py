"""A self-contained HTML page: sections of text, tables and plotly figures; nothing is fetched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
from plotly import graph_objects as go
from plotly.offline import get_plotlyjs

from glassgate.pages.charts import chart_exhibit
from glassgate.pages.content import Chart, Page, Table, UnitPicture
from glassgate.pages.content import Section as Content
from glassgate.pages.exhibit import Exhibit
from glassgate.pages.unit_exhibit import unit_exhibit

CONFIG = {"displayModeBar": False}


@dataclass(frozen=True)
class Section:
    """One question and its answer.

    Attributes
    ----------
    heading
        The question.
    text
        What to look for, one paragraph an entry.
    tables, figures
        The answer; figures stand side by side where the page is wide enough.
    exhibits
        Figures and tables that explain themselves, each as wide as the page.
    """

    heading: str
    text: Sequence[str]
    tables: Sequence[Table] = ()
    figures: Sequence[go.Figure] = ()
    exhibits: Sequence[Exhibit] = ()


def render_page(
    title: str, lead: str, sections: Sequence[Section], facts: Mapping[str, str]
) -> str:
    """Write a page as one HTML text that opens without a network.

    Parameters
    ----------
    title, lead
        The page's title and the sentence below it.
    sections
        From top to bottom.
    facts
        How the page was made: command, seed, versions; a line each at the end.
    """
    folder = resources.files("glassgate.pages")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((folder / "page.html").read_text(encoding="utf-8"))
    return template.render(
        title=title,
        lead=lead,
        sections=[_rendered(section, number) for number, section in enumerate(sections, start=1)],
        facts=facts,
        plotly=get_plotlyjs(),
    )


def _rendered(section: Section, number: int) -> dict[str, Any]:
    """Return a section as the template takes it; `number` is its own on the page."""
    exhibits = [
        {
            "id": f"{number}-{place}",
            "exhibit": exhibit,
            "figure": None
            if isinstance(exhibit.body, Table)
            else _figure(exhibit.body, f"exhibit-{number}-{place}-figure"),
        }
        for place, exhibit in enumerate(section.exhibits, start=1)
    ]
    figures = [
        _figure(figure, f"figure-{number}-{place}") for place, figure in enumerate(section.figures)
    ]
    return {
        "heading": section.heading,
        "text": section.text,
        "tables": section.tables,
        "figures": figures,
        "exhibits": exhibits,
    }


def _figure(figure: go.Figure, name: str) -> str:
    html: str = figure.to_html(full_html=False, include_plotlyjs=False, config=CONFIG, div_id=name)
    return html


def content_page(page: Page) -> str:
    """Write a page as one HTML text that opens without a network."""
    sections = [_section(section, number) for number, section in enumerate(page.sections, start=1)]
    return render_page(page.title, page.lead, sections, page.facts)


def _section(content: Content, number: int) -> Section:
    paragraphs = content.explanation.split("\n\n")
    if isinstance(content.body, Table):
        return Section(content.heading, paragraphs, tables=[content.body])
    if isinstance(content.body, UnitPicture):
        exhibits = _exhibits(content.body, number)
        return Section(content.heading, paragraphs, exhibits=exhibits)
    charts = {"": content.body} if isinstance(content.body, Chart) else content.body
    exhibits = [
        chart_exhibit(chart, title, f"chart_{number}_{place}.csv")
        for place, (title, chart) in enumerate(charts.items(), start=1)
    ]
    return Section(content.heading, paragraphs, exhibits=exhibits)


def _exhibits(body: UnitPicture, number: int) -> list[Exhibit]:
    """Show each gate; `number` tells the section's files from those of others."""
    return [
        unit_exhibit(
            name, "", body.words, values, body.order, body.by, f"{name}_{number}.csv", body.band
        )
        for name, values in body.gates.items()
    ]
