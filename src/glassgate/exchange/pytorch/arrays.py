"""Between the arrays of a PyTorch state dict and a `GRU`, exactly or not at all.

PyTorch's order of the gates and its form of the unit are Glassgate's own: reset, update,
candidate; the reset gate after the recurrent product; an update gate that keeps. `nn.GRU` names
its arrays ``weight_ih_l0``, ``weight_hh_l0``, ``bias_ih_l0`` and ``bias_hh_l0``, with
``_reverse`` behind for the other direction; `nn.GRUCell` has no ``_l0``. What stands before is
the name of the module in the model.

Source: `torch.nn.GRU` and `torch.nn.GRUCell` of PyTorch 2.13.
"""

import re
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from glassgate.engine import GRU
from glassgate.errors import BadInput
from glassgate.exchange.conventions import exact
from glassgate.exchange.found import arrangement
from glassgate.formulation import Array, Formulation
from glassgate.reference import sigmoid
from glassgate.weights import GRUWeights

State: TypeAlias = Mapping[str, Array]
KEY = re.compile(
    r"(?P<prefix>.*?)"
    r"(?P<own>(?:weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)"
    r"(?P<ending>_l(?P<layer>[0-9]{1,9})(?:_reverse)?)?)",
    re.DOTALL,
)
MOST_ARRAYS = 2**14
ROOT = "gru"  # the name of a module whose arrays have no prefix
WEIGHTS, BIASES = ("weight_ih", "weight_hh"), ("bias_ih", "bias_hh")
KINDS = {1: "RNN", 3: "GRU", 4: "LSTM"}  # by blocks of rows


def is_recurrent(key: str) -> bool:
    """Whether a key of a state dict names an array of a recurrent module."""
    return KEY.fullmatch(key) is not None


def find(arrays: State) -> dict[str, dict[str, Array]]:
    """Find the recurrent modules of a state dict, LSTMs and plain RNNs among them.

    Returns
    -------
    dict[str, dict[str, Array]]
        The state dict of each module by its name; ``"gru"`` where the arrays have no prefix, and
        a number behind, as in ``"gru#2"``, where another module has that name.

    Raises
    ------
    BadInput
        When there are more than `MOST_ARRAYS` arrays of such modules.

    Examples
    --------
    >>> import numpy as np
    >>> found = find({"encoder.weight_ih_l0": np.ones((6, 3)), "head.weight": np.ones((1, 2))})
    >>> {name: list(state) for name, state in found.items()}
    {'encoder': ['weight_ih_l0']}
    """
    if len(arrays) > MOST_ARRAYS and sum(map(is_recurrent, arrays)) > MOST_ARRAYS:
        raise BadInput(f"it must hold at most {MOST_ARRAYS} arrays of recurrent modules")
    modules: dict[tuple[str, bool], dict[str, Array]] = {}
    for key, array in arrays.items():
        if match := KEY.fullmatch(key):
            module = match["prefix"].removesuffix("."), match["layer"] is None
            modules.setdefault(module, {})[match["own"]] = array
    return dict(zip(_names(list(modules)), modules.values(), strict=True))


def _names(modules: list[tuple[str, bool]]) -> list[str]:
    """Name modules, given as prefixes and whether they are cells, each by a name of its own."""
    taken = {name for name, _ in modules if name}
    layered = {name for name, cell in modules if not cell}
    names = []
    for name, cell in modules:
        beside = cell and name in layered
        wanted = single = (name or ROOT) + (".cell" if beside else "")
        count = 1
        while (not name or beside) and single in taken:
            count += 1
            single = f"{wanted}#{count}"
        taken.add(single)
        names.append(single)
    return names


def kind(state: State) -> str:
    """Say what a module is by its blocks of rows: ``"GRU"``, ``"LSTM"`` or ``"RNN"``.

    Raises
    ------
    BadInput
        When the recurrent weights are missing, or no blocks of square matrices.
    """
    if any(name.startswith("weight_hr") for name in state):
        return "LSTM"  # the one that may project its state
    name = "weight_hh" + endings(state)[0][0]
    shape = _array(state, name).shape
    blocks, rest = divmod(shape[0], shape[1]) if len(shape) == 2 and shape[1] else (0, 0)
    if rest or blocks not in KINDS:
        raise BadInput(f"{name} must have shape (3H, H) with H at least 1, got {shape}")
    return KINDS[blocks]


def endings(state: State) -> list[list[str]]:
    """Give what follows the names of the arrays, for each layer and its directions."""
    matches = [match for match in map(KEY.fullmatch, state) if match]
    layers = len({match["layer"] for match in matches} - {None})
    if not layers:
        return [[""]]
    both = any(name.endswith("_reverse") for name in state)
    sides = ("", "_reverse") if both else ("",)
    return [[f"_l{layer}{side}" for side in sides] for layer in range(layers)]


def from_pytorch(state: State) -> GRU:
    """Make the network of one `nn.GRU` or `nn.GRUCell`.

    Parameters
    ----------
    state
        ``weight_ih_l0`` [3H, I], ``weight_hh_l0`` [3H, H], ``bias_ih_l0`` and ``bias_hh_l0`` [3H]
        or no biases at all, and so on for each layer and direction; without ``_l0`` for a cell.
        float16 becomes float32, which holds it exactly.

    Raises
    ------
    BadInput
        When it is an LSTM or a plain RNN, an array is missing, or shapes do not fit.
    """
    came = kind(state)
    if came != "GRU":
        raise BadInput(f"it is an {came}, not a GRU, by the rows of its weights")
    for name, array in state.items():
        if array.dtype.kind != "f" or array.dtype.itemsize > 8:
            raise BadInput(f"{name} must hold floating point numbers, got {array.dtype}")
    dtype = np.result_type(np.float32, *state.values())
    arrays = {name: array.astype(dtype, copy=False) for name, array in state.items()}
    biased = any(name.startswith("bias") for name in arrays)
    return GRU([[_weights(arrays, ending, biased) for ending in layer] for layer in endings(state)])


def to_pytorch(network: GRU) -> dict[str, Array]:
    """Give the state dict of the `nn.GRU` that computes what a network computes.

    An update gate that writes is turned into one that keeps, which is exact.

    Returns
    -------
    dict[str, Array]
        As `torch.nn.GRU.load_state_dict` takes it; read-only arrays of the network's dtype.

    Raises
    ------
    BadInput
        When PyTorch has no such form of the unit.
    """
    if len(set(network.hidden_sizes)) > 1:
        raise BadInput(f"torch.nn.GRU has layers of one hidden size, got {network.hidden_sizes}")
    if len(set(network.plan)) > 1 or not network.plan[0].usual:
        raise BadInput(
            "torch.nn.GRU has layers that all read forward, or all in both directions side by "
            f"side, got {arranged(network)}"
        )
    state = {}
    for i, layer in enumerate(network.weights):
        for weights, side in zip(layer, ("", "_reverse"), strict=False):
            kept = exact(weights, Formulation(), "torch.nn.GRU")
            state[f"weight_ih_l{i}{side}"] = kept.weight_input
            state[f"weight_hh_l{i}{side}"] = kept.weight_hidden
            state[f"bias_ih_l{i}{side}"] = kept.bias_input
            state[f"bias_hh_l{i}{side}"] = kept.bias_hidden
    return state


def arranged(network: GRU) -> str:
    """Say in words how a network's layers are arranged."""
    return "; ".join(f"{name} {value}" for name, value in arrangement(network.plan).items())


def run(state: State, input: Array, hidden: Array) -> tuple[Array, Array]:
    """Run a module's arrays by the equations of PyTorch's documentation, in float64.

    Parameters
    ----------
    state
        As `from_pytorch` takes it.
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
    for layer in endings(state):
        outputs = []
        for ending in layer:
            order = slice(None, None, -1 if ending.endswith("_reverse") else 1)
            states = _along(state, ending, output[order], next(initial))  # (T, B, H)
            last.append(states[-1])
            outputs.append(states[order])
        output = np.concatenate(outputs, -1)
    return output, np.stack(last)


def _along(state: State, ending: str, input: Array, hidden: Array) -> Array:
    W, U = (state[name + ending].T.astype(np.float64) for name in WEIGHTS)
    b, c = (state.get(name + ending, np.zeros(W.shape[1])) for name in BIASES)
    states = []
    for x in input:
        i_r, i_z, i_n = np.split(x @ W + b, 3, -1)  # (B, H) each
        h_r, h_z, h_n = np.split(hidden @ U + c, 3, -1)
        r, z = sigmoid(i_r + h_r), sigmoid(i_z + h_z)
        hidden = (1 - z) * np.tanh(i_n + r * h_n) + z * hidden
        states.append(hidden)
    return np.stack(states)


def _weights(arrays: State, ending: str, biased: bool) -> GRUWeights:
    W, U = (_array(arrays, name + ending) for name in WEIGHTS)
    b = c = np.zeros(W.shape[0] if W.ndim else 0, W.dtype)
    if biased:
        b, c = (_array(arrays, name + ending) for name in BIASES)
    return GRUWeights(W, U, b, c)


def _array(arrays: State, name: str) -> Array:
    if name not in arrays:
        raise BadInput(f"{name} is missing among {', '.join(sorted(arrays)[:12])}")
    return arrays[name]
