"""The answers of the vanishing experiment as a person reads them: tables, charts, a page.

Everything here is made of what `results.json` holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from glassgate.analysis.intervals import listed
from glassgate.experiments.vanishing.networks import FORMS
from glassgate.experiments.vanishing.summary import SOLVED, WHEN, blind, row, with_state
from glassgate.pages.content import Chart, Line, Page, Section, Table

Results = Mapping[str, Any]

TITLES = {"adding": "The adding problem", "copying": "Copying memory"}
IGNORING = "ignoring the input"
LEAST = 1e-30  # of a gradient in a chart


def tables(results: Results) -> list[Table]:
    """Return what was learned of each problem, and how far the gradient reaches."""
    learned = [_learned(results, problem) for problem in results["plan"]["problems"]]
    return [*learned, _gradient_table(results)]


def charts(results: Results) -> dict[str, Chart]:
    """Return the learning curves, and the gradients at the longest T."""
    every = [
        drawn(results, problem)
        for drawn in (_curves, _gradients)
        for problem in results["plan"]["problems"]
    ]
    return dict(chain.from_iterable(one.items() for one in every))


def page(results: Results) -> Page:
    """Return the content of the page."""
    plan = results["plan"]
    *learned, gradient = tables(results)
    sections = []
    for problem, table in zip(plan["problems"], learned, strict=True):
        title = TITLES[problem]
        how = "\n\n".join((_said(results, problem), HOW[problem], HOW_TABLE))
        sections.append(Section(f"{title}: who learns it?", how, table))
        sections.append(Section(f"{title}: learning curves", HOW_CURVES, _curves(results, problem)))
    for problem in plan["problems"]:
        title = f"Does the gradient vanish in {problem}?"
        how = f"{HOW_GRADIENT} {LOSS[problem]}"
        sections.append(Section(title, how, _gradients(results, problem)))
    sections += [
        Section("How far does it reach?", "\n\n".join([*_reaches(results), HOW_REACH]), gradient),
    ]
    facts = {"command": results["command"], "seeds": listed(map(str, results["seeds"]))}
    facts |= results["versions"]
    return Page("Does the gradient vanish?", _lead(results), tuple(sections), facts)


HOW = {
    "adding": "A step has a value from 0 to 1 and a mark; two of T steps are marked, one in each "
    "half, and their values are to be added after the last step. The loss is the squared error; "
    "always saying the mean, 1, costs 1/6. A sum within 0.08 counts as right (Hochreiter & "
    "Schmidhuber 1997).",
    "copying": "Ten symbols out of eight are to be said after a wait of T steps. The loss is the "
    "cross-entropy in nats, mean over all T + 20 steps; saying blanks and then guessing costs "
    "10 ln 8 / (T + 20). The feedforward network does worse: it sees blanks alone, and so cannot "
    "know when to begin. What counts as right are the symbols that are to be said (Arjovsky, Shah "
    "& Bengio 2016).",
}
HOW_TABLE = (
    "Loss and 95% interval are those of the geometric mean over seeds (Student's t, of the "
    f"logarithms), on test sequences; a seed has solved it if {SOLVED:.0%} are right."
)
HOW_CURVES = (
    "Loss on held-out sequences while training, as a multiple of what a network reaches that "
    "ignores the input: geometric mean over seeds, with 95% intervals."
)
HOW_GRADIENT = (
    "The norm of the gradient of a loss with respect to the state k steps before it, as a share "
    "of that at k = 0, on a logarithmic axis, at the longest T: a straight line down is a constant "
    "factor a step. Geometric means over seeds; bars are 95% intervals. Shares below "
    f"{LEAST:.0e} are not shown, nor where a seed has nothing left. The feedforward network passes "
    "no state on: of its gradient nothing is left after the first step, and the mark at k = 0 is "
    "all there is."
)
LOSS = {
    "adding": "The loss is that of the sum, after the last step.",
    "copying": "The loss is that of the first symbol to be said.",
}
HOW_REACH = (
    "Half-life is the number of steps back at which half of the gradient is left, median over "
    "seeds; it was looked for up to T - 1 steps back. What is left at the last lag has the 95% "
    "interval of its geometric mean; where a seed has nothing left there is neither, and the "
    "median stands instead. A network that has learned to ignore the past has no use for a "
    "gradient that reaches it."
)


# The pieces ---------------------------------------------------------------------------------------


def _lead(results: Results) -> str:
    plan, seeds = results["plan"], len(results["seeds"])
    rates = _rates(plan["learning_rates"])
    seconds = sum(run["train_seconds"] for run in results["runs"])
    return (
        f"Networks of {plan['hidden_size']} units learned two problems whose answer lies T steps "
        f"back, each with {seeds} seeds: {plan['steps']:,} steps of {plan['batch_size']} new "
        f"sequences (AdamW, learning rate up to {rates}, then down to 0), {seconds / 60:.0f} "
        "minutes of training in all. GRU and LSTM begin once with PyTorch's first weights, and "
        "once with biases that make their units keep for times up to the length of a sequence "
        "(chrono initialisation, Tallec & Ollivier 2018). What is not learned here may be learned "
        "in more steps."
    )


def _rates(rates: Mapping[str, float]) -> str:
    """Name each rate once, with the networks that have it.

    >>> _rates({"srn": 0.01, "gru": 0.03, "lstm": 0.03})
    '0.01 (SRN) and 0.03 (GRU and LSTM)'
    """
    of: dict[float, list[str]] = {}
    for name, rate in rates.items():
        of.setdefault(rate, []).append(FORMS[name].says)
    return listed(f"{rate:g} ({listed(of[rate])})" for rate in sorted(of))


def _said(results: Results, about: str) -> str:
    return " ".join(one["statement"] for one in results["statements"] if one["about"] == about)


def _reaches(results: Results) -> list[str]:
    """Give the sentences on the gradient, before training and after it."""
    said = [one for one in results["statements"] if one["about"] == "gradient"]
    return [
        " ".join(one["statement"] for one in said if ("problem" in one) == trained)
        for trained in (False, True)
    ]


def _learned(results: Results, problem: str) -> Table:
    plan, rows = results["plan"], []
    for T in plan["times"]:
        floor = blind(results, problem, T)
        rows.append((str(T), IGNORING, f"{floor['loss']:.3g}", "", f"{floor['right']:.1%}", "", ""))
        for name in plan["learning_rates"]:
            one = row(results, problem, T, name)
            solved = f"{one['solved']} of {len(results['seeds'])}"
            numbers = (f"{one['right']:.1%}", solved, f"{one['train_seconds']:.0f}")
            loss = one["loss"]
            rows.append(
                (str(T), FORMS[name].short, f"{loss['mean']:.3g}", _interval(loss), *numbers)
            )
    columns = ("network", "loss", "95% interval", "right", "solved", "seconds")
    return Table((f"{problem}, T", *columns), rows)


def _interval(found: Mapping[str, float]) -> str:
    return f"{found['low']:.3g} to {found['high']:.3g}"


def _gradient_table(results: Results) -> Table:
    rows = []
    for one in results["networks"]:
        sides, T = [one["gradient"][when] for when in WHEN], one["T"]
        halves = (_half_life(side["half_life"], T) for side in sides)
        reach = ("0 after one step", "")
        if one["network"] in with_state(results):
            reach = _reach(sides[1]["left"][-1])
        lag = str(results["lags"][str(T)][-1])
        rows.append((one["problem"], str(T), FORMS[one["network"]].short, *halves, lag, *reach))
    half = ("half-life before", "after training")
    columns = ("problem", "T", "network", *half, "steps back", "left", "95% interval")
    return Table(columns, rows)


def _half_life(steps: float | None, T: int) -> str:
    return f"> {T - 1}" if steps is None else f"{steps:.1f}"


def _reach(left: Mapping[str, float]) -> tuple[str, str]:
    """Write what is left and its interval; what has none is a median."""
    if "median" in left:
        middle = f"{left['median']:.1e}" if left["median"] else "0"
        return f"{middle} (median)", ""
    return f"{left['mean']:.1e}", f"{left['low']:.1e} to {left['high']:.1e}"


def _curves(results: Results, problem: str) -> dict[str, Chart]:
    """Draw the loss by steps, as multiples of that of a network that ignores the input."""
    plan, drawn = results["plan"], {}
    for T in plan["times"]:
        floor, lines = blind(results, problem, T)["loss"], []
        for name in plan["learning_rates"]:
            curve = row(results, problem, T, name)["valid_loss"]
            x = [plan["steps"] * (i + 1) // len(curve) for i in range(len(curve))]
            lines.append(_line(FORMS[name].short, x, curve, floor))
        ends = (float(lines[0].x[0]), float(lines[0].x[-1]))
        lines.append(Line(IGNORING, ends, (1.0, 1.0)))
        lowest = min(y for line in lines for y in line.y)
        title = f"{problem}, T = {T}"
        y_title = "loss / loss of ignoring the input"
        between = (min(0.7, lowest / 2), 5.0)
        drawn[title] = Chart("training steps", y_title, between, tuple(lines), logarithmic="y")
    return drawn


def _gradients(results: Results, problem: str) -> dict[str, Chart]:
    """Draw how the gradient falls at the longest T, before and after training.

    The feedforward network has one mark alone, and comes last, so that none hides it.
    """
    T, drawn = max(results["plan"]["times"]), {}
    lags, y_title = results["lags"][str(T)], "share of the gradient that is left"
    networks = sorted(results["plan"]["learning_rates"], key="feedforward".__eq__)
    for when in WHEN:
        lines = []
        for name in networks:
            left = row(results, problem, T, name)["gradient"][when]["left"]
            shown = [i for i, one in enumerate(left) if one.get("mean", 0) >= LEAST]
            lines.append(
                _line(FORMS[name].short, [lags[i] for i in shown], [left[i] for i in shown])
            )
        drawn[f"{problem}, T = {T}, {when} training"] = Chart(
            "steps back (k)", y_title, (LEAST, 1e3), tuple(lines), logarithmic="y"
        )
    return drawn


def _line(
    name: str,
    x: Iterable[float],
    found: Sequence[Mapping[str, float]],
    unit: float = 1.0,
) -> Line:
    """Draw means with their intervals, as multiples of `unit`."""
    y, low, high = (tuple(one[v] / unit for one in found) for v in ("mean", "low", "high"))
    return Line(name, tuple(map(float, x)), y, low, high)
