"""What a model makes of many tokens at once, beside a plain oracle: one at a time, in float64."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from glassgate import clamp
from glassgate.analysis import scoring, surprisal
from glassgate.analysis.scoring import ScoredToken, score
from glassgate.nn.models import NETWORKS, LanguageModel
from glassgate.train import Loaded
from glassgate.train.settings import LANGUAGE
from glassgate.train.tokens import EOS, Level, Vocabulary

WORDS = ["the", "The", "boy's", "girl", "fell", "knee", ".", ",", "\u201cknee\u201d"]
WORDS += ["zyzzyx", "#1", "\U0001f600", "\u0130"]
Token = tuple[int, int, str, bool, bool]


def random_text(lines: int, longest: int) -> str:
    random = np.random.default_rng(lines)
    lengths = random.integers(0, longest, lines)
    spaces = ["", "  ", "\t", "\x0b", "\u2028"]
    said = [random.choice(spaces) + " ".join(random.choice(WORDS, n)) for n in lengths]
    return "\n\n" + "\n".join(said) + " \n \n"


TEXT = random_text(60, 9) + random_text(1, 900) + "the boy " * 300 + random_text(40, 30)


def untrained(network: str, level: Level, *, by_sentence: bool, layers: int = 2) -> Loaded:
    torch.manual_seed(7)
    vocabulary = Vocabulary.learn(["the boy girl fell hurt boy's knee . , ;\n"], level)
    model = LanguageModel(len(vocabulary), network, 6, 16, layers, dropout=0.3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 2  # farther from uniform
    config = {"level": level, "by_sentence": by_sentence}
    return Loaded(model.eval(), vocabulary, replace(LANGUAGE, network=network), config)


def one_by_one(loaded: Loaded, text: str) -> Iterator[tuple[Token, list[float]]]:
    """Give each token with its bits, entropy and rank, with a call of the model for each."""
    vocabulary, by_sentence = loaded.vocabulary, loaded.config["by_sentence"]
    before, state = vocabulary.bos, None
    lines = text.rstrip().split("\n")
    for number, line in enumerate(lines, 1):
        whole = line.strip() if by_sentence else line + "\n" * (number < len(lines))
        spans, ids = vocabulary.spans(whole), vocabulary.encode(whole)
        spelt = [whole[start:stop] for start, stop in spans]
        begins = [
            not s.isspace() and f" {whole}"[at].isspace()
            for s, (at, _) in zip(spelt, spans, strict=True)
        ]
        if by_sentence:
            before, state = vocabulary.bos, None
            if whole:
                spelt, ids, begins = [*spelt, EOS], [*ids, vocabulary.eos], [*begins, True]
        for position, (word, i, first) in enumerate(zip(spelt, ids, begins, strict=True), 1):
            logits, state = call(loaded, before, state)
            probability = torch.softmax(logits, 0)
            entropy = -(probability * probability.log2()).sum()
            rank = int((logits > logits[i]).sum()) + 1
            measures = [float(-probability[i].log2()), float(entropy), rank]
            yield (number, position, word, i != vocabulary.unk, first), measures
            before = i


@torch.no_grad()
def call(loaded: Loaded, token: int, state: Any) -> tuple[torch.Tensor, Any]:
    logits, state = loaded.model(torch.tensor([[token]]), state)
    return logits[0, 0].double(), state


def listed(tokens: list[ScoredToken]) -> list[Token]:
    return [(t.sentence, t.position, t.spelt, t.known, t.begins) for t in tokens]


def check(loaded: Loaded, text: str) -> None:
    scored = [token for stretch in score(loaded, text) for token in stretch]
    tokens, measures = zip(*one_by_one(loaded, text), strict=True)
    assert listed(scored) == list(tokens)
    bits, entropy, rank = zip(*measures, strict=True)
    np.testing.assert_allclose([t.surprisal for t in scored], bits, rtol=0, atol=1e-5)
    np.testing.assert_allclose([t.entropy for t in scored], entropy, rtol=0, atol=1e-5)
    assert [t.rank for t in scored] == list(rank)
    after = np.array([t.entropy_after for t in scored])
    ends = np.array([t.is_end for t in scored[:-1]])  # nothing follows <eos>
    np.testing.assert_allclose(after[:-1], np.where(ends, 0, entropy[1:]), rtol=0, atol=1e-5)
    assert len({token[3] for token in tokens}) == 2  # words that it knows, and others


@pytest.fixture(params=["whole", "cut"])
def cuts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut nothing of these texts, or windows, stretches, batches and blocks."""
    if request.param == "cut":
        monkeypatch.setattr(scoring, "WINDOW", 50)
        monkeypatch.setattr(scoring, "MAX_TOKENS", 7)
        monkeypatch.setattr(surprisal, "MAX_TOKENS", 40)
        monkeypatch.setattr(surprisal, "MAX_LOGITS", 100)


@pytest.mark.usefixtures("cuts")
@pytest.mark.parametrize("by_sentence", [True, False])
@pytest.mark.parametrize("level", ["words", "characters"])
@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_many_at_once_have_the_bits_of_one_by_one(network: str, level: Level, by_sentence: bool):
    check(untrained(network, level, by_sentence=by_sentence), TEXT)


@pytest.mark.parametrize("by_sentence", [True, False])
@pytest.mark.parametrize("hold", [{"kept": 0.0}, {"layer": 1, "units": [2, 5], "state": 0.5}])
def test_held_gates_have_the_bits_of_one_by_one(hold: dict[str, Any], by_sentence: bool):
    loaded = untrained("gru", "words", by_sentence=by_sentence)
    free = [token.surprisal for stretch in score(loaded, TEXT) for token in stretch]
    with clamp(loaded.model, **hold):
        check(loaded, TEXT)
        held = [token.surprisal for stretch in score(loaded, TEXT) for token in stretch]
    assert max(abs(a - b) for a, b in zip(free, held, strict=True)) > 0.1


@pytest.mark.parametrize("by_sentence", [True, False])
def test_no_more_is_read_than_a_window(monkeypatch: pytest.MonkeyPatch, by_sentence: bool):
    loaded = untrained("gru", "words", by_sentence=by_sentence, layers=1)
    read: list[int] = []
    cut = loaded.vocabulary.cut
    monkeypatch.setattr(scoring, "WINDOW", 1000)
    monkeypatch.setattr(scoring, "MAX_TOKENS", 10)
    monkeypatch.setattr(
        loaded.vocabulary, "cut", lambda lines: read.append(sum(map(len, lines))) or cut(lines)
    )
    stretches = score(loaded, "the boy fell .\n" * 5000)
    assert read == []
    assert len(next(stretches)) == 10
    assert len(read) == 1
    list(stretches)
    assert max(read) < 1020
    assert sum(read) > 14 * 4999


def test_after_the_last_token_of_a_stream_the_model_is_as_uncertain_as_before_the_next():
    loaded = untrained("gru", "words", by_sentence=False)
    (stretch,) = score(loaded, "the boy fell")
    (longer,) = score(loaded, "the boy fell hurt")
    assert stretch[-1].entropy_after == pytest.approx(longer[-1].entropy, abs=1e-5)
    assert longer[-2].entropy_reduction == max(0.0, longer[-2].entropy - longer[-1].entropy)


def test_surprisal_entropy_and_rank_of_a_distribution_worked_out_by_hand():
    """Of 1/2, 1/4, 1/8 and 1/8 the entropy is 1.75 bits."""
    logits = torch.tensor([[0.5, 0.25, 0.125, 0.125]]).log().repeat(4, 1) + 3
    measures = surprisal._measure(logits, torch.arange(4))
    wanted = [[1, 1.75, 1], [2, 1.75, 2], [3, 1.75, 3], [3, 1.75, 3]]
    np.testing.assert_allclose(measures, wanted, rtol=0, atol=1e-6)


def test_nothing_has_no_tokens():
    assert list(score(untrained("gru", "words", by_sentence=True), "")) == []
