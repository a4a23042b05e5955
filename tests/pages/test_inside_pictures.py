"""Pictures of units and words show the numbers that they get."""

import io
from itertools import pairwise

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from glassgate import BadInput
from glassgate.inside.saturation import Saturation
from glassgate.pages import unit_pictures, word_picture
from glassgate.pages.pictures import save
from glassgate.pages.unit_pictures import saturation_picture, span_picture


@pytest.fixture
def drawn(monkeypatch):
    """A list of all figures that are saved; they are still written as PNGs."""
    figures = []

    def kept(figure, path):
        save(figure, path)
        figures.append(figure)

    for module in (unit_pictures, word_picture):
        monkeypatch.setattr(module, "save", kept)
    return figures


def png(draw, *arguments):
    file = io.BytesIO()
    draw(*arguments, file, "a title of $5")
    assert file.getvalue().startswith(b"\x89PNG")


def test_spans_are_sorted_and_infinite_ones_at_the_edge(drawn):
    after = np.array([0.5, np.inf, 30, 4])
    png(span_picture, {"before": np.array([2, 1.5]), "after": after})
    (axes,) = drawn[0].axes
    lines = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    low, high = axes.get_ylim()
    assert lines["before"] == [2, 1.5]
    assert lines["after"] == [high, 30, 4, 0.5]
    assert high > 30
    assert low < 0.5
    assert lines["after: infinite"] == [high]
    assert "before: infinite" not in lines
    assert {text.get_text() for text in axes.texts} == {"long: ≥ 5", "short: ≤ 2"}


@pytest.mark.parametrize("units", [1, 64])
def test_units_are_numbered_from_1_and_fill_the_picture(drawn, units):
    png(span_picture, {"before": np.linspace(1, 2, units), "after": np.linspace(1, 90, units)})
    (axes,) = drawn[0].axes
    assert axes.get_xlim() == (0.5, units + 0.5)
    assert [tick for tick in axes.get_xticks() if 0.5 <= tick <= units + 0.5 and tick % 1] == []
    FigureCanvasAgg(drawn[0]).draw()
    box, whole = axes.get_tightbbox(), drawn[0].bbox
    margins = (box.x0, box.y0, whole.x1 - box.x1, whole.y1 - box.y1)
    assert max(margins) < 0.15 * drawn[0].dpi  # inches


def test_spans_of_0_are_at_the_lower_edge(drawn):
    png(span_picture, {"hard gates": np.zeros(3)})
    (axes,) = drawn[0].axes
    assert axes.lines[0].get_ydata().tolist() == [axes.get_ylim()[0]] * 3


def test_saturation_is_drawn_as_points(drawn):
    gates = {
        "reset": Saturation(np.array([0.1, 0.2]), np.array([0.3, 0.8])),
        "kept": Saturation(np.array([1.0]), np.array([0.0])),
    }
    png(saturation_picture, gates)
    for axes, (name, found) in zip(drawn[0].axes, gates.items(), strict=True):
        (points,) = (line for line in axes.lines if line.get_marker() == "o")
        np.testing.assert_array_equal(points.get_xdata(), found.right)
        np.testing.assert_array_equal(points.get_ydata(), found.left)
        assert axes.get_title(loc="left") == name


def test_words_are_shaded_relative_to_the_strongest(drawn):
    numbers = np.array([[2.0, 0, 0], [1, 4, 0], [0, 0, 0]])
    png(word_picture.connectivity_picture, ["the", "boy", "fell"], ["boy", "fell", "."], numbers)
    (axes,) = drawn[0].axes
    (mesh,) = axes.collections
    np.testing.assert_array_equal(mesh.get_array(), [[1, 0, 0], [0.25, 1, 0], [0, 0, 0]])
    shade = colormaps[word_picture.SHADES](0.25)
    np.testing.assert_allclose(mesh.get_facecolors()[3], shade)
    said = [(text.get_text(), to_hex(text.get_color())) for text in axes.texts]
    white, ink, pale = "#ffffff", to_hex(word_picture.INK), word_picture.PALE
    assert said == [
        *(("the", white), ("boy", pale), ("fell", pale), ("→ boy", ink)),
        *(("the", ink), ("boy", white), ("fell", pale), ("→ fell", ink)),
        *(("the", pale), ("boy", pale), ("fell", pale), ("→ .", ink)),
    ]


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
def test_words_fit_their_shaded_boxes(drawn):
    words = ["a", "extraordinarily", "WWWWWWWW", "ill", "犬が走る"] * 3
    png(word_picture.connectivity_picture, words, ["?"], np.ones((1, 15)))
    (axes,) = drawn[0].axes
    FigureCanvasAgg(drawn[0]).draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    for left, right in pairwise(boxes):
        assert left.x1 < right.x0
    assert boxes[-1].x1 < drawn[0].bbox.x1


def test_bad_input_is_refused():
    file = io.BytesIO()
    for profiles in ({}, {str(i): np.ones(2) for i in range(6)}):
        with pytest.raises(BadInput, match=f"profiles must be 1 to 5, got {len(profiles)}"):
            span_picture(profiles, file, "")
    with pytest.raises(BadInput, match=r"spans of it must be at least 0, got -1\.0"):
        span_picture({"it": np.array([1.0, -1.0])}, file, "")
    with pytest.raises(BadInput, match="gates must be at least one"):
        saturation_picture({}, file, "")
    with pytest.raises(BadInput, match=r"connectivity must have shape \(1, 2\)"):
        word_picture.connectivity_picture(["a", "b"], ["c"], np.ones((2, 2)), file, "")
    with pytest.raises(BadInput, match="connectivity must be finite"):
        word_picture.connectivity_picture(["a"], ["b"], np.array([[np.nan]]), file, "")
    with pytest.raises(BadInput, match="expected words and outputs, got 0 and 1"):
        word_picture.connectivity_picture([], ["b"], np.ones((1, 0)), file, "")
