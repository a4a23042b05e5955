"""The results of the spans experiment for readers: tables, charts, a page."""

from __future__ import annotations

from collections.abc import Sequence

from glassgate.analysis.agreement import Accuracy, distance_name
from glassgate.analysis.intervals import difference_cells
from glassgate.experiments.claim_table import HOW_JUDGED, claim_table
from glassgate.experiments.distances import distance_chart, distance_line
from glassgate.experiments.spans.answers import HELD_ALONE, answers
from glassgate.experiments.spans.holds import GROUPS, ORDERS, WAYS, Way
from glassgate.experiments.spans.results import Results
from glassgate.experiments.spans.summary import (
    HELD,
    LONGEST_DISTANCE,
    SHORT_DISTANCE,
    accuracy_by_count,
    cost_by_rank,
    distance_at,
    group_means,
    intact_divergences,
    most_costly,
    pool_group,
    pool_intact,
)
from glassgate.pages.content import Chart, Line, Page, Section, Table

SHORT = {"forgets": "forget", "silent": "are silent"}
NAMED_UNITS = 2  # of each network, in the table of those that matter most


def tables(results: Results) -> tuple[Table, Table, Table]:
    """Return what each group costs, how the groups compare, and the claims."""
    return _group_table(results), _comparison_table(results), claim_table(results["claims"])


def charts(results: Results) -> dict[str, Chart]:
    """Return accuracy by distance for each group, by number of units held, and cost by span."""
    far = distance_at(results["runs"], LONGEST_DISTANCE)
    return {
        **{f"A fifth of the units {HELD[way]}": _distance_chart(results, way) for way in WAYS},
        **{f"Over {far}: more units {SHORT[way]}": _order_chart(results, way) for way in WAYS},
        f"Over {far}: single units": _rank_chart(results),
    }


def page(results: Results) -> Page:
    """Return the content of the page."""
    plan, seeds = results["plan"], results["seeds"]
    units = plan["training"]["hidden_size"]
    groups, comparisons, claims = tables(results)
    found = "\n\n".join([*answers(results), HOW_DISTANCE])
    titled = list(charts(results).items())
    lead = (
        "Some units “will become sensitive to long distance dependencies”, others “to short "
        f"distance dependencies”, says the document that this project grew from. GRUs of {units} "
        f"units were trained on {plan['train']:,} sentences of one grammar for "
        f"{plan['training']['epochs']} epochs, with {len(seeds)} seeds. Then units were held, "
        "chosen by memory span, to see what breaks."
    )
    return Page(
        "Do long-distance units exist?",
        lead,
        (
            Section("What was found", found, dict(titled[:2])),
            Section("Is it as the document says?", HOW_JUDGED, claims),
            Section("Accuracy as more and more units are held", HOW_ORDERS, dict(titled[2:4])),
            Section("The cost of holding one unit", HOW_RANK, dict(titled[4:])),
            Section("How the costs compare", HOW_COMPARED, comparisons),
            Section("The cost of holding each group", HOW_GROUPS, groups),
            Section("Which units matter most", HOW_TOP, _costly_table(results)),
        ),
        {},
    )


HOW_COMPARED = (
    "The table compares two costs, as means over seeds, with the 95% interval of their difference "
    "(Student's t). Each interval is for one comparison alone, not for all together; where it "
    "contains 0, the comparison is undecided. A cost is a loss of accuracy, unless the row names "
    "another measure."
)
HOW_GROUPS = (
    "A unit's memory span is -1 / ln(mean kept share) words, measured over training sentences. A "
    "unit that forgets has its kept share held at 0, so that its state is the candidate alone. A "
    "silent unit has its state held at its mean, so that it carries no information. A unit with a "
    "short span keeps little anyway, so forgetting costs it little, whereas silence takes "
    "everything from any unit. The columns are the mean span; forced-choice accuracy by distance, "
    "pooled over seeds; and the KL divergence from the grammar's exact distribution of the next "
    "word, in bits per word, over all positions and right after one particular word."
)
HOW_DISTANCE = (
    "“The boy who the dogs chased … hurt”: his, or her? Without memory, accuracy is 0.5. "
    "Random groups have as many units as the others. Bars are 95% intervals of a share "
    "(Wilson) over the choices of all seeds; they ignore that the choices of one network resemble "
    "each other."
)
HOW_ORDERS = "From no unit to all units, in order of span; bars as above."
HOW_RANK = (
    "The cost of holding a single unit at the longest distance, by the rank of its span in its "
    "network, the longest first; means over seeds."
)
HOW_TOP = (
    f"For each network, the {NAMED_UNITS} units whose holding alone costs the most at the longest "
    "distance."
)


# The pieces ---------------------------------------------------------------------------------------


def _group_table(results: Results) -> Table:
    runs, whole = results["runs"], pool_intact(results["runs"])
    names = (distance_name(row["distance_min"], row["distance_max"]) for row in whole)
    columns = ("fifth", "units", "span", *names, "KL", f"KL after “{results['word']}”")
    divergences = [f"{bits:.4f}" for bits in intact_divergences(runs)]
    rows = [("none", "", "", *_shares(whole), *divergences)]
    for way in WAYS:
        for name in GROUPS:
            group = group_means(runs, way, name)
            divergences = [f"{bits:.4f}" for bits in (group.kl_bits, group.kl_after_word)]
            numbers = (f"{group.span:.1f}", *_shares(group.by_distance), *divergences)
            rows.append((name, SHORT[way], *numbers))
    return Table(columns, rows)


def _shares(rows: Sequence[Accuracy]) -> list[str]:
    return [f"{row['accuracy']:.3f}" for row in rows]


def _comparison_table(results: Results) -> Table:
    far, near = (
        distance_at(results["runs"], place) for place in (LONGEST_DISTANCE, SHORT_DISTANCE)
    )
    names = {
        "far: longest, random": f"{far}: longest vs. random",
        "far: longest, shortest": f"{far}: longest vs. shortest",
        "longest: far, near": f"longest: {far} vs. {near}",
        "after the word: shortest, longest": f"KL after “{results['word']}”: shortest vs. longest",
        "alone: correlation with span, none": "single units: rank correlation with span vs. 0",
    }
    rows = [
        (
            names[statement["compared"]],
            SHORT[statement["way"]],
            f"{statement['first']:.3f}",
            f"{statement['other']:.3f}",
            *difference_cells(statement, ".3f"),
        )
        for statement in results["statements"]
    ]
    costs = ("cost of a fifth", "units", "first", "other")
    return Table((*costs, "difference", "95% interval", "verdict"), rows)


def _costly_table(results: Results) -> Table:
    rows = [
        (
            str(run["seed"]),
            HELD_ALONE[way],
            str(costly.unit),
            f"{costly.span:.1f}",
            f"{costly.rank} of {len(run['span'])}",
            f"{costly.cost:.3f}",
        )
        for run in results["runs"]
        for way in WAYS
        for costly in most_costly(run, way, NAMED_UNITS)
    ]
    return Table(("seed", "held", "unit", "span (words)", "rank by span", "cost"), rows)


def _distance_chart(results: Results, way: Way) -> Chart:
    """Draw accuracy by distance, of the whole network and with each group held."""
    runs = results["runs"]
    groups = [distance_line(f"{name} fifth", pool_group(runs, way, name)) for name in GROUPS]
    return distance_chart([distance_line("GRU", pool_intact(runs)), *groups])


def _order_chart(results: Results, way: Way) -> Chart:
    """Draw accuracy at the longest distance by number of units held."""
    lines = []
    for order in ORDERS:
        by_count = accuracy_by_count(results["runs"], way, order)
        rows = by_count.values()
        lines.append(
            Line(
                order,
                tuple(map(float, by_count)),
                tuple(row["accuracy"] for row in rows),
                tuple(row["low"] for row in rows),
                tuple(row["high"] for row in rows),
            )
        )
    return Chart(f"units that {HELD[way]}", "accuracy", (0.45, 1.03), tuple(lines))


def _rank_chart(results: Results) -> Chart:
    """Draw what each unit costs alone, by the rank of its span, mean over seeds."""
    lines = []
    for way in WAYS:
        costs = tuple(cost_by_rank(results["runs"], way))
        ranks = tuple(float(rank) for rank in range(1, len(costs) + 1))
        lines.append(Line(f"one unit that {HELD_ALONE[way]}", ranks, costs))
    drawn = [cost for line in lines for cost in line.y]
    y_range = (min(-0.01, 1.1 * min(drawn)), max(0.05, 1.1 * max(drawn)))
    return Chart("rank by span, longest first", "cost in accuracy", y_range, tuple(lines))
