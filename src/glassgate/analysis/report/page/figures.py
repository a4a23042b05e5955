"""The figures of the report's page alone: saturation, regulation and connectivity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from plotly import graph_objects as go

from glassgate.formulation import Array
from glassgate.inside.regulation import Amounts
from glassgate.inside.saturation import HIGH, LOW, Saturation
from glassgate.pages.colours import OTHERS, PALE, colour
from glassgate.pages.figures import GATE_SCALE, SYMBOLS, label_columns, label_text, new_figure

FEW_ROWS = 30  # up to here rows and their labels have the usual size
AMOUNT_COLOURS = {"passed": OTHERS[0], "blended": OTHERS[6], "dropped": OTHERS[1]}
"""The shares of the previous state, from the bottom; the lightest colour is in the middle."""


def saturation_figure(gates: Mapping[str, Saturation]) -> go.Figure:
    """Draw a point for each unit and gate: the shares of time nearly shut and nearly open."""
    figure = new_figure(
        "", 440, xaxis_title=f"share of time below {LOW}", yaxis_title=f"share of time above {HIGH}"
    )
    figure.add_shape(type="line", x0=1, y0=0, x1=0, y1=1, line={"color": PALE, "width": 1})
    for index, (name, shares) in enumerate(gates.items()):
        figure.add_scatter(
            x=shares.left.tolist(),
            y=shares.right.tolist(),
            name=name,
            mode="markers",
            marker={
                "color": colour(name, index),
                "symbol": list(SYMBOLS.values())[index + 1],
                "size": 9,
                "opacity": 0.75,
            },
            customdata=list(range(len(shares.left))),
            hovertemplate=f"{name} of unit %{{customdata}}: below %{{x:.1%}}, above %{{y:.1%}}"
            "<extra></extra>",
        )
    figure.update_xaxes(range=[-0.03, 1.03])
    figure.update_yaxes(range=[-0.03, 1.03])
    return figure


def regulation_figure(amounts: Amounts, order: Sequence[int]) -> go.Figure:
    """Draw what each unit passes, blends and drops as stacked bars, units in this order."""
    figure = new_figure(
        "",
        380,
        barmode="stack",
        bargap=0,
        xaxis_title="units, longest memory first",
        yaxis_title="share of the previous state",
    )
    for name, bar_colour in AMOUNT_COLOURS.items():
        figure.add_bar(
            x=list(range(1, len(order) + 1)),
            y=getattr(amounts, name)[list(order)].tolist(),
            name=name,
            marker={"color": bar_colour, "line_width": 0},
            customdata=[[int(unit)] for unit in order],
            hovertemplate=f"unit %{{customdata[0]}}: {name} %{{y:.3f}}<extra></extra>",
        )
    return figure.update_yaxes(range=[0, 1]).update_layout(legend_traceorder="normal")


def connectivity_figure(
    words: Sequence[str], outputs: Sequence[str], connectivity: Array, y_title: str
) -> go.Figure:
    """Draw the connectivity of each output, a row, to each word, a column; NaN is left white."""
    labels = [label_text(output) for output in outputs]
    row_height, font_size = (17, 12) if len(labels) <= FEW_ROWS else (10, 9)
    figure = new_figure("", max(150 + row_height * len(labels), 280), yaxis_title=y_title)
    figure.add_heatmap(
        z=connectivity,
        customdata=[[[label_text(word), label] for word in words] for label in labels],
        colorscale=GATE_SCALE,
        zmin=0,
        zmax=float(np.nanmax(connectivity)),
        colorbar={"thickness": 12},
        hoverongaps=False,
        hovertemplate="“%{customdata[1]}” depends on “%{customdata[0]}”: %{z:.3f}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", tickvals=list(range(len(labels))), ticktext=labels)
    figure.update_yaxes(tickfont_size=font_size)
    figure.update_xaxes(showgrid=False, zeroline=False).update_yaxes(showgrid=False, zeroline=False)
    return label_columns(figure, words)
