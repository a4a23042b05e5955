"""One step of few sequences reads the weights as they stand; a longer call packs them first.

Both must give the same bits: the general path is the oracle, reached by naming the lengths.
"""

import numpy as np
import pytest

from glassgate import _native
from glassgate.engine.calls import TAPE, form_words
from glassgate.weights import GRUWeights
from tests.engine.engine_cases import draw, draw_weights, each_dtype, each_form, each_target

SIZES = [(1, 1, 1), (1, 5, 17), (3, 16, 16), (9, 33, 40), (16, 20, 65)]  # B, I, H


def arrays(weights: GRUWeights):
    return weights.weight_input, weights.weight_hidden, weights.bias_input, weights.bias_hidden


def step(weights, x, h, target, threads, lengths):
    B, H = h.shape
    output, last = np.empty((1, B, H), x.dtype), np.empty((B, H), x.dtype)
    tape = np.empty((B, TAPE, H), x.dtype)
    form = form_words(weights.formulation)
    _native.run(
        *(*arrays(weights), form, x, h, output, last, tape, lengths, None, False, False),
        *(target, threads),
    )
    return output, last, tape


def back(weights, x, h, ran, grads, target, threads, lengths):
    output, _, tape = ran
    gradients = [np.empty_like(array) for array in (x, h, *arrays(weights))]
    form = form_words(weights.formulation)
    _native.backward(
        *(*arrays(weights), form, x, h, output, tape, lengths, None, *grads, *gradients),
        *(False, False, target, threads),
    )
    return gradients


def assert_same_bits(left, right):
    for one, other in zip(left, right, strict=True):
        assert one.tobytes() == other.tobytes()


@each_form
@each_dtype
@each_target
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_it_has_the_bits_of_a_sequence_of_one_step(form, dtype, target, size):
    B, I, H = size
    weights = draw_weights(I, H, form, dtype)
    x, h = draw((1, B, I), 1, dtype), draw((B, H), 2, dtype)
    every = np.ones(B, np.int64)
    grads = draw((1, B, H), 3, dtype), draw((B, H), 4, dtype)
    for threads in (1, 3):
        ran = step(weights, x, h, target, threads, None)
        assert_same_bits(ran, step(weights, x, h, target, 1, every))
        for some in (grads, (grads[0], None), (None, grads[1])):
            assert_same_bits(
                back(weights, x, h, ran, some, target, threads, None),
                back(weights, x, h, ran, some, target, 1, every),
            )
