"""The figures that a report has and no other page: of gates, and of what words hang on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from plotly import graph_objects as go

from glassgate.formulation import Array
from glassgate.inside.regulation import Amounts
from glassgate.inside.saturation import HIGH, LOW, Saturation
from glassgate.pages.colours import OTHERS, colour
from glassgate.pages.figures import GATE, SYMBOLS, name_columns, new_figure, shown

MANY = 30  # rows
AMOUNTS = {"passed": OTHERS[0], "blended": OTHERS[6], "dropped": OTHERS[1]}
"""What becomes of a state, from below; the lightest colour stands between the others."""


def saturation_figure(gates: Mapping[str, Saturation]) -> go.Figure:
    """Draw a point for each unit and gate: the share of time to the left, and to the right."""
    figure = new_figure(
        "", 440, xaxis_title=f"share of time below {LOW}", yaxis_title=f"share above {HIGH}"
    )
    figure.add_shape(type="line", x0=1, y0=0, x1=0, y1=1, line={"color": "#bbb", "width": 1})
    for place, (name, found) in enumerate(gates.items()):
        figure.add_scatter(
            x=found.left.tolist(),
            y=found.right.tolist(),
            name=name,
            mode="markers",
            marker={
                "color": colour(name, place),
                "symbol": list(SYMBOLS.values())[place + 1],
                "size": 9,
                "opacity": 0.75,
            },
            customdata=list(range(len(found.left))),
            hovertemplate=f"{name} of unit %{{customdata}}: below %{{x:.1%}}, above %{{y:.1%}}"
            "<extra></extra>",
        )
    figure.update_xaxes(range=[-0.03, 1.03])
    figure.update_yaxes(range=[-0.03, 1.03])
    return figure


def regulation_figure(amounts: Amounts, order: Sequence[int]) -> go.Figure:
    """Draw what each unit passes, blends and drops, one upon the other, units in this order."""
    figure = new_figure(
        "",
        380,
        barmode="stack",
        bargap=0,
        xaxis_title="units, longest memory first",
        yaxis_title="share of the previous state",
    )
    for name, drawn in AMOUNTS.items():
        figure.add_bar(
            x=list(range(1, len(order) + 1)),
            y=getattr(amounts, name)[list(order)].tolist(),
            name=name,
            marker={"color": drawn, "line_width": 0},
            customdata=[[int(unit)] for unit in order],
            hovertemplate=f"unit %{{customdata[0]}}: {name} %{{y:.3f}}<extra></extra>",
        )
    return figure.update_yaxes(range=[0, 1]).update_layout(legend_traceorder="normal")


def connectivity_figure(
    words: Sequence[str], outputs: Sequence[str], connectivity: Array, y_title: str
) -> go.Figure:
    """Draw how the logit of each output, a row, hangs on each word, a column; NaN is left white."""
    came = [shown(output) for output in outputs]
    height, size = (17, 12) if len(came) <= MANY else (10, 9)  # of a row, and of what names it
    figure = new_figure("", max(150 + height * len(came), 280), yaxis_title=y_title)
    figure.add_heatmap(
        z=connectivity,
        customdata=[[[shown(word), after] for word in words] for after in came],
        colorscale=GATE,
        zmin=0,
        zmax=float(np.nanmax(connectivity)),
        colorbar={"thickness": 12},
        hoverongaps=False,
        hovertemplate="“%{customdata[1]}” hangs on “%{customdata[0]}”: %{z:.3f}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", tickvals=list(range(len(came))), ticktext=came)
    figure.update_yaxes(tickfont_size=size)
    figure.update_xaxes(showgrid=False, zeroline=False).update_yaxes(showgrid=False, zeroline=False)
    return name_columns(figure, words)
