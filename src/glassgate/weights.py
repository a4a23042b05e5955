"""The weights of one gated recurrent layer in one direction: checked once, then read-only."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import DTypeLike

from glassgate.bfloat16 import round_to_bfloat16
from glassgate.errors import BadInput
from glassgate.formulation import Array, Formulation, Update

MATRICES = ("weight_input", "weight_hidden")
GATES = ("reset", "update", "candidate")  # in the order of their rows
ARRAYS = (*MATRICES, "bias_input", "bias_hidden")


@dataclass(frozen=True, eq=False)
class GRUWeights:
    """The weights of one layer in one direction, in PyTorch's layout.

    Rows come in three blocks of H: **reset, update, candidate**. The arrays are copied, and the
    copies are read-only. Values are not checked: NaN is accepted.

    Parameters
    ----------
    weight_input
        [3H, I], W of the equations.
    weight_hidden
        [3H, H], U of the equations.
    bias_input
        [3H], b of the equations.
    bias_hidden
        [3H], c of the equations; its blocks for the gates are added to b_r and b_z.
    formulation
        The form of the unit for which the weights were trained.
    bfloat16
        Whether the engine stores `weight_input` and `weight_hidden` in bfloat16, which halves the
        bytes read in a step. Here they are float32 arrays of numbers that bfloat16 represents
        exactly. Biases, states and sums stay float32. `astype("bfloat16")` makes such weights.

    Raises
    ------
    BadInput
        When a shape does not fit the others, or with `bfloat16` a weight is not a bfloat16 number.
    TypeError
        When an argument is not a NumPy array of float32 or float64, when the dtypes differ, or when
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
            if not np.array_equal(matrix, round_to_bfloat16(matrix), equal_nan=True):
                raise BadInput(
                    f"{name} must hold only numbers that bfloat16 represents, got others: "
                    f'round them with astype("bfloat16")'
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
        """Assemble a layer from one array for each gate, as most tools store them.

        Each mapping has the keys ``"reset"``, ``"update"`` and ``"candidate"``. For a tool that
        has one bias for each gate, pass `bias_input` only. In the candidate of a layer that resets
        after the product, the two biases do different things: the one inside the bracket with U_n
        belongs in `bias_hidden`.

        Parameters
        ----------
        input
            W of the equations, [H, I] each. Transpose matrices that multiply from the right.
        hidden
            U of the equations, [H, H] each.
        bias_input
            b of the equations, [H] each; zeros for a gate that is left out.
        bias_hidden
            c of the equations, [H] each; zeros for a gate that is left out.
        formulation
            The form of the unit; PyTorch's if not given. If it has no reset gate, `input` and
            `hidden` may leave out ``"reset"``.

        Raises
        ------
        BadInput
            When a gate is missing or unknown, or a shape does not fit the others.
        TypeError
            When an array is not a NumPy array of float32 or float64, or the dtypes differ.

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
        I, H = _count_columns("input", input), _count_columns("hidden", hidden)
        dtype = hidden["candidate"].dtype
        return cls(
            weight_input=_stack("input", input, (H, I), dtype, optional),
            weight_hidden=_stack("hidden", hidden, (H, H), dtype, optional),
            bias_input=_stack("bias_input", bias_input or {}, (H,), dtype, set(GATES)),
            bias_hidden=_stack("bias_hidden", bias_hidden or {}, (H,), dtype, set(GATES)),
            formulation=formulation,
        )

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
        """The dtype of all four arrays, float32 or float64."""
        return self.weight_input.dtype

    def describe_form(self) -> str:
        """Describe the form of the unit and how the engine stores the weights."""
        dtype = "bfloat16" if self.bfloat16 else self.dtype
        return f"formulation={self.formulation}, dtype={dtype}"

    def __repr__(self) -> str:
        """Describe the sizes, the form and the dtype; the arrays are attributes."""
        sizes = f"input_size={self.input_size}, hidden_size={self.hidden_size}"
        return f"GRUWeights({sizes}, {self.describe_form()})"

    def with_update(self, update: Update) -> "GRUWeights":
        """Return weights for the same function whose update gate ``"keeps"`` or ``"writes"``.

        The conversion is exact: gate(-a) = 1 - gate(a) for the sigmoid and both hard sigmoids, so
        negating the update rows of the weights and biases turns z into 1 - z.

        Parameters
        ----------
        update
            ``"keeps"`` or ``"writes"``.

        Raises
        ------
        BadInput
            When `update` is neither.
        """
        formulation = replace(self.formulation, update=update)
        if formulation == self.formulation:
            return self
        H = self.hidden_size
        sign = np.repeat(np.array([1, -1, 1], self.dtype), H)  # (3H,)
        return replace(
            self,
            weight_input=self.weight_input * sign[:, None],
            weight_hidden=self.weight_hidden * sign[:, None],
            bias_input=self.bias_input * sign,
            bias_hidden=self.bias_hidden * sign,
            formulation=formulation,
        )

    def astype(self, dtype: DTypeLike) -> "GRUWeights":
        """Return the same weights in float32, float64 or bfloat16.

        Parameters
        ----------
        dtype
            ``"bfloat16"`` converts to float32, then rounds `weight_input` and `weight_hidden` to
            the nearest bfloat16 number, ties to even; the biases stay float32. Numbers too large
            for bfloat16 become infinity, and NaN stays NaN. Converting back to a wider dtype does
            not restore the digits that were rounded away.

        Raises
        ------
        TypeError
            When `dtype` is none of these.
        """
        if isinstance(dtype, str) and dtype == "bfloat16":
            single = self.astype(np.float32)
            W, U = map(round_to_bfloat16, (single.weight_input, single.weight_hidden))
            return replace(single, weight_input=W, weight_hidden=U, bfloat16=True)
        arrays = {name: getattr(self, name).astype(dtype) for name in ARRAYS}
        return replace(self, **arrays, bfloat16=False)


def require_shape(name: str, shape: tuple[int, ...], expected: tuple[int | str, ...]) -> None:
    """Refuse an array whose shape is not the expected one.

    Parameters
    ----------
    name
        The array's name in the message.
    shape
        The array's shape.
    expected
        A size for each axis; a string stands for any size.

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
    fits = len(shape) == len(expected) and all(
        isinstance(wanted, str) or wanted == size
        for wanted, size in zip(expected, shape, strict=True)
    )
    if not fits:
        sizes = ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "")
        raise BadInput(f"{name} must have shape ({sizes}), got {tuple(shape)}")


def _read_only(name: str, array: Array) -> Array:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(array).__name__}")
    if array.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise TypeError(f"{name} must be float32 or float64, got {array.dtype}")
    array = np.array(array, order="C")
    array.flags.writeable = False
    return array


def _count_columns(name: str, gates: Mapping[str, Array]) -> int:
    """Return the number of columns of the candidate's matrix; the other gates must match it."""
    if "candidate" not in gates:
        raise BadInput(f"{name} must have candidate, got {', '.join(gates) or 'nothing'}")
    matrix = _read_only(f"candidate of {name}", gates["candidate"])
    require_shape(f"candidate of {name}", matrix.shape, ("H", "I"))
    return int(matrix.shape[1])


def _stack(
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
        listing = ", ".join(f"{name} {dtype}" for name, dtype in dtypes.items())
        raise TypeError(f"all weights must have one dtype, got {listing}")
