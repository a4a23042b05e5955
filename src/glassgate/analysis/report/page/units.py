"""The sections of a report on units: memory spans, saturation, gates and connectivity."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import numpy as np

from glassgate.analysis.report.contents import Report
from glassgate.analysis.report.page.figures import (
    AMOUNT_COLOURS,
    connectivity_figure,
    regulation_figure,
    saturation_figure,
)
from glassgate.analysis.report.units import Reading, Regulated
from glassgate.formulation import Array
from glassgate.inside.memory import LONG, SHORT
from glassgate.pages import definitions, figures
from glassgate.pages.content import Table
from glassgate.pages.exhibits import Exhibit, Numbers, picture_width, unit_exhibit
from glassgate.pages.figures import VISIBLE_SPACES
from glassgate.pages.render import FigureSection

NETWORK_NAMES = {
    "gru": "A GRU",
    "lstm": "An LSTM",
    "srn": "An SRN",
    "feedforward": "A feedforward network",
}


# Memory spans -------------------------------------------------------------------------------------


def memory_section(report: Report) -> FigureSection:
    """Show how long each unit remembers."""
    heading = "How long does each unit remember?"
    if not report.layers:
        return FigureSection(heading, [_no_gates(report, "no share of the state is kept as it is")])
    text = []
    if len(report.layers) > 1:
        text = [f"Layer 0 reads the {report.step}s, layer 1 reads the states of layer 0."]
    exhibits = []
    for number in range(len(report.layers)):
        text.append(_describe_spans(report, number))
        exhibits.append(_span_exhibit(report, number))
    return FigureSection(heading, text, exhibits=exhibits)


def _describe_spans(report: Report, number: int) -> str:
    memory = report.layers[number].memory
    sentence = (
        f"Of {len(memory.span)} units{layer_suffix(report, number)}, {len(memory.long)} have a "
        f"memory span of {LONG:g} {report.step}s or more; {len(memory.short)} have one of "
        f"{SHORT:g} or less."
    )
    infinite = int(np.isinf(memory.span).sum())
    return sentence + (f" {infinite} never forget and have no point." if infinite else "")


def _span_exhibit(report: Report, number: int) -> Exhibit:
    memory = report.layers[number].memory
    rows = [(unit, memory.kept[unit], memory.span[unit]) for unit in memory.order]
    return Exhibit(
        f"Memory span of each unit{layer_suffix(report, number)}",
        "Each point is a unit: the higher the point, the longer it remembers.",
        definitions.SPAN,
        Numbers(f"spans_layer{number}.csv", ("unit", "mean_kept_share", "memory_span"), rows),
        figures.span_figure("", memory.span, report.step, report.network),
    )


# Saturation and regulation ------------------------------------------------------------------------


def saturation_section(report: Report) -> FigureSection:
    """Show how often gates are nearly shut or open, and what that does to the state."""
    heading = "How far do the gates open?"
    if not report.layers:
        return FigureSection(heading, [_no_gates(report, "there is nothing to open or shut")])
    text = []
    if report.network == "lstm":
        text = ["An LSTM has no reset gate: what it does not keep of its cell, it drops."]
    exhibits = [_saturation_exhibit(report, number) for number in range(len(report.layers))]
    return FigureSection(heading, text, exhibits=[*exhibits, *_regulation_exhibits(report)])


def _saturation_exhibit(report: Report, number: int) -> Exhibit:
    layer = report.layers[number]
    columns = [f"{gate}_{side}" for gate in layer.saturation for side in ("below", "above")]
    values = [side for shares in layer.saturation.values() for side in shares]
    units = range(len(layer.memory.span))
    return Exhibit(
        f"Saturation of the gates{layer_suffix(report, number)}",
        "Each point is a unit: in the upper left corner its gate is almost always open, in the "
        "lower right corner almost always shut, and near the origin mostly in between.",
        definitions.SATURATION,
        Numbers(
            f"saturation_layer{number}.csv",
            ("unit", *columns),
            list(zip(units, *values, strict=True)),
        ),
        saturation_figure(layer.saturation),
    )


def _regulation_exhibits(report: Report) -> Iterator[Exhibit]:
    """Show what each unit of a gru passes, blends and drops, and what all units do by word."""
    for number, layer in enumerate(report.layers):
        if layer.regulated is None:
            continue
        order, amounts = layer.memory.order.tolist(), layer.regulated.amounts
        yield Exhibit(
            f"Up- and down-regulation{layer_suffix(report, number)}",
            "Each column is the previous state of a unit: from the bottom, the shares that are "
            "passed on unchanged, blended with the input, and dropped.",
            definitions.REGULATION,
            Numbers(
                f"regulation_layer{number}.csv",
                ("unit", *AMOUNT_COLOURS),
                [(unit, *(amount[unit] for amount in amounts[:3])) for unit in order],
            ),
            regulation_figure(amounts, order),
            full_row=True,
        )
    regulation = report.mean_regulation
    if regulation and regulation.words:
        yield _regulation_by_word(report, regulation)


def _regulation_by_word(report: Report, regulation: Regulated) -> Exhibit:
    """List what is passed, blended and dropped at the most common words, least passed first."""
    words = sorted(regulation.words, key=lambda word: regulation.words[word].passed)
    rows = {VISIBLE_SPACES.get(word, word): regulation.words[word] for word in words}
    rows["every step"] = regulation.amounts
    return Exhibit(
        f"Up- and down-regulation by {report.step}",
        f"Means over all units at the most common {report.step}s, those at which the network keeps "
        "the least of its state at the top.",
        definitions.REGULATION,
        Numbers(
            "regulation_by_word.csv",
            (report.step, "read", *AMOUNT_COLOURS),
            [(word, regulation.words[word].steps, *regulation.words[word][:3]) for word in words],
        ),
        Table(
            (report.step, "count", *AMOUNT_COLOURS),
            [
                (word, f"{means.steps:,}", *(f"{mean:.3f}" for mean in means[:3]))
                for word, means in rows.items()
            ],
        ),
    )


# Gates, word by word ------------------------------------------------------------------------------


def gates_section(report: Report) -> FigureSection:
    """Show every unit at every word of a few sentences."""
    text = [
        "Each sentence is read from the zero state. Units are ordered by their memory span over "
        "the sample."
    ]
    if not report.layers:
        text = [_no_gates(report, "the pictures show its state")]
    exhibits: list[Exhibit] = []
    for number, reading in enumerate(report.readings, start=1):
        exhibits += _unit_exhibits(report, reading, number)
        if reading.unknown:
            unknown = ", ".join(f"“{word}”" for word in reading.unknown)
            text.append(f"The model does not know {unknown} and reads <unk> instead.")
    return FigureSection("What does each unit do, word by word?", text, exhibits=exhibits)


def _unit_exhibits(report: Report, reading: Reading, text_number: int) -> Iterator[Exhibit]:
    """Draw each gate, or the state, of each layer."""
    for number, layer in enumerate(reading.layers):
        for name, values in layer.items():
            y_title, order = "units", list(range(values.shape[1]))
            if report.layers:
                y_title = "units, longest memory on top"
                order = report.layers[number].memory.order.tolist()
            yield unit_exhibit(
                name,
                source=f"{layer_suffix(report, number)}: {_quote(report, reading)}",
                words=reading.words,
                values=values,
                order=order,
                y_title=y_title,
                file=f"{name}_layer{number}_text{text_number}.csv",
            )


# Connectivity -------------------------------------------------------------------------------------


def connectivity_section(report: Report) -> FigureSection:
    """Show which words the prediction of each later word, or of each class, depends on."""
    exhibit = _class_connectivity if report.kind == "classifier" else _word_connectivity
    exhibits = [
        exhibit(report, reading, number, reading.connectivity)
        for number, reading in enumerate(report.readings, start=1)
        if reading.connectivity is not None
    ]
    return FigureSection("Which earlier words matter?", [], exhibits=exhibits)


def _word_connectivity(
    report: Report, reading: Reading, text_number: int, values: Array
) -> Exhibit:
    """Show how strongly the prediction of each word depends on each word before it."""
    words = reading.words
    rows = [
        (after + 1, words[after + 1], before, words[before], values[after, before])
        for after in range(len(values))
        for before in range(after + 1)
    ]
    return Exhibit(
        f"Connectivity: {_quote(report, reading)}",
        f"Each row is a predicted {report.step} and each column a {report.step} read before it: "
        "the brighter the cell, the more the prediction depends on it.",
        definitions.CONNECTIVITY,
        Numbers(
            f"connectivity_text{text_number}.csv",
            ("step", "word", "of_step", "of_word", "norm"),
            rows,
        ),
        connectivity_figure(
            words[:-1],
            reading.outputs,
            np.where(np.triu(np.ones_like(values, bool), 1), np.nan, values),
            f"predicted {report.step}",
        ),
        picture_width(words),
    )


def _class_connectivity(
    report: Report, reading: Reading, text_number: int, values: Array
) -> Exhibit:
    """Show how strongly the logit of each class depends on each word."""
    words, classes = reading.words, reading.outputs
    rows = [
        (name, step, word, values[row, step])
        for row, name in enumerate(classes)
        for step, word in enumerate(words)
    ]
    return Exhibit(
        f"Connectivity: {_quote(report, reading)}",
        f"Each row is a class and each column a {report.step}: the brighter the cell, the more the "
        "model's score for the class depends on it.",
        definitions.CONNECTIVITY,
        Numbers(f"connectivity_text{text_number}.csv", ("class", "step", "word", "norm"), rows),
        connectivity_figure(words, classes, values, "class"),
        picture_width(words),
    )


# Words that sections share ------------------------------------------------------------------------


def _no_gates(report: Report, consequence: str) -> str:
    return f"{NETWORK_NAMES[report.network]} has no gates: {consequence}."


def layer_suffix(report: Report, number: int) -> str:
    """Name a layer where there are several, by the number that `clamp` and `trace` use."""
    layers = max(len(report.layers), *(len(reading.layers) for reading in report.readings))
    return f", layer {number}" if layers > 1 else ""


def _quote(report: Report, reading: Reading) -> str:
    """Quote a text, shortened to 60 characters."""
    words: Sequence[str] = reading.words[1:] if report.kind == "language" else reading.words
    separator = "" if report.step == "character" else " "
    return f"“{textwrap.shorten(separator.join(words), 60, placeholder=' …')}”"
