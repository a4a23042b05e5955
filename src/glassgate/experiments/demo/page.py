"""The demo's page and tables: the five questions of the project, each with its answer."""

from collections.abc import Mapping, Sequence

from glassgate.analysis.agreement import Agreement, distance_name
from glassgate.experiments.demo.experiment import LAGS, Network, Results
from glassgate.experiments.demo.summary import accuracy_at, sort_by_span
from glassgate.grammar.dependency import DISTANCES
from glassgate.pages import figures
from glassgate.pages.content import Table
from glassgate.pages.render import FigureSection, render_page

TITLE = "Four networks learn one language"
LEAD = (
    "A feedforward network, a simple recurrent network, a GRU and an LSTM of the same hidden size "
    "learned the same sentences. Which of them remembers, and how?"
)
NO_VALUE = "–"  # in a cell of a table
MAX_UNITS = 12  # named in a sentence


def demo_page(results: Results, facts: Mapping[str, str]) -> str:
    """Write the page of a demo; `facts` say how it was made."""
    sections = [
        _prediction_section(results),
        _short_distance_section(results),
        _gates_section(results),
    ]
    if results["networks"][0]["agreement"]:
        sections.insert(1, _agreement_section(results))
        sections.append(_gradient_section(results))
    return render_page(TITLE, LEAD, sections, facts)


def _prediction_section(results: Results) -> FigureSection:
    exact = results["grammar_entropy_exact_bits"]
    return FigureSection(
        "Who predicts best?",
        [
            "The grammar that generated the sentences gives the exact probability of every next "
            "word. Its own cross-entropy is a floor that no network can go below; the KL "
            "divergence is how many bits per word a network's predictions are from the truth, on "
            "average.",
            f"The grammar's exact entropy is {exact:.3f} bits per word; the table has its "
            "cross-entropy on the held-out sentences that the networks were measured on.",
        ],
        tables=[overview(results)],
    )


def _agreement_section(results: Results) -> FigureSection:
    names = [distance_name(low, high) for low, high in DISTANCES]
    lines = {
        network["name"]: [accuracy_at(network["agreement"], low) for low, _ in DISTANCES]
        for network in results["networks"]
    }
    with_state = {name: line for name, line in lines.items() if name != "feedforward"}
    return FigureSection(
        "Who remembers?",
        [
            "“The boy who the dogs chased … hurt”: his, or her? Each choice comes with its twin "
            "(“the girl …”), in which the other word is right, so a network that does not "
            "remember the subject scores 0.5. At 0 words cue and target are adjacent; farther "
            "apart, a network has to carry the subject past everything in between.",
            "The figures pool the constructions in which no word between cue and target repeats "
            "the feature; the one on the right omits the feedforward network. The table lists all "
            "constructions.",
        ],
        tables=[constructions(results)],
        figures=[
            figures.line_figure(title, names, drawn, "distance between cue and target", "accuracy")
            for title, drawn in (("All networks", lines), ("Networks with a state", with_state))
        ],
    )


def _short_distance_section(results: Results) -> FigureSection:
    short = results["short_distance"]
    classes = list(short["truth"])
    bars = {n["name"]: [n["classes_after"][c] for c in classes] for n in results["networks"]}
    bars["the grammar"] = [short["truth"][name] for name in classes]
    return FigureSection(
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


def _gates_section(results: Results) -> FigureSection:
    memory, gates = results["memory"], results["gates"]
    spans = memory["span_words"]
    order = sort_by_span(spans)
    return FigureSection(
        "How did the GRU do it?",
        [
            "A unit's kept share is how much of its previous state passes on at each word; its "
            "memory span, -1 / ln(mean kept share), is the number of words after which 1/e of it "
            "is left. "
            f"{len(memory['long_units'])} of {len(spans)} units have a span of "
            f"{memory['long_from_words']:g} words or more "
            f"(units {_unit_names(memory['long_units'])}); {len(memory['short_units'])} have "
            f"one of {memory['short_to_words']:g} or less "
            f"(units {_unit_names(memory['short_units'])}).",
            f"The pictures show the gates at each word of “{' '.join(gates['words'])}”, the unit "
            "with the longest memory on top. In the left picture yellow means that the state is "
            "passed on unchanged; in the right one blue means that the candidate ignores the past.",
        ],
        figures=[
            figures.span_figure("Memory span of each unit", spans),
            figures.gate_figure("Kept share", gates["words"], gates["kept"], order),
            figures.gate_figure("Reset gate", gates["words"], gates["reset"], order),
        ],
    )


def _gradient_section(results: Results) -> FigureSection:
    lags = list(range(LAGS + 1))
    curves = {n["name"]: n["gradient_by_lag"] for n in results["networks"]}
    drawn = [
        figures.line_figure(
            f"{when} training",
            lags,
            {name: curve[when.lower()] for name, curve in curves.items() if curve},
            "words back (k)",
            "norm of the gradient",
            logarithmic=True,
        )
        for when in ("Before", "After")
    ]
    return FigureSection(
        "Did the gradient vanish?",
        [
            "The norm of the gradient of the loss at the target of each dependency across ten "
            "words or more, with respect to the state k words earlier. Where a curve falls by a "
            "constant factor per word, the network cannot learn from the distant past; where it "
            "stays level, it can. A network that is already certain of the right word has a small "
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
    header = ["", *(n["name"] for n in networks), "the grammar"]
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


def _accuracy_cell(agreement: Sequence[Agreement], low: int) -> str:
    accuracy = accuracy_at(agreement, low)
    return NO_VALUE if accuracy is None else f"{accuracy:.3f}"
