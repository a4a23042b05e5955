"""The demo's numbers as tables of text: the one that is printed, and those of the page."""

from collections.abc import Mapping, Sequence

from glassgate.data.dependency import DISTANCES
from glassgate.experiments.content import Table
from glassgate.experiments.demo import Network, Results
from glassgate.experiments.prediction import Agreement

NONE = "–"


def overview(results: Results) -> Table:
    """Put everything that can be said in one number a network into one table."""
    networks = results["networks"]
    truth = f"{results['grammar_entropy_bits']:.3f}"
    perplexity = f"{2 ** results['grammar_entropy_bits']:.3f}"
    rows = [
        ["parameters", *(f"{n['parameters']:,}" for n in networks), NONE],
        ["training (s)", *(f"{n['train_seconds']:.1f}" for n in networks), NONE],
        ["tokens per second", *(f"{n['tokens_per_second']:,.0f}" for n in networks), NONE],
        ["cross-entropy (bits)", *_column(networks, "cross_entropy_bits", ".3f"), truth],
        ["perplexity", *_column(networks, "perplexity", ".3f"), perplexity],
        ["KL divergence (bits)", *_column(networks, "kl_bits", ".4f"), "0"],
        *(
            [f"agreement, {distance_name(low, high)}", *pooled, "1.000"]
            for low, high in DISTANCES
            if (pooled := [_pooled(n["agreement"], low) for n in networks]).count(NONE) == 0
        ),
    ]
    header = ["", *(n["name"] for n in networks), "the grammar"]
    sentences = results["sentences"]
    caption = (
        f"{sentences['train']:,} sentences to learn from, {sentences['held_out']:,} held out, "
        f"seed {results['seed']}; agreement: share of forced choices won, chance is 0.5"
    )
    return Table(header, rows, caption)


def constructions(results: Results) -> Table:
    """List forced-choice accuracy in every cell, a row a construction and distance."""
    networks = results["networks"]
    rows = [
        [
            cell["construction"],
            "yes" if cell["cue_repeated"] else "no",
            distance_name(cell["distance_min"], cell["distance_max"]),
            str(cell["n"]),
            *(f"{n['agreement'][i]['accuracy']:.3f}" for n in networks),
        ]
        for i, cell in enumerate(networks[0]["agreement"])
    ]
    header = ["construction", "cue repeated", "distance", "n", *(n["name"] for n in networks)]
    return Table(header, rows, "Forced-choice accuracy by construction and distance")


def accuracy_at(agreement: Sequence[Agreement], low: int) -> float | None:
    """Pool the cells of one distance in which no word repeats the cue; None if there are none."""
    cells = [c for c in agreement if c["distance_min"] == low and not c["cue_repeated"]]
    items = sum(c["n"] for c in cells)
    return sum(c["n"] * c["accuracy"] for c in cells) / items if items else None


def distance_name(low: int, high: int | None) -> str:
    """Say a class of distances.

    >>> [distance_name(*bounds) for bounds in ((0, 0), (1, 2), (10, None))]
    ['0 words', '1-2 words', '10+ words']
    """
    if high is None:
        return f"{low}+ words"
    return f"{low} words" if low == high else f"{low}-{high} words"


def classes_table(results: Results) -> Table:
    """List the share of each class of words after the probe, per network and in truth."""
    truth: Mapping[str, float] = results["short_distance"]["truth"]
    networks = results["networks"]
    rows = [
        [name, *(f"{n['classes_after'][name]:.4f}" for n in networks), f"{truth[name]:.4f}"]
        for name in truth
    ]
    return Table(["class", *(n["name"] for n in networks), "the grammar"], rows)


def _column(networks: Sequence[Network], name: str, form: str) -> list[str]:
    return [format(network[name], form) for network in networks]  # type: ignore[literal-required]


def _pooled(agreement: Sequence[Agreement], low: int) -> str:
    accuracy = accuracy_at(agreement, low)
    return NONE if accuracy is None else f"{accuracy:.3f}"
