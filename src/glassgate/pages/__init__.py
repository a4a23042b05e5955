"""Pages and pictures: how results are shown.

A page is plain data (`Page`, `Section`, `Chart`, `Table`), and `content_page` makes an HTML file of
it. `gate_picture`, `span_picture` and the other pictures are PNG files.

Read `content` (the plain data) and `render` (the HTML file), then their parts: `figures` and
`charts` (plotly figures), `trees` (of words that a network treats alike), `exhibits` (a figure with
its explanation and numbers), `definitions` (of terms) and `colours`. `pictures`, `unit_pictures`
and `word_picture` draw PNG files with matplotlib.

The names below are public. Drawing needs ``pip install 'glassgate[plot]'``, which is imported on
first use.
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy
from glassgate.pages.content import Chart, Line, Page, Section, Table, TreePicture, UnitPicture

if TYPE_CHECKING:
    from glassgate.pages.charts import charts_png
    from glassgate.pages.figures import component_figure
    from glassgate.pages.pictures import GatePanel, gate_picture, learning_curves
    from glassgate.pages.render import content_page
    from glassgate.pages.trees import tree_figure, tree_picture
    from glassgate.pages.unit_pictures import saturation_picture, span_picture
    from glassgate.pages.word_picture import connectivity_picture

__all__ = [
    "Chart",
    "GatePanel",
    "Line",
    "Page",
    "Section",
    "Table",
    "TreePicture",
    "UnitPicture",
    "charts_png",
    "component_figure",
    "connectivity_picture",
    "content_page",
    "gate_picture",
    "learning_curves",
    "saturation_picture",
    "span_picture",
    "tree_figure",
    "tree_picture",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "GatePanel": "pictures",
        "charts_png": "charts",
        "component_figure": "figures",
        "connectivity_picture": "word_picture",
        "content_page": "render",
        "gate_picture": "pictures",
        "learning_curves": "pictures",
        "saturation_picture": "unit_pictures",
        "span_picture": "unit_pictures",
        "tree_figure": "trees",
        "tree_picture": "trees",
    },
)
