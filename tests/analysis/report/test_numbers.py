"""The measurements of a report, compared with direct computations."""

import json
import math
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from glassgate.analysis.report import gather
from glassgate.analysis.report.gradient import measure_flow
from glassgate.analysis.report.sample import choose_sentences, draw_sample
from glassgate.analysis.report.units import measure_layers, read
from glassgate.analysis.report.words import WARM_UP, measure_surprisal
from glassgate.analysis.scoring import by_word, score
from glassgate.analysis.text_gates import trace_text
from glassgate.errors import BadInput
from glassgate.inside.connections import connectivity
from glassgate.inside.trace import trace
from glassgate.inside.trace.states import LSTMGates
from glassgate.train import Loaded, load
from glassgate.train.run import new_model
from glassgate.train.tokens import Vocabulary

LINES = [
    f"the {who} fell and hurt {whose} knee" for who, whose in (("boy", "his"), ("girl", "her"))
]


def silent(done: int) -> None:
    pass


@contextmanager
def no_bar(label: str, total: int):
    yield silent


def untrained(loaded: Loaded, network: str, layers: int = 1) -> Loaded:
    """The same vocabulary with an untrained network, whose predictions are far from uniform."""
    settings = replace(loaded.settings, network=network, layers=layers, seed=3)
    model = new_model("language", loaded.vocabulary, (), settings).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)
    return Loaded(model, loaded.vocabulary, settings, loaded.config)


def many(number: int) -> str:
    """Lines of different lengths."""
    return "".join("the boy " * (i % 7) + LINES[i % 2] + f" {i}\n" for i in range(number))


# The sample ---------------------------------------------------------------------------------------


def test_a_long_text_is_sampled_and_a_short_one_is_read_whole(trained: Path):
    loaded = load(trained / "lines")
    sample = draw_sample(loaded, many(1000) + "\n \n", seed=1)
    assert (sample.kind, sample.of, len(sample.texts)) == ("lines", 1000, 200)
    numbers = [int(text.split()[-1]) for text in sample.texts]
    assert numbers == sorted(set(numbers))
    assert max(numbers) > 900
    assert draw_sample(loaded, many(1000), seed=1) == sample
    assert draw_sample(loaded, many(1000), seed=2).texts != sample.texts
    assert draw_sample(loaded, many(150), seed=1).texts == tuple(many(150).splitlines())


def test_a_sample_counts_what_it_holds(trained: Path):
    loaded = load(trained / "lines")
    sample = draw_sample(loaded, "the boy zyzzyx .\n" + "fell " * 250 + "\n", seed=0)
    assert sample.texts == ("the boy zyzzyx .", ("fell " * 200).strip())
    assert (sample.tokens, sample.unknown, sample.shortened) == (204, 1, 1)


@pytest.mark.parametrize("model", ["stream", "letters"])
def test_passages_joined_are_the_text(trained: Path, model: str):
    loaded = load(trained / model)
    text = many(40).strip()
    sample = draw_sample(loaded, text, seed=0)
    assert (sample.kind, sample.from_start, sample.of) == ("passages", True, len(sample.texts))
    joined = [i for passage in sample.texts for i in loaded.vocabulary.encode(passage)]
    assert joined == loaded.vocabulary.encode(text)
    assert sample.tokens == len(joined)
    assert {len(passage.split()) for passage in sample.texts[:-1]} == {
        100 if model == "stream" else 30
    }


def test_a_text_without_tokens_is_refused(trained: Path, tmp_path: Path):
    loaded = load(trained / "lines")
    tokenizer = json.loads(loaded.vocabulary.to_json())
    tokenizer["pre_tokenizer"]["pattern"] = {"Regex": "[0-9]+"}
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(tokenizer))
    of_numbers = replace(loaded, vocabulary=Vocabulary.load(path))
    with pytest.raises(BadInput, match="no token for the model to read, only 'the boy'"):
        draw_sample(of_numbers, "the boy\n", seed=0)
    assert draw_sample(of_numbers, "the boy\n12\n", seed=0).texts == ("12",)


def test_chosen_sentences_are_of_the_text_and_short_enough(trained: Path):
    stream = load(trained / "stream")
    text = "Ah! " + "the boy fell and hurt his knee . " * 3 + "the girl " * 30 + "."
    assert choose_sentences(stream, draw_sample(stream, text, 0), 2) == (
        "the boy fell and hurt his knee .",
    )
    endless = choose_sentences(stream, draw_sample(stream, "the girl " * 30, 0), 2)
    assert endless == (("the girl " * 10).strip(),)


# The measures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("network", "layers"), [("gru", 1), ("gru", 2), ("lstm", 1)])
def test_spans_and_saturation_count_every_step_once(trained: Path, network: str, layers: int):
    loaded = untrained(load(trained / "lines"), network, layers)
    texts = draw_sample(loaded, many(60), 0).texts
    assert len(texts) > 50  # more than two batches
    alone = [_gates(loaded, text) for text in texts]
    measured = measure_layers(loaded, texts, silent)
    assert len(measured) == layers
    for number, layer in enumerate(measured):
        kept = np.concatenate([gates[number].kept[:, 0] for gates in alone])  # (N, H)
        share = kept.mean(0, dtype=np.float64)
        np.testing.assert_allclose(layer.memory.kept, share, rtol=1e-6)
        np.testing.assert_allclose(layer.memory.span, -1 / np.log(share), rtol=1e-4)
        names = ("kept", "reset") if network == "gru" else ("kept", "input", "output")
        assert tuple(layer.saturation) == names
        for name in names:
            gate = np.concatenate([getattr(gates[number], name)[:, 0] for gates in alone])
            found = layer.saturation[name]
            np.testing.assert_allclose(found.left, (gate < 0.1).mean(0), atol=1e-9)
            np.testing.assert_allclose(found.right, (gate > 0.9).mean(0), atol=1e-9)
            assert found.left.any()
            assert found.right.any()


def _gates(loaded: Loaded, text: str):
    ids = torch.tensor(loaded.vocabulary.sentence(text)[:-1])
    with torch.no_grad():
        return trace(loaded.model.network, loaded.model.embedding(ids[:, None]))


def test_a_reading_agrees_with_trace(trained: Path):
    loaded = load(trained / "deep")
    reading, traced = read(loaded, "the boy zyzzyx fell"), trace_text(loaded, "the boy zyzzyx fell")
    assert reading.words == traced.words == ("<bos>", "the", "boy", "zyzzyx", "fell")
    assert reading.unknown == ("zyzzyx",)
    for layer, gates in zip(reading.layers, traced.layers, strict=True):
        assert set(layer) == {"kept", "reset"}
        np.testing.assert_array_equal(layer["kept"], gates.kept[:, 0])
        np.testing.assert_array_equal(layer["reset"], gates.reset[:, 0])
    ids = [loaded.vocabulary.bos, *loaded.vocabulary.encode("the boy zyzzyx fell")]
    np.testing.assert_array_equal(
        reading.connectivity, connectivity(loaded.model, ids[:-1], ids[1:])
    )


@pytest.mark.parametrize("network", ["srn", "feedforward"])
def test_a_network_without_gates_shows_its_states(trained: Path, network: str):
    loaded = untrained(load(trained / "lines"), network)
    reading = read(loaded, LINES[0])
    ids = torch.tensor([loaded.vocabulary.bos, *loaded.vocabulary.encode(LINES[0])])
    with torch.no_grad():
        hidden = loaded.model.network(loaded.model.embedding(ids[:, None]))[0][:, 0]
    (layer,) = reading.layers
    np.testing.assert_allclose(layer["hidden"], hidden, atol=1e-6)
    assert measure_layers(loaded, [LINES[0]], silent) == ()


def test_an_lstm_shows_its_own_gates(trained: Path):
    loaded = untrained(load(trained / "lines"), "lstm")
    (gates,) = _gates(loaded, LINES[0])
    assert isinstance(gates, LSTMGates)
    (layer,) = read(loaded, LINES[0]).layers
    for name in ("kept", "input", "output"):
        np.testing.assert_array_equal(layer[name], getattr(gates, name)[:, 0])


@pytest.mark.parametrize("network", ["srn", "gru", "lstm"])
def test_the_gradient_is_that_of_the_loss_at_the_word(trained: Path, network: str):
    loaded = untrained(load(trained / "lines"), network)
    flow = measure_flow(loaded, LINES * 2, seed=0)
    assert flow is not None
    assert flow.sequences == 4
    assert len(flow.norms) == len(LINES[0].split())  # every lag but that before <bos>
    expected = []
    for text in LINES:
        ids = [loaded.vocabulary.bos, *loaded.vocabulary.encode(text)]
        state, states = None, []
        for token in ids[:-1]:
            embedded = loaded.model.embedding(torch.tensor([[token]]))
            _, state = loaded.model.network(embedded, state)
            states.append(state if isinstance(state, tuple) else (state,))
        logits = loaded.model.decoder(states[-1][0][-1, 0])
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(ids[-1]))
        flat = [part for parts in states for part in parts]
        grads = torch.autograd.grad(loss, flat, allow_unused=True, materialize_grads=True)
        squares = torch.stack([grad.square().sum() for grad in grads])
        expected.append(squares.view(len(states), -1).sum(1).sqrt().flip(0).numpy())
    np.testing.assert_allclose(flow.norms, np.mean(expected, 0), rtol=1e-4)


def test_without_state_or_words_there_is_no_gradient(trained: Path):
    lines = load(trained / "lines")
    assert measure_flow(untrained(lines, "feedforward"), LINES, 0) is None
    assert measure_flow(lines, ["boy"], 0) is None


def test_surprisals_agree_with_score(trained: Path):
    loaded = load(trained / "lines")
    text = "the boy zyzzyx fell\nThe girl fell and hurt her knee\n"
    found = measure_surprisal(loaded, draw_sample(loaded, text, 0), silent)
    tokens = [token for stretch in score(loaded, text) for token in stretch]
    assert found is not None
    np.testing.assert_allclose(found.bits, [token.surprisal for token in tokens], rtol=1e-6)
    assert found.unknown == 1
    known = [t for t in tokens if t.known and t.spelt != "<eos>"]
    most, least = max(known, key=lambda t: t.surprisal), min(known, key=lambda t: t.surprisal)
    assert (found.most[0].word, found.least[0].word) == (most.spelt, least.spelt)
    assert found.most[0].bits == pytest.approx(most.surprisal, rel=1e-6)
    for listed in (found.most, found.least):
        words = [one.word.lower() for one in listed]
        assert sorted(words) == sorted({t.spelt.lower() for t in known})
    assert [one.bits for one in found.most] == sorted((o.bits for o in found.most), reverse=True)
    girl = next(one for one in found.most if one.word == "girl")
    assert girl.before == ("The",)


def test_the_first_words_of_a_passage_are_read_but_not_counted(trained: Path):
    for model in ("stream", "letters"):
        loaded = load(trained / model)
        sample = draw_sample(loaded, many(40), 0)
        assert len(sample.texts) > 2
        expected: list[float] = []
        for number, text in enumerate(sample.texts):
            tokens = score(loaded, text)
            parts = by_word(tokens) if model == "letters" else tokens
            words = [word.surprisal for stretch in parts for word in stretch]
            expected += words if number == 0 else words[WARM_UP:]
        found = measure_surprisal(loaded, sample, silent)
        assert found is not None
        np.testing.assert_allclose(found.bits, expected, rtol=1e-6)


# The whole ----------------------------------------------------------------------------------------


def test_a_report_has_the_history_and_parameters_of_its_folder(trained: Path):
    folder = trained / "deep"
    report = gather(folder, trained / "corpus.txt", [], 0, no_bar)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [epoch.to_json() for epoch in report.history] == lines
    weights = dict(load(folder).model.named_parameters())
    assert [parameter.name for parameter in report.parameters] == list(weights)
    for parameter in report.parameters:
        values = weights[parameter.name].detach().double().numpy()
        assert parameter.shape == values.shape
        assert parameter.size == values.size
        given = (parameter.mean, parameter.deviation, parameter.smallest, parameter.largest)
        told = (values.mean(), values.std(), values.min(), values.max())
        assert given == pytest.approx(told, rel=1e-4, abs=1e-6)
    assert report.flow is not None
    assert report.flow.half_life is not None
    assert math.isfinite(report.flow.norms.sum())


def test_one_thread_is_used_and_the_setting_restored(trained: Path):
    threads = torch.get_num_threads()
    seen = []

    @contextmanager
    def bar(label: str, total: int):
        seen.append((label, total, torch.get_num_threads()))
        yield silent

    gather(trained / "lines", trained / "corpus.txt", [], 0, bar)
    assert seen == [("gates", 60, 1), ("surprisal", 60, 1)]
    assert torch.get_num_threads() == threads
