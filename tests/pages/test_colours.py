"""The palette: colours are far enough apart for colour-blind readers."""

from collections.abc import Callable, Iterable
from itertools import combinations

import numpy as np
import pytest
from plotly.io import templates

from glassgate.pages.colours import DARK, INK, NETWORKS, OTHERS, SOFT

EYES = {  # transforms of linear RGB: Machado, Oliveira & Fernandes 2009
    "all three cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = [[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]]


def lab(colour: str, eyes: str) -> np.ndarray:
    """A colour as seen with this colour vision, in CIELAB with white D65."""
    light = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(EYES[eyes]) @ linear, 0, 1)
    x, y, z = np.array(XYZ) @ seen / [0.9505, 1, 1.089]
    fx, fy, fz = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def nearest(colours: list[str], eyes: str) -> float:
    """The smallest distance between two colours (CIE 1976); 2.3 is just noticeable."""
    return min(
        float(np.linalg.norm(lab(a, eyes) - lab(b, eyes))) for a, b in combinations(colours, 2)
    )


def test_distances_agree_with_cie():
    assert nearest(["#000000", "#ffffff"], "all three cones") == pytest.approx(100, abs=0.05)
    red, green = lab("#ff0000", "all three cones"), lab("#00ff00", "all three cones")
    np.testing.assert_allclose(red, [53.2, 80.1, 67.2], atol=0.1)
    np.testing.assert_allclose(green, [87.7, -86.2, 83.2], atol=0.1)


def on_dark(colours: Iterable[str]) -> list[str]:
    """The counterparts of colours on a dark page."""
    return [DARK.get(one.lower(), one) for one in colours]


def contrast(one: str, other: str) -> float:
    """The ratio of luminances of WCAG 2.2: text needs 4.5, lines and points need 3."""
    light = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (one, other)]) / 255
    linear = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    dim, bright = sorted((linear @ XYZ[1]).tolist())
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("page", [list, on_dark])
def test_colours_differ_with_any_colour_vision(eyes: str, page: Callable[..., list[str]]):
    assert nearest(page(NETWORKS.values()), eyes) > 18
    assert nearest(page(OTHERS[:4]), eyes) > 35
    assert nearest(page(OTHERS), eyes) > 15


def test_contrasts_agree_with_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21, abs=0.01)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_on_a_dark_page_lines_and_text_stand_out():
    paper = DARK["#ffffff"]
    for drawn in on_dark([*NETWORKS.values(), *OTHERS]):
        assert contrast(drawn, paper) > 3
    for text in on_dark([INK, SOFT, templates["plotly_white"].layout.font.color]):
        assert contrast(text, paper) > 4.5
    assert all(key == key.lower() for key in DARK)  # as the script of the page looks them up
