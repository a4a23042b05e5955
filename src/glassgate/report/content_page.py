"""Render the plain content of an experiment's page."""

from glassgate.experiments.content import Chart, Page, Table
from glassgate.experiments.content import Section as Content
from glassgate.report.figures import chart_figure
from glassgate.report.page import Section, render_page


def content_page(page: Page) -> str:
    """Write a page as one HTML text that opens without a network."""
    return render_page(page.title, page.lead, [_section(s) for s in page.sections], page.facts)


def _section(content: Content) -> Section:
    if isinstance(content.body, Table):
        return Section(content.heading, [content.explanation], tables=[content.body])
    charts = {"": content.body} if isinstance(content.body, Chart) else content.body
    figures = [chart_figure(chart, title) for title, chart in charts.items()]
    return Section(content.heading, [content.explanation], figures=figures)
