"""The answers of the spans experiment as a person reads them: sentences, tables, charts.

Everything here is made of what `results.json` holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean
from typing import Any

import numpy as np

from glassgate.analysis.agreement import (
    Accuracy,
    distance_chart,
    distance_line,
    distance_name,
    pooled,
)
from glassgate.analysis.intervals import APART, listed, signed, t_interval
from glassgate.experiments.spans.holds import GROUPS, ORDERS, WAYS, Way, group_size
from glassgate.experiments.spans.summary import (
    FAR,
    NEAR,
    by_distance,
    costs,
    costs_alone,
    intact,
    of_group,
    rank_correlations,
    rises,
)
from glassgate.pages.content import Chart, Line, Page, Section, Table

Results = Mapping[str, Any]

HELD = {"forgets": "forget at every word", "silent": "are silent"}
SHORT = {"forgets": "forget", "silent": "are silent"}
HELD_ALONE = {"forgets": "forgets at every word", "silent": "is silent"}
HOLDING = {"forgets": "forgetting", "silent": "silence"}
FIFTHS = {name: f"{name} fifth" for name in GROUPS}
DIVERGENCES = ("kl_bits", "kl_after_word")
TOP = 2  # units named of each network


def answers(results: Results) -> list[str]:
    """Say in sentences what was found, from the numbers."""
    return [said for way in WAYS for said in (_far(results, way), _near(results, way))] + [
        _after_word(results, "silent"),
        *(_alone(results, way) for way in WAYS),
    ]


def tables(results: Results) -> tuple[Table, Table]:
    """Return what each group costs, and how the groups compare."""
    return _group_table(results), _compared_table(results)


def charts(results: Results) -> dict[str, Chart]:
    """Return accuracy by distance for each group, by number of units held, and cost by span."""
    far, found = _name(results, FAR), {}
    for way in WAYS:
        lines = [distance_line("GRU", intact(results))]
        lines += [distance_line(FIFTHS[n], by_distance(results, way, n)) for n in GROUPS]
        found[f"A fifth of the units {HELD[way]}"] = distance_chart(lines)
    for way in WAYS:
        found[f"Over {far}: more units {SHORT[way]}"] = _order_chart(results, way)
    return found | {f"Over {far}: one unit alone": _rank_chart(results)}


def page(results: Results) -> Page:
    """Return the content of the page."""
    plan, seeds = results["plan"], results["seeds"]
    units = plan["training"]["hidden_size"]
    by_group, compared = tables(results)
    drawn = list(charts(results).items())
    lead = (
        "Some units “will become sensitive to long distance dependencies”, others “to short "
        "distance dependencies”, says the document that this project grew from. GRUs of "
        f"{units} units learned {plan['train']:,} sentences of one grammar in "
        f"{plan['training']['epochs']} epochs, with {len(seeds)} seeds. Then units were held, by "
        "their memory span, to see what breaks."
    )
    facts = {"command": results["command"], "seeds": listed(map(str, seeds))}
    return Page(
        "Do long-distance units exist?",
        lead,
        (
            Section("What was found", "\n\n".join([*answers(results), HOW_COMPARED]), compared),
            Section("What each group costs", HOW_GROUPS, by_group),
            Section("Accuracy by distance, a fifth held", HOW_DISTANCE, dict(drawn[:2])),
            Section("Accuracy as more and more units are held", HOW_ORDERS, dict(drawn[2:4])),
            Section("What one unit costs", HOW_RANK, dict(drawn[4:])),
            Section("Which units matter most", HOW_TOP, _top_table(results)),
        ),
        facts | results["versions"],
    )


HOW_COMPARED = (
    "The table compares costs, mean over seeds, with the 95% interval of their difference "
    "(Student's t), each interval for itself; where one holds 0, the two are not told apart. "
    "Without a word on what, a cost is the accuracy that is lost."
)
HOW_GROUPS = (
    "A unit's memory span is -1 / ln(mean kept share) words, over sentences that it was trained "
    "on. A unit that forgets has its kept share held at 0, so that its state is what the current "
    "word alone proposes; a silent one has its state held at its mean, and says nothing. A unit of "
    "a short span keeps little anyway, so that forgetting takes little from it; silence takes all "
    "from every unit. Columns: "
    "mean span; shares of forced choices won by distance, all seeds together; KL divergence from "
    "the grammar's exact distribution of the next word, in bits, over all places and after one "
    "word alone."
)
HOW_DISTANCE = (
    "“The boy who the dogs chased … hurt”: his, or her? Without memory one half of the choices is "
    "won. Random groups are as large as the others. Bars are 95% intervals of a share (Wilson) "
    "over the choices of all seeds; they do not know that the choices of one network resemble "
    "each other."
)
HOW_ORDERS = "From none to all units, in order of their span; bars as above."
HOW_RANK = (
    "What holding a single unit costs at the longest distance, by the place of its span among "
    "its network's, the longest first; mean over seeds."
)
HOW_TOP = f"The {TOP} units of each network whose holding alone costs most at the longest distance."


# Sentences ----------------------------------------------------------------------------------------


def _far(results: Results, way: Way) -> str:
    units, name = group_size(results["plan"]["training"]["hidden_size"]), _name(results, FAR)
    shares = {group: by_distance(results, way, group)[FAR]["accuracy"] for group in GROUPS}
    random, shortest = (
        _verdict(results, way, f"far: longest, {n}") for n in ("random", "shortest")
    )
    stands = random == shortest == "more"
    return (
        f"When the {units} units of the longest span {HELD[way]}, {shares['longest']:.3f} of the "
        f"choices over {name} are won, where the whole network wins "
        f"{intact(results)[FAR]['accuracy']:.3f}; it is {shares['random']:.3f} with as many units "
        f"at random, and {shares['shortest']:.3f} with those of the shortest span: the long units "
        f"{'stand out' if stands else 'do not stand out, as far as these seeds can tell'}."
    )


def _near(results: Results, way: Way) -> str:
    far, near = (mean(costs(results, way, "longest", place)) for place in (FAR, NEAR))
    verdict = _verdict(results, way, "longest: far, near")
    than = "no more and no less, as far as these seeds can tell," if verdict == APART else verdict
    return (
        f"Their {HOLDING[way]} costs {far:.3f} over {_name(results, FAR)} and {near:.3f} over "
        f"{_name(results, NEAR)}: {than} for far words than for near ones."
    )


def _after_word(results: Results, way: Way) -> str:
    shortest, longest = (
        mean(rises(results, way, name, "kl_after_word")) for name in ("shortest", "longest")
    )
    verdict = _verdict(results, way, "after the word: shortest, longest")
    than = "neither more nor less, as far as these seeds can tell," if verdict == APART else verdict
    return (
        f"Right after “{results['word']}”, where one word of context is nearly enough, the silence "
        f"of the shortest fifth costs {shortest:.4f} bits, {than} than that of the longest "
        f"({longest:.4f})."
    )


def _alone(results: Results, way: Way) -> str:
    found = rank_correlations(results, way)
    low, high = t_interval(found)
    most = mean(max(costs_alone(run, way)) for run in results["runs"])
    return (
        f"Alone, the one unit whose {HOLDING[way]} matters most costs {most:.3f} over "
        f"{_name(results, FAR)}, mean over seeds; the rank correlation of a unit's span with what "
        f"its {HOLDING[way]} costs is {mean(found):+.2f} ({low:+.2f} to {high:+.2f})."
    )


def _verdict(results: Results, way: Way, compared: str) -> str:
    verdicts = {(s["way"], s["compared"]): s["verdict"] for s in results["statements"]}
    verdict: str = verdicts[way, compared]
    return verdict


def _name(results: Results, place: int) -> str:
    row = results["runs"][0]["intact"]["by_distance"][place]
    return distance_name(row["distance_min"], row["distance_max"])


# Tables and charts --------------------------------------------------------------------------------


def _group_table(results: Results) -> Table:
    runs, whole = results["runs"], intact(results)
    names = (distance_name(row["distance_min"], row["distance_max"]) for row in whole)
    columns = ("fifth", "units", "span", *names, "KL", f"KL after “{results['word']}”")
    kls = (mean(run["intact"][what] for run in runs) for what in DIVERGENCES)
    rows = [("none", "", "", *_shares(whole), *(f"{kl:.4f}" for kl in kls))]
    for way in WAYS:
        for name in GROUPS:
            held = [(run, one) for run in runs for one in of_group(run, way, name)]
            span = mean(run["span"][unit] for run, one in held for unit in one["units"])
            kls = (mean(one[what] for _, one in held) for what in DIVERGENCES)
            shares = _shares(by_distance(results, way, name))
            numbers = (f"{span:.1f}", *shares, *(f"{kl:.4f}" for kl in kls))
            rows.append((name, SHORT[way], *numbers))
    return Table(columns, rows)


def _shares(rows: Sequence[Accuracy]) -> list[str]:
    return [f"{row['accuracy']:.3f}" for row in rows]


def _compared_table(results: Results) -> Table:
    far, near, word = _name(results, FAR), _name(results, NEAR), results["word"]
    words = {
        "far: longest, random": f"{far}: longest, random",
        "far: longest, shortest": f"{far}: longest, shortest",
        "longest: far, near": f"longest: {far}, {near}",
        "after the word: shortest, longest": f"KL after “{word}”: shortest, longest",
        "alone: correlation with span, none": "alone: rank correlation with span, 0",
    }
    columns = (
        "cost of a fifth",
        "units",
        "first",
        "other",
        "difference",
        "95% interval",
        "so it is",
    )
    rows = [
        (
            words[said["compared"]],
            SHORT[said["way"]],
            f"{said['first']:.3f}",
            f"{said['other']:.3f}",
            *signed(said, ".3f"),
        )
        for said in results["statements"]
    ]
    return Table(columns, rows)


def _top_table(results: Results) -> Table:
    columns = ("seed", "that", "unit", "span (words)", "rank of its span", "cost")
    rows = []
    for run in results["runs"]:
        rank = np.argsort(np.argsort(-np.array(run["span"]), kind="stable")) + 1
        for way in WAYS:
            cost = costs_alone(run, way)
            for unit in sorted(range(len(cost)), key=lambda unit: -cost[unit])[:TOP]:
                span = f"{run['span'][unit]:.1f}"
                place = f"{rank[unit]} of {len(cost)}"
                alone = HELD_ALONE[way]
                rows.append((str(run["seed"]), alone, str(unit), span, place, f"{cost[unit]:.3f}"))
    return Table(columns, rows)


def _order_chart(results: Results, way: Way) -> Chart:
    """Draw accuracy at the longest distance by number of units held."""
    lines = []
    for name in ORDERS:
        counts: dict[int, list[Accuracy]] = {}
        for run in results["runs"]:
            for one in run["orders"]:
                if (one["way"], one["name"]) == (way, name):
                    counts.setdefault(len(one["units"]), []).append(one["far"])
        rows = [pooled(found)[0] for found in counts.values()]
        shares = (tuple(row[what] for row in rows) for what in ("accuracy", "low", "high"))
        lines.append(Line(name, tuple(map(float, counts)), *shares))
    return Chart(f"units that {HELD[way]}", "accuracy", (0.45, 1.03), tuple(lines))


def _rank_chart(results: Results) -> Chart:
    """Draw what each unit costs alone, by the rank of its span, mean over seeds."""
    lines = []
    for way in WAYS:
        ranked = [
            [cost for _, cost in sorted(_by_unit(run, way), key=_longest)]
            for run in results["runs"]
        ]
        means = tuple(map(mean, zip(*ranked, strict=True)))
        x = tuple(float(i + 1) for i in range(len(means)))
        lines.append(Line(f"one unit that {HELD_ALONE[way]}", x, means))
    costs = [cost for line in lines for cost in line.y]
    range_ = (min(-0.01, 1.1 * min(costs)), max(0.05, 1.1 * max(costs)))
    return Chart("rank of the span, the longest first", "cost in accuracy", range_, tuple(lines))


def _by_unit(run: Mapping[str, Any], way: Way) -> Iterator[tuple[float, float]]:
    """Give each unit's span, and what it costs alone."""
    return zip(run["span"], costs_alone(run, way), strict=True)


def _longest(pair: tuple[float, float]) -> float:
    return -pair[0]
