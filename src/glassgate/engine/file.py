"""The canonical file of a GRU network: safetensors, its plan in the metadata.

The metadata has one entry, ``glassgate``, a JSON object::

    {"format": "gru", "version": 2,
     "formulation": {"update": "keeps", "reset": "after", "gate": "sigmoid", "squash": "tanh"},
     "plan": {"layers": [{"directions": ["forward"], "merge": "concat", "order": "time",
                          "hidden_size": 64}],
              "input_size": 8, "dtype": "float32"}}

and, where there are any, ``"notes"``, a list of sentences on how to run it. Tensors have names such
as ``layer0.forward.weight_input``. There is only one entry because safetensors writes several in
arbitrary order, and a network must always give the same bytes. Version 1 stored the number of
layers, the number of directions and one hidden size for all layers, as in `torch.nn.GRU`.

Files may come from strangers. The plan is compared with the file's tensors before anything is
allocated for it, and nothing in a file is executed.
"""

import json
import reprlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, TensorSpec, deserialize, serialize

from glassgate.bfloat16 import from_bits, to_bits
from glassgate.engine.plan import BOTH, LayerPlan, Stack
from glassgate.errors import BadInput
from glassgate.files import write_whole
from glassgate.formulation import Array, Formulation
from glassgate.weights import ARRAYS, MATRICES, GRUWeights, require_shape

Tensors: TypeAlias = dict[str, dict[str, Any]]  # by name: shape, dtype and data
METADATA_KEY, FORMAT, VERSIONS = "glassgate", "gru", (1, 2)
MAX_SIZE = 2**24  # layers, inputs or units
MAX_TENSORS = 2**14
MAX_HEADER = 2**24  # bytes of a safetensors file's header
STORAGE_DTYPES = {
    "float32": "<f4",
    "float64": "<f8",
    "bfloat16": "<u2",
}  # as NumPy names them
DTYPE_CODES = {"float32": "F32", "float64": "F64", "bfloat16": "BF16"}  # as safetensors does


class Place(NamedTuple):
    """An array of a network and the tensor that stores it."""

    layer: int
    direction: int
    array: str
    tensor: str
    shape: list[int]
    dtype: str


@dataclass(frozen=True)
class Plan:
    """The layers of a network, their sizes and their dtype."""

    layers: tuple[LayerPlan, ...]
    hidden_sizes: tuple[int, ...]  # H of each layer
    input_size: int
    dtype: str

    def __post_init__(self) -> None:
        _require_number("input_size", self.input_size, MAX_SIZE)
        if not isinstance(self.dtype, str) or self.dtype not in DTYPE_CODES:
            given = reprlib.repr(self.dtype)
            raise BadInput(f"dtype must be one of {', '.join(DTYPE_CODES)}, got {given}")

    def places(self) -> Iterator[Place]:
        """Yield each array of each layer and direction with its tensor's name, shape and dtype."""
        I, biases = self.input_size, "float32" if self.dtype == "bfloat16" else self.dtype
        for i, (layer, H) in enumerate(zip(self.layers, self.hidden_sizes, strict=True)):
            shapes = dict(zip(ARRAYS, ([3 * H, I], [3 * H, H], [3 * H], [3 * H]), strict=True))
            for d, direction in enumerate(layer.directions):
                for array, shape in shapes.items():
                    tensor = f"layer{i}.{direction}.{array}"
                    yield Place(
                        i, d, array, tensor, shape, self.dtype if array in MATRICES else biases
                    )
            I = layer.width(H)


def write_file(
    path: str | PathLike[str],
    stack: Stack,
    layers: tuple[LayerPlan, ...],
    notes: Sequence[str] = (),
) -> None:
    """Write a network whose layers fit together; an existing file is replaced as a whole."""
    write_whole(Path(path), to_bytes(stack, layers, notes))


def read_file(path: str | PathLike[str]) -> tuple[Stack, tuple[LayerPlan, ...]]:
    """Read a file that `write_file` wrote; refuse any other with `BadInput`."""
    try:
        return from_bytes(Path(path).read_bytes())
    except BadInput as error:
        raise BadInput(f"{path} cannot be read as a GRU network: {error}") from error


def to_bytes(stack: Stack, layers: tuple[LayerPlan, ...], notes: Sequence[str] = ()) -> bytes:
    """Return a network's file; the same network and notes give the same bytes."""
    first = stack[0][0]
    dtype = "bfloat16" if first.bfloat16 else first.dtype.name
    sizes = tuple(directions[0].hidden_size for directions in stack)
    plan = Plan(layers, sizes, first.input_size, dtype)
    layer_configs = [
        asdict(layer) | {"hidden_size": H} for layer, H in zip(layers, sizes, strict=True)
    ]
    config = {"format": FORMAT, "version": VERSIONS[-1], "formulation": asdict(first.formulation)}
    config |= {"plan": {"layers": layer_configs, "input_size": plan.input_size, "dtype": dtype}}
    config |= {"notes": list(notes)} if notes else {}
    arrays = {
        place.tensor: _to_storage(
            getattr(stack[place.layer][place.direction], place.array), place.dtype
        )
        for place in plan.places()
    }  # must outlive `serialize`: the specs point into them
    specs = {
        place.tensor: TensorSpec(
            dtype=place.dtype,
            shape=place.shape,
            data_ptr=arrays[place.tensor].ctypes.data,
            data_len=arrays[place.tensor].nbytes,
        )
        for place in plan.places()
    }
    return bytes(serialize(specs, metadata={METADATA_KEY: json.dumps(config)}))


def from_bytes(data: bytes) -> tuple[Stack, tuple[LayerPlan, ...]]:
    """Read a network's file from its bytes: its weights and its layers' plan.

    Raises
    ------
    BadInput
        When they are not such a file, or the file is damaged.
    """
    require_short_header(data, len(data))
    try:
        tensors: Tensors = dict(deserialize(data))  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise BadInput(f"it is no whole safetensors file ({error})") from error
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    formulation, plan = _read_metadata(header.get("__metadata__") or {}, len(tensors))
    layers: list[list[dict[str, Array]]] = [[{} for _ in layer.directions] for layer in plan.layers]
    for place in plan.places():
        layers[place.layer][place.direction][place.array] = _read_array(tensors, place)
    bfloat16 = plan.dtype == "bfloat16"
    stack = tuple(
        tuple(GRUWeights(**arrays, formulation=formulation, bfloat16=bfloat16) for arrays in layer)
        for layer in layers
    )
    return stack, plan.layers


def require_short_header(head: bytes, size: int) -> None:
    """Refuse a safetensors file of `size` bytes whose first 8 bytes announce too long a header.

    Raises
    ------
    BadInput
        When the header has more than `MAX_HEADER` bytes.
    """
    length = int.from_bytes(head[:8], "little")
    if MAX_HEADER < length <= size:  # a header longer than the file is refused later
        raise BadInput(f"its header must have at most {MAX_HEADER} bytes, got {length}")


def _to_storage(array: Array, dtype: str) -> NDArray[Any]:
    numbers: NDArray[Any] = to_bits(array) if dtype == "bfloat16" else array
    return numbers.astype(STORAGE_DTYPES[dtype], copy=False)


def _read_array(tensors: Tensors, place: Place) -> Array:
    tensor = tensors.get(place.tensor)
    if tensor is None:
        raise BadInput(f"{place.tensor} is missing")
    if tensor["dtype"] != DTYPE_CODES[place.dtype]:
        raise BadInput(f"{place.tensor} must be {DTYPE_CODES[place.dtype]}, got {tensor['dtype']}")
    require_shape(place.tensor, tuple(tensor["shape"]), tuple(place.shape))
    stored: NDArray[Any] = np.frombuffer(tensor["data"], STORAGE_DTYPES[place.dtype])
    stored = stored.reshape(place.shape)
    if place.dtype == "bfloat16":
        return from_bits(stored)
    return stored.astype(place.dtype, copy=False)


def _read_metadata(metadata: dict[str, str], tensors: int) -> tuple[Formulation, Plan]:
    if METADATA_KEY not in metadata:
        raise BadInput(f"its metadata must have an entry named {METADATA_KEY}, got none")
    try:
        config = json.loads(metadata[METADATA_KEY])
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"its metadata entry {METADATA_KEY} must be JSON, got something else"
        ) from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise BadInput(f"its format must be {FORMAT!r}, got {reprlib.repr(config)}")
    version = config.get("version")
    if type(version) is not int or version not in VERSIONS:
        newest, given = VERSIONS[-1], reprlib.repr(version)
        raise BadInput(f"its format version must be in 1..{newest}, the newest here, got {given}")
    formulation = Formulation(**_read_fields(config, "formulation", _field_names(Formulation)))
    version_1 = ["directions", "hidden_size"] if version == 1 else []
    plan = _read_fields(config, "plan", ["layers", *version_1, "input_size", "dtype"])
    layers, sizes = (
        _layers_of_version_1(plan, tensors) if version == 1 else _layers_of_version_2(plan, tensors)
    )
    return formulation, Plan(layers, sizes, plan["input_size"], plan["dtype"])


def _layers_of_version_1(
    plan: dict[str, Any], tensors: int
) -> tuple[tuple[LayerPlan, ...], tuple[int, ...]]:
    """Return the layers of a file of version 1, and their sizes."""
    layers: int = plan["layers"]
    directions: int = plan["directions"]
    _require_number("layers", layers, MAX_SIZE)
    _require_number("directions", directions, len(BOTH))
    _require_number("hidden_size", plan["hidden_size"], MAX_SIZE)
    _require_tensors(layers * directions, tensors)
    return (LayerPlan(BOTH[:directions]),) * layers, (plan["hidden_size"],) * layers


def _layers_of_version_2(
    plan: dict[str, Any], tensors: int
) -> tuple[tuple[LayerPlan, ...], tuple[int, ...]]:
    """Return the layers of a file of version 2, and their sizes."""
    if not isinstance(plan["layers"], list) or not plan["layers"]:
        raise BadInput(f"layers must be a list of one or more, got {reprlib.repr(plan['layers'])}")
    if len(plan["layers"]) * len(ARRAYS) > tensors:  # each layer has at least one direction
        _require_tensors(len(plan["layers"]), tensors)
    layers, sizes = [], []
    for config in plan["layers"]:
        values = _read_fields({"layer": config}, "layer", [*_field_names(LayerPlan), "hidden_size"])
        sizes.append(values.pop("hidden_size"))
        _require_number("hidden_size", sizes[-1], MAX_SIZE)
        directions = values.pop("directions")
        if not isinstance(directions, list):
            raise BadInput(f"directions must be a list, got {reprlib.repr(directions)}")
        layers.append(LayerPlan(tuple(directions), **values))
    _require_tensors(sum(len(layer.directions) for layer in layers), tensors)
    return tuple(layers), tuple(sizes)


def _require_number(name: str, value: object, largest: int) -> None:
    if type(value) is not int or not 1 <= value <= largest:
        raise BadInput(f"{name} must be a number in 1..{largest}, got {reprlib.repr(value)}")


def _require_tensors(directions: int, tensors: int) -> None:
    wanted = directions * len(ARRAYS)
    if tensors != wanted:
        raise BadInput(f"it must hold {wanted} tensors by its plan, got {tensors}")
    if tensors > MAX_TENSORS:
        raise BadInput(f"it must hold at most {MAX_TENSORS} tensors, got {tensors}")


def _field_names(kind: type[Any]) -> list[str]:
    return [field.name for field in fields(kind)]


def _read_fields(config: dict[str, Any], name: str, wanted: list[str]) -> dict[str, Any]:
    """Return an object of the metadata, which must have exactly the wanted keys."""
    values = config.get(name)
    if not isinstance(values, dict) or values.keys() != set(wanted):
        raise BadInput(f"its {name} must have {', '.join(wanted)}, got {reprlib.repr(values)}")
    return dict(values)
