"""The sections of a report on states: what single units follow, and which words are alike."""

from __future__ import annotations

from collections.abc import Sequence

from glassgate.analysis.report.contents import Report
from glassgate.analysis.report.followers import Follower
from glassgate.analysis.report.page.units import layer_suffix
from glassgate.analysis.report.similarity import MIN_COUNT, MIN_WORDS, Similarity
from glassgate.inside.components import Components
from glassgate.pages import definitions
from glassgate.pages.coloured_text import ColouredText, ColouredWord
from glassgate.pages.colours import OTHERS
from glassgate.pages.exhibits import Exhibit, Numbers, tree_exhibit
from glassgate.pages.figures import VISIBLE_SPACES, component_figure
from glassgate.pages.render import FigureSection

NAMES = 3  # of the words that name a group

# What single units follow -------------------------------------------------------------------------


def followers_section(report: Report) -> FigureSection:
    """Colour a text by the state of a few units."""
    heading, coloured = "What do single units follow?", report.coloured
    if not coloured.units:
        return FigureSection(heading, ["No unit changes enough along the sample to follow it."])
    text = [
        "Most units share their work with others, but some can be read alone (Karpathy, Johnson & "
        "Fei-Fei 2015, arXiv:1506.02078, figure 2). These were chosen over the sample. The texts "
        "are the sentences above and more of the sample, each read from the zero state."
    ]
    exhibits = [_follower_exhibit(report, number) for number in range(len(coloured.units))]
    return FigureSection(heading, text, exhibits=exhibits)


def _follower_exhibit(report: Report, number: int) -> Exhibit:
    coloured = report.coloured
    follower, values = coloured.units[number], coloured.values[number]
    name = f"Unit {follower.unit}{layer_suffix(report, follower.layer)}"
    rows = [
        (line, step, word, value)
        for line, (words, states) in enumerate(zip(coloured.texts, values, strict=True), start=1)
        for step, (word, value) in enumerate(zip(words, states.tolist(), strict=True), start=1)
    ]
    file = f"unit{follower.unit}_layer{follower.layer}.csv"
    return Exhibit(
        f"{name}: {_reason(report, follower)}",
        f"Each {report.step} is coloured by what the unit holds right after it: orange near 1, "
        "blue near -1, no colour near 0.",
        definitions.UNIT if follower.follows == "memory" else definitions.SHARE,
        Numbers(file, ("text", "step", report.step, "state"), rows),
        ColouredText(
            [
                [
                    ColouredWord(_visible(word), value)
                    for word, value in zip(words, states.tolist(), strict=True)
                ]
                for words, states in zip(coloured.texts, values, strict=True)
            ],
            separator="" if report.step == "character" else " ",
        ),
    )


def _visible(word: str) -> str:
    """Show the end of a line as a sign; a space stays a space, in its colour."""
    return VISIBLE_SPACES[word] if word in ("\n", "\t") else word


def _reason(report: Report, follower: Follower) -> str:
    step = report.step
    if follower.follows == "memory":
        return f"the longest memory, {follower.amount:.1f} {step}s"
    what = {
        "token": f"the {step} just read",
        "previous": f"the {step} before that",
        "place": f"the place in the {'word' if step == 'character' else 'sentence'}",
    }[follower.follows]
    return f"{what} explains {follower.amount:.0%} of its variance"


# Which words are alike ----------------------------------------------------------------------------


def similarity_section(report: Report) -> FigureSection:
    """Show which words leave the network in similar states, and how its states are spread."""
    heading = f"Which {report.step}s does it treat alike?"
    similarity = report.similarity
    if similarity is None:
        return FigureSection(
            heading,
            [
                f"The sample is too small: at least {MIN_WORDS} {report.step}s that the model "
                f"knows must occur {MIN_COUNT} times each."
            ],
        )
    exhibits = [_tree_exhibit(report, similarity)]
    if similarity.components is not None:
        exhibits.append(_component_exhibit(report, similarity, similarity.components))
    return FigureSection(heading, [_describe(report, similarity)], exhibits=exhibits)


def _describe(report: Report, similarity: Similarity) -> str:
    words, groups = len(similarity.means.labels), int(similarity.groups.max()) + 1
    return (
        f"The states are those of the last layer, right after each of the {words} most common "
        f"{report.step}s. The tree is cut into {groups} groups, each named after its most common "
        f"{report.step}s."
    )


def _tree_exhibit(report: Report, similarity: Similarity) -> Exhibit:
    groups = [_group_name(similarity, int(group)) for group in similarity.groups]
    return tree_exhibit(
        f"{report.step.capitalize()}s by the mean state after them",
        similarity.tree,
        groups,
        "tree.csv",
        report.step,
    )


def _component_exhibit(report: Report, similarity: Similarity, components: Components) -> Exhibit:
    classes = list(similarity.predicted)
    names: Sequence[str] = sorted(set(classes))
    reading = "Each point is the state at the end of a text, coloured by the predicted class."
    if not classes:
        groups = dict(zip(similarity.means.labels, similarity.groups.tolist(), strict=True))
        classes = [_group_name(similarity, groups[words[-1]]) for words in similarity.contexts]
        names = [_group_name(similarity, group) for group in range(max(groups.values()) + 1)]
        reading = (
            f"Each point is the state at one step, coloured by the group of the {report.step} just "
            "read."
        )
    if len(names) > len(OTHERS):  # more than there are colours
        names = ["any class"]
        classes = names * len(classes)
    contexts = [_join(report, words) for words in similarity.contexts]
    rows = [
        (words[-1], context, name, *scores)
        for words, context, name, scores in zip(
            similarity.contexts, contexts, classes, components.scores.tolist(), strict=True
        )
    ]
    return Exhibit(
        "States in two dimensions",
        reading,
        definitions.COMPONENTS,
        Numbers(
            "components.csv",
            (report.step, "context", "group", "component_1", "component_2"),
            rows,
        ),
        component_figure(components.scores, components.shares.tolist(), classes, contexts, names),
    )


def _group_name(similarity: Similarity, group: int) -> str:
    members = similarity.members(group)
    shown = " ".join(VISIBLE_SPACES.get(word, word) for word in members[:NAMES])
    return shown + (" …" if len(members) > NAMES else "")


def _join(report: Report, words: Sequence[str]) -> str:
    if report.step == "character":
        return "".join(VISIBLE_SPACES.get(word, word) for word in words)
    return " ".join(words)
