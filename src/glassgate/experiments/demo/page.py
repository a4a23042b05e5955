"""The demo's page and tables: the five questions of the project, each with its answer."""

from collections.abc import Mapping, Sequence

from glassgate.analysis.agreement import Agreement, distance_name
from glassgate.experiments.demo.experiment import LAGS, Network, Results
from glassgate.experiments.demo.summary import accuracy_at, by_span
from glassgate.grammar.dependency import DISTANCES
from glassgate.pages import figures
from glassgate.pages.content import Table
from glassgate.pages.render import FigureSection as Section
from glassgate.pages.render import render_page

TITLE = "Four networks learn one language"
LEAD = (
    "A feedforward network, a simple recurrent network, a GRU and an LSTM of the same hidden size "
    "learned the same sentences. Which of them remembers, and how?"
)
NO_VALUE = "–"  # in a cell of a table
MAX_UNITS = 12  # named in a sentence


def demo_page(results: Results, facts: Mapping[str, str]) -> str:
    """Write the page of a demo; `facts` say how it was made."""
    answers = [_predicts(results), _short(results), _memory(results)]
    if results["networks"][0]["agreement"]:
        answers = [answers[0], _remembers(results), *answers[1:], _vanished(results)]
    return render_page(TITLE, LEAD, answers, facts)


def _predicts(results: Results) -> Section:
    exact = results["grammar_entropy_exact_bits"]
    return Section(
        "Who predicts best?",
        [
            "The grammar that wrote the sentences knows the exact probability of every next word. "
            "Its own cross-entropy is the floor that no network can go below; the KL divergence "
            "says how many bits a word a network's predictions are from the truth, on average.",
            f"The grammar's exact entropy is {exact:.3f} bits a word; the table shows its figure "
            "on the same held-out sentences that the networks were measured on.",
        ],
        tables=[overview(results)],
    )


def _remembers(results: Results) -> Section:
    names = [distance_name(low, high) for low, high in DISTANCES]
    lines = {
        network["name"]: [accuracy_at(network["agreement"], low) for low, _ in DISTANCES]
        for network in results["networks"]
    }
    with_state = {name: line for name, line in lines.items() if name != "feedforward"}
    return Section(
        "Who remembers?",
        [
            "“The boy who the dogs chased … hurt”: his, or her? Each choice comes with its twin "
            "(“the girl …”), in which the other word is right, so a network that does not "
            "remember the subject is right in one of the two: 0.5. At 0 words the two ends are "
            "next to each other; farther apart, a network has to carry the subject past everything "
            "in between.",
            "The figures pool the constructions in which no word between the two ends repeats the "
            "feature, on the right without the feedforward network; the table has them all.",
        ],
        tables=[constructions(results)],
        figures=[
            figures.line_figure(title, names, drawn, "between the two ends", "accuracy")
            for title, drawn in (("All networks", lines), ("Networks with a state", with_state))
        ],
    )


def _short(results: Results) -> Section:
    short = results["short_distance"]
    classes = list(short["truth"])
    bars = {n["name"]: [n["classes_after"][c] for c in classes] for n in results["networks"]}
    bars["the grammar"] = [short["truth"][name] for name in classes]
    return Section(
        "What do short-distance predictions look like?",
        [
            f"The next word after “{short['after']}” at the beginning of a sentence, summed by "
            "word class. One word of context is all there is, so no memory is needed: the "
            "feedforward network knows as well as the others which classes may follow."
        ],
        tables=[classes_table(results)],
        figures=[
            figures.bar_figure(
                f"The next word after “{short['after']}”", classes, bars, "probability"
            )
        ],
    )


def _memory(results: Results) -> Section:
    memory, gates = results["memory"], results["gates"]
    spans = memory["span_words"]
    order = by_span(spans)
    return Section(
        "How did the GRU do it?",
        [
            "A unit's kept share is how much of its previous state passes on at each word; its "
            "memory span, -1 / ln(mean kept share), is the number of words after which 1/e of it "
            "is left. "
            f"{len(memory['long_units'])} of {len(spans)} units keep for "
            f"{memory['long_from_words']:g} words or more "
            f"(units {_unit_names(memory['long_units'])}); {len(memory['short_units'])} forget "
            f"within {memory['short_to_words']:g} words "
            f"(units {_unit_names(memory['short_units'])}).",
            f"The pictures show the gates at each word of “{' '.join(gates['words'])}”, the unit "
            "with the longest memory on top. Yellow in the left picture: the state passes on "
            "unchanged. Blue in the right one: the new content ignores the past.",
        ],
        figures=[
            figures.span_figure("Memory span of each unit", spans),
            figures.gate_figure("Kept share", gates["words"], gates["kept"], order),
            figures.gate_figure("Reset gate", gates["words"], gates["reset"], order),
        ],
    )


def _vanished(results: Results) -> Section:
    lags = list(range(LAGS + 1))
    curves = {n["name"]: n["gradient_by_lag"] for n in results["networks"]}
    drawn = [
        figures.line_figure(
            f"{when} training",
            lags,
            {name: curve[when.lower()] for name, curve in curves.items() if curve},
            "words before the choice (k)",
            "norm of the gradient",
            logarithmic=True,
        )
        for when in ("Before", "After")
    ]
    return Section(
        "Did the gradient vanish?",
        [
            "At the end of each dependency over ten words or more: the norm of the gradient of "
            "the loss with respect to the state k words earlier. Where a curve falls by a "
            "constant factor a word, what happened long ago cannot teach the network; where it "
            "stays level, it can. A network that is already sure of the right word has a small "
            "loss, and so a small gradient at every k: after training compare the slopes, not "
            "the heights. The feedforward network has no state.",
        ],
        figures=drawn,
    )


def _unit_names(units: list[int]) -> str:
    names = ", ".join(map(str, units[:MAX_UNITS])) or "none"
    rest = len(units) - MAX_UNITS
    return f"{names} and {rest} more" if rest > 0 else names


def overview(results: Results) -> Table:
    """Put everything that is one number for each network into one table."""
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
        *(
            [f"agreement, {distance_name(low, high)}", *pooled, "1.000"]
            for low, high in DISTANCES
            if (pooled := [_pooled(n["agreement"], low) for n in networks]).count(NO_VALUE) == 0
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
    return NO_VALUE if accuracy is None else f"{accuracy:.3f}"
