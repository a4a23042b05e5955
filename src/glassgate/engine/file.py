"""The canonical file of a GRU network: safetensors, its plan in the metadata.

The metadata holds one entry, ``glassgate``, a JSON object::

    {"format": "gru", "version": 1,
     "formulation": {"update": "keeps", "reset": "after", "gate": "sigmoid", "squash": "tanh"},
     "plan": {"layers": 2, "directions": 1, "input_size": 8, "hidden_size": 64,
              "dtype": "float32"}}

and the tensors are named ``layer0.forward.weight_input``. One entry, since safetensors writes
several in any order: so a network always gives the same bytes.

Files come from strangers. The plan is compared with the tensors that are there before anything
is made of it, and nothing in a file is executed.
"""

import json
import reprlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, TensorSpec, deserialize, serialize

from glassgate.errors import BadInput
from glassgate.files import write_whole
from glassgate.formulation import Array, Formulation
from glassgate.rounding import from_bits, to_bits
from glassgate.weights import ARRAYS, MATRICES, GRUWeights, require_shape

Stack: TypeAlias = tuple[tuple[GRUWeights, ...], ...]  # layers, and their directions
Tensors: TypeAlias = dict[str, dict[str, Any]]  # each with its shape, dtype and data
DIRECTIONS = ("forward", "reverse")
ENTRY, FORMAT, VERSION = "glassgate", "gru", 1
MOST = 2**24  # layers, inputs or units
STORED = {"float32": "<f4", "float64": "<f8", "bfloat16": "<u2"}  # in the file, for NumPy
CODES = {"float32": "F32", "float64": "F64", "bfloat16": "BF16"}  # and for safetensors
Made = TypeVar("Made", "Formulation", "Plan")


class Place(NamedTuple):
    """One array of a network and the tensor that holds it."""

    layer: int
    direction: int
    array: str
    tensor: str
    shape: list[int]
    dtype: str


@dataclass(frozen=True)
class Plan:
    """How many layers and directions a network has, how large they are, and of which numbers."""

    layers: int
    directions: int
    input_size: int
    hidden_size: int
    dtype: str

    def __post_init__(self) -> None:
        limits = {"layers": MOST, "directions": 2, "input_size": MOST, "hidden_size": MOST}
        for name, most in limits.items():
            came = getattr(self, name)
            if type(came) is not int or not 1 <= came <= most:
                raise BadInput(f"{name} must be a number in 1..{most}, got {reprlib.repr(came)}")
        if not isinstance(self.dtype, str) or self.dtype not in CODES:
            came = reprlib.repr(self.dtype)
            raise BadInput(f"dtype must be one of {', '.join(CODES)}, got {came}")

    @property
    def tensors(self) -> int:
        """How many tensors the file holds."""
        return self.layers * self.directions * len(ARRAYS)

    def places(self) -> Iterator[Place]:
        """Say of each array of each layer and direction where it stands, and as what."""
        H = self.hidden_size
        biases = "float32" if self.dtype == "bfloat16" else self.dtype
        for layer in range(self.layers):
            I = self.directions * H if layer else self.input_size
            shapes = dict(zip(ARRAYS, ([3 * H, I], [3 * H, H], [3 * H], [3 * H]), strict=True))
            for direction in range(self.directions):
                for array, shape in shapes.items():
                    tensor = f"layer{layer}.{DIRECTIONS[direction]}.{array}"
                    dtype = self.dtype if array in MATRICES else biases
                    yield Place(layer, direction, array, tensor, shape, dtype)


def write_file(path: str | PathLike[str], stack: Stack) -> None:
    """Write a network whose layers fit together; a file that is there is replaced as a whole."""
    write_whole(Path(path), to_bytes(stack))


def read_file(path: str | PathLike[str]) -> Stack:
    """Read what `write_file` wrote; refuse all else with `BadInput`."""
    try:
        return from_bytes(Path(path).read_bytes())
    except BadInput as error:
        raise BadInput(f"{path} cannot be read as a GRU network: {error}") from error


def to_bytes(stack: Stack) -> bytes:
    """Give the file of a network; the same network gives the same bytes."""
    first = stack[0][0]
    dtype = "bfloat16" if first.bfloat16 else first.dtype.name
    plan = Plan(len(stack), len(stack[0]), first.input_size, first.hidden_size, dtype)
    formulation = asdict(first.formulation)
    said = {"format": FORMAT, "version": VERSION, "formulation": formulation, "plan": asdict(plan)}
    arrays = {
        place.tensor: _stored(
            getattr(stack[place.layer][place.direction], place.array), place.dtype
        )
        for place in plan.places()
    }  # held until all is written: the specs point into them
    specs = {
        place.tensor: TensorSpec(
            dtype=place.dtype,
            shape=place.shape,
            data_ptr=arrays[place.tensor].ctypes.data,
            data_len=arrays[place.tensor].nbytes,
        )
        for place in plan.places()
    }
    return bytes(serialize(specs, metadata={ENTRY: json.dumps(said)}))


def from_bytes(data: bytes) -> Stack:
    """Read the file of a network from its bytes.

    Raises
    ------
    BadInput
        When they are not such a file, or not a whole one.
    """
    try:
        tensors: Tensors = dict(deserialize(data))  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise BadInput(f"it is no whole safetensors file ({error})") from error
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    formulation, plan = _described(header.get("__metadata__") or {})
    if len(tensors) != plan.tensors:
        raise BadInput(f"it must hold {plan.tensors} tensors by its plan, got {len(tensors)}")
    layers: list[list[dict[str, Array]]] = [
        [{} for _ in range(plan.directions)] for _ in range(plan.layers)
    ]
    for place in plan.places():
        layers[place.layer][place.direction][place.array] = _array(tensors, place)
    narrow = plan.dtype == "bfloat16"
    return tuple(
        tuple(GRUWeights(**arrays, formulation=formulation, bfloat16=narrow) for arrays in layer)
        for layer in layers
    )


def _stored(array: Array, dtype: str) -> NDArray[Any]:
    numbers: NDArray[Any] = to_bits(array) if dtype == "bfloat16" else array
    return numbers.astype(STORED[dtype], copy=False)


def _array(tensors: Tensors, place: Place) -> Array:
    tensor = tensors.get(place.tensor)
    if tensor is None:
        raise BadInput(f"{place.tensor} is missing")
    if tensor["dtype"] != CODES[place.dtype]:
        raise BadInput(f"{place.tensor} must be {CODES[place.dtype]}, got {tensor['dtype']}")
    require_shape(place.tensor, tuple(tensor["shape"]), tuple(place.shape))
    stored: NDArray[Any] = np.frombuffer(tensor["data"], STORED[place.dtype]).reshape(place.shape)
    if place.dtype == "bfloat16":
        return from_bits(stored)
    return stored.astype(place.dtype, copy=False)


def _described(metadata: dict[str, str]) -> tuple[Formulation, Plan]:
    if ENTRY not in metadata:
        raise BadInput(f"its metadata must have an entry named {ENTRY}, got none")
    try:
        said = json.loads(metadata[ENTRY])
    except (ValueError, RecursionError) as error:
        raise BadInput(f"its metadata entry {ENTRY} must be JSON, got something else") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise BadInput(f"its format must be {FORMAT!r}, got {reprlib.repr(said)}")
    version = said.get("version")
    if version != VERSION:
        came = reprlib.repr(version)
        raise BadInput(f"its format version must be {VERSION}, the newest here, got {came}")
    return _made(Formulation, "formulation", said), _made(Plan, "plan", said)


def _made(kind: type[Made], name: str, said: dict[str, Any]) -> Made:
    words, wanted = said.get(name), [field.name for field in fields(kind)]
    if not isinstance(words, dict) or words.keys() != set(wanted):
        raise BadInput(f"its {name} must have {', '.join(wanted)}, got {reprlib.repr(words)}")
    return kind(**words)
