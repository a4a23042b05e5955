"""The page computes what Python computes: next words, classes, held gates, of every kind."""

from __future__ import annotations

import random
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from glassgate import clamp, load
from glassgate.analysis import TrainedModel
from glassgate.explorer import Content, write_explorer
from glassgate.grammar import Grammar
from tests.conftest import Run
from tests.explorer.browser.conftest import Open, Opened
from tests.explorer.conftest import NAMES

CASES, PER_TEST = 200, 40
HOLDABLE = {"feedforward": (), "srn": ("state",), "gru": ("reset", "kept", "state"),
            "lstm": ("kept", "state")}  # fmt: skip
SHOWN = 10  # next words of each network


@dataclass(frozen=True)
class Case:
    """A sentence, and what is held in one network while it is read."""

    text: str
    network: str
    units: tuple[int, ...]  # none stands for all
    values: dict[str, float]

    @property
    def address(self) -> dict[str, object]:
        parts: dict[str, object] = {"text": self.text, "network": self.network}
        if self.values:
            units = ",".join(map(str, self.units)) or "all"
            values = ",".join(f"{name}={value}" for name, value in self.values.items())
            parts["hold"] = f"0:{units}:{values}"
        return parts

    def holding(self, model: TrainedModel) -> Any:
        if not self.values:
            return nullcontext()
        units = {"units": list(self.units)} if self.units else {}
        return clamp(model.network, layer=0, **units, **self.values)


def draw_cases(count: int, seed: int, units: int) -> list[Case]:
    """Random sentences, some of them words in any order or unknown ones, and random holds."""
    chance, grammar = random.Random(seed), Grammar.load()
    words = [*grammar.words, "zebra", "?"]
    cases = []
    for _ in range(count):
        network = chance.choice(NAMES)
        sentence = chance.choices(words, k=chance.randint(0, 12))
        if chance.random() < 0.5:
            sentence = grammar.derive(chance).words[: chance.randint(1, 15)]
        held = [name for name in HOLDABLE[network] if chance.random() < 0.6]
        if "state" in held and "kept" in held:
            held.remove(chance.choice(["state", "kept"]))
        values = {name: draw_value(chance, name) for name in held}
        chosen = sorted(chance.sample(range(units), chance.randint(0, units)))
        cases.append(Case(" ".join(sentence), network, tuple(chosen), values))
    return cases


def draw_value(chance: random.Random, name: str) -> float:
    if name == "state":
        return round(chance.uniform(-0.7, 0.7), 3)
    return chance.choice([0.0, 1.0, round(chance.random(), 3)])


@pytest.fixture(scope="module")
def models(networks: Path) -> dict[str, TrainedModel]:
    return {name: load(networks / name) for name in NAMES}


def compare(page: Opened, models: dict[str, TrainedModel], case: Case) -> None:
    """Compare every number beside a next word with `predict`, and which ten are shown."""
    page.go(**case.address)
    shown = page.next()
    assert set(shown) >= set(models)
    for name, model in models.items():
        with case.holding(model) if name == case.network else nullcontext():
            ranked = model.predict(case.text).ranked
        expected = dict(ranked)
        values = shown[name]
        assert values == pytest.approx(
            {word: expected[word] for word in values}, rel=2e-5, abs=1e-7
        )
        least = min(sorted(values.values(), reverse=True)[:SHOWN])
        sure = {word for word, probability in ranked[:SHOWN] if probability > 1.001 * least}
        assert sure <= set(values), case


@pytest.mark.parametrize("part", range(CASES // PER_TEST))
def test_next_words_are_those_of_predict_free_and_held(
    open_page: Open, four: Path, models: dict[str, TrainedModel], part: int
):
    page = open_page(four)
    for case in draw_cases(PER_TEST, seed=part, units=16):
        compare(page, models, case)


def test_a_hold_of_an_address_is_the_clamp_of_the_command(
    open_page: Open, four: Path, networks: Path, glassgate_: Run
):
    page = open_page(four)
    text = "the boy fell down and hurt"
    page.go(text=text, word=6, network="gru", unit=3, hold="0:3,7-9:kept=0,reset=0.5")
    clamped = ("--clamp", "layer=0 units=3,7-9 kept=0 reset=0.5")
    lines = glassgate_("predict", networks / "gru", text, *clamped).out.splitlines()[3:]
    printed = {line.split(maxsplit=2)[2]: float(line.split()[1]) for line in lines}
    shown = page.next()["gru"]
    for word in set(printed) & set(shown):
        assert shown[word] == pytest.approx(printed[word], abs=1e-6)
    assert len(set(printed) & set(shown)) >= SHOWN - 1  # the page marks the end by another name


def test_a_hold_from_a_word_on_leaves_the_words_before_it_as_they_are(
    open_page: Open, four: Path, models: dict[str, TrainedModel]
):
    page = open_page(four)
    text = "the boy who the girl saw fell down and hurt"
    page.go(text=text, word=5, network="gru", hold="0:all:kept=0,reset=0@6")
    before = page.next()["gru"]
    free = dict(models["gru"].predict(" ".join(text.split()[:5])).ranked)
    assert before == pytest.approx({word: free[word] for word in before}, rel=2e-5, abs=1e-7)
    page.go(text=text, word=6, network="gru", hold="0:all:kept=0,reset=0@6")
    with clamp(models["gru"].network, kept=0, reset=0):  # with nothing kept, nothing before counts
        held = dict(models["gru"].predict("saw").ranked)
    after = page.next()["gru"]
    assert after == pytest.approx({word: held[word] for word in after}, rel=2e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("deep", "the boy fell and hurt his knee"),
        ("letters", "the boy fell"),
        ("stream", "The Boy, he fell; and hurt -- his knee."),
        ("sentiment", "a good book no 3"),
        ("sentiment", "a bad zebra"),
        ("lstm", "the girl fell and hurt"),
    ],
)
def test_every_kind_of_model_computes_what_predict_computes(
    open_page: Open, trained: Path, tmp_path: Path, kind: str, text: str
):
    model = load(trained / kind)
    write_explorer(tmp_path / "box.html", Content({kind: model}))
    page = open_page(tmp_path / "box.html")
    page.go(text=text, network=kind)
    shown = page.next()[kind]
    expected = dict(model.predict(text).ranked)
    assert len(shown) == min(SHOWN, len(expected))
    assert shown == pytest.approx({word: expected[word] for word in shown}, rel=2e-5, abs=1e-7)


def test_a_hold_in_the_second_layer_is_held_there(open_page: Open, trained: Path, tmp_path: Path):
    model = load(trained / "deep")
    write_explorer(tmp_path / "box.html", Content({"deep": model}))
    page = open_page(tmp_path / "box.html")
    text = "the boy fell and hurt"
    page.go(text=text, network="deep", layer=1, hold="0:0-3:kept=1;1:all:reset=0.25,kept=0.5")
    with (
        clamp(model.network, layer=0, units=range(4), kept=1),
        clamp(model.network, layer=1, reset=0.25, kept=0.5),
    ):
        expected = dict(model.predict(text).ranked)
    shown = page.next()["deep"]
    assert shown == pytest.approx({word: expected[word] for word in shown}, rel=2e-5, abs=1e-7)
