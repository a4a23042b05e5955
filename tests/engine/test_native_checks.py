"""The native module by itself: it checks every array before a kernel sees it."""

import numpy as np
import pytest

from glassgate import _native
from glassgate.engine import Layer
from tests.engine.engine_cases import draw_weights, misaligned, read_only, swapped

T, B, I, H = 4, 3, 2, 5
FORM = ("keeps", "after", "sigmoid", "tanh")
BIG = 2**50
WEIGHTS = ("weight_input", "weight_hidden", "bias_input", "bias_hidden")


def native_layer(**change):
    weights = draw_weights(I, H)
    given = {name: getattr(weights, name) for name in WEIGHTS}
    given |= {"form": FORM, "bfloat16": False, "target": "plain", **change}
    return _native.PackedLayer(*given.values())


def native_sequence(**change):
    given = {
        "input": np.zeros((T, B, I)),
        "initial": np.zeros((B, H)),
        "output": np.zeros((T, B, H)),
        "last": np.zeros((B, H)),
        "tape": np.zeros((T * B, 4, H)),
        "lengths": np.full(B, T),
        "resets": np.zeros((T, B), bool),
        "packed": False,
        "reverse": False,
        "threads": 1,
    }
    Layer(draw_weights(I, H)).native_layer.sequence(**given | change)


def native_step(threads):
    given = np.zeros((B, I)), np.zeros((B, H)), np.zeros((B, H))
    Layer(draw_weights(I, H)).native_layer.step(*given, threads)


def native_backward(**change):
    weights = {name: getattr(draw_weights(I, H), name) for name in WEIGHTS}
    given = weights | {
        "form": FORM,
        "input": np.zeros((T, B, I)),
        "initial": np.zeros((B, H)),
        "output": np.zeros((T, B, H)),
        "tape": np.zeros((T * B, 4, H)),
        "lengths": None,
        "resets": None,
        "grad_output": np.zeros((T, B, H)),
        "grad_last": np.zeros((B, H)),
        "grad_input": np.zeros((T, B, I)),
        "grad_initial": np.zeros((B, H)),
        **{f"grad_{name}": np.zeros_like(value) for name, value in weights.items()},
        "packed": False,
        "reverse": False,
        "target": "plain",
        "threads": 1,
    }
    _native.backward(**given | change)


NATIVE = {
    native_sequence: ["input", "initial", "output", "last", "tape", "lengths", "resets"],
    native_backward: [
        *("input", "initial", "output", "tape", "grad_output", "grad_last", "grad_input"),
        *("grad_initial", *WEIGHTS, *(f"grad_{name}" for name in WEIGHTS)),
    ],
}
RIGHT = {
    "input": np.zeros((T, B, I)),
    "initial": np.zeros((B, H)),
    "last": np.zeros((B, H)),
    "output": np.zeros((T, B, H)),
    "tape": np.zeros((T * B, 4, H)),
    "lengths": np.full(B, T),
    "resets": np.zeros((T, B), bool),
    **{name: getattr(draw_weights(I, H), name) for name in WEIGHTS},
}
WRITTEN = {
    native_sequence: {"output", "last", "tape"},
    native_backward: {name for name in NATIVE[native_backward] if name[:5] == "grad_"}
    - {"grad_output", "grad_last"},
}
SPOILT = [
    lambda a: np.zeros((*a.shape[:-1], a.shape[-1] + 1), a.dtype),
    lambda a: np.zeros((*a.shape[:-1], a.shape[-1] - 1), a.dtype),
    lambda a: a[None].copy(),
    lambda a: a.astype(np.int16),
    lambda a: a.tolist(),
    lambda a: np.lib.stride_tricks.as_strided(a, (BIG, *a.shape), (0,) * (a.ndim + 1)),
    lambda a: np.zeros((*a.shape, 2), a.dtype)[..., 0],
]


@pytest.mark.parametrize("threads", [0, -1, 257, 2**31])
def test_the_native_module_checks_threads_itself(threads):
    for call in (native_sequence, native_backward, native_step):
        with pytest.raises((ValueError, TypeError), match=r"threads must lie in|incompatible"):
            call(threads=threads)


@pytest.mark.parametrize(
    ("call", "name"), [(call, name) for call, names in NATIVE.items() for name in names]
)
def test_the_native_module_checks_every_array_itself(call, name):
    call()
    right = RIGHT[name.removeprefix("grad_")]
    changes = [*SPOILT, *([] if right.itemsize == 1 else [swapped, misaligned])]
    changes += [read_only] if name in WRITTEN[call] else []
    said = "input" if name == "weight_input" else f"^(packed )?{name}"  # more columns: another I
    for change in changes:
        with pytest.raises((ValueError, TypeError), match=f"{said} must .*, got "):
            call(**{name: change(right)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lengths": np.array([1, 5, 2])}, r"lengths must lie in 0\.\.4, got 5"),
        ({"lengths": np.array([1, -1, 2])}, r"lengths must lie in 0\.\.4, got -1"),
        ({"packed": True}, "packed input must"),
        ({"packed": True, "lengths": np.array([BIG, BIG, BIG])}, "packed input must have"),
        ({"packed": True, "lengths": np.array([1, 2, 1])}, "must not increase"),
    ],
)
def test_the_native_module_checks_lengths_itself(change, words):
    for call in (native_sequence, native_backward):
        with pytest.raises(ValueError, match=words):
            call(**change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"form": ("keep", *FORM[1:])}, "update must be one of keeps, writes, got keep"),
        ({"form": ("keeps", "", "sigmoid", "tanh")}, "reset must be one of after, before, none"),
        ({"target": "avx1024"}, "target must be one of .*plain on this machine, got avx1024"),
        ({"weight_input": np.zeros((7, I))}, "weight_input must have shape"),
        ({"weight_input": np.zeros((0, I))}, "weight_input must have shape"),
        ({"weight_input": np.zeros((3 * H, 0))}, "weight_input must have shape"),
        ({"weight_hidden": np.zeros((3 * H, H + 1))}, r"weight_hidden must have shape \(15, 5\)"),
        ({"bias_input": np.zeros(3 * H, np.float32)}, "bias_input must be float64, got float32"),
        ({"bfloat16": True}, "weights in bfloat16 must come from float32, got float64"),
    ],
)
def test_wrong_layers(change, words):
    with pytest.raises((ValueError, TypeError), match=words):
        native_layer(**change)


def test_a_layer_that_was_never_made():
    hollow = _native.PackedLayer.__new__(_native.PackedLayer)
    with pytest.warns(RuntimeWarning, match="uninitialized"), pytest.raises(TypeError):
        hollow.step(np.zeros((B, I)), np.zeros((B, H)), np.zeros((B, H)), 1)
