"""Whatever is handed to the engine: the right answer, or an error that says what was wrong."""

from types import SimpleNamespace

import numpy as np
import pytest

from glassgate import BadInput, Formulation
from glassgate.engine import Layer, backward, set_threads, targets
from tests.engine.engine_cases import (
    draw,
    draw_weights,
    each_target,
    few_forms,
    misaligned,
    on_threads,
    read_only,
    same_bits,
    strided,
    swapped,
)

T, B, I, H = 4, 3, 2, 5
BIG = 2**50  # rows of nothing: strides of 0


@pytest.fixture
def layer():
    return Layer(draw_weights(I, H))


@pytest.fixture
def arrays():
    return SimpleNamespace(
        input=draw((T, B, I), 1), initial=draw((B, H), 2), resets=np.zeros((T, B), bool)
    )


# What does not fit -> the error and its words. `input` of Layer.sequence:
WRONG_INPUT = {
    "a list": (lambda x: x.tolist(), TypeError, "input must be a NumPy array, got list"),
    "None": (lambda _: None, TypeError, "input must be a NumPy array, got NoneType"),
    "float32": (np.float32, TypeError, "input must be float64, got float32"),
    "int": (lambda x: x.astype(int), TypeError, "input must be float64, got int64"),
    "complex": (lambda x: x + 0j, TypeError, "input must be float64, got complex128"),
    "object": (lambda x: x.astype(object), TypeError, "input must be float64, got object"),
    "byte-swapped": (swapped, TypeError, "input must be float64, got >f8"),
    "two axes": (lambda x: x[0], BadInput, r"input must have shape \(T, B, 2\), got \(3, 2\)"),
    "no axes": (lambda x: x[0, 0, 0, ...], BadInput, r"shape \(T, B, 2\), got \(\)"),
    "wide": (lambda x: x.repeat(2, 2), BadInput, r"\(T, B, 2\), got \(4, 3, 4\)"),
    "overflowing": (
        lambda x: np.lib.stride_tricks.as_strided(x, (BIG, 2, 3), (0, 0, 0)),
        BadInput,
        rf"\(T, B, 2\), got \({BIG}, 2, 3\)",
    ),
}


@pytest.mark.parametrize("case", WRONG_INPUT)
@pytest.mark.parametrize("run", ["sequence", "record"])
def test_wrong_input(run, case, layer, arrays):
    change, error, words = WRONG_INPUT[case]
    with pytest.raises(error, match=f"{words}$"):
        getattr(layer, run)(change(arrays.input), arrays.initial)


WRONG_REST = {
    "initial": [
        (np.zeros((B, H), np.float32), TypeError, "initial must be float64, got float32"),
        (np.zeros((H, B)), BadInput, r"initial must have shape \(3, 5\), got \(5, 3\)"),
        ([[0.0] * H] * B, TypeError, "initial must be a NumPy array, got list"),
        (swapped(np.zeros((B, H))), TypeError, "initial must be float64, got >f8"),
    ],
    "lengths": [
        ([1, 2], BadInput, r"lengths must have shape \(3,\), got \(2,\)"),
        ([[1, 2, 3]], BadInput, r"lengths must have shape \(3,\), got \(1, 3\)"),
        ([1, 5, 2], BadInput, r"lengths must lie in 0\.\.4, got 1 to 5"),
        ([1, -1, 2], BadInput, r"lengths must lie in 0\.\.4, got -1 to 2"),
        ([1, BIG, 2], BadInput, rf"lengths must lie in 0\.\.4, got 1 to {BIG}"),
        ([1, 2**64 - 1, 2], (BadInput, TypeError), "lengths must "),
        ([1.0, 2.0, 3.0], TypeError, "lengths must be integers, got float64"),
        ([True, False, True], TypeError, "lengths must be integers, got bool"),
        (["1", "2", "3"], TypeError, "lengths must be integers, got <U1"),
    ],
    "resets": [
        (np.zeros((T, B)), TypeError, "resets must be bool, got float64"),
        (np.zeros((T, B), np.uint8), TypeError, "resets must be bool, got uint8"),
        (np.zeros((B, T), bool), BadInput, r"resets must have shape \(4, 3\), got \(3, 4\)"),
    ],
}


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [(name, *case) for name, cases in WRONG_REST.items() for case in cases],
)
def test_wrong_states_lengths_and_resets(name, value, error, words, layer, arrays):
    with pytest.raises(error, match=words):
        layer.sequence(arrays.input, **{name: value})


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        (None, "lengths of packed input must be given"),
        ([2, 3], "must not increase and sum to its 5 rows"),
        ([3, 1], "must not increase and sum to its 5 rows"),
        ([4, 2], "must not increase and sum to its 5 rows"),
        ([6, -1], r"lengths must lie in 0\.\.5"),
    ],
)
def test_wrong_lengths_of_packed_input(lengths, words, layer):
    with pytest.raises(ValueError, match=words):
        layer.sequence(draw((5, I), 1), lengths=lengths, packed=True)


@pytest.mark.parametrize("change", [strided, misaligned, read_only, np.asfortranarray])
def test_odd_arrays_give_the_right_answer(change, layer, arrays):
    resets = draw((T, B), 3) > 0
    left = layer.record(arrays.input, arrays.initial, [4, 0, 2], resets)
    odd = (
        change(arrays.input),
        change(arrays.initial),
        strided(np.array([4, 0, 2])),
        strided(resets),
    )
    right = layer.record(*odd)
    same_bits(left.output, right.output)
    grads = draw((T, B, H), 4), draw((B, H), 5)
    wanted = backward(layer.weights, left, *grads)
    came = backward(layer.weights, right, *(change(grad) for grad in grads))
    for name, grad in vars(wanted).items():
        same_bits(getattr(came, name), grad, name)


@pytest.mark.parametrize("lengths", [np.uint8, np.int16, np.uint64, ">i4"])
def test_lengths_of_any_integers(lengths, layer, arrays):
    wanted, _ = layer.sequence(arrays.input, lengths=[4, 0, 2])
    same_bits(layer.sequence(arrays.input, lengths=np.array([4, 0, 2], lengths))[0], wanted)


@pytest.mark.parametrize(
    ("grads", "error", "words"),
    [
        ((np.zeros((T, B, H), np.float32), None), TypeError, "grad_output must be float64, got fl"),
        ((np.zeros((T, H, B)), None), BadInput, r"grad_output must have shape \(4, 3, 5\), got"),
        ((swapped(np.zeros((T, B, H))), None), TypeError, "grad_output must be float64, got >f8"),
        ((None, np.zeros((B, H + 1))), BadInput, r"grad_last must have shape \(3, 5\), got \(3, 6"),
        ((None, [[0.0] * H] * B), TypeError, "grad_last must be a NumPy array, got list"),
    ],
)
def test_wrong_gradients(grads, error, words, layer, arrays):
    with pytest.raises(error, match=words):
        backward(layer.weights, layer.record(arrays.input), *grads)


def test_a_record_of_other_weights_is_refused(layer, arrays):
    run = layer.record(arrays.input)
    for other in (draw_weights(I, H + 1), draw_weights(I + 1, H)):
        with pytest.raises(ValueError, match="must have shape"):
            backward(other, run)
    with pytest.raises(TypeError, match="must be float32, got float64"):
        backward(draw_weights(I, H, dtype=np.float32), run)


# Steps take arrays as they are: x [3, 2], h [3, 5], out [3, 5] of float64.
WRONG_STEP = [
    (swapped, TypeError, "must be float64, got >f8"),
    (lambda a: a.astype(np.float32), TypeError, "must be float64, got float32"),
    (lambda a: a.tolist(), TypeError, "must be a NumPy array, got list"),
    (strided, ValueError, r"must be contiguous in C order, got strides \("),
    (np.asfortranarray, ValueError, "must be contiguous in C order"),
    (misaligned, ValueError, "must be aligned"),
    (lambda a: a[:, :-1].copy(), ValueError, "must have shape"),
    (lambda a: a[0].copy(), ValueError, "must have shape"),
    (lambda a: np.lib.stride_tricks.as_strided(a, (BIG, 2), (0, 0)), ValueError, "must be contig"),
]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(("change", "error", "words"), WRONG_STEP)
def test_wrong_steps(place, change, error, words, layer):
    given = [draw((B, I), 1), draw((B, H), 2), np.zeros((B, H))]
    given[place] = change(given[place])
    name = ("input", "hidden", "output")[place]
    with pytest.raises(error, match=f"^{name} {words}"):
        layer.step(*given)


def test_a_read_only_output(layer):
    with pytest.raises(ValueError, match=r"^output must be writeable, got a read-only array$"):
        layer.step(draw((B, I), 1), draw((B, H), 2), read_only(np.zeros((B, H))))


@pytest.mark.parametrize("threads", [0, -1, 257, 2**31])
def test_a_wrong_number_of_threads(threads, layer):
    given = draw((B, I), 1), draw((B, H), 2), np.zeros((B, H))
    for call in (lambda: layer.step(*given, threads=threads), lambda: set_threads(threads)):
        with pytest.raises(BadInput, match=rf"^threads must lie in 1\.\.256, got {threads}$"):
            call()


@pytest.mark.parametrize("threads", [1.5, "2", True])
def test_threads_of_another_type(threads):
    with pytest.raises(TypeError, match=r"^threads must be an int, got "):
        set_threads(threads)


@each_target
@few_forms
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("shift", [0, 1, 40, -40])
def test_an_output_over_the_state_or_the_input(shift, threads, form, target):
    rows, units = 7, 130
    layer = Layer(draw_weights(units, units, form), target)
    x, h = draw((rows, units), 1), draw((rows, units), 2)
    wanted = layer.step(x, h, np.empty_like(h))
    for other in (x, h):
        room = np.zeros(rows * units + 80)
        there = room[40 : 40 + rows * units].reshape(rows, units)
        there[...] = other
        out = room[40 + shift : 40 + shift + rows * units].reshape(rows, units)
        layer.step(*((there, h) if other is x else (x, there)), out, threads=threads)
        same_bits(out, wanted, "output over " + ("input" if other is x else "hidden"))


def test_an_unknown_target(layer, arrays):
    words = r"^target must be one of .*plain on this machine, got 'avx1024'$"
    with pytest.raises(BadInput, match=words):
        Layer(layer.weights, "avx1024")
    with pytest.raises(BadInput, match=words):
        backward(layer.weights, layer.record(arrays.input), target="avx1024")


@pytest.mark.parametrize("target", targets())
def test_sizes_beyond_memory_without_a_value(target):
    layer = Layer(draw_weights(I, H, Formulation(reset="before")), target)
    run = layer.record(np.zeros((2**40, 0, I)))
    assert run.output.shape == (2**40, 0, H)
    assert backward(layer.weights, run, target=target).input.shape == (2**40, 0, I)
    with pytest.raises((MemoryError, ValueError)):
        layer.sequence(np.zeros((0, 2**50, I)))


@pytest.mark.parametrize("threads", [1, 2, 256])
def test_more_threads_than_rows_panels_and_cores(threads, layer, arrays):
    wanted = layer.record(arrays.input)
    with on_threads(threads):
        run = layer.record(arrays.input)
        same_bits(run.output, wanted.output)
        big = Layer(draw_weights(40, 70))
        x = draw((30, 1, 40), 1)
        same_bits(big.sequence(x)[0], big.sequence(x.repeat(9, 1))[0][:, :1])
