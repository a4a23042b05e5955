"""The results of the verdict experiment for readers: tables, charts, a page."""

from __future__ import annotations

from statistics import mean
from typing import Literal

from glassgate.analysis.intervals import estimate, join_names
from glassgate.experiments.claim_table import HOW_JUDGED, claim_table
from glassgate.experiments.verdict.answers import (
    answers,
    control,
    example,
    grus,
    main_condition,
)
from glassgate.experiments.verdict.results import ConditionResults, Results, Shown
from glassgate.experiments.verdict.reviews import Place
from glassgate.experiments.verdict.summary import (
    LEARNED,
    all_gates,
    is_learned,
)
from glassgate.experiments.verdict.tables import (
    WHERE,
    accuracy_table,
    all_claims_table,
    carrier_table,
    intervention_table,
    opening_table,
)
from glassgate.pages.content import Chart, Line, Page, Section, Table, UnitPicture

TITLE = "Where does the verdict stand?"
LAYOUTS: tuple[Literal["last", "first"], ...] = ("last", "first")


def tables(results: Results) -> list[Table]:
    """Return the claims of the main conditions, and the accuracy of all."""
    main = [main_condition(results, layout) or grus(results, layout)[0] for layout in LAYOUTS]
    names = [condition["id"] for condition in main] + ["contrast"]
    claims = [claim for claim in results["claims"] if claim["id"].split(":")[0] in names]
    return [claim_table(claims), accuracy_table(results)]


def charts(results: Results) -> dict[str, Chart]:
    """Return the carriers' gates around the verdict, last and first, and the first's control."""
    return {**_gate_charts(results, "last"), **_gate_charts(results, "first")}


def page(results: Results) -> Page:
    """Return the content of the page."""
    claims, accuracy = tables(results)
    last, first = answers(results, "last"), answers(results, "first")
    shown = [(layout, example(results, layout)) for layout in LAYOUTS]
    pictures = {
        layout: [_picture(condition)] for layout, condition in shown if condition is not None
    }
    sections = (
        Section("What is true of it, and where", HOW_OPENED, opening_table(results)),
        *pictures.get("last", []),
        Section("Verdict last: is the past washed out?", last, _gate_charts(results, "last")),
        *pictures.get("first", []),
        Section("Verdict first: is it kept?", first, _gate_charts(results, "first")),
        Section("The document's claims, each with its interval", HOW_JUDGED, claims),
        Section("Who learns what", HOW_ACCURACY, accuracy),
        Section("What the answers depend on", HOW_TESTED, intervention_table(results)),
        Section("The units that carry the class", HOW_CARRIED, carrier_table(results)),
        Section("All claims, in every condition", HOW_ALL, all_claims_table(results)),
    )
    return Page(TITLE, _lead(results), sections, results["files"])


# Texts --------------------------------------------------------------------------------------------


def _lead(results: Results) -> str:
    plan, files = results["plan"], results["files"]
    source = (
        f"real sentences ({files['plot']}, {files['verdicts']})" if files else "made-up sentences"
    )
    return (
        f"{SAYS} One network cannot show both, so networks were trained apart, on reviews of one "
        f"kind each, with {len(results['seeds'])} seeds: {len(results['conditions'])} kinds of "
        f"network and review, {plan['train_reviews']:,} reviews to learn from, of {source}."
    )


SAYS = (
    "A book review is long, and one sentence of it says what its writer thinks. The document says "
    "of a GRU that reads it: if the verdict stands last, “it will learn to assign r_t vector close "
    "to 0, washing out the past”; if it stands first, it “can learn to set the vector z_t close to "
    "1 and keep a majority of the previous information”."
)


HOW_OPENED = (
    "Each claim is judged by its 95% interval over seeds: confirmed (yes), refuted (no) or "
    "undecided. The gates are those of the units that carry the class, and what is needed was "
    "found by changing states and holding gates. The words in full stand below."
)
HOW_ALL = (
    f"Where fewer than {LEARNED:.0%} of reviews are classified correctly, or that is undecided, "
    "there is no policy to look for, and nothing else is judged."
)
HOW_ACCURACY = (
    "The share of test reviews that are classified correctly, mean over seeds with its 95% "
    "interval; chance is 50%. Chrono's initial weights keep (Tallec & Ollivier 2018): their time "
    "constants reach over a whole review. Where half of the verdicts are negated, no single word "
    "tells the class."
)
HOW_TESTED = (
    "A gate that reads high or low proves little; these tests change something and look at the "
    "answers, on test reviews, mean over seeds. A state is zeroed, or swapped for that of another "
    "review of the other class; a gate is held over some words, at 0 or 1 or at the mean that each "
    "unit has over the plot. “Unchanged” is the share of answers that stay as they were: near 100% "
    "they do not depend on what was changed, near 0% they follow it. “Shift” is how far the margin "
    "between the classes moves, as a share of its mean size: it shows what comes through even "
    "where answers stay. Where a state is swapped and a gate held over the verdict, both compare "
    "with the gate held alone."
)
HOW_CARRIED = (
    "Carriers are the quarter of units whose last state correlates most strongly with the class, "
    "chosen on validation reviews. The accuracies are those of a threshold on the last state of "
    "the best unit alone and of the carriers as a group, on test reviews. The gates are the "
    "carriers' means over the words of a part of the reviews, and at the first word of the "
    "verdict. Each unit's own numbers are in results.json."
)


# Figures ------------------------------------------------------------------------------------------


GROUPS = (("_carriers", "carriers"), ("_best", "best unit"), ("", "all units"))


def _gate_charts(results: Results, place: Literal["first", "last"]) -> dict[str, Chart]:
    """Return kept share and reset gate around the verdict, by all units, carriers and the best."""
    condition = main_condition(results, place) or grus(results, place)[0]
    unlearned = "" if is_learned(condition) else " (not learned)"
    charts = {}
    for gate, title in (("kept", "kept share"), ("reset", "reset gate")):
        lines = [_line(condition, place, f"{gate}{suffix}", name) for suffix, name in GROUPS]
        other = control(results) if place == "first" else None
        if other:
            lines.append(_line(other, "last", f"{gate}_carriers", "carriers, last verdict counts"))
        length = mean(run["words_in_a_verdict"] for run in condition["runs"])
        band = (-0.5, length - 0.5, "verdict")
        y_range = (0.0, 1.03)
        words = "words from the start of the verdict"
        charts[f"Verdict {place}: {title}{unlearned}"] = Chart(
            words, title, y_range, tuple(lines), band
        )
    return charts


def _line(condition: ConditionResults, place: Place, key: str, name: str) -> Line:
    """Return the mean of a gate over seeds at each word that all seeds have, with its interval."""
    by_seed = [
        {row["offset"]: row for row in gates["positions"] if row["place"] == place}
        for gates in all_gates(condition)
    ]
    offsets = [offset for offset in by_seed[0] if all(offset in rows for rows in by_seed)]
    points = [estimate([float(rows[offset][key]) for rows in by_seed]) for offset in offsets]  # type: ignore[literal-required]
    return Line(
        name,
        tuple(map(float, offsets)),
        tuple(point["mean"] for point in points),
        tuple(point["low"] for point in points),
        tuple(point["high"] for point in points),
    )


def _picture(condition: ConditionResults) -> Section:
    """Show one review word by word."""
    shown = condition["runs"][0]["shown"]
    assert shown is not None
    return Section(
        f"One review, word by word: verdict {WHERE[shown['place']]}",
        _caption(condition, shown),
        UnitPicture(
            shown["words"],
            {"kept": shown["kept"], "reset": shown["reset"]},
            shown["order"],
            "units, carriers of the class on top",
            (shown["begin"], shown["end"], "verdict"),
        ),
    )


def _caption(condition: ConditionResults, shown: Shown) -> str:
    unknown = f" It does not know {join_names(shown['unknown'])}." if shown["unknown"] else ""
    own = condition["kind"] != "word"
    quoted = (
        "“This is a fantasy book which illustrates …” and “I didn't quite enjoy the book because I "
        "think it captures too many details” are the document's own words; the rest is plot. "
    )
    return (
        f"{quoted if own else ''}The network is the {condition['unit']}, of the first seed, "
        f"trained on reviews with their {condition['reviews']}. It gives the review's class a "
        f"probability of {shown['probability']:.3f}.{unknown}"
    )
