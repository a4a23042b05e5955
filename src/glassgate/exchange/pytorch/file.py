"""Reads and writes PyTorch's files: state dicts in ``.pt``, ``.pth`` and ``.safetensors``.

Nothing in a file is executed: ``torch.load`` always runs with ``weights_only=True``, on pickles
that `glassgate.exchange.pytorch.pickles` has let pass, and a file that claims more numbers than it
holds is refused before they are copied. This is the only file of `glassgate.exchange` that imports
torch; a ``.safetensors`` file is read without it.
"""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, deserialize

from glassgate.bfloat16 import from_bits
from glassgate.engine import GRU
from glassgate.errors import BadInput
from glassgate.exchange.file_gru import FileGRU, as_notes, describe
from glassgate.exchange.pytorch.arrays import (
    find_modules,
    from_pytorch,
    is_recurrent,
    module_kind,
    run_equations,
    to_pytorch,
)
from glassgate.exchange.pytorch.derived import derive, is_part
from glassgate.exchange.pytorch.pickles import require_plain_pickle
from glassgate.exchange.pytorch.programs import (
    WAY_OUT,
    Module,
    is_program,
    stand_ins,
    without_code,
)
from glassgate.files import write_whole
from glassgate.formulation import Array

if TYPE_CHECKING:
    from torch import Tensor

DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": "<u2"}  # of safetensors, for NumPy
NOTES = "glassgate notes"  # in the metadata of a state dict
MAX_SHARING = 4  # names under which a checkpoint may hold the same numbers
MAX_PATH_LENGTH = 2_000  # characters of the path to a tensor
LEGACY_PICKLES = 5  # at the start of a file that is not a zip


def read_pytorch(path: Path) -> list[FileGRU]:
    """Read the GRUs of a ``.pt`` or ``.pth`` file: state dicts, also inside mappings or lists.

    Raises
    ------
    BadInput
        When it holds anything else: a pickled model, a TorchScript archive, a damaged file.
    OSError
        When it cannot be read.
    """
    data = path.read_bytes()
    try:
        loaded = _load(data)
        tensors = dict(_tensors(loaded))
        claimed = sum(tensor.nelement() * tensor.element_size() for tensor in tensors.values())
        if claimed > MAX_SHARING * len(data):
            raise BadInput(f"it claims {claimed:,} bytes of numbers, but has {len(data):,} bytes")
        grus = _file_grus({name: _array(name, tensor) for name, tensor in tensors.items()})
        return [replace(gru, notes=_notes(loaded)) for gru in grus]
    except BadInput as error:
        raise BadInput(
            f"{path} cannot be read as a PyTorch state dict, "
            f"as torch.save(model.state_dict(), FILE) writes it: {error}"
        ) from error


def read_safetensors(path: Path) -> list[FileGRU]:
    """Read the GRUs under PyTorch's names in a ``.safetensors`` file.

    Raises
    ------
    BadInput
        When the file is damaged, or such a tensor does not hold floating-point numbers.
    OSError
        When it cannot be read.
    """
    try:
        tensors = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise BadInput(f"{path} is not a complete safetensors file ({error})") from error
    arrays = {}
    for name, tensor in tensors:
        if not (is_recurrent(name) or is_part(name)):
            continue
        if tensor["dtype"] not in DTYPES:
            dtype = tensor["dtype"]
            raise BadInput(f"{path}: {name} must be one of {', '.join(DTYPES)}, got {dtype}")
        numbers = np.frombuffer(tensor["data"], DTYPES[tensor["dtype"]]).reshape(tensor["shape"])
        arrays[name] = from_bits(numbers) if tensor["dtype"] == "BF16" else numbers
    return _file_grus(arrays)


def write_pytorch(path: Path, network: GRU, notes: Sequence[str] = ()) -> None:
    """Write the state dict of a network, for `torch.nn.GRU.load_state_dict`.

    Notes become part of its ``_metadata``, which torch keeps and does not read.

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
    tensors = OrderedDict((name, torch.tensor(array)) for name, array in state.items())
    if notes:
        tensors._metadata = {NOTES: list(notes)}  # type: ignore[attr-defined]
    torch.save(tensors, file)
    write_whole(path, file.getvalue())


def _load(data: bytes) -> object:
    if not data.startswith(b"PK\3\4"):  # the format before PyTorch 1.6
        require_plain_pickle(data, LEGACY_PICKLES, len(data))
        return _torch_load(data)
    with _opened(data) as archive:
        if is_program(archive.infolist()):
            return _load_program(archive, len(data))
    for pickled in _zipped_pickles(data):
        require_plain_pickle(pickled, 1, len(data))
    return _torch_load(data)


def _load_program(archive: zipfile.ZipFile, size: int) -> object:
    """Load the arrays of a TorchScript program."""
    try:
        data = without_code(archive, size)
        (pickled,) = _zipped_pickles(data)
        require_plain_pickle(pickled, 1, size, program=True)
        return _torch_load(data, stand_ins(pickled))
    except (BadInput, ValueError, zipfile.BadZipFile, EOFError, OSError) as error:
        reason = error if isinstance(error, BadInput) else "it is damaged or cut short"
        raise BadInput(f"it is a TorchScript program, and {reason}: {WAY_OUT}") from error


def _torch_load(data: bytes, allowed: Sequence[tuple[Any, str]] = ()) -> object:
    """Load with torch's restricted loader, which may call what is named in `allowed` as well."""
    import torch

    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(list(allowed)):
            warnings.simplefilter("ignore")  # about how the file was written
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise BadInput("it is damaged, or holds something other than arrays") from error
    except Exception as error:  # torch raises all kinds on damaged files
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise BadInput(f"it is damaged ({reason})") from error


@contextmanager
def _opened(data: bytes) -> Iterator[zipfile.ZipFile]:
    """Open a zip, and say in one sentence where it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive
    except BadInput:
        raise
    except Exception as error:  # zipfile raises all kinds
        reason = str(error) or type(error).__name__
        raise BadInput(f"it is damaged or cut short ({reason})") from error


def _zipped_pickles(data: bytes) -> list[bytes]:
    """Read the pickles of a zip that unpacks to no more than its own size."""
    with _opened(data) as archive:
        members = archive.infolist()
        size = sum(member.file_size for member in members)
        if size > len(data):
            raise ValueError(f"it unpacks to {size:,} bytes of numbers, but has {len(data):,}")
        return [archive.read(m) for m in members if m.filename.endswith(".pkl")]


def _notes(loaded: object) -> tuple[str, ...]:
    """Return the notes in the metadata of a state dict."""
    metadata = getattr(loaded, "_metadata", None)
    return as_notes(metadata.get(NOTES)) if isinstance(metadata, dict) else ()


def _tensors(loaded: object) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of recurrent modules with their paths; each container is visited once."""
    import torch

    seen: set[int] = set()
    pending = [iter([("", loaded)])]
    while pending:
        path, value = next(pending[-1], (None, None))
        if path is None:
            pending.pop()
            continue
        if len(path) > MAX_PATH_LENGTH:
            raise BadInput(f"its mappings are nested too deep, at {path:.60}")
        if isinstance(value, torch.Tensor) and (is_recurrent(path) or is_part(path)):
            yield path, value
        elif isinstance(value, Module | Mapping | list | tuple) and id(value) not in seen:
            seen.add(id(value))
            held: Any = vars(value) if isinstance(value, Module) else value
            pending.append(_entries(path, held))


def _entries(
    path: str, value: Mapping[object, object] | Sequence[object]
) -> Iterator[tuple[str, object]]:
    """Yield the entries of a list, or those of a mapping whose keys are text, with their paths."""
    entries = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, entry in entries:
        if isinstance(key, str) or not isinstance(value, Mapping):
            yield (f"{path}.{key}" if path else str(key)), entry


def _array(name: str, tensor: Tensor) -> Array:
    import torch

    if tensor.is_quantized or tensor.layout != torch.strided or tensor.device.type != "cpu":
        raise BadInput(f"{name} must be a plain array of numbers, got {tensor.type()}")
    tensor = tensor.detach()
    if tensor.is_floating_point() and tensor.dtype != torch.float64:
        tensor = tensor.float()  # exact, since all others are narrower
    array: Array = tensor.resolve_neg().numpy()
    return array


def _file_grus(arrays: Mapping[str, Array]) -> list[FileGRU]:
    whole, origins = derive(arrays)
    modules = find_modules(whole)
    made = find_modules({name: np.array(origin) for name, origin in origins.items()})
    return [
        _file_gru(name, state, sorted({str(origin) for origin in made.get(name, {}).values()}))
        for name, state in modules.items()
    ]


def _file_gru(name: str, state: dict[str, Array], origins: Sequence[str]) -> FileGRU:
    try:
        kind = module_kind(state)
        if kind != "GRU":
            return FileGRU(name, refusal=f"it is an {kind}, not a GRU", facts={"kind": kind})
        network = from_pytorch(state)
    except BadInput as error:
        return FileGRU(name, refusal=str(error))
    facts = {
        "kind": "GRUCell" if "weight_hh" in state else "GRU",
        **describe(network),
        "biases": "two" if _has_biases(state) else "none",
        "initial state": "given at run time",
    }
    if origins:
        facts["weights"] = f"computed ({', '.join(origins)})"
    if find_spec("torch") is None:
        equations = partial(run_equations, state)
        return FileGRU(
            name, network, facts=facts, reference=equations, unrun="torch is not installed"
        )
    return FileGRU(
        name,
        network,
        facts=facts,
        reference=partial(_run_torch, state, network),
        runtime=f"torch {import_module('torch').__version__}",
    )


def _has_biases(state: Mapping[str, Array]) -> bool:
    return any(name.startswith("bias") for name in state)


def _run_torch(
    state: Mapping[str, Array], network: GRU, input: Array, hidden: Array
) -> tuple[Array, Array]:
    """Load a state dict into `torch.nn.GRU`, or for a cell `torch.nn.GRUCell`, and run it."""
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
