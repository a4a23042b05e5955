"""The matrix of a layer: what `trace` gives, held as `clamp` holds, by mouse and by keys."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from glassgate import clamp, load
from glassgate.analysis import TrainedModel
from glassgate.cli.clamps import read_clamp
from glassgate.formulation import Array
from glassgate.inside import Memory
from tests.explorer.browser.conftest import Open, Opened
from tests.explorer.explorer_cases import payload_of

TEXT = "the boy who the girl saw fell down and hurt"
CLOSE = {"rtol": 2e-5, "atol": 1e-6}
CELLS = """() => [...document.querySelectorAll("#layer [role=gridcell]")].map(({ dataset }) =>
  [dataset.gate, Number(dataset.unit), Number(dataset.word), Number(dataset.value)])"""
ROWS = """() => [...document.querySelectorAll("#layer [role=row]")].map((row) =>
  Number(row.firstElementChild.dataset.unit))"""


def matrix(page: Opened) -> tuple[str, Array]:
    """What is shown, and its values by word and unit, [T, H]."""
    cells = page.page.evaluate(CELLS)
    (gate,) = {cell[0] for cell in cells}
    words, units = {cell[2] for cell in cells}, {cell[1] for cell in cells}
    values = np.full((len(words), len(units)), np.nan)
    for _, unit, word, value in cells:
        values[word - min(words), unit] = value
    return gate, values


def rows(page: Opened) -> list[int]:
    """The units from top to bottom."""
    units: list[int] = page.page.evaluate(ROWS)
    return units


def traced(model: TrainedModel, measure: str, layer: int = 0, text: str = TEXT) -> Array:
    """What Python traces, [T, H]."""
    values: Array = getattr(model.trace(text).layers[layer], measure)[:, 0]
    return values


@pytest.mark.parametrize(
    ("network", "measures"),
    [
        ("gru", ("kept", "reset", "candidate", "hidden")),
        ("lstm", ("kept", "candidate", "hidden")),
        ("srn", ("hidden",)),
    ],
)
def test_each_measure_is_what_trace_gives(
    open_page: Open, four: Path, networks: Path, network: str, measures: tuple[str, ...]
):
    page, model = open_page(four), load(networks / network)
    for measure in measures:
        page.go(text=TEXT, word=3, network=network, measure=measure)
        gate, values = matrix(page)
        assert gate == measure
        np.testing.assert_allclose(values, traced(model, measure), **CLOSE)
    options = page.page.locator("#layer select").first.locator("option").all_text_contents()
    assert options == [measure.replace("hidden", "state") for measure in measures]


@pytest.mark.parametrize(
    ("network", "hold", "values"),
    [
        ("gru", "0:2,5-7:kept=0.25,reset=1", {"units": [2, 5, 6, 7], "kept": 0.25, "reset": 1}),
        ("gru", "0:all:kept=1", {"kept": 1}),
        ("lstm", "0:0-3:kept=0", {"units": range(4), "kept": 0}),
    ],
)
def test_held_gates_are_those_of_clamp(
    open_page: Open, four: Path, networks: Path, network: str, hold: str, values: dict[str, object]
):
    page, model = open_page(four), load(networks / network)
    for held in (True, False):
        page.go(text=TEXT, word=3, network=network, measure="kept", hold=hold if held else "")
        with clamp(model.network, **values) if held else nullcontext():  # type: ignore[arg-type]
            expected = traced(model, "kept")
        np.testing.assert_allclose(matrix(page)[1], expected, **CLOSE)


def test_layers_letters_and_classifiers_are_shown_too(open_page: Open, pages: dict[str, Path]):
    text = "the boy fell"
    for kind, layer in (("deep", 1), ("letters", 0), ("sentiment", 0)):
        page = open_page(pages[kind])
        page.go(text=text, network=kind, layer=layer)
        model = load(pages[kind].parent / kind)
        np.testing.assert_allclose(matrix(page)[1], traced(model, "kept", layer, text), **CLOSE)


def test_rows_are_sorted_by_span_by_index_and_by_the_chosen_word(
    open_page: Open, four: Path, networks: Path
):
    page, model = open_page(four), load(networks / "gru")
    examples = payload_of(four.read_text())["examples"]
    kept = np.concatenate([model.trace(text).layers[0].kept for text in examples])  # (steps, 1, H)
    for sort, order in (
        ("span", Memory.of(kept).order.tolist()),
        ("index", list(range(16))),
        ("word", np.argsort(-traced(model, "kept")[4], kind="stable").tolist()),
    ):
        page.go(text=TEXT, word=4, network="gru", sort=sort)
        assert rows(page) == order
    page.page.locator("#hold input[value=longest]").check()
    page.page.locator("#hold button[data-preset=reset]").click()
    units = page.state().partition("hold=0:")[2].partition(":")[0]
    assert read_clamp(f"units={units}")["units"] == sorted(Memory.of(kept).order[:3].tolist())


def test_a_click_chooses_a_unit_and_a_word_and_a_drag_brushes(open_page: Open, four: Path):
    page = open_page(four, "text=the+boy+fell+down&word=4&network=gru&unit=0&sort=index")
    cells = page.page.locator("#layer [role=row]")
    cells.nth(5).locator("rect").nth(2).click()
    assert "&word=2&network=gru&unit=5" in page.state()
    cells.nth(3).locator("rect").nth(1).hover()
    page.page.mouse.down()
    cells.nth(6).locator("rect").nth(1).hover()
    page.page.mouse.up()
    assert "units=3,4,5,6" in page.state()
    cells.nth(10).locator("rect").nth(1).click(modifiers=["Control"])
    assert "units=3,4,5,6,10" in page.state()
    cells.nth(4).locator("rect").nth(1).click(modifiers=["Shift"])
    assert "units=3,4&" in f"{page.state()}&"
    page.page.get_by_role("button", name="Brush none").click()
    assert "units=" not in page.state()


def test_keys_move_and_brush_and_a_screen_reader_hears_the_cell(open_page: Open, four: Path):
    page = open_page(four, "text=the+boy+fell+down&word=2&network=gru&unit=3&sort=index")
    grid = page.page.get_by_role("grid")
    for key, unit, word in (
        ("ArrowDown", 4, 2),
        ("ArrowRight", 4, 3),
        ("PageDown", 14, 3),
        ("PageDown", 15, 3),
        ("End", 15, 4),
        ("Home", 15, 0),
        ("ArrowUp", 14, 0),
    ):
        grid.press(key)
        page.settle()
        active = page.page.locator(f"#{grid.get_attribute('aria-activedescendant')}")
        value = float(str(active.get_attribute("data-value")))
        heard = str(active.get_attribute("aria-label"))
        assert heard.startswith(f"unit {unit}, word {word} ")
        assert heard.endswith(f"kept {value:.2f}")
    grid.press(" ")
    grid.press("Shift+ArrowUp")
    assert "units=14,13" in page.state()
    grid.press("Escape")
    assert "units=" not in page.state()


def test_the_search_counts_where_the_same_units_do_the_same(
    open_page: Open, four: Path, networks: Path
):
    units, word = [1, 4, 9], 4
    page = open_page(four, f"text={TEXT.replace(' ', '+')}&word={word}&network=gru&units=1,4,9")
    page.page.locator("#layer summary").click()
    page.settle()
    model = load(networks / "gru")
    pattern = traced(model, "kept")[word, units] >= 0.5
    examples = payload_of(four.read_text())["examples"]
    kept = [model.trace(text).layers[0].kept[:, 0, units] >= 0.5 for text in examples]
    same = [(gates == pattern).all(1) for gates in kept]  # by example, [T] each
    said = str(page.page.locator("#layer details p[role=status]").text_content()).replace(",", "")
    assert f" at {sum(map(sum, same))} of {sum(map(len, same))} words " in said
    first = page.page.locator("#layer details li button").first
    text, there = str(first.get_attribute("data-text")), int(str(first.get_attribute("data-word")))
    assert same[examples.index(text)][there]
    first.click()
    page.settle()
    assert page.page.locator("#text").input_value() == text
    assert f"word={there}" in page.state()
