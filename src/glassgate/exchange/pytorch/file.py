"""Reads and writes PyTorch's files: state dicts in ``.pt``, ``.pth`` and ``.safetensors``.

Nothing in a file is executed: ``torch.load`` runs with ``weights_only=True`` alone, on what
`glassgate.exchange.pytorch.pickles` let pass, and a file that claims more numbers than it holds is
refused before they are copied. This is the only file of `glassgate.exchange` that imports torch,
and a ``.safetensors`` file is read without it.
"""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, deserialize

from glassgate.bfloat16 import from_bits
from glassgate.engine import GRU
from glassgate.errors import BadInput
from glassgate.exchange.found import Found, describe
from glassgate.exchange.pytorch.arrays import (
    find,
    from_pytorch,
    is_recurrent,
    kind,
    run,
    to_pytorch,
)
from glassgate.exchange.pytorch.pickles import require_plain
from glassgate.files import write_whole
from glassgate.formulation import Array

if TYPE_CHECKING:
    from torch import Tensor

CODES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": "<u2"}  # of safetensors, for NumPy
SHARED = 4  # a checkpoint may hold one network under so many names
LONGEST_NAME = 2_000  # signs of the path to a tensor
PICKLES = 5  # at the head of a file that is no zip


def read(path: Path) -> list[Found]:
    """Find the GRUs in a ``.pt`` or ``.pth`` file: a state dict, perhaps inside mappings or lists.

    Raises
    ------
    BadInput
        When it holds anything else: a pickled model, a TorchScript archive, a damaged file.
    OSError
        When it cannot be read.
    """
    data = path.read_bytes()
    try:
        tensors = dict(_tensors(_loaded(data)))
        claimed = sum(tensor.nelement() * tensor.element_size() for tensor in tensors.values())
        if claimed > SHARED * len(data):
            raise BadInput(f"it claims {claimed:,} bytes of numbers, but has {len(data):,} bytes")
        return _found({name: _array(name, tensor) for name, tensor in tensors.items()})
    except BadInput as error:
        raise BadInput(
            f"{path} cannot be read as a state dict of PyTorch, "
            f"which torch.save(model.state_dict(), FILE) writes: {error}"
        ) from error


def read_safetensors(path: Path) -> list[Found]:
    """Find the GRUs among the tensors of a ``.safetensors`` file that bear PyTorch's names.

    Raises
    ------
    BadInput
        When the file is damaged, or such a tensor holds other numbers than floating point ones.
    OSError
        When it cannot be read.
    """
    try:
        tensors = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise BadInput(f"{path} is no whole safetensors file ({error})") from error
    arrays = {}
    for name, tensor in tensors:
        if not is_recurrent(name):
            continue
        if tensor["dtype"] not in CODES:
            came = tensor["dtype"]
            raise BadInput(f"{path}: {name} must be one of {', '.join(CODES)}, got {came}")
        numbers = np.frombuffer(tensor["data"], CODES[tensor["dtype"]]).reshape(tensor["shape"])
        arrays[name] = from_bits(numbers) if tensor["dtype"] == "BF16" else numbers
    return _found(arrays)


def write(path: Path, network: GRU) -> None:
    """Write the state dict of a network, as `torch.nn.GRU.load_state_dict` takes it.

    Raises
    ------
    BadInput
        When PyTorch has no such form of the unit.
    OSError
        When the file cannot be written.
    """
    state = to_pytorch(network)
    import torch

    file = io.BytesIO()
    torch.save({name: torch.tensor(array) for name, array in state.items()}, file)
    write_whole(path, file.getvalue())


def _loaded(data: bytes) -> object:
    if data.startswith(b"PK\3\4"):
        for pickled in _pickles(data):
            require_plain(pickled, 1, len(data))
    else:  # as before PyTorch 1.6
        require_plain(data, PICKLES, len(data))
    return _run(data)


def _run(data: bytes) -> object:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on how the file was written
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise BadInput("it is damaged, or holds more than arrays") from error
    except Exception as error:  # torch raises all kinds of them on damaged files
        why = str(error).partition("\n")[0] or type(error).__name__
        raise BadInput(f"it is damaged ({why})") from error


def _pickles(data: bytes) -> list[bytes]:
    """Give the pickles of a zip that unpacks to no more than it is long."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            if size > len(data):
                raise ValueError(f"it unpacks to {size:,} bytes of numbers, but has {len(data):,}")
            pickles = [archive.read(part) for part in members if part.filename.endswith(".pkl")]
    except Exception as error:  # zipfile too raises all kinds of them
        raise BadInput(
            f"it is damaged or cut short ({str(error) or type(error).__name__})"
        ) from error
    if any(member.filename.endswith("/constants.pkl") for member in members):
        raise BadInput("it is a TorchScript program")
    return pickles


def _tensors(loaded: object) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of recurrent modules by the path to them; what holds them is seen once."""
    import torch

    seen: set[int] = set()
    left = [iter([("", loaded)])]
    while left:
        path, value = next(left[-1], (None, None))
        if path is None:
            left.pop()
            continue
        if len(path) > LONGEST_NAME:
            raise BadInput(f"its mappings stand in each other too deep, at {path:.60}")
        if isinstance(value, torch.Tensor) and is_recurrent(path):
            yield path, value
        elif isinstance(value, Mapping | list | tuple) and id(value) not in seen:
            seen.add(id(value))
            left.append(_parts(path, value))


def _parts(
    path: str, value: Mapping[object, object] | Sequence[object]
) -> Iterator[tuple[str, object]]:
    """Give what a mapping holds under texts, or a list by its numbers, with the paths to it."""
    named = value.items() if isinstance(value, Mapping) else enumerate(value)
    numbered = not isinstance(value, Mapping)
    for key, part in named:
        if numbered or isinstance(key, str):
            yield (f"{path}.{key}" if path else str(key)), part


def _array(name: str, tensor: Tensor) -> Array:
    import torch

    if tensor.is_quantized or tensor.layout != torch.strided or tensor.device.type != "cpu":
        raise BadInput(f"{name} must be a plain array of numbers, got {tensor.type()}")
    tensor = tensor.detach()
    if tensor.is_floating_point() and tensor.dtype != torch.float64:
        tensor = tensor.float()  # exact for all that are shorter
    array: Array = tensor.resolve_neg().numpy()
    return array


def _found(arrays: Mapping[str, Array]) -> list[Found]:
    return [_taken(name, state) for name, state in find(arrays).items()]


def _taken(name: str, state: dict[str, Array]) -> Found:
    try:
        cell = kind(state)
        if cell != "GRU":
            return Found(name, refusal=f"it is an {cell}, not a GRU", facts={"kind": cell})
        network = from_pytorch(state)
    except BadInput as error:
        return Found(name, refusal=str(error))
    facts = {
        "kind": "GRUCell" if "weight_hh" in state else "GRU",
        **describe(network),
        "biases": "two" if _has_biases(state) else "none",
        "initial state": "given at run time",
    }
    if find_spec("torch") is None:
        return Found(name, network, None, facts, partial(run, state))
    version = import_module("torch").__version__
    return Found(
        name, network, None, facts, partial(_run_torch, state, network), f"torch {version}"
    )


def _has_biases(state: Mapping[str, Array]) -> bool:
    return any(name.startswith("bias") for name in state)


def _run_torch(
    state: Mapping[str, Array], network: GRU, input: Array, hidden: Array
) -> tuple[Array, Array]:
    """Run a `torch.nn.GRU`, or for a cell a `torch.nn.GRUCell`, that has loaded a state dict."""
    import torch

    tensors = {name: torch.tensor(array.astype(network.dtype)) for name, array in state.items()}
    sizes, biases = (network.input_size, network.hidden_size), _has_biases(state)
    dtype = next(iter(tensors.values())).dtype
    x, h = torch.tensor(input, dtype=dtype), torch.tensor(hidden, dtype=dtype)
    module: torch.nn.Module
    with torch.no_grad():
        if "weight_hh" in state:
            module = torch.nn.GRUCell(*sizes, bias=biases, dtype=dtype)
            module.load_state_dict(tensors)
            states = [h[0]]
            for step in x:  # (B, I)
                states.append(module(step, states[-1]))
            return torch.stack(states[1:]).numpy(), states[-1][None].numpy()
        both, layers = len(network.weights[0]) == 2, network.num_layers
        module = torch.nn.GRU(*sizes, layers, biases, bidirectional=both, dtype=dtype)
        module.load_state_dict(tensors)
        output, last = module(x, h)
        return output.numpy(), last.numpy()
