"""The results of the verdict experiment for readers: tables, charts, a page."""

from __future__ import annotations

from statistics import mean
from typing import Literal

from glassgate.analysis.intervals import join_names, share_estimate
from glassgate.experiments.verdict.answers import (
    answers,
    control,
    example,
    grus,
    main_condition,
)
from glassgate.experiments.verdict.judgements import LEARNED, is_learned
from glassgate.experiments.verdict.results import ConditionResults, Results, Shown
from glassgate.experiments.verdict.reviews import Place
from glassgate.experiments.verdict.summary import all_gates
from glassgate.experiments.verdict.tables import (
    accuracy_tables,
    carrier_tables,
    claim_tables,
    intervention_tables,
    opening_tables,
)
from glassgate.experiments.verdict.wording import WHERE, heading, kind_name
from glassgate.pages.content import Chart, Line, Page, Section, Table, UnitPicture

TITLE = "Where does the verdict stand?"
LAYOUTS: tuple[Literal["last", "first"], ...] = ("last", "first")


def tables(results: Results) -> list[Table]:
    """Return the claims of the document, and the accuracy of all networks."""
    return [*opening_tables(results), *accuracy_tables(results)]


def charts(results: Results) -> dict[str, Chart]:
    """Return the carriers' gates around the verdict, last and first, and the first's control."""
    return {**_gate_charts(results, "last"), **_gate_charts(results, "first")}


def page(results: Results) -> Page:
    """Return the content of the page."""
    sections = (
        Section("What is true of it, and where", HOW_OPENED, opening_tables(results)),
        *_about(results, "last", "Verdict last: is the past washed out?"),
        *_about(results, "first", "Verdict first: is it kept?"),
        Section("Who learns what", HOW_ACCURACY, accuracy_tables(results)),
        Section("What the answers depend on", HOW_TESTED, intervention_tables(results)),
        Section("The units that carry the class", HOW_CARRIED, carrier_tables(results)),
        Section("All claims, in every condition", HOW_ALL, claim_tables(results)),
    )
    return Page(TITLE, _lead(results), sections, results["files"])


def _about(results: Results, layout: Literal["last", "first"], question: str) -> list[Section]:
    """Show the network that learned a layout, and the document's own review where there is one."""
    chosen = (main_condition(results, layout), example(results, layout))
    shown = {c["id"]: c for c in chosen if c is not None}
    pictures = [_picture(condition) for condition in shown.values()]
    answer = Section(question, answers(results, layout), _gate_charts(results, layout))
    return [*pictures[:1], answer, *pictures[1:]]


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
    "Each column is a condition, and each cell has whether its 95% interval over seeds (Student's "
    "t; that of a share ends at 0 and 1) confirms the claim (yes), refutes it (no) or leaves it "
    "undecided, with what was measured. The gates are those of the units that carry the class; "
    "what the answers depend on was found by changing states and holding gates. A fall is judged "
    "twice, from the mean over the plot and from the word before the verdict: what has fallen "
    "before the verdict is no answer to it. That word ends a sentence, and gates may move there "
    "for that alone."
)
HOW_ALL = (
    "A table for each condition; results.json has the claims in full. Each interval is for one "
    f"claim alone, not for all together. Where fewer than {LEARNED:.0%} of reviews are classified "
    "correctly, or that is undecided, there is no policy to look for, and nothing else is judged."
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
    points = [share_estimate([float(rows[offset][key]) for rows in by_seed]) for offset in offsets]  # type: ignore[literal-required]
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
    whose = "One review" if condition["kind"] == "word" else "The document's review"
    return Section(
        f"{whose}, word by word: verdict {WHERE[shown['place']]}, {kind_name(condition)}",
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
        f"{quoted if own else ''}The network, of the first seed: {heading(condition)}. It gives "
        f"the review's class a probability of {shown['probability']:.3f}.{unknown}"
    )
