"""Exact conversion between the arrays of a PyTorch state dict and a `GRU`.

PyTorch's gate order and form of the unit are Glassgate's own: reset, update, candidate; the reset
gate after the recurrent product; an update gate that keeps. `nn.GRU` names its arrays
``weight_ih_l0``, ``weight_hh_l0``, ``bias_ih_l0`` and ``bias_hh_l0``, with the suffix ``_reverse``
for the reverse direction; `nn.GRUCell` has no ``_l0``. The prefix of a key is the name of the
module in the model.

Source: `torch.nn.GRU` and `torch.nn.GRUCell` of PyTorch 2.13.
"""

import re
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from glassgate.engine import GRU
from glassgate.errors import BadInput
from glassgate.exchange.conventions import to_form
from glassgate.exchange.file_gru import describe_plan
from glassgate.formulation import Array, Formulation
from glassgate.reference import sigmoid
from glassgate.weights import GRUWeights

StateDict: TypeAlias = Mapping[str, Array]
KEY = re.compile(
    r"(?P<prefix>.*?)"
    r"(?P<name>(?:weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)"
    r"(?P<suffix>_l(?P<layer>[0-9]{1,9})(?:_reverse)?)?)",
    re.DOTALL,
)
MAX_ARRAYS = 2**14  # of recurrent modules in one file
DEFAULT_NAME = "gru"  # of a module whose arrays have no prefix
WEIGHTS, BIASES = ("weight_ih", "weight_hh"), ("bias_ih", "bias_hh")
KINDS = {1: "RNN", 3: "GRU", 4: "LSTM"}  # by the number of blocks of rows


def is_recurrent(key: str) -> bool:
    """Whether a key of a state dict names an array of a recurrent module."""
    return KEY.fullmatch(key) is not None


def find_modules(arrays: StateDict) -> dict[str, dict[str, Array]]:
    """Find the recurrent modules of a state dict, LSTMs and plain RNNs among them.

    Returns
    -------
    dict[str, dict[str, Array]]
        The state dict of each module by its name, ``"gru"`` where the arrays have no prefix. Where
        another module has that name, a number is appended, as in ``"gru#2"``.

    Raises
    ------
    BadInput
        When such modules have more than `MAX_ARRAYS` arrays.

    Examples
    --------
    >>> import numpy as np
    >>> arrays = {"encoder.weight_ih_l0": np.ones((6, 3)), "head.weight": np.ones((1, 2))}
    >>> {name: list(state) for name, state in find_modules(arrays).items()}
    {'encoder': ['weight_ih_l0']}
    """
    if len(arrays) > MAX_ARRAYS and sum(map(is_recurrent, arrays)) > MAX_ARRAYS:
        raise BadInput(f"it must hold at most {MAX_ARRAYS} arrays of recurrent modules")
    modules: dict[tuple[str, bool], dict[str, Array]] = {}
    for key, array in arrays.items():
        if match := KEY.fullmatch(key):
            module = match["prefix"].removesuffix("."), match["layer"] is None
            modules.setdefault(module, {})[match["name"]] = array
    return dict(zip(_names(list(modules)), modules.values(), strict=True))


def _names(modules: list[tuple[str, bool]]) -> list[str]:
    """Give each module, a prefix and whether it is a cell, a name that no other module has."""
    used = {name for name, _ in modules if name}
    layered = {name for name, cell in modules if not cell}
    names = []
    for name, cell in modules:
        shared = cell and name in layered  # a cell with the prefix of an nn.GRU
        base = unique = (name or DEFAULT_NAME) + (".cell" if shared else "")
        count = 1
        while (not name or shared) and unique in used:
            count += 1
            unique = f"{base}#{count}"
        used.add(unique)
        names.append(unique)
    return names


def module_kind(state: StateDict) -> str:
    """Tell a module's kind from its blocks of rows: ``"GRU"``, ``"LSTM"`` or ``"RNN"``.

    Raises
    ------
    BadInput
        When the recurrent weights are missing, or are not made of square blocks.
    """
    if any(name.startswith("weight_hr") for name in state):
        return "LSTM"  # no other module may project its state
    name = "weight_hh" + suffixes(state)[0][0]
    shape = _array(state, name).shape
    blocks, rest = divmod(shape[0], shape[1]) if len(shape) == 2 and shape[1] else (0, 0)
    if rest or blocks not in KINDS:
        raise BadInput(f"{name} must have shape (3H, H) with H at least 1, got {shape}")
    return KINDS[blocks]


def suffixes(state: StateDict) -> list[list[str]]:
    """List the suffixes of the arrays' names, by layer and direction: ``"_l0_reverse"``."""
    matches = [match for match in map(KEY.fullmatch, state) if match]
    layers = len({match["layer"] for match in matches} - {None})
    if not layers:
        return [[""]]
    both = any(name.endswith("_reverse") for name in state)
    sides = ("", "_reverse") if both else ("",)
    return [[f"_l{layer}{side}" for side in sides] for layer in range(layers)]


def from_pytorch(state: StateDict) -> GRU:
    """Build the network of one `nn.GRU` or `nn.GRUCell`.

    Parameters
    ----------
    state
        ``weight_ih_l0`` [3H, I], ``weight_hh_l0`` [3H, H], and ``bias_ih_l0`` and ``bias_hh_l0``
        [3H] or no biases at all, for each layer and direction; without ``_l0`` for a cell. float16
        becomes float32, exactly.

    Raises
    ------
    BadInput
        When it is an LSTM or a plain RNN, an array is missing, or shapes do not fit.
    """
    kind = module_kind(state)
    if kind != "GRU":
        raise BadInput(f"it is an {kind}, not a GRU, by the rows of its weights")
    for name, array in state.items():
        if array.dtype.kind != "f" or array.dtype.itemsize > 8:
            raise BadInput(f"{name} must hold floating-point numbers, got {array.dtype}")
    dtype = np.result_type(np.float32, *state.values())
    arrays = {name: array.astype(dtype, copy=False) for name, array in state.items()}
    biased = any(name.startswith("bias") for name in arrays)
    return GRU(
        [[_weights(arrays, suffix, biased) for suffix in layer] for layer in suffixes(state)]
    )


def to_pytorch(network: GRU) -> dict[str, Array]:
    """Return the state dict of the `nn.GRU` that computes what a network computes.

    An update gate that writes is converted to one that keeps, exactly.

    Returns
    -------
    dict[str, Array]
        For `torch.nn.GRU.load_state_dict`; read-only arrays of the network's dtype.

    Raises
    ------
    BadInput
        When PyTorch has no such form of the unit.
    """
    if len(set(network.hidden_sizes)) > 1:
        raise BadInput(
            f"torch.nn.GRU has the same hidden size in all layers, got {network.hidden_sizes}"
        )
    if len(set(network.plan)) > 1 or not network.plan[0].usual:
        raise BadInput(
            "torch.nn.GRU reads forward in all layers, or in both directions side by side in all, "
            f"got {plan_text(network)}"
        )
    state = {}
    for i, layer in enumerate(network.weights):
        for weights, side in zip(layer, ("", "_reverse"), strict=False):
            kept = to_form(weights, Formulation(), "torch.nn.GRU")
            state[f"weight_ih_l{i}{side}"] = kept.weight_input
            state[f"weight_hh_l{i}{side}"] = kept.weight_hidden
            state[f"bias_ih_l{i}{side}"] = kept.bias_input
            state[f"bias_hh_l{i}{side}"] = kept.bias_hidden
    return state


def plan_text(network: GRU) -> str:
    """Put into words the directions, merges and output orders of a network's layers."""
    return "; ".join(f"{name} {value}" for name, value in describe_plan(network.plan).items())


def run_equations(state: StateDict, input: Array, hidden: Array) -> tuple[Array, Array]:
    """Run a module's arrays by the equations of PyTorch's documentation, in float64.

    They use nothing of the conversion, so that they can prove it.

    Parameters
    ----------
    state
        As for `from_pytorch`.
    input
        [T, B, I].
    hidden
        [layers x directions, B, H].

    Returns
    -------
    output
        [T, B, H x directions].
    hidden
        The last states, [layers x directions, B, H].
    """
    initial, last, output = iter(hidden), [], input.astype(np.float64)
    for layer in suffixes(state):
        outputs = []
        for suffix in layer:
            order = slice(None, None, -1 if suffix.endswith("_reverse") else 1)
            states = _run_direction(state, suffix, output[order], next(initial))  # (T, B, H)
            last.append(states[-1])
            outputs.append(states[order])
        output = np.concatenate(outputs, -1)
    return output, np.stack(last)


def _run_direction(state: StateDict, suffix: str, input: Array, hidden: Array) -> Array:
    W, U = (state[name + suffix].T.astype(np.float64) for name in WEIGHTS)
    b, c = (state.get(name + suffix, np.zeros(W.shape[1])) for name in BIASES)
    states = []
    for x in input:
        i_r, i_z, i_n = np.split(x @ W + b, 3, -1)  # (B, H) each
        h_r, h_z, h_n = np.split(hidden @ U + c, 3, -1)
        r, z = sigmoid(i_r + h_r), sigmoid(i_z + h_z)
        hidden = (1 - z) * np.tanh(i_n + r * h_n) + z * hidden
        states.append(hidden)
    return np.stack(states)


def _weights(arrays: StateDict, suffix: str, biased: bool) -> GRUWeights:
    W, U = (_array(arrays, name + suffix) for name in WEIGHTS)
    b = c = np.zeros(W.shape[0] if W.ndim else 0, W.dtype)
    if biased:
        b, c = (_array(arrays, name + suffix) for name in BIASES)
    return GRUWeights(W, U, b, c)


def _array(arrays: StateDict, name: str) -> Array:
    if name not in arrays:
        raise BadInput(f"{name} is missing: there are only {', '.join(sorted(arrays)[:12])}")
    return arrays[name]
