"""The demo's page: the phrase that all began with, then the questions of the project."""

from collections.abc import Mapping

from glassgate.analysis.intervals import join_names
from glassgate.experiments.demo.experiment import Results
from glassgate.experiments.demo.figures import (
    agreement_charts,
    classes_figure,
    divergence_chart,
    gradient_charts,
    phrase_figure,
)
from glassgate.experiments.demo.phrase import PHRASE, Phrase
from glassgate.experiments.demo.summary import HELD, network_name, phrase_rows, sort_by_span
from glassgate.experiments.demo.tables import (
    class_numbers,
    classes_table,
    construction_numbers,
    constructions,
    overview,
    overview_numbers,
    phrase_numbers,
    phrase_table,
)
from glassgate.pages import definitions, figures
from glassgate.pages.charts import MEASURES, chart_exhibit
from glassgate.pages.content import Table
from glassgate.pages.definitions import Definition
from glassgate.pages.exhibits import Exhibit, Numbers, unit_exhibit
from glassgate.pages.render import FigureSection, render_page

TITLE = "Four networks learn one language"
LEAD = (
    "A feedforward network, a simple recurrent network (SRN), a GRU and an LSTM of the same hidden "
    "size learned the same sentences. Which of them remembers, and how?"
)
PHRASE_LEAD = "“The boy fell down and hurt …”: his, her, its or their?"
MAX_UNITS = 12  # named in a sentence
SHRUNK = 0.05  # of the gradient at lag 0: less says that it shrinks
PROBABILITY = Definition(
    "Probability",
    "the share that a network, or the grammar, gives a word among all words that may come next; "
    "the shares of all words add up to 1.",
)
CROSS_ENTROPY = Definition(
    "Cross-entropy",
    "the mean of -log2 of the probability of each word of the held-out sentences, their ends "
    "included, in bits. Perplexity is 2 to the power of it; the KL divergence is what remains of "
    "it above the grammar's own, averaged over all words that might have come.",
)


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
    if results["phrase"]:
        sections.insert(0, _phrase_section(results["phrase"]))
    lead = f"{PHRASE_LEAD} {LEAD}" if results["phrase"] else LEAD
    return render_page(TITLE, lead, sections, facts)


def _phrase_section(phrase: Phrase) -> FigureSection:
    rows, right = phrase_rows(phrase), phrase["right"]
    subject, word = next(iter(right.items()))
    free, held = (rows[name][subject][word] for name in ("GRU", f"GRU{HELD}"))
    feedforward = rows["feedforward"][subject][word]
    text = [
        f"After “{PHRASE.format(subject)}” the grammar allows “{word}” alone, because of "
        f"“{subject}”. For its twins another pronoun is right, although the words in between are "
        f"the same. The feedforward network sees the last word only, and gives “{word}” "
        f"{feedforward:.3f}; the GRU gives it {free:.3f}.",
        "Then the gates of all units of the GRU are held at 0: the kept share, so that no unit "
        "passes its state on, and the reset gate, so that no candidate sees it. Nothing of the "
        f"past is left, and “{word}” falls to {held:.3f}.",
    ]
    bars = [
        Exhibit(
            f"“{PHRASE.format(subject).capitalize()} …”",
            "One bar per network; the hatched one is the GRU with its gates held.",
            PROBABILITY,
            phrase_numbers(phrase, f"after_the_{subject}.csv", subject),
            phrase_figure(phrase, subject),
        )
        for subject in right
    ]
    named = join_names(f"“{word}” after “{subject}”" for subject, word in right.items())
    table = Exhibit(
        "Probability of the pronoun that agrees",
        f"{named}. Held: {phrase['clamp']} in all units.",
        PROBABILITY,
        phrase_numbers(phrase, "phrase.csv"),
        phrase_table(phrase),
    )
    return FigureSection("His, her, its or their?", text, exhibits=[*bars, table])


def _prediction_section(results: Results) -> FigureSection:
    exact = results["grammar_entropy_exact_bits"]
    table = overview(results)
    return FigureSection(
        "Who predicts best?",
        [
            "The grammar that generated the sentences gives the exact probability of every next "
            "word. Its own cross-entropy is a floor that no network can go below; the KL "
            "divergence is how many bits per word a network's predictions are from the truth, on "
            "average.",
            f"The grammar's exact entropy is {exact:.3f} bits per word; the table has its "
            "cross-entropy on the held-out sentences that the networks were measured on. The "
            "intervals, which the chart draws and the CSV files have, are over these sentences. "
            "They say nothing of networks that begin with other weights: that takes several seeds, "
            "as “glassgate experiment” trains them.",
        ],
        exhibits=[
            chart_exhibit(divergence_chart(results), "KL divergence", "divergence.csv"),
            Exhibit(
                "All measures",
                f"{table.caption}.",
                CROSS_ENTROPY,
                overview_numbers(results, "measures.csv"),
                Table(table.columns, table.rows),
                full_row=True,
            ),
        ],
    )


def _agreement_section(results: Results) -> FigureSection:
    charts = agreement_charts(results["networks"])
    return FigureSection(
        "Who remembers?",
        [
            "“The boy who the dogs chased … hurt”: his, or her? Each choice comes with its twin "
            "(“the girl …”), in which the other word is right, so a network that does not "
            "remember the subject scores 0.5. At 0 words cue and target are adjacent; farther "
            "apart, a network has to carry the subject past everything in between.",
            "The charts pool the constructions in which no word between cue and target repeats "
            "the feature; the second omits the feedforward network. Bars are 95% intervals of a "
            "share (Wilson) over the choices. The table lists all constructions.",
        ],
        exhibits=[
            *(
                chart_exhibit(chart, title, f"agreement_{number}.csv")
                for number, (title, chart) in enumerate(charts.items(), start=1)
            ),
            Exhibit(
                "Accuracy by construction and distance",
                "One row per construction and number of words between cue and target; n choices.",
                MEASURES["accuracy"],
                construction_numbers(results, "constructions.csv"),
                constructions(results),
                full_row=True,
            ),
        ],
    )


def _short_distance_section(results: Results) -> FigureSection:
    after = results["short_distance"]["after"]
    return FigureSection(
        "What do short-distance predictions look like?",
        [
            f"The next word after “{after}” at the beginning of a sentence, summed by word class. "
            "One word of context is all there is, so no memory is needed: the feedforward network "
            "knows as well as the others which classes may follow."
        ],
        exhibits=[
            Exhibit(
                f"The next word after “{after}”",
                "One bar per network, and one for the grammar.",
                PROBABILITY,
                class_numbers(results, "classes.csv"),
                classes_figure(results),
            ),
            Exhibit(
                "The same in numbers",
                "One row per class of words.",
                PROBABILITY,
                class_numbers(results, "classes_table.csv"),
                classes_table(results),
            ),
        ],
    )


def _gates_section(results: Results) -> FigureSection:
    memory, gates = results["memory"], results["gates"]
    spans = memory["span_words"]
    order = sort_by_span(spans)
    pictures = [
        unit_exhibit(
            name,
            source="",
            words=gates["words"],
            values=gates[name],
            order=order,
            y_title="units, longest memory on top",
            file=f"{name}.csv",
        )
        for name in ("kept", "reset")
    ]
    return FigureSection(
        "How did the GRU do it?",
        [
            "A unit's kept share is how much of its previous state passes on at each word; its "
            "memory span, -1 / ln(mean kept share), is the number of words after which 1/e of it "
            "is left. "
            f"{len(memory['long_units'])} of {len(spans)} units have a span of "
            f"{memory['long_from_words']:g} words or more{_unit_names(memory['long_units'])}; "
            f"{len(memory['short_units'])} have one of {memory['short_to_words']:g} or less"
            f"{_unit_names(memory['short_units'])}.",
            f"The pictures show both gates at each word of “{' '.join(gates['words'])}”.",
        ],
        exhibits=[_span_exhibit(memory["kept"], spans, order), *pictures],
    )


def _span_exhibit(kept: list[float], spans: list[float], order: list[int]) -> Exhibit:
    rows = [(unit, kept[unit], spans[unit]) for unit in order]
    return Exhibit(
        "Memory span of each unit",
        "The higher a unit is, the longer it remembers.",
        definitions.SPAN,
        Numbers("spans.csv", ("unit", "mean_kept_share", "memory_span"), rows),
        figures.span_figure("", spans),
        full_row=True,
    )


def _gradient_section(results: Results) -> FigureSection:
    charts = gradient_charts(results)
    return FigureSection(
        "Did the gradient vanish?",
        [
            "The norm of the gradient of the loss at the target of each dependency across ten "
            "words or more, with respect to the state k words earlier, as a multiple of the norm "
            "at k = 0. Where a curve falls by a constant factor per word, a straight line here, "
            "little of the gradient reaches far words, and learning from them is slow or, where "
            f"nothing is left, impossible. {_shrinking(results)}The feedforward network has no "
            "state.",
        ],
        exhibits=[
            chart_exhibit(chart, title, f"gradient_{number}.csv")
            for number, (title, chart) in enumerate(charts.items(), start=1)
        ],
    )


def _shrinking(results: Results) -> str:
    """Say in which networks the gradient shrinks before training; nothing where in none."""
    before = {
        network_name(network["name"]): network["gradient_by_lag"]["before"]
        for network in results["networks"]
        if network["gradient_by_lag"]
    }
    shrunk = [name for name, norms in before.items() if norms[-1] < SHRUNK * norms[0]]
    if not shrunk:
        return ""
    return (
        f"Before training less than {SHRUNK:.0%} of it is left {len(before[shrunk[0]]) - 1} words "
        f"back in {join_names(shrunk)}: what a network will learn is not decided there. "
    )


def _unit_names(units: list[int]) -> str:
    """Name a few units in parentheses, to follow a count of them; nothing where there are none."""
    if not units:
        return ""
    rest = len(units) - MAX_UNITS
    names = ", ".join(map(str, units[:MAX_UNITS])) + (f" and {rest} more" if rest > 0 else "")
    return f" (units {names})" if len(units) > 1 else f" (unit {names})"
