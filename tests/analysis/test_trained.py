"""`glassgate.load`: a model folder, and what can be asked of it."""

from pathlib import Path

import pytest

import glassgate
from glassgate import BadInput
from tests.conftest import Run


def test_it_answers_as_the_commands_do(trained: Path, glassgate_: Run) -> None:
    model = glassgate.load(trained / "lines")
    token, probability = model.predict("the boy fell").ranked[0]
    printed = glassgate_("predict", trained / "lines", "the boy fell").out
    assert f"{probability:.6f}  {token}" in printed

    Path("text.txt").write_text("the boy fell\n")
    rows = glassgate_("score", trained / "lines", "text.txt").out.splitlines()
    table = [row.split("\t") for row in rows if not row.startswith("#")][1:]
    scored = model.score("the boy fell\n")
    assert [row[2] for row in table] == [token.spelt for token in scored]
    assert [float(row[3]) for row in table] == pytest.approx(
        [token.surprisal for token in scored], abs=1e-6
    )


def test_words_are_sums_over_their_tokens(trained: Path) -> None:
    model = glassgate.load(trained / "lines")
    tokens, words = model.score("the boy fell."), model.score("the boy fell.", words=True)
    assert [word.spelt for word in words[:3]] == ["the", "boy", "fell."]
    assert words[2].surprisal == pytest.approx(tokens[2].surprisal + tokens[3].surprisal)


def test_gates_held_on_its_network_hold_for_its_answers(trained: Path) -> None:
    model = glassgate.load(trained / "lines")
    free = model.predict("the boy fell").ranked
    with glassgate.clamp(model.network, kept=0, reset=0):
        assert model.trace("the boy fell").layers[0].kept.max() == 0
        held = model.predict("the boy fell").ranked
    assert held != free
    assert model.predict("the boy fell").ranked == free
    assert model.trace("the boy").layers[0].kept.shape == (3, 1, 8)  # <bos>, the, boy


def test_what_a_model_cannot_do_is_said(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="score needs a language model"):
        glassgate.load(trained / "sentiment").score("good")
    with pytest.raises(BadInput, match="has no state to trace: trace needs a gru, lstm or srn"):
        glassgate.load(trained / "feedforward").trace("the boy")
    with pytest.raises(BadInput, match="there is no model folder"):
        glassgate.load(tmp_path / "nowhere")


FORM = (
    "formulation=Formulation(update='keeps', reset='after', gate='sigmoid', squash='tanh'), "
    "dtype=torch.float32"
)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("deep", f"level='words', vocabulary=13, gru=GRU(6, 8, num_layers=2, {FORM})"),
        ("letters", f"level='characters', vocabulary=23, gru=GRU(6, 8, {FORM})"),
        ("lstm", "level='words', vocabulary=13, lstm=LSTM(6, 8, num_layers=2)"),
    ],
)
def test_print_says_what_it_is(trained: Path, name: str, what: str) -> None:
    assert repr(glassgate.load(trained / name)) == f"TrainedModel(kind='language', {what})"


def test_print_names_the_classes(trained: Path) -> None:
    said = repr(glassgate.load(trained / "sentiment"))
    assert said.startswith("TrainedModel(kind='classifier', classes=['negative', 'positive'], ")
    assert said.endswith(f"gru=GRU(6, 8, {FORM}))")
