"""Probes and ablations against states and networks whose units are known by construction."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from glassgate import BadInput
from glassgate.analysis.language import Language
from glassgate.analysis.selectivity import (
    feature_examples,
    feature_selectivity,
    last_states,
)
from glassgate.analysis.units import ablation, drop_by_unit
from glassgate.grammar.grammar import Grammar
from glassgate.inside.probe import selectivity
from glassgate.nn.models import LanguageModel


def remembering(language: Language) -> LanguageModel:
    """A GRU whose unit 0 writes the number of the noun and keeps it; unit 1 is always 0."""
    model = LanguageModel(len(language.ids), "gru", 2, 2).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        for word, number in (("boy", -1), ("dog", -1), ("boys", 1), ("dogs", 1)):
            model.embedding.weight[language.ids[word]] = torch.tensor([1.0, number])
        model.network.bias_ih_l0[2] = 20  # unit 0 keeps, but for a noun,
        model.network.weight_ih_l0[2, 0] = -40
        model.network.weight_ih_l0[4, 1] = 5  # whose number is its candidate
        model.decoder.weight[language.ids["run"], 0] = 1
        model.decoder.bias[language.ids["runs"]] = 0.5
    return model


def test_a_planted_unit_is_found_and_no_other():
    rng = np.random.default_rng(0)
    label = rng.permutation(np.repeat(["plural", "singular"], [90, 60]))
    states = rng.normal(size=(150, 4))
    states[:, 2] = np.where(label == "plural", 3, 2.9)  # apart, however little
    states[:, 3] = 7  # says nothing: the more frequent label is all that a probe can say
    found = selectivity(states, label)
    assert found.unit[2] == pytest.approx(1)
    assert found.layer == pytest.approx(1)
    assert found.unit_control.shape == (5, 4)
    for accuracy in (found.unit[3], *found.unit_control[:, 3], found.majority):
        assert accuracy == pytest.approx(0.6, abs=1e-12)
    assert found.carrying == [2]
    assert found.layer_control.max() < 0.75
    assert len(set(found.unit_control[:, 0])) > 1  # each shuffle is another
    again, other = selectivity(states, label), selectivity(states, label, seed=1)
    np.testing.assert_array_equal(again.unit_control, found.unit_control)
    assert (other.unit_control != found.unit_control).any()


def test_a_layer_tells_what_its_units_tell_in_part():
    states = np.random.default_rng(0).normal(size=(4000, 2))
    found = selectivity(states, states.sum(1) > 0)
    assert found.layer > 0.99
    np.testing.assert_allclose(found.unit, 0.75, rtol=0, atol=0.02)  # P(x and x + y agree) = 3/4
    assert found.unit_control == pytest.approx(0.5, abs=0.03)


def test_a_label_of_three_kinds_is_told():
    label = np.arange(60) % 3
    states = np.stack([4 * label, label == 1, 0 * label], 1)
    found = selectivity(states, label)
    assert found.unit == pytest.approx([1, 2 / 3, 1 / 3])  # all, one of them, none
    assert found.carrying == [0, 1]
    assert found.majority == 1 / 3


def test_what_cannot_be_probed_is_refused():
    states = np.zeros((10, 2))
    with pytest.raises(BadInput, match=r"labels must have shape \(10,\)"):
        selectivity(states, [0, 1])
    with pytest.raises(BadInput, match=r"5 times each, got \{0: 10\}"):
        selectivity(states, [0] * 10)
    with pytest.raises(BadInput, match=r"5 times each, got \{'a': 6, 'b': 4\}"):
        selectivity(states, ["a"] * 6 + ["b"] * 4)
    with pytest.raises(BadInput, match="states must be finite"):
        selectivity(np.full((10, 2), np.nan), [0, 1] * 5)
    with pytest.raises(BadInput, match="states must have shape"):
        selectivity(states[0], [0, 1])
    with pytest.raises(BadInput, match=r"states must be of one unit or more, got shape \(10, 0\)"):
        selectivity(states[:, :0], [0, 1] * 5)
    with pytest.raises(TypeError, match="states must be numbers, got <U1"):
        selectivity([["a", "b"]] * 10, [0, 1] * 5)
    with pytest.raises(BadInput, match="seed must be at least 0, got -1"):
        selectivity(states, [0, 1] * 5, seed=-1)
    with pytest.raises(TypeError, match="labels must be all numbers or all strings"):
        selectivity(states, ["a", None] * 5)


def test_states_may_be_a_list_and_labels_any_numbers():
    states = np.random.default_rng(0).normal(size=(40, 2))
    half, whole = selectivity(states.tolist(), [0, 0.5] * 20), selectivity(states, ["a", "b"] * 20)
    for one, other in zip(half, whole, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_two_examples_are_alike():
    examples = feature_examples(Grammar.load(), "gender", 300, seed=0)
    assert len({" ".join(words) for words, _ in examples}) == len(examples) == 300


def test_examples_are_decided_by_the_cue_alone(language):
    examples = feature_examples(language.grammar, "number", 200, seed=3)
    assert len(examples) == 200
    for words, value in examples:
        assert words[1].endswith("s") == (value == "plural")
        assert len(words) > 2  # a word lies between
        prefix = language.grammar.begin()
        for word in words:
            prefix = prefix.read(word)
        assert ("run" if value == "plural" else "runs") in prefix.next_words
    shares = [value == "plural" for _, value in examples]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.1)


def test_examples_of_english_have_every_value_after_the_same_words():
    english = Grammar.load()
    for feature, values in english.rules.file.features.items():
        examples = feature_examples(english, feature, 60, seed=0)
        assert len(examples) == 60
        assert {value for _, value in examples} == set(values)
        if feature == "gender":  # who and that tell it, and so does nothing between
            assert not {"who", "that"} & {word for words, _ in examples for word in words}
    with pytest.raises(BadInput, match="number or gender, got 'tense'"):
        feature_examples(english, "tense", 1, seed=0)


def test_the_unit_that_remembers_is_the_unit_that_is_found(language):
    model = remembering(language)
    found = feature_selectivity(model, language, "number", 60, seed=0)
    assert found.carrying == [0]
    assert found.unit[0] == pytest.approx(1)
    assert found.layer == pytest.approx(1)
    assert found.unit[1] == pytest.approx(found.majority, abs=0.02)


def test_states_are_those_after_each_context_alone(language):
    torch.manual_seed(0)
    contexts = [[1, 2, 3], [4], [2, 2, 5, 3, 1]]
    for network in ("srn", "gru"):
        model = LanguageModel(len(language.ids), network, 3, 4).eval()
        states = last_states(model, contexts)
        for context, state in zip(contexts, states, strict=True):
            embedded = model.embedding(torch.tensor(context))[:, None]
            alone = model.network(embedded)[0][-1, 0].detach()
            np.testing.assert_allclose(state, alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("held", ["state", "kept"])
def test_a_memory_that_is_held_costs_what_it_held(language, held):
    model = remembering(language)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    for units, accuracy in (([0], 0.5), ([0, 1], 0.5), ([1], 1), ([], 1)):
        cells = ablation(model, language, units, held)
        assert [cell["distance_min"] for cell in cells] == [0, 1, 3, 6, 10]
        for cell in cells[1:]:  # at a distance of 0 the noun itself is still to be seen
            assert cell["accuracy"] == 1
            assert cell["accuracy_held"] == accuracy
            assert cell["drop"] == 1 - accuracy
        near = 0.5 if held == "state" and 0 in units else 1
        assert cells[0]["accuracy_held"] == near
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name])


def test_the_drop_by_unit_is_over_all_items(language):
    model = remembering(language)
    assert drop_by_unit(model, language).tolist() == [0.5, 0]
    (near, at_once), *far = language.items.items()
    fewer = {near: at_once, **{cell: items[:20] for cell, items in far}}
    dropped = drop_by_unit(model, replace(language, items=fewer), "kept")
    share = 20 * len(far) / (len(at_once) + 20 * len(far))  # of the items at a distance
    assert near.distance_min == 0
    assert dropped.tolist() == pytest.approx([0.5 * share, 0])
    with pytest.raises(BadInput, match="layer must lie in"):
        drop_by_unit(model, language, layer=1)
