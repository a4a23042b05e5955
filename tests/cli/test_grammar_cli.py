"""`glassgate grammar` on bad input, and the demo's measures on unusual grammars."""

from dataclasses import replace
from pathlib import Path

import pytest

from glassgate.analysis.gradient import distant_items, gradient_by_lag
from glassgate.analysis.language import Language, language_task, sample_language
from glassgate.analysis.units import long_sentence
from glassgate.errors import BadInput
from glassgate.grammar.dependency import Cell, Item
from glassgate.grammar.grammar import Grammar
from glassgate.nn.models import LanguageModel
from glassgate.train.settings import Settings
from tests.conftest import Run, Said

LONG = f"S\n    {'a ' * 20}T\nT\n    b | b b\n"


@pytest.fixture(scope="module")
def language() -> Language:
    language = sample_language(Grammar(LONG), seed=0, train=2, held_out=20)
    items = [Item(["a"] * n, "a", "b") for n in (11, 12, 13)]
    language.items[Cell("made up", False, 10, None)] = items
    return language


@pytest.fixture(scope="module")
def model(language: Language) -> LanguageModel:
    return language_task(language, Settings(network="srn", hidden_size=4, embedding_size=3)).model


def test_a_negative_seed_is_refused(glassgate_: Run):
    said = glassgate_("grammar", "sample", "--seed", "-1")
    assert (said.code, said.out) == (2, "")
    assert "--seed" in said.err


def test_the_grammar_is_written_whole_to_a_new_file_only(glassgate_: Run, tmp_path: Path):
    assert glassgate_("grammar", "show", "--output", "my.grammar").code == 0
    assert (tmp_path / "my.grammar").read_text(encoding="utf-8") == Grammar.load().text
    (tmp_path / "my.grammar").write_text("mine")
    said = glassgate_("grammar", "show", "--output", "my.grammar")
    assert said == Said(2, "", "glassgate: my.grammar already exists: choose another name\n")
    said = glassgate_("grammar", "show", "--output", "none/my.grammar")
    wanted = "glassgate: none is not a folder, so my.grammar cannot be written there\n"
    assert (said.code, said.err) == (2, wanted)
    assert (tmp_path / "my.grammar").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["my.grammar"]


def test_a_failed_write_leaves_nothing(
    glassgate_: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("glassgate.files.os.fsync", full)
    said = glassgate_("grammar", "show", "--output", "my.grammar")
    wanted = "glassgate: my.grammar could not be written: No space left on device\n"
    assert (said.code, said.err) == (2, wanted)
    assert list(tmp_path.iterdir()) == []


def test_items_without_a_state_so_far_back_are_left_out(language: Language):
    assert [len(item.words) for item in distant_items(language)] == [12, 13]
    assert [len(item.words) for item in distant_items(language, lags=13)] == [13]


def test_gradients_further_back_than_an_item_are_refused(language: Language, model: LanguageModel):
    items = distant_items(language)
    assert gradient_by_lag(model, language, items, 12).shape == (13,)
    with pytest.raises(BadInput, match="at least 13 words before the choice, got one of 12"):
        gradient_by_lag(model, language, items, 13)
    with pytest.raises(BadInput, match="got no item"):
        gradient_by_lag(model, language, [])


def test_where_every_sentence_is_long_the_shortest_is_pictured(language: Language):
    assert long_sentence(replace(language, items={})) == [*["a"] * 20, "b"]
