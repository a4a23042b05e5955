r"""Computes the weights of modules that keep them in parts: normalised, pruned, parametrized.

``torch.nn.utils.parametrize`` keeps ``weight_hh_l0`` under ``parametrizations.weight_hh_l0``, and
the older functions of `torch.nn.utils` append a word to its name:

=============== ============================== =========================== =======================
made by         parametrized                   older                       the weight
=============== ============================== =========================== =======================
weight_norm     original0, original1           _g, _v                      g v / \|v\|
spectral_norm   original, 0._u, 0._v           _orig, _u, _v               W / (u W v)
pruning                                        _orig, _mask                W * mask
=============== ============================== =========================== =======================

Source: `torch.nn.utils` of PyTorch 2.13, in evaluation.
"""

import re
from collections.abc import Mapping

import numpy as np

from glassgate.errors import BadInput
from glassgate.exchange.pytorch.arrays import MAX_ARRAYS
from glassgate.formulation import Array

NAME = r"(?P<name>(?:weight|bias)_(?:ih|hh)(?:_l[0-9]{1,9}(?:_reverse)?)?)"
PARTS = (
    re.compile(
        rf"(?P<prefix>.*?)parametrizations\.{NAME}\.(?P<part>[a-z0-9_.]{{1,40}})", re.DOTALL
    ),
    re.compile(rf"(?P<prefix>.*?){NAME}_(?P<part>g|v|u|orig|mask)", re.DOTALL),
)
WAY_OUT = (
    "load it where it was made, call torch.nn.utils.parametrize.remove_parametrizations for each "
    "weight, and save the state dict again"
)


def is_part(key: str) -> bool:
    """Whether a key of a state dict names a part of a recurrent module's weight."""
    return any(pattern.fullmatch(key) for pattern in PARTS)


def derive(arrays: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, str]]:
    """Compute the weights whose parts are among the arrays of a state dict.

    Returns
    -------
    arrays
        All other arrays, and the weights by the names that they have in a plain module.
    origins
        For each weight that was computed what made it: ``"weight_norm"``.

    Raises
    ------
    BadInput
        When the parts of a weight are of no kind that is known here, or do not fit together.

    Examples
    --------
    >>> pruned = {"weight_hh_orig": np.ones((3, 1)), "weight_hh_mask": np.eye(3)[:, :1]}
    >>> derive(pruned)[0]["weight_hh"].ravel()
    array([1., 0., 0.])
    """
    parts: dict[str, dict[str, Array]] = {}
    whole: dict[str, Array] = {}
    for key, array in arrays.items():
        match = next(filter(None, (pattern.fullmatch(key) for pattern in PARTS)), None)
        if match is None:
            whole[key] = array
        else:
            parts.setdefault(match["prefix"] + match["name"], {})[match["part"]] = array
    if len(parts) > MAX_ARRAYS:
        raise BadInput(f"it must hold at most {MAX_ARRAYS} arrays of recurrent modules")
    origins = {}
    for name, given in parts.items():
        origins[name], whole[name] = _compute(name, given)
    return whole, origins


def _compute(name: str, given: dict[str, Array]) -> tuple[str, Array]:
    for array in given.values():
        if array.dtype.kind != "f" and "mask" not in given:
            raise BadInput(f"the parts of {name} must hold floating-point numbers")
    names = set(given)
    try:
        if names in ({"original0", "original1"}, {"g", "v"}):
            g, v = (given[part] for part in sorted(names))
            return "weight_norm", _normalised(g, v)
        if names == {"original", "0._u", "0._v"}:
            return "spectral_norm", _spectral(given["original"], given["0._u"], given["0._v"])
        if names == {"orig", "u", "v"}:
            return "spectral_norm", _spectral(given["orig"], given["u"], given["v"])
        if names == {"orig", "mask"} and given["orig"].shape == given["mask"].shape:
            return "pruning", given["orig"] * given["mask"].astype(given["orig"].dtype)
    except ValueError as error:
        raise BadInput(f"the parts of {name} do not fit together ({error})") from error
    listed = ", ".join(sorted(names))
    raise BadInput(f"{name} is kept in parts that are not known here ({listed:.80}): {WAY_OUT}")


def _normalised(g: Array, v: Array) -> Array:
    """Scale v to the length g along the axes in which g has one number; (3H, 1) for rows."""
    fits = (n in (1, m) for n, m in zip(g.shape, v.shape, strict=False))
    if g.ndim not in (0, v.ndim) or not all(fits):
        raise ValueError(f"{g.shape} and {v.shape}")
    axes = tuple(i for i in range(v.ndim) if g.ndim == 0 or g.shape[i] == 1)
    with np.errstate(all="ignore"):  # a row of zeros has no direction, as in torch
        length = np.sqrt(np.sum(v.astype(np.float64) ** 2, axis=axes, keepdims=True))
        weight: Array = (v * (g / length)).astype(v.dtype)
    return weight


def _spectral(W: Array, u: Array, v: Array) -> Array:
    """Divide W by its largest singular value, as the vectors of the power iteration give it."""
    with np.errstate(all="ignore"):
        size = u.astype(np.float64) @ (W.astype(np.float64) @ v.astype(np.float64))
        weight: Array = (W / size).astype(W.dtype)
    return weight
