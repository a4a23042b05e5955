"""The results for readers: tables, charts, trees, a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassgate.analysis.intervals import Estimate
from glassgate.inside.clusters import Tree
from glassgate.pages.content import Chart, Line, Page, Section, Table, TreePicture
from glassgate.reproductions.elman.results import LexicalRun, Results, SequenceErrors
from glassgate.reproductions.elman.sequences import FEATURES
from glassgate.reproductions.networks import HOW_NETWORKS, NETWORKS
from glassgate.reproductions.page import (
    comparison_sections,
    comparison_table,
    count_outcomes,
)

ERROR = "squared error per bit"
X_TITLES = {
    "xor": ("bit of three", ("first", "second", "third")),
    "letters": ("letter of the syllable", ("consonant", "vowel 1", "vowel 2", "vowel 3")),
    "words": ("letter of the word", ("1", "2", "3", "4", "5")),
}
TITLES = {
    "xor": "XOR in time: error by place",
    "letters": "Syllables: error by place",
    "words": "Words: error by place",
}


def tables(results: Results) -> list[Table]:
    """Return the errors of the bits of a consonant, lexical classes, and what was published."""
    return [
        _bits_table(results),
        _lexical_table(results),
        comparison_table(results["comparisons"]),
    ]


def charts(results: Results) -> dict[str, Chart]:
    """Return the error of each network by place in a three, a syllable and a word."""
    return {title: _place_chart(results, sequence) for sequence, title in TITLES.items()}


def page(results: Results) -> Page:
    """Return the content of the page."""
    bits, lexical, _ = tables(results)
    drawn = charts(results)
    return Page(
        "Finding structure in time, again",
        _lead(results),
        (
            *comparison_sections(results["comparisons"]),
            Section("Which words does a network treat alike?", HOW_TREES, _trees(results)),
            Section("How pure are the classes, how good the predictions?", HOW_LEXICAL, lexical),
            Section("XOR in time: where is the error?", HOW_XOR, drawn[TITLES["xor"]]),
            Section(
                "Syllables: where is the error?",
                HOW_LETTERS,
                {
                    TITLES["letters"]: drawn[TITLES["letters"]],
                    "Syllables: error letter by letter": _text_chart(results, "letters"),
                },
            ),
            Section("What of a consonant is predicted?", HOW_BITS, bits),
            Section(
                "Words: where is the error?",
                HOW_WORDS,
                {
                    TITLES["words"]: drawn[TITLES["words"]],
                    "Words: error letter by letter": _text_chart(results, "words"),
                },
            ),
        ),
        {},
    )


HOW_TREES = (
    "Each network read the sentences with nothing between them and learned to predict the next "
    "word. The state after each word, averaged over all its occurrences, stands for the word. The "
    "trees are those of the first seed, drawn as figure 7 of the paper."
)
HOW_LEXICAL = (
    "The first split of the tree should divide verbs from nouns, and that of the nouns animates "
    "from inanimates: purity is the share of words whose class is the most frequent one on their "
    "side, so a split that divides nothing has 0.62 and 0.56. The other columns compare the "
    "predicted distribution with the exact one of the grammar at every word: the mean cosine, and "
    "the root of the mean squared difference, which were 0.916 and 0.053 in the paper. Means over "
    "seeds with 95% intervals (Student's t)."
)
HOW_XOR = (
    "Two bits at random, then a 1 if just one of them is 1, and so on without a mark between the "
    "threes. Only each third bit can be predicted; guessing costs 0.25. The error is measured on "
    "new bits."
)
HOW_LETTERS = (
    "The consonants b, d and g come at random, each followed by its own vowels: ba, dii, guuu. "
    "So a vowel can be predicted, and when a consonant will come, but not which. The second chart "
    "has the first letters of the test sequence with the first seed."
)
HOW_BITS = (
    "A letter is six bits. Where a consonant is due, the bits that all consonants share can be "
    "predicted, the others cannot: high and back tell b, d and g apart."
)
HOW_WORDS = (
    "Sentences of four to nine words of a lexicon of 15, without spaces, each letter a vector of "
    "five bits at random. The error should rise where a word begins, since any word may follow, "
    "and fall within it. The second chart has the first letters of the test sequence with the "
    "first seed."
)


# The pieces ---------------------------------------------------------------------------------------


def _lead(results: Results) -> str:
    runs = [*results["sequence_runs"], *results["lexical_runs"]]
    seconds = sum(run["train_seconds"] for run in runs)
    return (
        "Elman (1990) introduced the simple recurrent network (SRN) with four problems: XOR in "
        "time, letters, words without spaces between them, and the classes of words in sentences. "
        f"Here an SRN and a GRU learn all four, each with {len(results['seeds'])} seeds, "
        f"{seconds / 60:.0f} minutes of training in total. {HOW_NETWORKS} "
        f"{count_outcomes(results['comparisons'])}"
    )


def _trees(results: Results) -> dict[str, TreePicture]:
    """Return the tree of each network with the first seed."""
    first = results["seeds"][0]
    return {
        NETWORKS[run["network"]]: _tree(run, results["words"])
        for run in results["lexical_runs"]
        if run["seed"] == first
    }


def _tree(run: LexicalRun, words: dict[str, str]) -> TreePicture:
    tree = Tree(tuple(run["labels"]), np.array(run["merges"]))
    return TreePicture(tree, [words[label] for label in run["labels"]])


def _lexical_table(results: Results) -> Table:
    rows = [
        (
            NETWORKS[row["network"]],
            *(_cell(row[name]) for name in ("verbs", "animates", "cosine", "rms")),
        )
        for row in results["lexical"]
    ]
    columns = ("network", "verbs, nouns", "animate, inanimate", "cosine", "error")
    return Table(columns, rows)


def _bits_table(results: Results) -> Table:
    rows = [
        (NETWORKS[row["network"]], *map(_cell, row["bits"]))
        for row in _of_sequence(results, "letters")
    ]
    return Table(("error at a consonant", *FEATURES), rows)


def _cell(value: Estimate) -> str:
    return f"{value['mean']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


def _of_sequence(results: Results, sequence: str) -> list[SequenceErrors]:
    return [row for row in results["sequences"] if row["sequence"] == sequence]


def _place_chart(results: Results, sequence: str) -> Chart:
    x_title, ticks = X_TITLES[sequence]
    rows = _of_sequence(results, sequence)
    highest = max(error["high"] for row in rows for error in row["errors"])
    lines = tuple(_place_line(NETWORKS[row["network"]], row["errors"]) for row in rows)
    return Chart(x_title, ERROR, (0.0, 1.1 * highest), lines, ticks=ticks)


def _place_line(name: str, errors: Sequence[Estimate]) -> Line:
    return Line(
        name,
        tuple(float(place) for place in range(len(errors))),
        tuple(error["mean"] for error in errors),
        tuple(error["low"] for error in errors),
        tuple(error["high"] for error in errors),
    )


def _text_chart(results: Results, sequence: str) -> Chart:
    runs = [
        run
        for run in results["sequence_runs"]
        if (run["sequence"], run["seed"]) == (sequence, results["seeds"][0])
    ]
    text = runs[0]["text"]
    x = tuple(float(place) for place in range(len(text)))
    lines = tuple(Line(NETWORKS[run["network"]], x, tuple(run["text_errors"])) for run in runs)
    highest = max(max(run["text_errors"]) for run in runs)
    return Chart("letter", ERROR, (0.0, 1.05 * highest), lines, ticks=tuple(text))
