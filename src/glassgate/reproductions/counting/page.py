"""The results for readers: tables, charts, a page."""

from __future__ import annotations

from collections.abc import Sequence

from glassgate.analysis.intervals import Estimate
from glassgate.pages.content import Chart, Line, Page, Section, Table
from glassgate.reproductions.counting.networks import FORMS
from glassgate.reproductions.counting.results import Network, Results
from glassgate.reproductions.counting.summary import find_network
from glassgate.reproductions.counting.words import LANGUAGES
from glassgate.reproductions.page import (
    comparison_sections,
    comparison_table,
    count_outcomes,
)

FORM = ".4g"  # of the numbers that are compared
POINTS = 50  # of a line, at most twice as many
STATE = "state of the unit that counts"


def tables(results: Results) -> list[Table]:
    """Return how far each network counts, which unit counts, and what was published."""
    return [
        *(_reach_table(results, language) for language in _languages(results)),
        _counter_table(results),
        comparison_table(results["comparisons"], FORM),
    ]


def charts(results: Results) -> dict[str, Chart]:
    """Return the state of the unit that counts over the longest training words."""
    return {
        f"The unit that counts most, over {_longest_word(results, language)}": _trace_chart(
            results, language
        )
        for language in _languages(results)
    }


def page(results: Results) -> Page:
    """Return the content of the page."""
    *reaches, counters, _ = tables(results)
    sections = [
        Section(f"{_title(language)}: how far does each network count?", how, table)
        for language, how, table in zip(
            _languages(results),
            (HOW_REACH, "As above, for the longer language."),
            reaches,
            strict=True,
        )
    ]
    return Page(
        "Can a GRU count?",
        _lead(results),
        (
            *comparison_sections(results["comparisons"], FORM),
            *sections,
            Section("What does a unit that counts do?", HOW_TRACE, charts(results)),
            Section("Is the count in these units?", HOW_COUNTER, counters),
        ),
        {},
    )


HOW_REACH = (
    "A network miscounts from the first n at which it does not predict, with more than a half, "
    "each symbol after the first b. It is judged from a tenth of the longest trained n on: errors "
    "in shorter words say how long it was trained, not how it counts. If not even the LSTM counts "
    "beyond the trained words, training was too short, and what the others cannot do is left "
    "undecided. A network that does not miscount up to the largest n tested counts with the next "
    "n in means. The other columns use the rule of the published code, by "
    "which a word is accepted if each of its symbols has more than a small probability when it "
    "is due: the first n whose word is rejected, and the first n at which a word with one or two "
    "letters too many, or with one too few, is accepted too. A network may well accept both the "
    "right word and a wrong one. Cells have the median over seeds (the upper of two) and, in "
    "brackets, the smallest and the largest; a number after > is the largest n tested. The excess "
    "loss is that of the training words, in nats a symbol, above the least that is possible."
)
HOW_TRACE = (
    "The state of the unit that counts most, with the first seed, after each letter of the longest "
    "training word (of an LSTM its cell, which has no bounds; the others stay between -1 and 1). "
    "It is drawn from 0, its smallest value in this word, to 1, its largest. A counter goes up in "
    "a straight line and comes down in another, or the other way round."
)
HOW_COUNTER = (
    "The units that count are those whose state has a correlation r of 0.99 or more with the "
    "number of a read so far, or, where there is none, the one that comes closest. Two tests say "
    "whether the count is in them. Held: they keep the states that they have after half of the a "
    "of the longest training word; the table has the share of training words that are still "
    "counted exactly. Moved: after n letters a they get the states that they have after m, and "
    "nothing else is changed. If the network then expects m letters b, the count has moved by 1, "
    "if it still expects n, by 0. The last two columns are for the one of them that moves it most "
    "by itself, and for all the other units at once. Means over seeds with 95% intervals "
    "(Student's t)."
)


# The pieces ---------------------------------------------------------------------------------------


def _lead(results: Results) -> str:
    plan, seeds = results["plan"], len(results["seeds"])
    seconds = sum(run["train_seconds"] for run in results["runs"])
    return (
        "An LSTM can count without bounds, a GRU cannot, wrote Weiss, Goldberg and Yahav (2018): "
        "the state of a GRU stays between -1 and 1. In the code that they published the product "
        "of reset gate and state is computed but not used, so the unit that could not count there "
        "is a GRU without a reset gate. Does one with its reset gate count? "
        f"Five networks of {plan['hidden_size']} units learned to predict the symbols of aⁿbⁿ to "
        f"n = {plan['trained']} and of aⁿbⁿcⁿ to n = {plan['trained'] // 2}, each with {seeds} "
        f"seeds, {plan['epochs']} passes through the words, {seconds / 60:.0f} minutes of training "
        "in total. It is a question of units, not of people. "
        f"{_answer(results)} {count_outcomes(results['comparisons'])}"
    )


def _answer(results: Results) -> str:
    """Say how far each network counts in the first language, on average over seeds."""
    language = _languages(results)[0]
    tested = _largest(results, language, "tested")
    firsts = [
        f"{FORMS[row['network']].name} {row['first']['mean']:.0f}"
        for row in results["networks"]
        if row["language"] == language
    ]
    return (
        f"The first n of {_title(language)} that is miscounted, on average: {', '.join(firsts)} "
        f"({tested + 1} stands for more than {tested}, the largest tested)."
    )


def _languages(results: Results) -> list[str]:
    return list(results["floors"])


def _title(language: str) -> str:
    return LANGUAGES[language].title


def _largest(results: Results, language: str, name: str) -> int:
    """Return the largest n that was trained on, or tested, in a language."""
    number: int = results["plan"][name]
    return number if language == "anbn" else number // 2


def _longest_word(results: Results, language: str) -> str:
    return _title(language).replace("ⁿ", f"^{_largest(results, language, 'trained')} ").strip()


def _reach_table(results: Results, language: str) -> Table:
    tested = _largest(results, language, "tested")
    rows = []
    for name in results["plan"]["networks"]:
        row = find_network(results["networks"], language, name)
        limits = (row["miscounted"], row["rejected"], row["longer"], row["shorter"])
        cells = [_limit_cell(numbers, tested) for numbers in limits]
        excess = _mean_loss(results, row) - results["floors"][language]
        rows.append((FORMS[name].name, str(row["parameters"]), *cells, f"{excess:.4f}"))
    columns = (
        "network",
        "parameters",
        "miscounts from",
        "rejects from",
        "takes longer from",
        "takes shorter from",
        "excess loss",
    )
    return Table(columns, rows)


def _mean_loss(results: Results, row: Network) -> float:
    losses = [
        run["loss"]
        for run in results["runs"]
        if (run["language"], run["network"]) == (row["language"], row["network"])
    ]
    return sum(losses) / len(losses)


def _limit_cell(numbers: Sequence[int | None], tested: int) -> str:
    """Write median, smallest and largest of the first n; those that do not exist come last."""
    ordered = sorted(number or tested + 1 for number in numbers)
    middle, low, high = (
        f"> {tested}" if number > tested else str(number)
        for number in (ordered[len(ordered) // 2], ordered[0], ordered[-1])
    )
    return f"{middle} ({low} to {high})"


def _counter_table(results: Results) -> Table:
    rows = [
        (
            f"{_title(row['language'])}: {FORMS[row['network']].name}",
            *(
                _mean_cell(row[name])
                for name in (
                    "units",
                    "correlation",
                    "intact",
                    "held",
                    "moved",
                    "moved_best",
                    "moved_others",
                )
            ),
        )
        for row in results["networks"]
    ]
    columns = (
        "network",
        "units",
        "|r|",
        "intact",
        "held",
        "moved",
        "one alone",
        "all others",
    )
    return Table(columns, rows)


def _mean_cell(value: Estimate) -> str:
    return f"{value['mean']:.2f} ({value['low']:.2f} to {value['high']:.2f})"


def _trace_chart(results: Results, language: str) -> Chart:
    first = results["seeds"][0]
    lines = [
        _trace_line(FORMS[run["network"]].name, run["trace"])
        for run in results["runs"]
        if (run["language"], run["seed"]) == (language, first)
    ]
    return Chart("letters read", STATE, (-0.05, 1.05), tuple(lines))


def _trace_line(name: str, trace: Sequence[float]) -> Line:
    low, high = min(trace), max(trace)
    scale, every = high - low or 1.0, max(1, len(trace) // POINTS)
    shown = range(every - 1, len(trace), every)
    x = tuple(float(step + 1) for step in shown)
    return Line(name, x, tuple((trace[step] - low) / scale for step in shown))
