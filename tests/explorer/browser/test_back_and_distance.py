"""The way back is Python's gradient; the curves by distance are what `predict` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from glassgate import clamp, load
from glassgate.analysis import TrainedModel
from glassgate.formulation import Array
from glassgate.grammar import Grammar
from glassgate.inside import gradient_by_lag
from tests.explorer.browser.conftest import Open, Opened

TEXT = "the boy who the girl saw fell down and hurt"
CLOSE = {"rtol": 1e-4, "atol": 1e-9}
PRONOUNS = ("his", "her", "its", "their")
WORDS = """() => [...document.querySelectorAll("#back [data-gradient]")].map(({ dataset }) => [
  dataset.network, Number(dataset.gradient), Number(dataset.connectivity)])"""
SHARES = """() => [...document.querySelectorAll("#distance li[data-network]")].map(
  ({ dataset }) => [dataset.network, Number(dataset.share)])"""


def back(page: Opened) -> dict[str, Array]:
    """Each network's sizes of the gradient and of connectivity, [T, 2]."""
    found: dict[str, list[list[float]]] = {}
    for network, *sizes in page.page.evaluate(WORDS):
        found.setdefault(network, []).append(sizes)
    return {network: np.array(sizes) for network, sizes in found.items()}


def gradients(model: TrainedModel, text: str, target: str) -> Array:
    """What Python measures: d -log p(target) to the states and to the embeddings, [T, 2]."""
    vocabulary, inner = model.vocabulary, model.model
    ids = torch.tensor([vocabulary.bos, *vocabulary.encode(text)])
    (expected,) = vocabulary.encode(target)

    def loss(hidden: Any) -> Any:
        log_p = inner.decoder(hidden[-1]).log_softmax(-1)  # (1, V)
        return -log_p[:, expected]

    embedded = inner.embedding(ids)[:, None].detach().requires_grad_()  # (T, 1, E)
    states = gradient_by_lag(model.network, embedded.detach(), loss, lags=len(ids) - 1)[::-1]
    (grad,) = torch.autograd.grad(loss(model.network(embedded)[0]).sum(), embedded)
    return np.stack([states, grad.norm(dim=-1)[:, 0].numpy()], axis=1)


@pytest.mark.parametrize("held", [False, True])
def test_the_way_back_is_the_gradient_that_python_measures(
    open_page: Open, four: Path, networks: Path, held: bool
):
    page = open_page(four)
    hold = {"hold": "0:all:kept=0.5"} if held else {}
    page.go(text=TEXT, word=10, network="gru", next="her", **hold)
    shown = back(page)
    assert set(shown) == {"feedforward", "srn", "gru", "lstm"}
    for network, sizes in shown.items():
        model = load(networks / network)
        if held and network == "gru":
            with clamp(model.network, kept=0.5):
                expected = gradients(model, TEXT, "her")
        else:
            expected = gradients(model, TEXT, "her")
        np.testing.assert_allclose(sizes, expected, **CLOSE)


def test_a_click_on_a_next_word_chooses_the_prediction(open_page: Open, four: Path):
    page = open_page(four, "text=the+boy+fell+down+and+hurt&word=6&network=gru")
    said = page.page.locator("#back [role=status]")
    assert "“his” after “hurt”" in str(said.text_content())
    before = back(page)
    bar = page.page.locator("#next-words button[data-network=gru][data-next='their']")
    bar.click()
    page.settle()
    assert "“their” after “hurt”" in str(said.text_content())
    assert bar.get_attribute("aria-pressed") == "true"
    assert "next=their" in page.state()
    assert not np.array_equal(back(page)["gru"], before["gru"])
    page.go(text="the boy fell down and hurt", word=2, network="gru")
    assert "“fell” after “boy”" in str(said.text_content())


def shares(page: Opened) -> dict[str, float]:
    """The share of the right pronoun that each network chooses at the chosen distance."""
    return dict(page.page.evaluate(SHARES))


def share_of(model: TrainedModel, text: str, right: str) -> float:
    expected = dict(model.predict(text).ranked)
    return expected[right] / sum(expected[word] for word in PRONOUNS)


@pytest.mark.parametrize(("cue", "right"), [("boy", "his"), ("girl", "her"), ("boys", "their")])
def test_curves_by_distance_are_what_networks_predict(
    open_page: Open, four: Path, networks: Path, cue: str, right: str
):
    page, grammar = open_page(four), Grammar.load()
    models = {name: load(networks / name) for name in ("feedforward", "srn", "gru", "lstm")}
    for distance in (0, 1, 5, 12, 20):
        page.go(text="the", network="gru", cue=f"the {cue}", distance=distance,
                hold="0:all:kept=0.25")  # fmt: skip
        shown = shares(page)
        page.page.get_by_role("button", name="Read this sentence").click()
        page.settle()
        text = page.page.locator("#text").input_value()
        words = text.split()
        assert len(words) == len(f"the {cue} fell down and hurt".split()) + distance
        next_words = grammar.prefixes(words)[-1].next_words
        assert {word for word in PRONOUNS if word in next_words} == {right}
        for name, model in models.items():
            if name == "gru":
                with clamp(model.network, kept=0.25):
                    expected = share_of(model, text, right)
            else:
                expected = share_of(model, text, right)
            assert shown[name] == pytest.approx(expected, rel=1e-4), (name, text)


def test_the_distance_can_be_read_as_a_table_and_has_other_words(open_page: Open, four: Path):
    page = open_page(four, "distance=12")
    page.page.locator("#distance summary").click()
    page.settle()
    rows = page.page.locator("#distance tbody tr")
    assert rows.count() == 21
    assert rows.nth(20).locator("td").first.text_content() == "20"
    before = str(page.page.locator("#distance .distance-text").text_content())
    page.page.get_by_role("button", name="Other words in between").click()
    after = str(page.page.locator("#distance .distance-text").text_content())
    assert after != before
    assert len(after.split()) == len(before.split())


def test_without_a_grammar_the_view_of_distance_says_why_it_is_empty(
    open_page: Open, pages: dict[str, Path]
):
    for kind in ("letters", "sentiment"):
        page = open_page(pages[kind], "text=the+boy+fell")
        page.page.locator("#distance").scroll_into_view_if_needed()
        assert "needs a grammar" in str(page.page.locator("#distance").text_content())
        assert not page.page.locator("#distance-words").is_visible()
        assert not page.page.locator("#next-words [data-network=grammar][data-probability]").count()
        assert len(back(page)[kind]) == len(page.page.locator("#layer [role=row]").first.all()[0]
                                            .locator("rect").all())  # fmt: skip
