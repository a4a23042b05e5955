"""The answers of the verdict experiment as a person reads them: tables, charts, a page.

Everything here is made of what `results.json` holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glassgate.experiments.content import Chart, Line, Page, Section, Table, UnitPicture
from glassgate.experiments.verdict_gates import NEAR
from glassgate.experiments.verdict_text import PLACES

Results = Mapping[str, Any]

NAMES = {"srn": "SRN", "gru": "GRU"}
MOVED = 0.01  # the least difference of two means that counts as one
ANSWERS = {True: "yes", False: "no", None: ""}
WHERE = {"start": "at the start", "middle": "in the middle", "end": "at the end"}


def statements(results: Results) -> list[dict[str, Any]]:
    """Compare what the seed document says with what was measured.

    `direction` says whether it went the way the document says, a gate by `MOVED` or more; `extent`
    whether a gate came within `NEAR` of the value named there, and in the first whether the
    intervals are apart.
    """
    found: list[dict[str, Any]] = [_start(results)]
    for units, suffix in (("all", ""), ("carrying", "_carrying")):
        reset, kept = f"reset{suffix}", f"kept{suffix}"
        late, before = _gate(results, "end", "verdict"), _gate(results, "end", "plot before")
        early, after = _gate(results, "start", "verdict"), _gate(results, "start", "plot after")
        found += [
            {
                "statement": "over a verdict at the end the reset gate falls towards 0",
                "units": units,
                "measured": {"plot_before": before[reset], "verdict": late[reset]},
                "direction": late[reset] <= before[reset] - MOVED,
                "extent": late[reset] <= NEAR,
            },
            {
                "statement": "after a verdict at the start the kept share rises towards 1",
                "units": units,
                "measured": {"verdict": early[kept], "plot_after": after[kept]},
                "direction": after[kept] >= early[kept] + MOVED,
                "extent": after[kept] >= 1 - NEAR,
            },
            {
                "statement": "the plot after a verdict has more kept than the plot before one",
                "units": units,
                "measured": {"plot_before": before[kept], "plot_after": after[kept]},
                "direction": after[kept] >= before[kept] + MOVED,
                "extent": None,
            },
        ]
    return found


def tables(results: Results) -> tuple[Table, Table, Table]:
    """Return accuracy by place and distance, the gates, and the seed's statements."""
    return _accuracy_table(results), _gate_table(results), _statement_table(results)


def page(results: Results) -> Page:
    """Return the content of the page."""
    plan = results["plan"]
    accuracy, gates, said = tables(results)
    by_distance, kept, reset = charts(results).values()
    lead = (
        f"{plan['train_reviews']:,} reviews of {plan['sentences']} sentences on the plot and one "
        f"verdict, {results['words_in_a_review']:.0f} words on average (a full stop counts as "
        f"one), trained an SRN and a GRU of {plan['training']['hidden_size']} units; "
        f"{plan['test_reviews']:,} others, of sentences that neither has seen, tested them."
    )
    facts = {"command": results["command"], "seed": str(results["seed"]), **results["versions"]}
    return Page(
        "Where does the verdict stand?",
        lead,
        (
            Section("Who remembers the verdict?", HOW_DISTANCE, by_distance),
            Section("Accuracy by place and distance", HOW_ACCURACY, accuracy),
            Section("How much of the past is kept, word by word", HOW_KEPT, kept),
            Section("How much of the past the new content sees", HOW_RESET, reset),
            Section("The gates over the verdict and over the plot", HOW_GATES, gates),
            *(_review(review) for review in results["gates"]["reviews"]),
            Section("What the document says, and what was measured", HOW_SAID, said),
        ),
        facts,
    )


HOW_DISTANCE = (
    "Each point is the share of test reviews whose class is told, by the number of words that "
    "follow the verdict; bars are 95% intervals, and 0.5 is chance."
)
HOW_ACCURACY = (
    "A row is a group of test reviews; a network that reads single words only, not the negation "
    "before them, reaches 67% in every row but the last two."
)
HOW_KEPT = (
    "The share of each unit's state that passes from one word to the next, mean over the GRU's "
    "units and reviews; 0 is the first word of the verdict."
)
HOW_RESET = (
    "The reset gate at each word, mean over the GRU's units and reviews: at 0 the candidate sees "
    "the current word alone, at 1 the whole previous state."
)
HOW_GATES = (
    "Means over words and units; the carrying units are the quarter whose last state says most "
    "of the class."
)
HOW_SAID = (
    f"Direction says whether it went the way the document says, a gate by {MOVED} or more; extent "
    f"whether a gate came within {NEAR} of the value named there, and in the first row whether "
    "the 95% intervals are apart."
)


def charts(results: Results) -> dict[str, Chart]:
    """Return accuracy by distance, and kept share and reset gate around the verdict."""
    words = "words between the verdict and the end"
    lines = tuple(_distance_line(network) for network in results["networks"])
    return {
        "Who remembers the verdict?": Chart(words, "accuracy", (0.0, 1.03), lines),
        "GRU: share of the state that is kept, word by word": _around(
            results, "kept", "kept share"
        ),
        "GRU: reset gate, word by word": _around(results, "reset", "reset gate"),
    }


# The pieces ---------------------------------------------------------------------------------------


def _start(results: Results) -> dict[str, Any]:
    """Say whether the GRU remembers a verdict at the start better than the SRN."""
    rows = {n["name"]: _row(n["by_place"], place="start") for n in results["networks"]}
    return {
        "statement": "the GRU remembers a verdict at the start better than the SRN",
        "units": None,
        "measured": {name: row["accuracy"] for name, row in rows.items()},
        "direction": rows["gru"]["accuracy"] > rows["srn"]["accuracy"],
        "extent": rows["gru"]["low"] > rows["srn"]["high"],
    }


def _row(rows: Sequence[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))


def _gate(results: Results, place: str, part: str) -> dict[str, Any]:
    return _row(results["gates"]["by_place"], place=place, part=part)


def _accuracy_table(results: Results) -> Table:
    networks = results["networks"]
    rows = []
    for group in ("by_place", "by_distance", "by_negation"):
        for together in zip(*(network[group] for network in networks), strict=True):
            shares = (f"{row['accuracy']:.1%}" for row in together)
            rows.append((_group(together[0]), str(together[0]["n"]), *shares))
    columns = ("reviews", "n", *(NAMES[network["name"]] for network in networks))
    return Table(columns, tuple(rows))


def _group(row: Mapping[str, Any]) -> str:
    """Name the reviews that a row of accuracies is about."""
    if "place" in row:
        return f"verdict {WHERE[row['place']]}"
    if "negated" in row:
        return f"verdict {'negated' if row['negated'] else 'plain'}"
    return f"{_span(row)} words before the end"


def _span(row: Mapping[str, Any]) -> str:
    low, high = row["distance_min"], row["distance_max"]
    return str(low) if low == high else f"{low}-{high}"


def _gate_table(results: Results) -> Table:
    columns = ("verdict at", "words of", "n", "kept", "reset", "kept, carrying", "reset, carrying")
    values = ("kept", "reset", "kept_carrying", "reset_carrying")
    rows = [
        (row["place"], row["part"], str(row["n"]), *(f"{row[v]:.3f}" for v in values))
        for row in results["gates"]["by_place"]
    ]
    return Table(columns, tuple(rows))


def _statement_table(results: Results) -> Table:
    rows = []
    for said in results["statements"]:
        numbers = (f"{name.replace('_', ' ')} {v:.3f}" for name, v in said["measured"].items())
        of = f" ({said['units']} units)" if said["units"] else ""
        marks = (ANSWERS[said[mark]] for mark in ("direction", "extent"))
        rows.append((said["statement"] + of, ", ".join(numbers), *marks))
    return Table(("statement", "measured", "direction", "extent"), tuple(rows))


def _review(review: Mapping[str, Any]) -> Section:
    """Show the gates over one review, and say what they did from part to part of it."""
    told = "; ".join(
        f"{gate}: "
        + ", ".join(
            f"{row[gate]:.3f} over the {row['part']} ({row[f'{gate}_carrying']:.3f})"
            for row in review["by_part"]
        )
        for gate in ("reset", "kept")
    )
    return Section(
        f"One review, its verdict {WHERE[review['place']]}",
        f"Every word of the first such review of the test. Means over it, those of the carrying "
        f"units in brackets: {told}.",
        UnitPicture(
            review["words"],
            {"reset": review["reset"], "kept": review["kept"]},
            review["order"],
            "units, those that carry the class on top",
            (review["begin"], review["end"], "verdict"),
        ),
    )


def _distance_line(network: Mapping[str, Any]) -> Line:
    rows = network["by_distance"]
    middles = tuple((row["distance_min"] + row["distance_max"]) / 2 for row in rows)
    accuracy, low, high = (tuple(row[v] for row in rows) for v in ("accuracy", "low", "high"))
    return Line(NAMES[network["name"]], middles, accuracy, low, high)


def _around(results: Results, gate: str, title: str) -> Chart:
    rows = results["gates"]["around"]
    lines = []
    for place in PLACES:
        own = [row for row in rows if row["place"] == place]
        x = tuple(float(row["offset"]) for row in own)
        lines.append(Line(f"verdict {WHERE[place]}", x, tuple(row[gate] for row in own)))
    band = (-0.5, results["words_in_a_verdict"] - 0.5, "verdict (mean length)")
    return Chart("words from the first of the verdict", title, (0, 1), tuple(lines), band)
