"""Trees of what a network treats alike, drawn with plotly for pages and with matplotlib as PNG."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from plotly import graph_objects as go

from glassgate.errors import BadInput
from glassgate.pages.colours import INK, OTHERS, SOFT
from glassgate.pages.figures import label_text, new_figure
from glassgate.pages.pictures import Target, save

if TYPE_CHECKING:
    from glassgate.inside.clusters import Bracket, Tree

LEAF_HEIGHT = 17  # pixels of a figure
LEAF_INCHES, TREE_INCHES = 0.17, 6.5  # of a PNG: height of a leaf, width of the whole
NAMED_LEAVES = 12  # of a merge, in the text that appears on hover
DISTANCE = "distance between clusters"
MIXED = ""  # the class of a merge of several classes


def tree_figure(tree: Tree, classes: Sequence[str] = ()) -> go.Figure:
    """Draw a tree as Elman 1990 drew his figure 7: the root on one side, the words on the other.

    Parameters
    ----------
    tree
        As `glassgate.inside.similarity_tree` returns it.
    classes
        The class of each label, at most seven different ones: a branch of one class has its colour.

    Raises
    ------
    BadInput
        When there are not as many classes as labels, or more than seven.
    """
    colours = _class_colours(tree, classes)
    figure = new_figure("", LEAF_HEIGHT * len(tree.labels) + 110, xaxis_title=DISTANCE)
    by_class: dict[str, list[Bracket]] = defaultdict(list)
    for bracket in tree.brackets:
        by_class[_class_of(bracket, classes)].append(bracket)
    for name, colour in colours.items():
        brackets = by_class[name]
        texts = [_describe(tree, bracket) for bracket in brackets]
        figure.add_scatter(
            x=[x for bracket in brackets for x in (*bracket.distances, None)],
            y=[y for bracket in brackets for y in (*bracket.places, None)],
            text=[text for text in texts for _ in range(5)],
            name=label_text(name),
            mode="lines",
            line={"color": colour, "width": 1.5},
            hovertemplate="%{text}<extra></extra>",
            showlegend=name != MIXED,
        )
    longest = max(bracket.distances[1] for bracket in tree.brackets)
    figure.update_xaxes(range=[1.03 * longest, -0.005 * longest], zeroline=False)
    return figure.update_yaxes(
        side="right",
        range=[len(tree.labels) - 0.5, -0.5],
        tickvals=list(range(len(tree.labels))),
        ticktext=[label_text(tree.labels[leaf]) for leaf in tree.order],
        showgrid=False,
        zeroline=False,
    )


def tree_picture(tree: Tree, path: Target, title: str, classes: Sequence[str] = ()) -> None:
    """Draw the same tree as a PNG.

    Parameters
    ----------
    tree, classes
        As for `tree_figure`.
    path
        Where the PNG is written: a file name, or a file open for writing.
    title
        Above the picture.

    Raises
    ------
    BadInput
        When there are not as many classes as labels, or more than seven.
    """
    colours = _class_colours(tree, classes)
    figure = Figure(
        figsize=(TREE_INCHES, LEAF_INCHES * len(tree.labels) + 1.2), layout="constrained"
    )
    axes = figure.subplots()
    branches = {}
    for name, colour in colours.items():
        lines = [
            list(zip(bracket.distances, bracket.places, strict=True))
            for bracket in tree.brackets
            if _class_of(bracket, classes) == name
        ]
        branches[name] = axes.add_collection(LineCollection(lines, colors=colour, linewidths=1.2))
    longest = max(bracket.distances[1] for bracket in tree.brackets)
    axes.set(xlim=(1.03 * longest, -0.005 * longest), ylim=(len(tree.labels) - 0.5, -0.5))
    axes.yaxis.tick_right()
    labels = axes.set_yticks(range(len(tree.labels)), [tree.labels[leaf] for leaf in tree.order])
    for tick in labels:
        tick.label2.set(parse_math=False, color=INK, size=9)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(DISTANCE, color=INK)
    axes.set_title(title, fontsize=12, color=INK, loc="left", parse_math=False)
    axes.spines[["top", "left", "right"]].set_visible(False)
    if classes:
        del branches[MIXED]
        figure.legend(
            branches.values(), branches.keys(), loc="outside lower left", ncols=4, frameon=False
        )
    save(figure, path)


def _class_colours(tree: Tree, classes: Sequence[str]) -> dict[str, str]:
    """Return the colour of each class from top to bottom, and of merges of several classes."""
    if not classes:
        return {MIXED: INK}
    if len(classes) != len(tree.labels):
        raise BadInput(f"classes must be one per label, {len(tree.labels)}, got {len(classes)}")
    names = list(dict.fromkeys(classes[leaf] for leaf in tree.order))
    if len(names) > len(OTHERS):
        raise BadInput(f"classes must be at most {len(OTHERS)} different ones, got {len(names)}")
    return {MIXED: SOFT, **dict(zip(names, OTHERS, strict=False))}


def _class_of(bracket: Bracket, classes: Sequence[str]) -> str:
    """Return the class that all leaves below a merge have, if it is one."""
    names = {classes[leaf] for leaf in bracket.leaves} if classes else {MIXED}
    return names.pop() if len(names) == 1 else MIXED


def _describe(tree: Tree, bracket: Bracket) -> str:
    names = [label_text(tree.labels[leaf]) for leaf in tree.order if leaf in bracket.leaves]
    more = f" and {len(names) - NAMED_LEAVES} more" if len(names) > NAMED_LEAVES else ""
    return f"{', '.join(names[:NAMED_LEAVES])}{more}: joined at {bracket.distances[1]:.3f}"
