"""The page of a report, and its sections on the model as a whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from plotly import graph_objects as go

from glassgate.analysis.report.contents import Report
from glassgate.analysis.report.page.states import followers_section, similarity_section
from glassgate.analysis.report.page.units import (
    NETWORK_NAMES,
    connectivity_section,
    gates_section,
    memory_section,
    saturation_section,
)
from glassgate.analysis.report.sample import MAX_TOKENS
from glassgate.analysis.report.words import WARM_UP, Surprisals, Surprising
from glassgate.pages import definitions, figures
from glassgate.pages.content import Table
from glassgate.pages.exhibits import Exhibit, Numbers
from glassgate.pages.render import FigureSection, render_page


def report_page(report: Report, facts: Mapping[str, str]) -> str:
    """Render a report as one HTML text; `facts` say how it was made."""
    sections = [
        _learning_section(report),
        memory_section(report),
        saturation_section(report),
        gates_section(report),
        followers_section(report),
        connectivity_section(report),
        similarity_section(report),
        _gradient_section(report),
        _surprisal_section(report),
        _parameters_section(report),
    ]
    task = "classifies texts" if report.kind == "classifier" else f"predicts the next {report.step}"
    lead = (
        f"{NETWORK_NAMES[report.network]} with {report.size:,} parameters that {task}. It read "
        f"{describe_sample(report)}"
    )
    return render_page(f"Inside {report.model}", lead, sections, facts)


def describe_sample(report: Report) -> str:
    """Say in one sentence how much of the text was read."""
    sample = report.sample
    drawn = f", drawn at random with seed {sample.seed}" if len(sample.texts) < sample.of else ""
    units = "characters" if report.step == "character" else "words and punctuation marks"
    sentence = (
        f"{len(sample.texts):,} of {sample.of:,} {sample.kind} of {report.text}{drawn}: "
        f"{sample.tokens:,} {units}"
    )
    if sample.unknown:
        share = sample.unknown / sample.tokens
        percent = f"{share:.1%}" if share >= 0.001 else "less than 0.1%"
        sentence += f", of which {percent} are not in its vocabulary"
    if sample.shortened:
        sentence += f"; {sample.shortened:,} longer {sample.kind} were cut to {MAX_TOKENS} tokens"
    return f"{sentence}."


# Learning -----------------------------------------------------------------------------------------


def _learning_section(report: Report) -> FigureSection:
    heading = "How did it learn?"
    if not report.history:
        return FigureSection(heading, ["The model's folder has no record of its training."])
    text = (
        f"The weights are those of epoch {report.best_epoch.epoch} of {len(report.history)}, which "
        "has the lowest held-out loss."
    )
    return FigureSection(
        heading, [text], exhibits=[_loss_exhibit(report), _measure_exhibit(report)]
    )


def _loss_exhibit(report: Report) -> Exhibit:
    epochs = [epoch.epoch for epoch in report.history]
    losses = {
        "training": [epoch.train_loss for epoch in report.history],
        "held out": [epoch.valid_loss for epoch in report.history],
    }
    return Exhibit(
        "Loss by epoch",
        "Where the held-out loss rises while the training loss still falls, the model has begun to "
        "memorize its training data.",
        definitions.LOSS,
        Numbers(
            "loss.csv",
            ("epoch", "training", "held_out"),
            list(zip(epochs, *losses.values(), strict=True)),
        ),
        _epoch_figure(losses, "loss (nats)"),
    )


def _measure_exhibit(report: Report) -> Exhibit:
    measure = report.history[0].measure
    values = [epoch.valid_measure for epoch in report.history]
    rows = [(epoch.epoch, epoch.valid_measure) for epoch in report.history]
    is_accuracy = measure == "accuracy"
    return Exhibit(
        f"{measure.capitalize()} by epoch",
        f"The model's {measure} on held-out data after each epoch: "
        f"{'higher' if is_accuracy else 'lower'} is better.",
        definitions.ACCURACY if is_accuracy else definitions.PERPLEXITY,
        Numbers(f"{measure}.csv", ("epoch", measure), rows),
        _epoch_figure({"held out": values}, measure, (0, 1.02) if is_accuracy else None),
    )


def _epoch_figure(
    lines: Mapping[str, Sequence[float]], y_title: str, y_range: tuple[float, float] | None = None
) -> go.Figure:
    """Draw lines over epochs, with ticks at whole numbers."""
    epochs = len(next(iter(lines.values())))
    figure = figures.line_figure("", range(1, epochs + 1), lines, "epoch", y_title)
    return figure.update_xaxes(dtick=-(-epochs // 10)).update_yaxes(range=y_range)


# Gradient -----------------------------------------------------------------------------------------


def _gradient_section(report: Report) -> FigureSection:
    heading = "How far back does the gradient reach?"
    flow = report.flow
    if report.network == "feedforward":
        return FigureSection(
            heading, ["A feedforward network has no state, so no gradient flows back through time."]
        )
    if flow is None:
        return FigureSection(heading, ["The sequences of the text are too short to measure it."])
    where = f"at one {report.step} of each."
    if report.kind == "classifier":
        where = (
            "at their ends. The loss is that of the class that the model predicts, since the text "
            "does not give the true class."
        )
    half_life = _describe_half_life(flow.half_life, report.step)
    text = f"Measured over {flow.sequences:,} sequences of the sample, {where} {half_life}"
    lags = list(range(len(flow.norms)))
    exhibit = Exhibit(
        "Gradient by lag",
        f"Where the line falls by a constant factor per {report.step}, little of the gradient "
        "comes from far back, and learning from there is slow or, where nothing is left, "
        "impossible.",
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
    return FigureSection(heading, [text], exhibits=[exhibit])


def _describe_half_life(steps: float | None, step: str) -> str:
    if steps is None:
        return "The model is so certain of its predictions that the gradient is 0."
    if math.isinf(steps):
        return "The gradient does not fall to half its initial value within these lags."
    return f"The gradient falls to half its initial value after {steps:.2f} {step}s."


# Surprisal ----------------------------------------------------------------------------------------


def _surprisal_section(report: Report) -> FigureSection:
    heading = "What surprises it?"
    surprisals = report.surprisals
    if surprisals is None:
        return FigureSection(
            heading, ["A classifier does not predict words, so no word can surprise it."]
        )
    if not len(surprisals.bits):
        return FigureSection(heading, ["The sample has too few words to measure surprisal."])
    return FigureSection(
        heading,
        [_describe_surprisals(report, surprisals)],
        exhibits=[_histogram_exhibit(surprisals), *_word_lists(surprisals)],
    )


def _describe_surprisals(report: Report, surprisals: Surprisals) -> str:
    counted = "words" if report.step == "character" else "words and punctuation marks"
    if report.sample.kind == "lines":
        counted += " (including the ends of lines)"
    bits = surprisals.bits
    text = f"{len(bits):,} {counted} have a mean surprisal of {bits.mean():.2f} bits."
    if report.sample.kind == "passages":
        text += (
            f" Each passage is read from the zero state; its first {WARM_UP} words are not "
            "counted, except at the beginning of the text."
        )
    if surprisals.unknown:
        text += (
            f" {surprisals.unknown:,} of them {'is' if surprisals.unknown == 1 else 'are'} not in "
            "the model's vocabulary: they have the surprisal of <unk>, which stands for all "
            "unknown words, and are left out of the lists."
        )
    return text


def _histogram_exhibit(surprisals: Surprisals) -> Exhibit:
    histogram = surprisals.histogram()
    *edges, last, _ = histogram.edges
    labels = [*map(str, edges), f"{last}+"]
    rows = list(zip(histogram.edges, histogram.edges[1:], histogram.counts, strict=False))
    width = histogram.width
    rounded = "rounded down" if width == 1 else f"rounded down to a multiple of {width}"
    return Exhibit(
        "How surprising the words are",
        "The further to the right a bar is, the less the model expected its words: each additional "
        "bit halves the probability.",
        definitions.SURPRISAL,
        Numbers("surprisals.csv", ("from_bits", "to_bits", "words"), rows),
        figures.bar_figure(
            "", labels, {"words": histogram.counts}, "words", f"surprisal (bits, {rounded})"
        ),
    )


def _word_lists(surprisals: Surprisals) -> list[Exhibit]:
    kinds: list[tuple[str, tuple[Surprising, ...], str]] = [
        ("most", surprisals.most, "The words that the model expected least"),
        ("least", surprisals.least, "The words that the model was most certain of"),
    ]
    return [
        Exhibit(
            f"The {which} surprising words",
            f"{reading}, each listed once, with the words before it.",
            definitions.SURPRISAL,
            Numbers(
                f"{which}_surprising.csv",
                ("word", "bits", "before"),
                [(word.word, word.bits, " ".join(word.before)) for word in words],
            ),
            Table(
                ("word", "bits", "words before"),
                [(word.word, f"{word.bits:.3f}", " ".join(word.before)) for word in words],
            ),
        )
        for which, words, reading in kinds
        if words
    ]


# Parameters ---------------------------------------------------------------------------------------


def _parameters_section(report: Report) -> FigureSection:
    columns = ("name", "shape", "size", "mean", "deviation", "smallest", "largest")
    rows = [
        (
            p.name,
            " × ".join(map(str, p.shape)),
            f"{p.size:,}",
            *(f"{value:.3f}" for value in (p.mean, p.deviation, p.smallest, p.largest)),
        )
        for p in report.parameters
    ]
    total = ("total", "", f"{report.size:,}", "", "", "", "")
    numbers = [
        (p.name, "x".join(map(str, p.shape)), p.size, p.mean, p.deviation, p.smallest, p.largest)
        for p in report.parameters
    ]
    exhibit = Exhibit(
        "Parameters",
        "Each row is one array of weights: its size, and the mean, standard deviation and extremes "
        "of its values.",
        definitions.PARAMETERS,
        Numbers("parameters.csv", columns, numbers),
        Table(columns, [*rows, total]),
    )
    return FigureSection("What are its parameters?", [], exhibits=[exhibit])
