"""The numbers of one gated recurrent layer, checked once and then never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import DTypeLike

from glassgate.bfloat16 import rounded
from glassgate.errors import BadInput
from glassgate.formulation import Array, Formulation, Update

MATRICES = ("weight_input", "weight_hidden")
GATES = ("reset", "update", "candidate")  # in the order of their rows
ARRAYS = (*MATRICES, "bias_input", "bias_hidden")


@dataclass(frozen=True, eq=False)
class GRUWeights:
    """The weights of one layer in one direction, in PyTorch's layout.

    Rows come in three blocks of H: **reset, update, candidate**. The arrays are copied and made
    read-only. Values are not judged: NaN passes.

    Parameters
    ----------
    weight_input
        [3H, I], W of the equations.
    weight_hidden
        [3H, H], U of the equations.
    bias_input
        [3H], b of the equations.
    bias_hidden
        [3H], its last block is c_n of the equations, the rest adds to b_r and b_z.
    formulation
        The form of the unit that these numbers were made for.
    bfloat16
        Whether the engine is to hold `weight_input` and `weight_hidden` in bfloat16, half the
        bytes to read in a step. They stand here as float32 numbers that bfloat16 holds exactly.
        Biases, states and sums are float32 all the same. `astype("bfloat16")` makes such weights.

    Raises
    ------
    BadInput
        When a shape does not fit the others, or a number that bfloat16 does not hold stands where
        one must.
    TypeError
        When something is not a NumPy array of float32 or float64, when the dtypes differ, or when
        `formulation` is not a `Formulation`.

    Examples
    --------
    >>> import numpy as np
    >>> weights = GRUWeights(np.ones((6, 3)), np.ones((6, 2)), np.ones(6), np.ones(6))
    >>> weights.input_size, weights.hidden_size, weights.formulation.update
    (3, 2, 'keeps')
    """

    weight_input: Array
    weight_hidden: Array
    bias_input: Array
    bias_hidden: Array
    formulation: Formulation = field(default_factory=Formulation)
    bfloat16: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.formulation, Formulation):
            raise TypeError(
                f"formulation must be a Formulation, got {type(self.formulation).__name__}"
            )
        for name in ARRAYS:
            object.__setattr__(self, name, _read_only(name, getattr(self, name)))
        _require_one_dtype({name: getattr(self, name).dtype for name in ARRAYS})
        rows = self.weight_input.shape[0] if self.weight_input.ndim else 0
        if self.weight_input.ndim != 2 or rows % 3 or not self.weight_input.size:
            raise BadInput(
                f"weight_input must have shape (3H, I) with H and I at least 1, "
                f"got {self.weight_input.shape}"
            )
        require_shape("weight_hidden", self.weight_hidden.shape, (rows, rows // 3))
        require_shape("bias_input", self.bias_input.shape, (rows,))
        require_shape("bias_hidden", self.bias_hidden.shape, (rows,))
        if self.bfloat16:
            self._require_bfloat16()

    def _require_bfloat16(self) -> None:
        if self.dtype != np.float32:
            raise BadInput(f"weights in bfloat16 must be given as float32, got {self.dtype}")
        for name in MATRICES:
            matrix = getattr(self, name)
            if not np.array_equal(matrix, rounded(matrix), equal_nan=True):
                raise BadInput(
                    f"{name} must hold bfloat16 numbers alone, got some in between: "
                    f'astype("bfloat16") rounds them'
                )

    @classmethod
    def from_gates(
        cls,
        *,
        input: Mapping[str, Array],
        hidden: Mapping[str, Array],
        bias_input: Mapping[str, Array] | None = None,
        bias_hidden: Mapping[str, Array] | None = None,
        formulation: Formulation | None = None,
    ) -> "GRUWeights":
        """Put a layer together from the arrays of its gates, whatever tool they come from.

        Each mapping has the keys ``"reset"``, ``"update"`` and ``"candidate"``. A tool with one
        bias a gate has `bias_input` alone; in the candidate of a layer that resets after the
        product the two are different numbers: the one inside the bracket with U_n is hidden.

        Parameters
        ----------
        input
            W of the equations, [H, I] each. Transpose what multiplies from the right.
        hidden
            U of the equations, [H, H] each.
        bias_input
            b of the equations, [H] each; a gate that is left out has zeros.
        bias_hidden
            The biases beside U, [H] each; likewise.
        formulation
            The form of the unit; PyTorch's if not given. Without a reset gate in it, `input` and
            `hidden` may leave out ``"reset"``.

        Raises
        ------
        BadInput
            When a gate is missing or unknown, or a shape does not fit the others.
        TypeError
            When something is not a NumPy array of float32 or float64, or the dtypes differ.

        Examples
        --------
        >>> import numpy as np
        >>> gates = ("reset", "update", "candidate")
        >>> W, U = ({gate: np.ones((2, size)) for gate in gates} for size in (3, 2))
        >>> c = {"candidate": np.array([0.1, 0.2])}
        >>> GRUWeights.from_gates(input=W, hidden=U, bias_hidden=c).bias_hidden
        array([0. , 0. , 0. , 0. , 0.1, 0.2])
        """
        formulation = Formulation() if formulation is None else formulation
        optional = {"reset"} if formulation.reset == "none" else set()
        I, H = _columns("input", input), _columns("hidden", hidden)
        dtype = hidden["candidate"].dtype
        arrays = (
            _stacked("input", input, (H, I), dtype, optional),
            _stacked("hidden", hidden, (H, H), dtype, optional),
            _stacked("bias_input", bias_input or {}, (H,), dtype, set(GATES)),
            _stacked("bias_hidden", bias_hidden or {}, (H,), dtype, set(GATES)),
        )
        return cls(*arrays, formulation)

    @property
    def input_size(self) -> int:
        """I, the number of values in one step's input."""
        return int(self.weight_input.shape[1])

    @property
    def hidden_size(self) -> int:
        """H, the number of units."""
        return int(self.weight_hidden.shape[1])

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The one dtype of all four arrays, float32 or float64."""
        return self.weight_input.dtype

    def with_update(self, update: Update) -> "GRUWeights":
        """Give the same function with an update gate that ``"keeps"`` or ``"writes"``.

        Exact: gate(-a) = 1 - gate(a) for the sigmoid and both hard sigmoids, so negating the
        update rows of the weights and biases turns z into 1 - z.

        Parameters
        ----------
        update
            ``"keeps"`` or ``"writes"``.

        Raises
        ------
        BadInput
            When `update` is another word.
        """
        formulation = replace(self.formulation, update=update)
        if formulation == self.formulation:
            return self
        H = self.hidden_size
        sign = np.repeat(np.array([1, -1, 1], self.dtype), H)  # (3H,)
        return GRUWeights(
            self.weight_input * sign[:, None],
            self.weight_hidden * sign[:, None],
            self.bias_input * sign,
            self.bias_hidden * sign,
            formulation,
            self.bfloat16,
        )

    def astype(self, dtype: DTypeLike) -> "GRUWeights":
        """Give the same weights in float32, float64 or bfloat16.

        Parameters
        ----------
        dtype
            ``"bfloat16"`` rounds `weight_input` and `weight_hidden` to the nearest such number,
            ties to even, by way of float32; the biases become float32. Too large a number becomes
            infinity, NaN stays. No dtype brings back what was rounded away.

        Raises
        ------
        TypeError
            When `dtype` is none of these.
        """
        if isinstance(dtype, str) and dtype == "bfloat16":
            single = self.astype(np.float32)
            W, U = rounded(single.weight_input), rounded(single.weight_hidden)
            return replace(single, weight_input=W, weight_hidden=U, bfloat16=True)
        arrays = {name: getattr(self, name).astype(dtype) for name in ARRAYS}
        return replace(self, **arrays, bfloat16=False)


def require_shape(name: str, came: tuple[int, ...], expected: tuple[int | str, ...]) -> None:
    """Refuse an array whose shape is not the expected one.

    Parameters
    ----------
    name
        What the message calls the array.
    came
        The array's shape.
    expected
        A size for each axis; a letter stands for any size.

    Raises
    ------
    BadInput
        When the number of axes or one of the sizes differs.

    Examples
    --------
    >>> require_shape("input", (12, 64, 8), ("T", "B", 8))
    >>> require_shape("hidden", (8, 64), (2, 8, 64))
    Traceback (most recent call last):
    glassgate.errors.BadInput: hidden must have shape (2, 8, 64), got (8, 64)
    """
    fits = len(came) == len(expected) and all(
        isinstance(wanted, str) or wanted == size
        for wanted, size in zip(expected, came, strict=True)
    )
    if not fits:
        wanted = ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "")
        raise BadInput(f"{name} must have shape ({wanted}), got {tuple(came)}")


def _read_only(name: str, array: Array) -> Array:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(array).__name__}")
    if array.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise TypeError(f"{name} must be float32 or float64, got {array.dtype}")
    array = np.array(array, order="C")
    array.flags.writeable = False
    return array


def _columns(name: str, gates: Mapping[str, Array]) -> int:
    """Return how many columns the candidate's matrix has, by which all others are measured."""
    if "candidate" not in gates:
        raise BadInput(f"{name} must have candidate, got {', '.join(gates) or 'nothing'}")
    matrix = _read_only(f"candidate of {name}", gates["candidate"])
    require_shape(f"candidate of {name}", matrix.shape, ("H", "I"))
    return int(matrix.shape[1])


def _stacked(
    name: str,
    gates: Mapping[str, Array],
    shape: tuple[int, ...],
    dtype: np.dtype[np.floating],
    optional: set[str],
) -> Array:
    if not set(GATES) - optional <= gates.keys() <= set(GATES):
        raise BadInput(f"{name} must have {', '.join(GATES)}, got {', '.join(gates) or 'nothing'}")
    blocks = {gate: gates.get(gate, np.zeros(shape, dtype)) for gate in GATES}
    for gate, block in blocks.items():
        _read_only(f"{gate} of {name}", block)
        require_shape(f"{gate} of {name}", block.shape, shape)
    _require_one_dtype({f"{gate} of {name}": block.dtype for gate, block in blocks.items()})
    return np.concatenate(list(blocks.values()))


def _require_one_dtype(dtypes: dict[str, np.dtype[np.floating]]) -> None:
    if len(set(dtypes.values())) > 1:
        came = ", ".join(f"{name} {dtype}" for name, dtype in dtypes.items())
        raise TypeError(f"all weights must have one dtype, got {came}")
