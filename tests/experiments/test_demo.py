"""The demo's measures against the truth, and the demo whole on a small grammar."""

import base64
import json
import math
import re
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch

import glassgate
from glassgate.analysis import agreement
from glassgate.analysis.gradient import distant_items, gradient_by_lag
from glassgate.analysis.language import Language, language_task, sample_language
from glassgate.analysis.units import long_sentence, sentence_gates, unit_memory
from glassgate.cli import main
from glassgate.experiments.demo import demo_page
from glassgate.experiments.demo.experiment import NETWORKS
from glassgate.experiments.demo.phrase import has_phrase, phrase_of, predict_phrase
from glassgate.experiments.demo.summary import phrase_rows
from glassgate.grammar.dependency import dependency_items
from glassgate.grammar.grammar import Grammar
from glassgate.inside.clamp import clamp
from glassgate.nn.models import LanguageModel
from glassgate.train.folder import read_history
from glassgate.train.settings import Settings

SMALL = """
feature number = singular plural
class noun = Noun
cue Noun
construction verb after places = Verb after Places
Sentence
    the Noun[number] Places Verb[number]
Places
    near it Farther
Farther
    2 near it Farther | 1 (nothing)
Noun[singular]
    boy | dog
Noun[plural]
    boys | dogs
Verb[singular]
    runs
Verb[plural]
    run
"""


NOUNS = ("boy", "dog", "boys", "dogs")


@pytest.fixture(scope="module")
def small() -> Language:
    return sample_language(Grammar(SMALL, "small.grammar"), seed=0, train=200, held_out=100)


def untrained(language: Language, network: str) -> LanguageModel:
    settings = Settings(network=network, hidden_size=8, embedding_size=6, dropout=0.0)
    model = language_task(language, settings).model.eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2)  # far enough from even chances to tell mistakes
    return model


class Truth(torch.nn.Module):
    """Predicts exactly what the grammar says."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self.language = language

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, None]:
        logits = torch.full((*tokens.shape, len(self.language.ids)), -1e9)
        words = self.language.vocabulary.tokens(range(len(self.language.ids)))
        for column in range(tokens.shape[1]):
            prefix = self.language.grammar.begin()
            for step, token in enumerate(tokens[:, column].tolist()):
                if step and words[token] in prefix.next_words:
                    prefix = prefix.read(words[token])
                for word, probability in prefix.next_words.items():
                    logits[step, column, self.language.ids[word]] = math.log(probability)
        return logits, None


def test_the_truth_reaches_the_floor_and_wins_every_choice(small):
    truth = Truth(small)
    found = agreement.score(truth, small)
    assert found["kl_bits"] == pytest.approx(0, abs=1e-6)
    assert found["cross_entropy_bits"] == pytest.approx(agreement.floor(small), abs=1e-6)
    assert all(cell["accuracy"] == 1 for cell in agreement.agreement(truth, small))
    surprisal = [small.grammar.surprisal(words) for words in small.held_out]
    places = sum(len(words) + 1 for words in small.held_out)
    assert agreement.floor(small) == pytest.approx(sum(surprisal) / places, rel=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
def test_scores_are_those_of_a_plain_loop(small, network):
    model = untrained(small, network)
    nats, divergence, count = 0.0, 0.0, 0
    for words, truth in zip(small.held_out, small.truth, strict=True):
        ids = small.sentence(words)
        with torch.no_grad():
            q = model(torch.tensor(ids[:-1])[:, None])[0][:, 0].softmax(-1).double().numpy()
        for p, expected, target in zip(truth, q, ids[1:], strict=True):
            nats -= math.log(expected[target])
            divergence += sum(a * math.log2(a / b) for a, b in zip(p, expected, strict=True) if a)
            count += 1
    found = agreement.score(model, small)
    assert found["cross_entropy_bits"] == pytest.approx(nats / count / math.log(2), rel=1e-5)
    assert found["kl_bits"] == pytest.approx(divergence / count, rel=1e-4)
    assert found["perplexity"] == pytest.approx(math.exp(nats / count), rel=1e-5)


def test_a_feedforward_network_is_at_chance_wherever_the_twins_agree_on_the_last_word():
    english = Grammar.load()
    items = dependency_items(english, seed=1, twins=20, sentences=3000)
    language = sample_language(english, seed=1, train=10, held_out=10)
    assert {c.construction for c in items} <= {c.construction for c in language.items}
    for cell in agreement.agreement(untrained(language, "feedforward"), language):
        if cell["distance_min"] >= 1 and not cell["cue_repeated"]:
            assert cell["accuracy"] == 0.5, cell


@pytest.mark.parametrize("network", ["srn", "gru", "lstm"])
def test_gradients_by_lag_are_those_of_finite_differences(small, network):
    model = untrained(small, network).double()
    item = next(item for item in distant_items(small) if len(item.words) >= 12)
    norms = gradient_by_lag(model, small, [item], lags=4)
    tokens = torch.tensor(small.context(item.words))[:, None]
    target = torch.tensor([small.ids[item.right]])

    def loss(state: tuple[torch.Tensor, ...], lag: int) -> float:
        with torch.no_grad():
            if lag:
                rest = model.embedding(tokens[len(tokens) - lag :])
                _, state = model.network(rest, state if network == "lstm" else state[0])
            last = state[0] if isinstance(state, tuple) else state
            return torch.nn.functional.cross_entropy(model.decoder(last[-1]), target).item()

    for lag in range(5):
        with torch.no_grad():
            _, state = model.network(model.embedding(tokens[: len(tokens) - lag]))
        parts = state if isinstance(state, tuple) else (state,)
        square = 0.0
        for i, part in enumerate(parts):
            for unit in range(part.shape[-1]):
                ends = []
                for step in (1e-5, -1e-5):
                    moved = [p.clone() for p in parts]
                    moved[i][..., unit] += step
                    ends.append(loss(tuple(moved), lag))
                square += ((ends[0] - ends[1]) / 2e-5) ** 2
        assert norms[lag] == pytest.approx(math.sqrt(square), rel=1e-5)


def test_unit_memory_is_the_mean_kept_share_over_valid_words_only(small):
    model = untrained(small, "gru")
    shares = []
    for words in small.held_out:
        gates = sentence_gates(model, small, words)
        assert gates.kept.shape == (len(words), 1, 8)
        embedded = model.embedding(torch.tensor([small.vocabulary.bos]))
        z = torch.sigmoid(
            embedded @ model.network.weight_ih_l0[8:16].T
            + model.network.bias_ih_l0[8:16]
            + model.network.bias_hh_l0[8:16]
        )
        shares += [z.detach().numpy(), *gates.kept[:, 0]]
    expected = np.mean(np.vstack(shares), axis=0)
    memory = unit_memory(model, small)
    assert memory.kept == pytest.approx(expected, rel=1e-5)
    assert memory.span == pytest.approx(-1 / np.log(expected), rel=1e-4)


def test_the_pictured_sentence_holds_a_long_dependency(small):
    words = long_sentence(small)
    assert words[-1] in ("run", "runs")
    assert 13 <= len(words) <= 18


def test_classes_are_those_of_the_grammar_file(small):
    even = np.full(len(small.ids), 1 / len(small.ids), np.float32)
    assert agreement.class_shares(small, even) == pytest.approx({"noun": 4 / 12, "other": 8 / 12})


def test_the_demo_writes_page_picture_and_numbers(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr("glassgate.analysis.language.TRAIN", 300)
    grammar = tmp_path / "small.grammar"
    grammar.write_text(SMALL)
    output = tmp_path / "out"
    command = ["glassgate", "demo", "--output", str(output), "--grammar", str(grammar)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    assert "KL divergence" in capsys.readouterr().out
    results = json.loads((output / "results.json").read_text())
    assert results["command"].startswith("glassgate demo --output")
    assert results["seed"] == 0
    assert "seed" not in results["settings"]
    assert results["sentences"] == {"train": 300, "held_out": 5000}
    assert results["versions"]["torch"] == torch.__version__
    assert [network["name"] for network in results["networks"]] == list(NETWORKS)
    for network in results["networks"]:
        assert network["perplexity"] == pytest.approx(2 ** network["cross_entropy_bits"])
        assert network["cross_entropy_bits"] > results["grammar_entropy_bits"] - 0.01
        assert network["tokens_per_second"] > 0 < network["train_seconds"]
        assert all(cell["n"] and cell["n"] % 2 == 0 for cell in network["agreement"])
        for measure in ("kl_bits", "cross_entropy_bits"):
            low, high = network["intervals"][measure]
            assert low < network[measure] < high
    assert results["phrase"] is None  # not in this grammar
    page = (output / "report.html").read_text()
    assert "fell down" not in page
    assert "http://" not in page.split("</script>")[-1]
    assert "src=" not in page.split("</script>")[-1]
    assert f"{results['networks'][2]['kl_bits']:.4f}" in page
    assert (output / "gates.png").read_bytes().startswith(b"\x89PNG")
    for name in NETWORKS:
        loaded = glassgate.load(output / "models" / name)
        assert loaded.settings.network == name
        assert loaded.config["data"] == f"300 sentences of {grammar}, seed 0"
        assert len(read_history(output / "models" / name, "perplexity")) == 5
        (after_the,) = [n for n in results["networks"] if n["name"] == name]
        nouns = sum(dict(loaded.predict("the").ranked)[word] for word in NOUNS)
        assert nouns == pytest.approx(after_the["classes_after"]["noun"], rel=1e-5)
    with pytest.raises(SystemExit) as refused:
        main()
    assert refused.value.code == 2
    assert "results.json already exists" in capsys.readouterr().err
    before = (output / "models" / "gru" / "model.safetensors").read_bytes()
    (output / "results.json").unlink()
    with pytest.raises(SystemExit) as refused:
        main()
    assert refused.value.code == 2
    assert "already holds a model (model.safetensors)" in capsys.readouterr().err
    assert (output / "models" / "gru" / "model.safetensors").read_bytes() == before
    assert not (output / "results.json").exists()
    monkeypatch.setattr(sys, "argv", [*command, "--overwrite", "--seed", "1"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    assert glassgate.load(output / "models" / "gru").settings.seed == 1
    assert (output / "results.json").exists()


def english(train: int) -> Language:
    return sample_language(Grammar.load(), seed=2, train=train, held_out=10, items=False)


def test_the_phrase_is_asked_of_each_network_and_of_the_gru_with_its_gates_held():
    language = english(10)
    models = {name: untrained(language, name) for name in NETWORKS}
    predictions = [p for name in NETWORKS for p in predict_phrase(models[name], name, language)]
    phrase = phrase_of(language, predictions)
    assert phrase["clamp"] == "kept=0 reset=0"
    order = [(p["network"], p["held"], p["subject"]) for p in phrase["predictions"]]
    asked = [(name, False) for name in ("feedforward", "srn", "gru")]
    asked += [("gru", True), ("lstm", False), ("the grammar", False)]
    assert order == [(*which, subject) for which in asked for subject in ("boy", "girl", "boys")]
    for prediction in phrase["predictions"]:
        if prediction["network"] == "the grammar":
            right = phrase["right"][prediction["subject"]]
            assert prediction["probabilities"] == {
                word: float(word == right) for word in ("his", "her", "its", "their")
            }
            continue
        ids = torch.tensor(language.context(prediction["after"].split()))[:, None]
        model = models[prediction["network"]]
        with torch.no_grad():
            # With both gates at 0 a state is the candidate of its own input alone.
            read = ids[-1:] if prediction["held"] else ids
            holding = clamp(model, kept=0, reset=0) if prediction["held"] else nullcontext()
            with holding:
                q = model(read)[0][-1, 0].softmax(-1)
        for word, probability in prediction["probabilities"].items():
            assert probability == pytest.approx(float(q[language.ids[word]]), rel=1e-5)


def test_a_network_without_memory_expects_the_same_after_every_twin():
    language = english(10)
    rows = phrase_rows(
        phrase_of(language, predict_phrase(untrained(language, "gru"), "gru", language))
    )
    assert rows["GRU, held"]["boy"] == pytest.approx(rows["GRU, held"]["girl"], rel=1e-6)
    assert rows["GRU"]["boy"] != pytest.approx(rows["GRU"]["girl"], rel=1e-3)


@pytest.mark.parametrize("missing", ["its", "hurt"])
def test_a_grammar_without_a_word_of_the_phrase_is_not_asked(missing: str):
    text = (
        Grammar.load().text.replace(f" {missing}\n", " other\n").replace(f" {missing} ", " other ")
    )
    language = sample_language(Grammar(text), seed=0, train=5, held_out=5, items=False)
    assert missing not in language.ids
    assert not has_phrase(language)
    assert has_phrase(english(5))


def test_the_page_opens_with_the_phrase_and_every_figure_has_its_numbers():
    results = json.loads((Path(__file__).parents[2] / "docs" / "demo.json").read_text())
    page = demo_page(results, {})
    body = page.split("</style>")[1]
    first = body.index("The boy fell down and hurt")
    assert first < body.index('<section id="section-1">') < body.index("Who predicts best?</h2>")
    sections = body.split('<section id="section-')[1:]
    assert len(sections) == 6
    for section in sections:
        exhibits = section.count('role="group"')
        assert exhibits
        assert section.count("What is meant by") == section.count(" download=") == exhibits
        tables = [place.start() for place in re.finditer("<table>", section)]
        drawn = [place.start() for place in re.finditer("plotly-graph-div", section)]
        assert max(drawn) < min(tables, default=len(section))
    rows = phrase_rows(results["phrase"])
    assert f"{rows['GRU']['boy']['his']:.3f}" in sections[0]
    assert f"{rows['GRU, held']['boy']['his']:.3f}" in sections[0]
    for link in re.findall(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', body):
        header, *lines = base64.b64decode(link).decode().splitlines()
        assert lines
        assert all(line.count(",") >= header.count(",") for line in lines)
