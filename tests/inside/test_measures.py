"""Spans, saturation and regulation against cases worked out by hand, and their laws."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from glassgate import GRU, BadInput, Formulation, GRUWeights, trace
from glassgate.gates import Gates, kept_share
from glassgate.inside.memory import Memory
from glassgate.inside.regulation import Regulation
from glassgate.inside.saturation import Saturation, saturation
from glassgate.inside.trace.states import LSTMGates, SRNStates

T, B, I, H = 7, 5, 3, 6
RAGGED = np.array([4, 7, 1, 0, 6])
GATES = arrays(np.float64, (4, 3, 2), elements=st.floats(0, 1))


def of(**named):
    """Gates of which some arrays are given, and the others of no matter."""
    (shape,) = {np.shape(array) for array in named.values()}
    names = ("reset", "update", "candidate", "hidden", "kept")
    return Gates(*(np.asarray(named.get(name, np.full(shape, np.nan))) for name in names))


def drawn():
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) / 2 for shape in ((3 * H, I), (3 * H, H), 3 * H, 3 * H)]


def example():
    rng = np.random.default_rng(1)
    return rng.normal(size=(T, B, I)), rng.normal(size=(1, B, H))


def test_long_and_short_units_are_sorted_by_span():
    memory = Memory(np.zeros(5), np.array([1.0, 9.0, 3.0, 6.0, 0.5]))
    assert memory.order.tolist() == [1, 3, 2, 0, 4]
    assert memory.profile.tolist() == [9, 6, 3, 1, 0.5]
    assert (memory.long, memory.short) == ([1, 3], [4, 0])


def test_a_span_is_the_time_to_1_over_e_of_a_state_left_alone():
    share = np.array([0.3, 0.9, 0.99])
    memory = Memory.of(np.broadcast_to(share, (8, 2, 3)))
    for k, span in zip(share, memory.span, strict=True):
        left = scipy.optimize.brentq(lambda s, k=k: k**s - np.exp(-1), 0, 1000, xtol=1e-12)
        assert span == pytest.approx(left, rel=1e-9)


def test_a_span_is_that_of_the_mean_share_of_the_steps_that_count():
    kept = np.array([[[0.2], [0.4]], [[0.6], [0.9]]])  # (T=2, B=2, H=1); the 0.9 is padding
    memory = Memory.of(kept, [2, 1])
    assert memory.kept == pytest.approx([0.4])
    assert memory.span == pytest.approx([-1 / np.log(0.4)])


def test_saturation_is_counted_by_hand():
    gate = np.array(
        [
            [[0.0, 0.1], [0.95, 0.5]],
            [[0.09, 0.9], [1.0, 0.5]],
            [[0.5, 0.91], [0.0, 0.0]],  # the second sequence has ended: its zeros are padding
        ]
    )  # (T=3, B=2, H=2)
    found = Saturation.of(gate, [3, 2])
    assert found.left.tolist() == [2 / 5, 0]
    assert found.right.tolist() == [2 / 5, 1 / 5]


@given(gate=GATES)
@settings(max_examples=50)
def test_a_gate_turned_round_is_saturated_on_the_other_side(gate):
    gate = np.round(0.999 * gate, 3) + 0.0003  # away from the two bounds, where 1 - g rounds
    left, right = Saturation.of(gate)
    assert ((left + right >= 0) & (left + right <= 1)).all()
    turned = Saturation.of(1 - gate)
    np.testing.assert_array_equal(turned.left, right)
    np.testing.assert_array_equal(turned.right, left)


def test_every_gate_of_a_layer_is_measured():
    ones = np.ones((2, 1, 3))
    gru = of(reset=0 * ones, update=0.5 * ones, kept=ones)
    found = saturation(gru, [2])
    assert list(found) == ["reset", "update", "kept"]
    assert (found["reset"].left == 1).all()
    assert (found["kept"].right == 1).all()
    assert not np.any(found["update"])
    lstm = saturation(LSTMGates(0 * ones, ones, 0.5 * ones, ones, ones, ones, ones))
    assert list(lstm) == ["input", "forget", "output", "kept"]
    assert (lstm["input"].left == 1).all()
    assert (lstm["forget"].right == 1).all()
    with pytest.raises(BadInput, match="layer must have gates, got SRNStates"):
        saturation(SRNStates(ones, ones))


@given(kept=GATES, reset=GATES)
@settings(max_examples=50)
def test_the_three_amounts_divide_the_whole_state(kept, reset):
    amounts = Regulation.of(of(kept=kept, reset=reset))
    parts = np.array([amounts.passed, amounts.blended, amounts.dropped])
    assert ((parts >= 0) & (parts <= 1)).all()
    np.testing.assert_allclose(parts.sum(0), 1, rtol=0, atol=1e-15)
    mean = amounts.mean([4, 1, 2])
    np.testing.assert_allclose(sum(mean[:3]), 1, rtol=0, atol=1e-14)
    assert mean.steps == 7
    np.testing.assert_array_equal(mean.passed, kept_share(kept, [4, 1, 2]))


def test_the_amounts_of_a_step_are_those_of_its_equation():
    """h' = k h + (1 - k) n, and n sees r h: the weight of h on each way, by finite differences."""
    W, U, b, c = drawn()
    W[: 2 * H], U[: 2 * H] = 0, 0  # gates of their biases alone
    U[2 * H :] = np.eye(H)  # and a candidate that shows r h as it is
    gru = GRU([[GRUWeights(W, U, b, c, Formulation(squash="linear"))]])
    input, state = example()
    amounts = Regulation.of(trace(gru, input[:1], state)[0])
    for unit in range(H):
        ends = []
        for step in (1e-3, -1e-3):
            moved = state.copy()
            moved[0, :, unit] += step
            ends.append(gru.run(input[:1], moved)[0][0, :, unit])
        through = (ends[0] - ends[1]) / 2e-3
        mine = (amounts.passed + amounts.blended)[0, :, unit]
        np.testing.assert_allclose(through, mine, rtol=0, atol=1e-9)
        np.testing.assert_allclose(1 - through, amounts.dropped[0, :, unit], rtol=0, atol=1e-9)


def test_a_gate_that_is_not_there_drops_nothing():
    gru = GRU([[GRUWeights(*drawn(), Formulation(reset="none"))]])
    input, state = example()
    assert not Regulation.of(trace(gru, input, state)[0]).dropped.any()


def test_amounts_by_class_are_those_of_a_plain_loop():
    gru = GRU([[GRUWeights(*drawn())]])
    input, state = example()
    traced = trace(gru, input, state, RAGGED)
    classes = np.random.default_rng(0).choice(["noun", "verb", "the"], size=input.shape[:2])
    classes[5:, 0] = "behind the end"
    found = Regulation.of(traced[0]).by_class(classes, traced.lengths)
    assert list(found) == ["noun", "the", "verb"]
    for name, amounts in found.items():
        here = [(t, b) for b, end in enumerate(RAGGED) for t in range(end) if classes[t, b] == name]
        assert amounts.steps == len(here)
        for unit in range(H):
            k = [traced[0].kept[t, b, unit] for t, b in here]
            r = [traced[0].reset[t, b, unit] for t, b in here]
            wanted = [(1 - k) * (1 - r) for k, r in zip(k, r, strict=True)]
            assert amounts.passed[unit] == pytest.approx(np.mean(k), rel=1e-12)
            assert amounts.dropped[unit] == pytest.approx(np.mean(wanted), rel=1e-12)
    whole = Regulation.of(traced[0]).mean(traced.lengths)
    steps = sum(amounts.steps for amounts in found.values())
    assert steps == whole.steps == RAGGED.sum()
    together = sum(amounts.steps * amounts.blended for amounts in found.values()) / steps
    np.testing.assert_allclose(together, whole.blended, rtol=1e-12)


def test_what_does_not_fit_is_refused():
    kept = np.full((3, 2, 4), 0.5)
    amounts = Regulation.of(of(kept=kept, reset=kept))
    with pytest.raises(BadInput, match=r"classes must have shape \(3, 2\)"):
        amounts.by_class(["noun", "verb"])
    for measure in (amounts.mean, lambda n: Memory.of(kept, n), lambda n: Saturation.of(kept, n)):
        with pytest.raises(BadInput, match=r"lengths must lie in 0\.\.3, got 1 to 4"):
            measure([4, 1])
        with pytest.raises(BadInput, match="at least one step"):
            measure([0, 0])
        with pytest.raises(TypeError, match="integers"):
            measure([1.0, 2.0])
    with pytest.raises(BadInput, match="gate must have shape"):
        Saturation.of(kept[0])


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.7])
def test_a_measure_of_what_is_no_gate_is_refused(wrong):
    kept = np.full((3, 2, 4), 0.5)
    kept[1, 1, 2] = wrong
    for name, measure in (("kept", Memory.of), ("gate", Saturation.of)):
        with pytest.raises(BadInput, match=rf"^{name} must lie in 0\.\.1, got (nan|-0.1|0.5) to"):
            measure(kept)
        measure(kept, [3, 1])  # behind the end it is of no matter


def test_what_is_no_array_and_what_are_no_gates():
    ones = np.ones((2, 1, 3))
    with pytest.raises(TypeError, match="kept must be a NumPy array, got Gates"):
        Memory.of(of(kept=ones))
    with pytest.raises(TypeError, match="gate must be a NumPy array, got list"):
        Saturation.of(ones.tolist())
    with pytest.raises(BadInput, match="gates must be those of a GRU's layer, got SRNStates"):
        Regulation.of(SRNStates(ones, ones))


def test_classes_are_numbers_or_strings():
    half = np.full((1, 2, 1), 0.5)
    amounts = Regulation.of(of(kept=half, reset=half))
    assert list(amounts.by_class([[2.5, 1]])) == [1, 2.5]
    assert list(amounts.by_class(np.array([["verb", "noun"]], object))) == ["noun", "verb"]
    assert list(amounts.by_class(np.array([["verb", None]], object), [1, 0])) == ["verb"]
    with pytest.raises(TypeError, match="classes must be all numbers or all strings"):
        amounts.by_class(np.array([["verb", None]], object))
    with pytest.raises(BadInput, match="classes must not be NaN"):
        amounts.by_class([[1, np.nan]])
