"""The results of the verdict experiment for readers: tables, charts, a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from glassgate.analysis.intervals import difference_cells, join_names
from glassgate.experiments.verdict.answers import NAMES, answers, judgement
from glassgate.experiments.verdict.results import DocumentReview, NamedAccuracies, Results
from glassgate.experiments.verdict.reviews import PLACES
from glassgate.experiments.verdict.summary import EXTENT_TOLERANCE
from glassgate.inside.saturation import HIGH, LOW
from glassgate.pages.content import Chart, Line, Page, Section, Table, UnitPicture

Gate = Literal["kept", "reset", "kept_carrying", "reset_carrying", "kept_high", "reset_low"]
Group = Literal["by_place", "by_distance", "by_negation"]
WHERE = {"start": "at the start", "middle": "in the middle", "end": "at the end"}


def tables(results: Results) -> tuple[Table, ...]:
    """Return accuracy, the document's claims, the gates, and what holding them costs."""
    return (
        _accuracy_table(results),
        _claim_table(results),
        _gate_table(results),
        _held_table(results),
    )


def page(results: Results) -> Page:
    """Return the content of the page."""
    accuracy, claims, gates, held = tables(results)
    by_distance, kept, reset = charts(results).values()
    remembers, *_ = answers(results)
    how_distance = f"{remembers}\n\n{HOW_DISTANCE}"
    how_accuracy = HOW_ACCURACY if results["files"] else f"{HOW_ACCURACY} {HOW_MADE_UP}"
    return Page(
        "Where does the verdict stand?",
        _lead(results),
        (
            Section(
                "Which network remembers the verdict?",
                how_distance,
                by_distance,
            ),
            Section("Accuracy by place and distance", how_accuracy, accuracy),
            Section("Do the gates do what the document says?", _paragraphs(results), claims),
            Section("The gates over the verdict and over the plot", HOW_GATES, gates),
            Section("How much of the past is kept, word by word", HOW_KEPT, kept),
            Section("How much of the past the candidate sees", HOW_RESET, reset),
            Section("What does the memory need?", HOW_HELD, held),
            *(_review(review) for review in results["reviews"]),
        ),
        results["files"],
    )


HOW_DISTANCE = (
    "Each point is the share of test reviews that are classified correctly, by the number of words "
    "after the verdict, pooled over seeds; chance is 0.5. Bars are 95% intervals of a share "
    "(Wilson); they ignore that the answers of one network resemble each other."
)
HOW_ACCURACY = (
    "Each row is a group of test reviews, pooled over seeds. The held-out accuracy shown during "
    "training can be higher: those reviews choose the epoch, and are composed of the same "
    "sentences as the training reviews."
)
HOW_MADE_UP = (
    "One verdict in three is negated: a network that reads single words only, and not the "
    "negation before them, reaches 67% in every row but the last two."
)
HOW_KEPT = (
    "The share of a unit's state that passes from one word to the next, averaged over the GRU's "
    "units, reviews and seeds; 0 is the first word of the verdict."
)
HOW_RESET = (
    "The reset gate at each word, averaged over the GRU's units, reviews and seeds: at 0 the "
    "candidate sees the current word alone, at 1 the whole previous state as well."
)
HOW_GATES = (
    "Means over words and units, then over seeds. The carrying units are the quarter whose last "
    "state correlates most strongly with the class. The last two columns are shares of time: kept "
    f"above {HIGH}, reset below {LOW}. Intervals over seeds are in results.json."
)
HOW_CLAIMS = (
    "“First” and “then” are means over seeds: of the accuracy that the SRN loses and that the GRU "
    "loses, or of the gate over the first part of the review that the claim names and over the "
    "second. A claim is confirmed (yes) where the 95% interval of "
    "the difference (Student's t) excludes 0 on the side that is claimed, refuted (no) where it "
    "excludes 0 on the other side, and undecided where it contains 0. Each interval is for one "
    "claim alone, not for all together. A gate moves by enough if its mean comes within "
    f"{EXTENT_TOLERANCE} of the value that the claim names. The claim on memory is also undecided "
    "if a network is not shown to classify better than chance even with the verdict at the end."
)
HOW_HELD = (
    "The GRU reads a verdict at the start as usual; then gates of all its units are held while it "
    "reads the rest. With kept at 1 the state stays unchanged, and nothing that follows has any "
    "effect; with kept at 0 each state is the candidate, which sees the previous state through "
    "the reset gate alone; with reset at 0 the past survives only in what is kept. The cost is "
    "the loss of accuracy, mean over seeds with its 95% interval (Student's t)."
)


def charts(results: Results) -> dict[str, Chart]:
    """Return accuracy by distance, and kept share and reset gate around the verdict."""
    words = "words after the verdict"
    lines = tuple(_distance_line(network) for network in results["networks"])
    return {
        "Which network remembers the verdict?": Chart(words, "accuracy", (0.0, 1.03), lines),
        "GRU: kept share, word by word": _around(results, "kept", "kept share"),
        "GRU: reset gate, word by word": _around(results, "reset", "reset gate"),
    }


# The pieces ---------------------------------------------------------------------------------------


def _lead(results: Results) -> str:
    plan, files = results["plan"], results["files"]
    source = (
        f"real sentences ({files['plot']}, {files['verdicts']})" if files else "made-up sentences"
    )
    return (
        f"With each of {len(results['seeds'])} seeds, an SRN and a GRU of "
        f"{plan['training']['hidden_size']} units were trained on {plan['train_reviews']:,} "
        f"reviews and tested on {plan['test_reviews']:,} others, of sentences that neither "
        f"network had seen. A review has {plan['sentences']} sentences on the plot and one "
        f"verdict, {results['words_in_a_review']:.0f} words on average (punctuation included). "
        f"The reviews are composed of {source}."
    )


def _paragraphs(results: Results) -> str:
    return "\n\n".join([QUOTED, *answers(results)[1:], HOW_CLAIMS])


QUOTED = (
    "The document says of a verdict at the end that the network “will learn to assign r_t vector "
    "close to 0, washing out the past”, and of one at the start that it “can learn to set the "
    "vector z_t close to 1 and keep a majority of the previous information”."
)


def _accuracy_table(results: Results) -> Table:
    networks = results["networks"]
    rows = []
    keys: tuple[Group, ...] = ("by_place", "by_distance", "by_negation")
    for key in keys:
        groups = list(zip(*(network[key] for network in networks), strict=True))
        for both in groups if len(groups) > 1 else ():
            shares = (f"{row['accuracy']:.1%}" for row in both)
            rows.append((_group(both[0]), str(both[0]["n"]), *shares))
    columns = ("reviews", "n", *(NAMES[network["name"]] for network in networks))
    return Table(columns, tuple(rows))


def _group(row: Mapping[str, Any]) -> str:
    """Name the reviews that a row of accuracies is about."""
    if "place" in row:
        return f"verdict {WHERE[row['place']]}"
    if "negated" in row:
        return f"verdict {'negated' if row['negated'] else 'plain'}"
    return f"verdict {_span(row)} words before the end"


def _span(row: Mapping[str, Any]) -> str:
    low, high = row["distance_min"], row["distance_max"]
    return str(low) if low == high else f"{low}-{high}"


def _gate_table(results: Results) -> Table:
    names: dict[Gate, str] = {
        "kept": "kept",
        "reset": "reset",
        "kept_carrying": "kept, carrying",
        "reset_carrying": "reset, carrying",
        "kept_high": f"kept > {HIGH}",
        "reset_low": f"reset < {LOW}",
    }
    rows = [
        (row["place"], row["part"], *(f"{row[name]['mean']:.3f}" for name in names))
        for row in results["gates"]
    ]
    return Table(("verdict at", "part", *names.values()), tuple(rows))


def _claim_table(results: Results) -> Table:
    rows = []
    for claim in results["statements"]:
        measured = (f"{value:.3f}" for value in claim["measured"].values())
        change = difference_cells(claim["difference"], ".3f")[:2]
        enough = {None: "", True: "yes", False: "no"}[claim["extent"]]
        units = claim["units"] or ""
        rows.append((claim["statement"], units, *measured, *change, judgement(claim), enough))
    columns = ("claim", "units", "first", "then", "difference", "95% interval")
    return Table((*columns, "confirmed", "by enough"), tuple(rows))


def _held_table(results: Results) -> Table:
    rows = []
    for row in results["held"]:
        share = f"{row['accuracy']:.1%}"
        cost = ("", "", "") if row["held"] == "nothing" else difference_cells(row["cost"], ".3f")
        rows.append((row["held"], str(row["n"]), share, *cost))
    columns = ("held over the plot", "n", "classified correctly", "cost", "95% interval", "verdict")
    return Table(columns, tuple(rows))


def _review(review: DocumentReview) -> Section:
    """Show the gates over the document's review, and say what they did from part to part of it."""
    reset = ", ".join(
        f"{row['reset']:.3f} over the {row['part']} ({row['reset_carrying']:.3f})"
        for row in review["by_part"]
    )
    kept = ", ".join(
        f"{row['kept']:.3f} over the {row['part']} ({row['kept_carrying']:.3f})"
        for row in review["by_part"]
    )
    unknown = f" It does not know {join_names(review['unknown'])}." if review["unknown"] else ""
    return Section(
        f"The document's review, its verdict {WHERE[review['place']]}",
        "“This is a fantasy book which illustrates …” and “I didn't quite enjoy the book because I "
        "think it captures too many details” are the document's own words; the text in between "
        f"is plot. The GRU of the first seed classifies it as negative with probability "
        f"{review['probability']:.3f}.{unknown} Means over its parts, with those of the carrying "
        f"units in parentheses: reset: {reset}; kept: {kept}.",
        UnitPicture(
            review["words"],
            {"reset": review["reset"], "kept": review["kept"]},
            review["order"],
            "units, by correlation with the class",
            (review["begin"], review["end"], "verdict"),
        ),
    )


def _distance_line(network: NamedAccuracies) -> Line:
    rows = network["by_distance"]
    middles = tuple((row["distance_min"] + row["distance_max"]) / 2 for row in rows)
    return Line(
        NAMES[network["name"]],
        middles,
        tuple(row["accuracy"] for row in rows),
        tuple(row["low"] for row in rows),
        tuple(row["high"] for row in rows),
    )


def _around(results: Results, gate: Literal["kept", "reset"], title: str) -> Chart:
    rows = results["around"]
    lines = []
    for place in PLACES:
        own = [row for row in rows if row["place"] == place]
        x = tuple(float(row["offset"]) for row in own)
        lines.append(Line(f"verdict {WHERE[place]}", x, tuple(row[gate] for row in own)))
    band = (-0.5, results["words_in_a_verdict"] - 0.5, "verdict (mean length)")
    return Chart("words from the start of the verdict", title, (0, 1), tuple(lines), band)
