"""Trees are drawn whole: every merge at its distance, every word at its place, in its colour."""

import io

import numpy as np
import pytest

from glassgate import BadInput
from glassgate.inside import similarity_tree
from glassgate.pages import Page, Section, TreePicture, component_figure, content_page, tree_figure
from glassgate.pages import trees as trees_module
from glassgate.pages.colours import INK, OTHERS, SOFT
from glassgate.pages.pictures import save
from tests.pages.page_parts import downloads, parse

NAMES = ["boy", "<eos>", "girl", "ran", "fell"]
TREE = similarity_tree([[0.0], [9.0], [0.5], [4.0], [5.0]], NAMES)
CLASSES = ["noun", "other", "noun", "verb", "verb"]


def test_every_merge_is_drawn_in_the_colour_of_its_class():
    figure = tree_figure(TREE, CLASSES)
    drawn = {trace.name: trace for trace in figure.data}
    order = list(dict.fromkeys(CLASSES[leaf] for leaf in TREE.order))
    assert set(drawn) == {"", *order}
    for index, name in enumerate(order):
        assert drawn[name].line.color == OTHERS[index]
    distances = {name: {x for x in trace.x if x} for name, trace in drawn.items()}
    assert distances["noun"] == {0.5}
    assert distances["verb"] == {1.0}
    assert drawn[""].line.color == SOFT
    assert sum(len(trace.x) for trace in figure.data) == 5 * len(TREE.brackets)
    texts = {text.split(": ")[0] for trace in figure.data for text in trace.text}
    assert {"boy, girl", "ran, fell"} <= texts or {"girl, boy", "fell, ran"} & texts
    low, high = figure.layout.xaxis.range[::-1]
    assert low <= 0 < max(b.distances[1] for b in TREE.brackets) <= high


def test_words_stand_at_their_leaves_with_markup_escaped():
    for classes in (CLASSES, ()):
        axis = tree_figure(TREE, classes).layout.yaxis
        assert list(axis.tickvals) == [0, 1, 2, 3, 4]
        assert list(axis.ticktext) == [
            NAMES[leaf].replace("<", "&lt;").replace(">", "&gt;") for leaf in TREE.order
        ]
    assert [trace.line.color for trace in tree_figure(TREE).data] == [INK]


def test_the_png_shows_the_same_tree(monkeypatch):
    figures = []

    def kept(figure, path):
        save(figure, path)
        figures.append(figure)

    monkeypatch.setattr(trees_module, "save", kept)
    file = io.BytesIO()
    trees_module.tree_picture(TREE, file, "a title of $5", CLASSES)
    assert file.getvalue().startswith(b"\x89PNG")
    (axes,) = figures[0].axes
    shown = [tick.label2.get_text() for tick in axes.yaxis.get_major_ticks()]
    assert shown == [NAMES[leaf] for leaf in TREE.order]
    segments = [line for lines in axes.collections for line in lines.get_segments()]
    wanted = [np.column_stack([b.distances, b.places]) for b in TREE.brackets]
    assert sorted(map(np.ndarray.tolist, segments)) == sorted(map(np.ndarray.tolist, wanted))
    (legend,) = figures[0].legends
    assert {text.get_text() for text in legend.get_texts()} == set(CLASSES)


@pytest.mark.parametrize("classes", [["noun"], [*"abcd"]])
def test_classes_are_one_per_label(classes):
    with pytest.raises(BadInput, match="classes must be one per label, 5, got"):
        tree_figure(TREE, classes)


def test_more_classes_than_colours_are_refused():
    names = [str(i) for i in range(8)]
    tree = similarity_tree(np.arange(8.0)[:, None], names)
    with pytest.raises(BadInput, match="at most 7 different ones, got 8"):
        tree_figure(tree, names)


def test_a_page_holds_trees_with_their_merges_to_download():
    sections = (
        Section("One", "How.", TreePicture(TREE)),
        Section("Two", "How.", {"SRN": TreePicture(TREE, CLASSES), "GRU": TreePicture(TREE)}),
    )
    page = parse(content_page(Page("Why?", "So.", sections, {})))
    files = downloads(page)
    assert set(files) == {"tree_1_1.csv", "tree_2_1.csv", "tree_2_2.csv"}
    first, second, third, last = files["tree_2_1.csv"]
    assert first == {
        "cluster": "cluster 5", "joins": "boy", "and": "girl", "distance": "0.5", "words": "2",
    }  # fmt: skip
    assert (second["cluster"], second["distance"]) == ("cluster 6", "1.0")
    assert {third["joins"], third["and"], third["words"]} == {"<eos>", "cluster 6", "3"}
    assert float(third["distance"]) == pytest.approx(np.sqrt(4 / 3) * 4.5)
    assert {last["joins"], last["and"], last["words"]} == {"cluster 5", "cluster 7", "5"}
    assert "the mean of the states right after it was read" in page.text


def test_components_are_points_by_class():
    scores = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    texts = ["the <boy>", "a", "b"]
    figure = component_figure(scores, [0.5, 0.25], ["one", "two", "one"], texts, ["one", "two"])
    one, two = figure.data
    assert (one.name, list(one.x), list(one.y)) == ("one", [0, 4], [1, 5])
    assert (two.name, list(two.x), list(two.y)) == ("two", [2], [3])
    assert list(one.text) == ["the &lt;boy&gt;", "b"]
    assert figure.layout.xaxis.title.text == "component 1 (50% of the variance)"
    assert figure.layout.yaxis.title.text == "component 2 (25% of the variance)"
    assert one.marker.color != two.marker.color
    assert one.marker.symbol != two.marker.symbol
