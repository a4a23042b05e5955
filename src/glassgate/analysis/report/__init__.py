"""The report on a trained model: its behaviour on a text, measured and shown on one page.

Read in this order: `sample` (draws lines or passages of the text), `units`, `words` and `gradient`
(measure over them), `steps` (all states in one piece), `followers` and `similarity` (what single
units follow, and which words are treated alike) and `contents` (collects the measurements in a
`Report`); then `page`, with its sections on units in `page/units`, on states in `page/states` and
their figures in `page/figures`, which shows a `Report` and computes nothing.

The names below are public. They need ``pip install 'glassgate[train,plot,inside]'`` and are
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
)
