"""The report on a trained model: what it does with a text, measured and shown on one page.

The first half measures: `sample` draws lines or passages of the text, `units`, `words` and
`gradient` measure over them, and `contents` puts it all into a `Report`. The second half shows it
and computes nothing: `page`, its sections on units in `page_units`, and their figures in
`page_figures`. Read them in this order.

The names below are the public ones. They need ``pip install 'glassgate[train,plot]'`` and are
imported on first use.
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy

if TYPE_CHECKING:
    from glassgate.analysis.report.contents import Report, gather
    from glassgate.analysis.report.page import describe_sample, report_page

__all__ = ["Report", "describe_sample", "gather", "report_page"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Report": "contents",
        "describe_sample": "page",
        "gather": "contents",
        "report_page": "page",
    },
    extra="train,plot",
)
