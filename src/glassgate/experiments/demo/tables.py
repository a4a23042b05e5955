"""The demo's tables, formatted for readers, and the numbers behind them for programs."""

from collections.abc import Mapping, Sequence

from glassgate.analysis.agreement import Agreement, distance_name
from glassgate.analysis.intervals import wilson
from glassgate.experiments.demo.experiment import Network, Results
from glassgate.experiments.demo.phrase import Phrase
from glassgate.experiments.demo.summary import accuracy_at, network_name, phrase_rows
from glassgate.grammar.dependency import DISTANCES
from glassgate.pages.content import Table
from glassgate.pages.exhibits import Numbers

NO_VALUE = "–"  # in a cell of a table


def phrase_table(phrase: Phrase) -> Table:
    """Tabulate the probability of the pronoun that agrees, per network and subject."""
    right = phrase["right"]
    rows = [
        (name, *(f"{by_subject[subject][word]:.3f}" for subject, word in right.items()))
        for name, by_subject in phrase_rows(phrase).items()
    ]
    return Table(("", *right.values()), rows)


def phrase_numbers(phrase: Phrase, file: str, subject: str | None = None) -> Numbers:
    """List the probability of every pronoun, after every subject or after one."""
    rows = [
        (
            prediction["network"],
            phrase["clamp"] if prediction["held"] else "",
            prediction["after"],
            word,
            probability,
        )
        for prediction in phrase["predictions"]
        if subject in (None, prediction["subject"])
        for word, probability in prediction["probabilities"].items()
    ]
    return Numbers(file, ("network", "held", "after", "word", "probability"), rows)


def overview(results: Results) -> Table:
    """Tabulate every measure that is a single number per network."""
    networks = results["networks"]
    truth = f"{results['grammar_entropy_bits']:.3f}"
    perplexity = f"{2 ** results['grammar_entropy_bits']:.3f}"
    rows = [
        ["parameters", *(f"{n['parameters']:,}" for n in networks), NO_VALUE],
        ["training (s)", *(f"{n['train_seconds']:.1f}" for n in networks), NO_VALUE],
        ["tokens per second", *(f"{n['tokens_per_second']:,.0f}" for n in networks), NO_VALUE],
        ["cross-entropy (bits)", *_column(networks, "cross_entropy_bits", ".3f"), truth],
        ["perplexity", *_column(networks, "perplexity", ".3f"), perplexity],
        ["KL divergence (bits)", *_column(networks, "kl_bits", ".4f"), "0"],
        *_agreement_rows(networks),
    ]
    header = ["", *(network_name(n["name"]) for n in networks), "the grammar"]
    sentences = results["sentences"]
    caption = (
        f"{sentences['train']:,} training sentences, {sentences['held_out']:,} held out, "
        f"seed {results['seed']}; agreement is forced-choice accuracy, chance is 0.5"
    )
    return Table(header, rows, caption)


def _agreement_rows(networks: Sequence[Network]) -> list[list[str]]:
    """Return a row for each distance at which all networks have an accuracy."""
    rows = []
    for low, high in DISTANCES:
        cells = [_accuracy_cell(network["agreement"], low) for network in networks]
        if NO_VALUE not in cells:
            rows.append([f"agreement, {distance_name(low, high)}", *cells, "1.000"])
    return rows


def overview_numbers(results: Results, file: str) -> Numbers:
    """List the measures of each network, with their intervals."""
    measures = ("parameters", "train_seconds", "tokens_per_second", "perplexity")
    bounded = ("cross_entropy_bits", "kl_bits")
    columns = (*measures, *(f"{name}{end}" for name in bounded for end in ("", "_low", "_high")))
    rows = [
        (
            network["name"],
            *(network[name] for name in measures),  # type: ignore[literal-required]
            *(
                value
                for name in bounded
                for value in (network[name], *network["intervals"][name])  # type: ignore[literal-required]
            ),
        )
        for network in results["networks"]
    ]
    return Numbers(file, ("network", *columns), rows)


def constructions(results: Results) -> Table:
    """List forced-choice accuracy in every cell, a row a construction and distance."""
    networks = results["networks"]
    rows = [
        [
            cell["construction"],
            distance_name(cell["distance_min"], cell["distance_max"]).removesuffix(" words"),
            *(f"{n['agreement'][i]['accuracy']:.3f}" for n in networks),
            str(cell["n"]),
        ]
        for i, cell in enumerate(networks[0]["agreement"])
    ]
    names = (network_name(network["name"]) for network in networks)
    return Table(["construction", "words", *names, "n"], rows)


def construction_numbers(results: Results, file: str) -> Numbers:
    """List the accuracy of each network in every cell, with Wilson's 95% interval."""
    columns = ("construction", "cue_repeated", "distance_min", "distance_max", "n")
    rows = []
    for network in results["networks"]:
        for cell in network["agreement"]:
            values = [value for key, value in cell.items() if key in columns]
            interval = wilson(round(cell["n"] * cell["accuracy"]), cell["n"])
            rows.append((network["name"], *values, cell["accuracy"], *interval))
    return Numbers(file, ("network", *columns, "accuracy", "low", "high"), rows)


def classes_table(results: Results) -> Table:
    """List the share of each class of words after the probe, per network and in truth."""
    truth: Mapping[str, float] = results["short_distance"]["truth"]
    networks = results["networks"]
    rows = [
        [name, *(f"{n['classes_after'][name]:.4f}" for n in networks), f"{truth[name]:.4f}"]
        for name in truth
    ]
    names = (network_name(network["name"]) for network in networks)
    return Table(["class", *names, "the grammar"], rows)


def class_numbers(results: Results, file: str) -> Numbers:
    """List the same shares in full."""
    truth, networks = results["short_distance"]["truth"], results["networks"]
    rows = [
        (name, *(network["classes_after"][name] for network in networks), truth[name])
        for name in truth
    ]
    return Numbers(file, ("class", *(n["name"] for n in networks), "the grammar"), rows)


def _column(networks: Sequence[Network], name: str, form: str) -> list[str]:
    return [format(network[name], form) for network in networks]  # type: ignore[literal-required]


def _accuracy_cell(agreement: Sequence[Agreement], low: int) -> str:
    accuracy = accuracy_at(agreement, low)
    return NO_VALUE if accuracy is None else f"{accuracy:.3f}"
