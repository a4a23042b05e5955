"""The demo's figures: bars of what networks expect, and charts of what was measured."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from plotly import graph_objects as go

from glassgate.analysis.agreement import pool_cells
from glassgate.experiments.demo.experiment import Network, Results
from glassgate.experiments.demo.phrase import PRONOUNS, Phrase
from glassgate.experiments.demo.summary import HELD, network_name, phrase_rows, relative_gradient
from glassgate.experiments.distances import distance_chart, distance_line
from glassgate.pages import figures
from glassgate.pages.content import Chart, Line


def phrase_figure(phrase: Phrase, subject: str) -> go.Figure:
    """Draw the probability of each pronoun, a bar for each network; those held are hatched."""
    bars = {
        name: [by_subject[subject][word] for word in PRONOUNS]
        for name, by_subject in phrase_rows(phrase).items()
    }
    figure = figures.bar_figure("", PRONOUNS, bars, "probability")
    figure.update_yaxes(range=[0, 1])
    for bar in figure.data:
        if bar.name.endswith(HELD):
            bar.marker.pattern = {"shape": "/", "fgcolor": "#ffffff", "solidity": 0.4}
    return figure


def classes_figure(results: Results) -> go.Figure:
    """Draw the share of each class of words after the probe, a bar for each network."""
    truth = results["short_distance"]["truth"]
    bars = {
        network_name(network["name"]): [network["classes_after"][name] for name in truth]
        for network in results["networks"]
    }
    return figures.bar_figure(
        "", list(truth), {**bars, "the grammar": list(truth.values())}, "probability"
    )


def divergence_chart(results: Results) -> Chart:
    """Draw each network's KL divergence as a point with its interval."""
    lines, ticks = [], []
    for place, network in enumerate(results["networks"]):
        low, high = network["intervals"]["kl_bits"]
        name = network_name(network["name"])
        ticks.append(name)
        lines.append(Line(name, (float(place),), (network["kl_bits"],), (low,), (high,)))
    positive = [value for line in lines for value in (*line.y, *line.low, *line.high) if value > 0]
    y_range = (min(positive, default=1e-3) / 2, max(positive, default=1.0) * 2)
    y_title = "KL divergence (bits per word)"
    return Chart("network", y_title, y_range, tuple(lines), ticks=tuple(ticks), logarithmic="y")


def agreement_charts(networks: Iterable[Network]) -> Mapping[str, Chart]:
    """Draw accuracy by distance: of all networks, and enlarged of those that have a state."""
    lines = [
        distance_line(
            network_name(network["name"]),
            pool_cells(cell for cell in network["agreement"] if not cell["cue_repeated"]),
        )
        for network in networks
    ]
    with_state = distance_chart([line for line in lines if line.name != "feedforward"])
    lowest = min((low for line in with_state.lines for low in line.low), default=0.5)
    margin = (1 - lowest) / 10
    return {
        "All networks": distance_chart(lines),
        "Networks with a state": replace(with_state, y_range=(lowest - margin, 1 + margin)),
    }


def gradient_charts(results: Results) -> Mapping[str, Chart]:
    """Draw the gradient by lag before and after training."""
    charts = {}
    for when in ("before", "after"):
        lines = []
        for network in results["networks"]:
            if network["gradient_by_lag"]:
                left = relative_gradient(network["gradient_by_lag"][when])
                x, name = tuple(map(float, left)), network_name(network["name"])
                lines.append(Line(name, x, tuple(left.values())))
        values = [value for line in lines for value in line.y]
        y_range = (min(values, default=0.1) / 2, max(values, default=1.0) * 2)
        charts[f"{when.capitalize()} training"] = Chart(
            "words back (k)",
            "gradient relative to lag 0",
            y_range,
            tuple(lines),
            logarithmic="y",
        )
    return charts
