"""The results of the vanishing experiment for readers: tables, charts, a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from glassgate.analysis.intervals import Estimate, join_names
from glassgate.experiments.claim_table import HOW_JUDGED, claim_table
from glassgate.experiments.long_lags.networks import FORMS
from glassgate.experiments.vanishing.results import RemainingShare, Results
from glassgate.experiments.vanishing.summary import (
    SOLVED,
    WHEN,
    find_baseline,
    find_row,
    recurrent_networks,
)
from glassgate.pages.content import Chart, Line, Page, Section, Table

TITLES = {"adding": "The adding problem", "copying": "Copying memory"}
BASELINE = "input-blind baseline"
MIN_SHARE = 1e-30  # smallest share of the gradient that a chart shows


def tables(results: Results) -> list[Table]:
    """Return what was learned of each problem, how far the gradient reaches, and the claims."""
    learned = [_learning_table(results, problem) for problem in results["plan"]["problems"]]
    return [*learned, _gradient_table(results), claim_table(results["claims"])]


def charts(results: Results) -> dict[str, Chart]:
    """Return the learning curves, and the gradients at the longest T."""
    problems = results["plan"]["problems"]
    curves = [_curves(results, problem) for problem in problems]
    gradients = [_gradients(results, problem) for problem in problems]
    return {title: chart for titled in (*curves, *gradients) for title, chart in titled.items()}


def page(results: Results) -> Page:
    """Return the content of the page."""
    plan = results["plan"]
    *learned, gradient, claims = tables(results)
    sections = []
    for problem, table in zip(plan["problems"], learned, strict=True):
        title = TITLES[problem]
        how = "\n\n".join((_statements(results, problem), HOW[problem], HOW_CURVES))
        curves = _curves(results, problem)
        sections.append(Section(f"{title}: which network learns it?", how, curves))
        sections.append(Section(f"{title}: what was reached", HOW_TABLE, table))
    for problem in plan["problems"]:
        title = f"Does the gradient vanish in {problem}?"
        how = f"{HOW_GRADIENT} {LOSS[problem]}"
        sections.append(Section(title, how, _gradients(results, problem)))
    how = "\n\n".join([*_gradient_statements(results), HOW_REACH])
    sections.append(Section("How far back does the gradient reach?", how, gradient))
    sections.append(Section("Does the GRU reach farther than the SRN?", HOW_CLAIMED, claims))
    return Page("Does the gradient vanish?", _lead(results), tuple(sections), {})


HOW = {
    "adding": "Each step has a value from 0 to 1 and a mark. Two of T steps are marked, one in "
    "each half, and the sum of their values is due after the last step. The loss is the squared "
    "error; always answering the mean, 1, costs 1/6. A sum within 0.08 counts as right (Hochreiter "
    "& Schmidhuber 1997).",
    "copying": "Ten symbols, each one of eight, are to be repeated after a wait of T steps. The "
    "loss is the cross-entropy in nats, averaged over all T + 20 steps; answering blanks and then "
    "guessing costs 10 ln 8 / (T + 20). The feedforward network does worse: during the wait it "
    "sees only blanks, so it cannot know when to begin. Accuracy is the share of the ten symbols "
    "that are right (Arjovsky, Shah & Bengio 2016).",
}
HOW_TABLE = (
    "Losses are geometric means over seeds on test sequences, with their 95% intervals (Student's "
    f"t, of the logarithms). A seed has solved the problem if its accuracy is {SOLVED:.0%} or more."
)
HOW_CURVES = (
    "The figures show the loss on held-out sequences during training, relative to the input-blind "
    "baseline, the lowest loss that a network can reach while ignoring its input: geometric means "
    "over seeds, with 95% intervals."
)
HOW_GRADIENT = (
    "The norm of the gradient of a loss with respect to the state k steps before it, relative to "
    "that at k = 0, at the longest T. On the logarithmic axis a straight line down is a constant "
    "factor per step. Geometric means over seeds; bars are 95% intervals. Values below "
    f"{MIN_SHARE:.0e} are not shown, nor lags at which the gradient of a seed is 0. The "
    "feedforward network passes no state on: its gradient is 0 from the first step back, so that "
    "it has a point at k = 0 only."
)
LOSS = {
    "adding": "The loss is that of the sum, after the last step.",
    "copying": "The loss is that of the first symbol to be repeated.",
}
HOW_REACH = (
    "The half-life is the number of steps back at which half of the gradient remains, median over "
    "seeds, measured up to T - 1 steps back. What remains at the last lag is a geometric mean "
    "with its 95% interval; where nothing remains with some seed there is neither, and the table "
    "has the median. A network that has learned to ignore the past has no use for a gradient that "
    "reaches it."
)
HOW_CLAIMED = (
    "GRU “aims to solve the vanishing gradient problem”, says a document that this project grew "
    "from. Here it is compared with the SRN at the longest T, seed by seed. A gradient that does "
    f"not halve is taken to halve at T - 1 steps back. {HOW_JUDGED}"
)


# The pieces ---------------------------------------------------------------------------------------


def _lead(results: Results) -> str:
    plan, seeds = results["plan"], len(results["seeds"])
    rates = _rates(plan["learning_rates"])
    seconds = sum(run["train_seconds"] for run in results["runs"])
    return (
        f"Networks of {plan['hidden_size']} units were trained on two problems whose answer lies "
        f"T steps back, each with {seeds} seeds, for {plan['steps']:,} steps of "
        f"{plan['batch_size']} new sequences (AdamW; the learning rate rises to {rates} and falls "
        f"to 0), {seconds / 60:.0f} minutes of training in total. GRU and LSTM start once from "
        "PyTorch's initial weights, and once from biases that give their units memory spans up to "
        "the length of a sequence (chrono initialisation, Tallec & Ollivier 2018). With more "
        "steps they might learn more."
    )


def _rates(rates: Mapping[str, float]) -> str:
    """Name each rate once, with the networks that have it.

    >>> _rates({"srn": 0.01, "gru": 0.03, "lstm": 0.03})
    '0.01 (SRN) and 0.03 (GRU and LSTM)'
    """
    names: dict[float, list[str]] = {}
    for name, rate in rates.items():
        names.setdefault(rate, []).append(FORMS[name].long)
    return join_names(f"{rate:g} ({join_names(names[rate])})" for rate in sorted(names))


def _statements(results: Results, about: str) -> str:
    return " ".join(
        statement["statement"] for statement in results["statements"] if statement["about"] == about
    )


def _gradient_statements(results: Results) -> list[str]:
    """Give the sentences on the gradient, before training and after it."""
    statements = [
        statement for statement in results["statements"] if statement["about"] == "gradient"
    ]
    return [
        " ".join(
            statement["statement"]
            for statement in statements
            if ("problem" in statement) == trained
        )
        for trained in (False, True)
    ]


def _learning_table(results: Results, problem: str) -> Table:
    plan, rows = results["plan"], []
    for T in plan["times"]:
        floor = find_baseline(results, problem, T)
        rows.append((str(T), BASELINE, f"{floor['loss']:.3g}", "", f"{floor['right']:.1%}", "", ""))
        for name in plan["learning_rates"]:
            summary = find_row(results, problem, T, name)
            solved = f"{summary['solved']} of {len(results['seeds'])}"
            numbers = (f"{summary['right']:.1%}", solved, f"{summary['train_seconds']:.0f}")
            loss = summary["loss"]
            rows.append(
                (str(T), FORMS[name].short, f"{loss['mean']:.3g}", _interval(loss), *numbers)
            )
    columns = ("network", "loss", "95% interval", "accuracy", "solved", "training (s)")
    return Table((f"{problem}, T", *columns), rows)


def _interval(estimate: Estimate) -> str:
    return f"{estimate['low']:.3g} to {estimate['high']:.3g}"


def _gradient_table(results: Results) -> Table:
    rows = []
    for summary in results["networks"]:
        sides, T = [summary["gradient"][when] for when in WHEN], summary["T"]
        halves = (_half_life(side["half_life"], T) for side in sides)
        reach = ("0 from lag 1 on", "")
        if summary["network"] in recurrent_networks(results):
            reach = _reach(sides[1]["left"][-1])
        lag = str(results["lags"][str(T)][-1])
        rows.append(
            (summary["problem"], str(T), FORMS[summary["network"]].short, *halves, lag, *reach)
        )
    half = ("half-life before training", "half-life after")
    columns = ("problem", "T", "network", *half, "lag (steps)", "remaining", "95% interval")
    return Table(columns, rows)


def _half_life(steps: float | None, T: int) -> str:
    return f"> {T - 1}" if steps is None else f"{steps:.1f}"


def _reach(left: RemainingShare) -> tuple[str, str]:
    """Write what is left and its interval, or a median, which has none."""
    if "median" in left:
        middle = f"{left['median']:.1e}" if left["median"] else "0"
        return f"{middle} (median)", ""
    return f"{left['mean']:.1e}", f"{left['low']:.1e} to {left['high']:.1e}"


def _curves(results: Results, problem: str) -> dict[str, Chart]:
    """Draw the loss by steps, relative to the input-blind baseline."""
    plan, titled = results["plan"], {}
    for T in plan["times"]:
        floor, lines = find_baseline(results, problem, T)["loss"], []
        for name in plan["learning_rates"]:
            curve = find_row(results, problem, T, name)["valid_loss"]
            x = [plan["steps"] * (i + 1) // len(curve) for i in range(len(curve))]
            lines.append(_line(FORMS[name].short, x, curve, floor))
        ends = (float(lines[0].x[0]), float(lines[0].x[-1]))
        lines.append(Line(BASELINE, ends, (1.0, 1.0)))
        lowest = min(y for line in lines for y in line.y)
        title = f"{problem}, T = {T}"
        y_title = "loss relative to the input-blind baseline"
        y_range = (min(0.7, lowest / 2), 5.0)
        titled[title] = Chart("training steps", y_title, y_range, tuple(lines), logarithmic="y")
    return titled


def _gradients(results: Results, problem: str) -> dict[str, Chart]:
    """Draw how the gradient falls at the longest T, before and after training.

    The feedforward network has a single point, drawn last so that no line hides it.
    """
    T, titled = max(results["plan"]["times"]), {}
    lags, y_title = results["lags"][str(T)], "gradient relative to lag 0"
    networks = sorted(results["plan"]["learning_rates"], key="feedforward".__eq__)
    for when in WHEN:
        lines = []
        for name in networks:
            left = find_row(results, problem, T, name)["gradient"][when]["left"]
            shown = [i for i, share in enumerate(left) if share.get("mean", 0) >= MIN_SHARE]
            lines.append(
                _line(FORMS[name].short, [lags[i] for i in shown], [left[i] for i in shown])
            )
        titled[f"{problem}, T = {T}, {when} training"] = Chart(
            "steps back (k)", y_title, (MIN_SHARE, 1e3), tuple(lines), logarithmic="y"
        )
    return titled


def _line(
    name: str, x: Iterable[float], points: Sequence[Estimate | RemainingShare], unit: float = 1.0
) -> Line:
    """Draw means with their intervals, as multiples of `unit`."""
    return Line(
        name,
        tuple(map(float, x)),
        tuple(point["mean"] / unit for point in points),
        tuple(point["low"] / unit for point in points),
        tuple(point["high"] / unit for point in points),
    )
