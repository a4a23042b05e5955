"""The page of a report: one model, and what its units do with a text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from plotly import graph_objects as go

from glassgate.analysis.report import Report
from glassgate.analysis.report.page_units import connected, gates, kept, saturated
from glassgate.analysis.report.sample import MOST_TOKENS
from glassgate.analysis.report.words import WARM, Surprising
from glassgate.pages import definitions, figures
from glassgate.pages.content import Table
from glassgate.pages.exhibit import Exhibit, Numbers
from glassgate.pages.render import Section, render_page

BARS = 16  # and one for all that is more surprising
WIDTHS = (1, 2, 5, 10, 20, 50)  # of a bar, in bits


def report_page(report: Report, facts: Mapping[str, str]) -> str:
    """Write the page; `facts` say how it was made."""
    sections = [
        _learned(report),
        kept(report),
        saturated(report),
        gates(report),
        connected(report),
        _gradient(report),
        _surprising(report),
        _parameters(report),
    ]
    size = sum(parameter.size for parameter in report.parameters)
    kind = (
        "tells the class of a text" if report.kind == "classifier" else "predicts what comes next"
    )
    lead = (
        f"A network of kind {report.network} with {size:,} parameters, which {kind}. It read "
        f"{sampled(report)}"
    )
    return render_page(f"Inside {report.model}", lead, sections, facts)


def sampled(report: Report) -> str:
    """Say how much of the text was read."""
    sample = report.sample
    of = f"{len(sample.texts):,} of {sample.of:,} {sample.kind}"
    units = "characters" if report.step == "character" else "words and marks"
    drawn = f", drawn with seed {sample.seed}" if len(sample.texts) < sample.of else ""
    said = f"{of} of {report.text}{drawn}: {sample.tokens:,} {units}"
    if sample.unknown:
        share = max(sample.unknown / sample.tokens, 0.001)
        least = "less than " if sample.unknown < 0.001 * sample.tokens else ""
        said += f", {least}{share:.1%} of which it does not know"
    if sample.shortened:
        said += f"; of {sample.shortened:,} that are longer, the first {MOST_TOKENS}"
    return f"{said}."


def _learned(report: Report) -> Section:
    heading = "How did it learn?"
    if not report.history:
        return Section(heading, ["The model's folder does not tell how it was trained."])
    epochs = [epoch.epoch for epoch in report.history]
    losses = {
        "training": [epoch.train_loss for epoch in report.history],
        "held out": [epoch.valid_loss for epoch in report.history],
    }
    measure = report.history[0].measure
    values = [epoch.valid_measure for epoch in report.history]
    best = min(report.history, key=lambda epoch: epoch.valid_loss)
    text = (
        f"The weights are those of epoch {best.epoch} of {len(epochs)}, the lowest held-out loss."
    )
    loss = Exhibit(
        "Loss by epoch",
        "Where the held-out line rises again while the training line falls, the model learns its "
        "text by heart.",
        definitions.LOSS,
        Numbers(
            "loss.csv",
            ("epoch", "training", "held_out"),
            list(zip(epochs, *losses.values(), strict=True)),
        ),
        _by_epoch(losses, "nats"),
    )
    held_out = Exhibit(
        f"{measure.capitalize()} by epoch",
        f"What the model reached on held-out data after each epoch; "
        f"{'higher' if measure == 'accuracy' else 'lower'} is better.",
        definitions.ACCURACY if measure == "accuracy" else definitions.PERPLEXITY,
        Numbers(f"{measure}.csv", ("epoch", measure), list(zip(epochs, values, strict=True))),
        _by_epoch({measure: values}, measure, (0, 1.02) if measure == "accuracy" else None),
    )
    return Section(heading, [text], exhibits=[loss, held_out])


def _by_epoch(
    lines: Mapping[str, Sequence[float]], y_title: str, y_range: tuple[float, float] | None = None
) -> go.Figure:
    """Draw lines over the epochs, which have whole numbers."""
    epochs = len(next(iter(lines.values())))
    figure = figures.line_figure("", range(1, epochs + 1), lines, "epoch", y_title)
    return figure.update_xaxes(dtick=-(-epochs // 10)).update_yaxes(range=y_range)


def _gradient(report: Report) -> Section:
    heading = "How far back does the gradient reach?"
    flow = report.flow
    if report.network == "feedforward":
        return Section(heading, ["A feedforward network passes no state on, and no gradient back."])
    if flow is None:
        return Section(heading, ["The text has no sequence of enough words to measure it over."])
    where = f"at one {report.step} of each."
    if report.kind == "classifier":
        where = (
            "at their ends; the loss is that of the class which the model itself gives, as a text "
            "says nothing of its class."
        )
    half = _half_life(flow.half_life, report.step)
    text = f"Measured over {flow.sequences:,} sequences of the sample, {where} {half}"
    lags = list(range(len(flow.norms)))
    exhibit = Exhibit(
        "Gradient by lag",
        f"Where the line falls by a constant factor a {report.step}, what happened long ago cannot "
        "teach the network; where it stays level, it can.",
        definitions.GRADIENT,
        Numbers("gradient.csv", ("lag", "norm"), list(zip(lags, flow.norms, strict=True))),
        figures.line_figure(
            "",
            lags,
            {report.network: flow.norms.tolist()},
            f"{report.step}s back (k)",
            "norm of the gradient",
            logarithmic=True,
        ),
    )
    return Section(heading, [text], exhibits=[exhibit])


def _half_life(steps: float | None, step: str) -> str:
    if steps is None:
        return "The model is so sure of what it says that nothing is left of the gradient."
    if math.isinf(steps):
        return "The gradient does not fall to half within these lags."
    return f"The gradient has fallen to half after {steps:.2f} {step}s."


def _surprising(report: Report) -> Section:
    heading = "What surprises it?"
    found = report.surprisals
    if found is None:
        return Section(
            heading, ["A classifier does not predict words, so that no word can surprise it."]
        )
    if not len(found.bits):
        return Section(heading, ["The sample has too few words."])
    counted = "words" if report.step == "character" else "words and marks"
    if report.sample.kind == "lines":
        counted += ", ends of lines among them"
    text = f"{len(found.bits):,} {counted}: {found.bits.mean():.2f} bits on average."
    if report.sample.kind == "stretches":
        text += (
            f" Each stretch is read from the zero state, and of those that begin within the text "
            f"the first {WARM} words are not counted."
        )
    if found.unknown:
        are = "is" if found.unknown == 1 else "are"
        text += (
            f" {found.unknown:,} {are} not in the model's vocabulary: the surprisal is that of all "
            "such words together, and the lists leave them out."
        )
    return Section(heading, [text], exhibits=[_histogram(report), *_lists(report)])


def _histogram(report: Report) -> Exhibit:
    assert report.surprisals is not None
    bits = report.surprisals.bits
    width = next((w for w in WIDTHS if (bits >= BARS * w).mean() <= 0.02), WIDTHS[-1])
    bars = (bits // width).clip(max=BARS)
    counts = [int((bars == bar).sum()) for bar in range(BARS + 1)]
    ends = [*(bar * width for bar in range(BARS + 1)), math.inf]
    names = [*map(str, ends[:BARS]), f"{ends[BARS]}+"]
    rows = list(zip(ends, ends[1:], counts, strict=False))
    rounded = "rounded down" if width == 1 else f"rounded down to a multiple of {width}"
    return Exhibit(
        "How surprising the words are",
        "The farther right a bar, the less the model expected the words in it: one bit more is "
        "half the probability.",
        definitions.SURPRISAL,
        Numbers("surprisals.csv", ("from_bits", "to_bits", "words"), rows),
        figures.bar_figure("", names, {"words": counts}, "words", f"surprisal (bits, {rounded})"),
    )


def _lists(report: Report) -> list[Exhibit]:
    assert report.surprisals is not None
    kinds: list[tuple[str, tuple[Surprising, ...], str]] = [
        ("most", report.surprisals.most, "What came where the model expected something else"),
        ("least", report.surprisals.least, "What the model was surest of before it came"),
    ]
    return [
        Exhibit(
            f"The {which} surprising words",
            f"{reading}, each word once, with the words that stood before it.",
            definitions.SURPRISAL,
            Numbers(
                f"{which}_surprising.csv",
                ("word", "bits", "before"),
                [(one.word, one.bits, " ".join(one.before)) for one in words],
            ),
            Table(
                ("word", "bits", "before it"),
                [(one.word, f"{one.bits:.3f}", " ".join(one.before)) for one in words],
            ),
        )
        for which, words, reading in kinds
        if words
    ]


def _parameters(report: Report) -> Section:
    columns = ("name", "shape", "size", "mean", "deviation", "smallest", "largest")
    parts = report.parameters
    rows = [
        (
            p.name,
            " × ".join(map(str, p.shape)),
            f"{p.size:,}",
            *(f"{value:.3f}" for value in (p.mean, p.deviation, p.smallest, p.largest)),
        )
        for p in parts
    ]
    total = ("all", "", f"{sum(p.size for p in parts):,}", "", "", "", "")
    numbers = [
        (p.name, "x".join(map(str, p.shape)), p.size, p.mean, p.deviation, p.smallest, p.largest)
        for p in parts
    ]
    exhibit = Exhibit(
        "Parameters",
        "A row is one array of weights, with the mean, standard deviation and extremes of its "
        "numbers.",
        definitions.PARAMETERS,
        Numbers("parameters.csv", columns, numbers),
        Table(columns, [*rows, total]),
    )
    return Section("What is it made of?", [], exhibits=[exhibit])
