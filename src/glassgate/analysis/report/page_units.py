"""The sections of a report on its units: what they keep, how far gates open, word by word."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import numpy as np

from glassgate.analysis.report import Report
from glassgate.analysis.report.page_figures import (
    AMOUNTS,
    connectivity_figure,
    regulation_figure,
    saturation_figure,
)
from glassgate.analysis.report.units import Reading, Regulated
from glassgate.formulation import Array
from glassgate.inside.memory import LONG, SHORT
from glassgate.inside.regulation import Amounts
from glassgate.pages import definitions, figures
from glassgate.pages.content import Table
from glassgate.pages.exhibit import Exhibit, Numbers
from glassgate.pages.figures import SIGNS
from glassgate.pages.render import Section
from glassgate.pages.unit_exhibit import unit_exhibit, width


def kept(report: Report) -> Section:
    """Say how long each unit remembers."""
    heading = "How long does each unit remember?"
    if not report.layers:
        return Section(heading, [_no_gates(report, "of its own accord no unit keeps anything")])
    exhibits, text = [], []
    if len(report.layers) > 1:
        text = [f"Layer 0 reads the {report.step}s, layer 1 reads layer 0."]
    for number, layer in enumerate(report.layers):
        memory, name = layer.memory, _layer(report, number)
        endless = int(np.isinf(memory.span).sum())
        said = (
            f"Of {len(memory.span)} units{name}, {len(memory.long)} keep for {LONG:g} "
            f"{report.step}s or more; {len(memory.short)} forget within {SHORT:g}."
        )
        text.append(said + (f" {endless} never forget, and have no bar." if endless else ""))
        rows = [(unit, memory.kept[unit], memory.span[unit]) for unit in memory.order]
        exhibits.append(
            Exhibit(
                f"Memory span of each unit{name}",
                f"A bar is a unit: the higher, the more {report.step}s it takes to forget.",
                definitions.SPAN,
                Numbers(
                    f"spans_layer{number}.csv", ("unit", "mean_kept_share", "memory_span"), rows
                ),
                figures.span_figure("", memory.span, report.step, report.network),
            )
        )
    return Section(heading, text, exhibits=exhibits)


def saturated(report: Report) -> Section:
    """Say how often gates are all but shut or open, and what that makes of the state."""
    heading = "How far do the gates open?"
    if not report.layers:
        return Section(heading, [_no_gates(report, "nothing opens or shuts")])
    text, exhibits = [], []
    for number, layer in enumerate(report.layers):
        columns = [f"{gate}_{side}" for gate in layer.saturation for side in ("below", "above")]
        values = [side for found in layer.saturation.values() for side in found]
        units = range(len(layer.memory.span))
        exhibits.append(
            Exhibit(
                f"Saturation of the gates{_layer(report, number)}",
                "A point is a unit: near the corner above its gate is open almost always, near the "
                "corner to the right shut, and near the origin it works by degrees.",
                definitions.SATURATION,
                Numbers(
                    f"saturation_layer{number}.csv",
                    ("unit", *columns),
                    list(zip(units, *values, strict=True)),
                ),
                saturation_figure(layer.saturation),
            )
        )
    if report.network == "lstm":
        text = ["An lstm has no reset gate: what of its cell is not kept is dropped."]
    return Section(heading, text, exhibits=[*exhibits, *_regulation(report)])


def gates(report: Report) -> Section:
    """Show every unit at every word of a few sentences."""
    text = ["Each is read from the zero state; units are ordered by their span over the sample."]
    if not report.layers:
        text = [_no_gates(report, "what it does at a word is to be seen in its state")]
    exhibits: list[Exhibit] = []
    for place, reading in enumerate(report.readings, start=1):
        exhibits += _pictures(report, reading, place)
        if reading.unknown:
            unknown = ", ".join(f"“{word}”" for word in reading.unknown)
            text.append(f"The model does not know {unknown}, and reads <unk>.")
    return Section("What does each unit do, word by word?", text, exhibits=exhibits)


def connected(report: Report) -> Section:
    """Show which of the words before each word, or class, of a few sentences hangs on."""
    hangs = _class_hangs if report.kind == "classifier" else _word_hangs
    exhibits = [
        hangs(report, reading, place, reading.connectivity)
        for place, reading in enumerate(report.readings, start=1)
        if reading.connectivity is not None
    ]
    return Section("Which of the words before count?", [], exhibits=exhibits)


def _regulation(report: Report) -> Iterator[Exhibit]:
    """Show what each unit of a gru passes, blends and drops, and at which words all together."""
    found = [layer.regulated for layer in report.layers if layer.regulated]
    for number, regulated in enumerate(found):
        order = report.layers[number].memory.order.tolist()
        amounts = regulated.amounts
        yield Exhibit(
            f"Up- and down-regulation{_layer(report, number)}",
            "A column is the previous state of a unit, from below: what it passes on as it is, "
            "what it blends with the input, and what it drops.",
            definitions.REGULATION,
            Numbers(
                f"regulation_layer{number}.csv",
                ("unit", *AMOUNTS),
                [(unit, *(amount[unit] for amount in amounts[:3])) for unit in order],
            ),
            regulation_figure(amounts, order),
            row=True,
        )
    if found and found[0].words:
        yield _regulation_by_word(report, found)


def _regulation_by_word(report: Report, layers: Sequence[Regulated]) -> Exhibit:
    """Give what is passed, blended and dropped at the commonest words, the least passed first."""
    found = {word: _all_units([layer.words[word] for layer in layers]) for word in layers[0].words}
    words = sorted(found, key=lambda word: found[word].passed)
    shown = {SIGNS.get(word, word): found[word] for word in words}
    shown["every step"] = _all_units([layer.amounts for layer in layers])
    columns = (report.step, "read", *AMOUNTS)
    return Exhibit(
        f"Up- and down-regulation by {report.step}",
        f"The higher a {report.step} stands, the less of the state passes as it is when the "
        f"network reads it: means over all units, at the commonest {report.step}s.",
        definitions.REGULATION,
        Numbers(
            "regulation_by_word.csv",
            columns,
            [(word, found[word].steps, *found[word][:3]) for word in words],
        ),
        Table(
            columns,
            [
                (word, f"{means.steps:,}", *(f"{mean:.3f}" for mean in means[:3]))
                for word, means in shown.items()
            ],
        ),
    )


def _all_units(layers: Sequence[Amounts]) -> Amounts:
    """Average each amount over the units of all layers, which are as many in each."""
    passed, blended, dropped = np.mean([layer[:3] for layer in layers], axis=(0, 2))
    return Amounts(passed, blended, dropped, layers[0].steps)


def _pictures(report: Report, reading: Reading, place: int) -> Iterator[Exhibit]:
    """Give a picture of each array of each layer."""
    for number, arrays in enumerate(reading.layers):
        for name, values in arrays.items():
            by, order = "units", list(range(values.shape[1]))
            if report.layers:
                by = "units, longest memory on top"
                order = report.layers[number].memory.order.tolist()
            yield unit_exhibit(
                name,
                f"{_layer(report, number)}: {_spelled(report, reading)}",
                reading.words,
                values,
                order,
                by,
                f"{name}_layer{number}_text{place}.csv",
            )


def _word_hangs(report: Report, reading: Reading, place: int, values: Array) -> Exhibit:
    """Give the picture of what each word of a text hangs on."""
    words = reading.words
    rows = [
        (after + 1, words[after + 1], before, words[before], values[after, before])
        for after in range(len(values))
        for before in range(after + 1)
    ]
    return Exhibit(
        f"Connectivity: {_spelled(report, reading)}",
        f"A row is a {report.step} that came, a column a {report.step} read before it: the "
        "brighter, the more the expectation of the one hangs on the other.",
        definitions.CONNECTIVITY,
        Numbers(
            f"connectivity_text{place}.csv", ("step", "word", "of_step", "of_word", "norm"), rows
        ),
        connectivity_figure(
            words[:-1],
            reading.outputs,
            np.where(np.triu(np.ones_like(values, bool), 1), np.nan, values),
            f"the {report.step} that comes",
        ),
        width(words),
    )


def _class_hangs(report: Report, reading: Reading, place: int, values: Array) -> Exhibit:
    """Give the picture of what each class hangs on."""
    words, classes = reading.words, reading.outputs
    rows = [
        (name, step, word, values[row, step])
        for row, name in enumerate(classes)
        for step, word in enumerate(words)
    ]
    return Exhibit(
        f"Connectivity: {_spelled(report, reading)}",
        f"A row is a class, a column a {report.step}: the brighter, the more what the model makes "
        "of the class hangs on it.",
        definitions.CONNECTIVITY,
        Numbers(f"connectivity_text{place}.csv", ("class", "step", "word", "norm"), rows),
        connectivity_figure(words, classes, values, "class"),
        width(words),
    )


def _no_gates(report: Report, so: str) -> str:
    return f"A network of kind {report.network} has no gates: {so}."


def _layer(report: Report, number: int) -> str:
    """Name a layer where there are several, by the number that `clamp` and `trace` know it by."""
    layers = max(len(report.layers), *(len(reading.layers) for reading in report.readings))
    return f", layer {number}" if layers > 1 else ""


def _spelled(report: Report, reading: Reading) -> str:
    """Quote a text in short."""
    words: Sequence[str] = reading.words[1:] if report.kind == "language" else reading.words
    between = "" if report.step == "character" else " "
    return f"“{textwrap.shorten(between.join(words), 60, placeholder=' …')}”"
