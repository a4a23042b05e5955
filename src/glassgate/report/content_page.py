"""Render the plain content of an experiment's page."""

from glassgate.experiments.content import Chart, Page, Table, UnitPicture
from glassgate.experiments.content import Section as Content
from glassgate.report.charts import chart_exhibit
from glassgate.report.exhibit import Exhibit
from glassgate.report.page import Section, render_page
from glassgate.report.unit_exhibit import unit_exhibit


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
