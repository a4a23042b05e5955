"""The form of a gated recurrent unit: which of the published variants a model uses.

Papers and programs agree on the unit except for the candidate, the new state and the two curves::

    r = gate(W_r x + U_r h + b_r)
    z = gate(W_z x + U_z h + b_z)
    n = squash(W_n x + b_n + r * (U_n h + c_n))     reset = "after"
    n = squash(W_n x + b_n + U_n (r * h) + c_n)     reset = "before"
    n = squash(W_n x + b_n + U_n h + c_n)           reset = "none"
    h' = z * h + (1 - z) * n                        update = "keeps"
    h' = (1 - z) * h + z * n                        update = "writes"

``keeps`` and ``writes`` are the same family of functions: one becomes the other when the update
gate's weights and biases are negated (`glassgate.GRUWeights.with_update`). ``after`` and
``before`` are different functions, and nothing converts one into the other.
"""

from dataclasses import dataclass, fields
from typing import Literal, TypeAlias, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from glassgate.errors import BadInput

Array: TypeAlias = NDArray[np.floating]
Update: TypeAlias = Literal["keeps", "writes"]
Reset: TypeAlias = Literal["after", "before", "none"]
Gate: TypeAlias = Literal["sigmoid", "hard_sigmoid_fifth", "hard_sigmoid_sixth"]
Squash: TypeAlias = Literal["tanh", "relu", "linear"]


@dataclass(frozen=True)
class Formulation:
    """The form of a gated recurrent unit; the default is PyTorch's.

    Parameters
    ----------
    update
        What an update gate of 1 does: ``"keeps"`` the previous state (Cho et al. 2014, PyTorch,
        Keras, ONNX, cuDNN) or ``"writes"`` the candidate (Chung et al. 2014).
    reset
        Where the reset gate is applied: ``"after"`` the recurrent product (PyTorch, cuDNN, Keras'
        default, ONNX linear_before_reset=1), ``"before"`` it (Cho et al. 2014, ONNX's default,
        TensorFlow 1), or not at all, ``"none"``: then the reset rows of the weights have no effect,
        and the reset gate reads 1 at every step.
    gate
        The curve of both gates: ``"sigmoid"``, or one of two hard sigmoids. Programs call both of
        them "hard sigmoid", so their names here give the slope: ``"hard_sigmoid_fifth"`` is
        clip(0.2 x + 0.5, 0, 1) (Keras 2, ONNX), ``"hard_sigmoid_sixth"`` is
        clip(x / 6 + 0.5, 0, 1) (Keras 3, PyTorch).
    squash
        The curve of the candidate: ``"tanh"``, ``"relu"`` or ``"linear"``.

    Raises
    ------
    BadInput
        When a value is not one of those above.

    Examples
    --------
    An update gate of [1, 0, 0.3, 1, 0] keeps the first and fourth values of the previous state,
    replaces the second and fifth by the candidate and blends the third. In the form that writes,
    its complement gives the same new state:

    >>> import numpy as np
    >>> hidden = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> candidate = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    >>> update = np.array([1.0, 0.0, 0.3, 1.0, 0.0])
    >>> def next_state(formulation, update):
    ...     kept = formulation.kept(update)
    ...     return kept * hidden + (1 - kept) * candidate
    >>> next_state(Formulation(update="keeps"), update)
    array([ 1. , 20. , 21.9,  4. , 50. ])
    >>> next_state(Formulation(update="writes"), 1 - update)
    array([ 1. , 20. , 21.9,  4. , 50. ])
    """

    update: Update = "keeps"
    reset: Reset = "after"
    gate: Gate = "sigmoid"
    squash: Squash = "tanh"

    def __post_init__(self) -> None:
        types = get_type_hints(type(self))
        for field in fields(self):
            allowed, value = get_args(types[field.name]), getattr(self, field.name)
            if value not in allowed:
                raise BadInput(f"{field.name} must be one of {', '.join(allowed)}, got {value!r}")

    def kept(self, update: Array) -> Array:
        """Return the kept share k, the part of the previous state in the next one: z or 1 - z.

        Parameters
        ----------
        update
            The update gate z as this formulation defines it, 0..1, of any shape.

        Returns
        -------
        Array
            The kept share, 0..1, of the same shape: h' = k * h + (1 - k) * n in every form.
        """
        return update if self.update == "keeps" else 1 - update
