"""Forms of the unit with both gates, with one, and with fixed ones.

All run on the same engine: a gate is left out by the formulation, held by a clamp, or made equal
to the other by sharing its weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from glassgate.formulation import Formulation
from glassgate.inside.clamp import clamp
from glassgate.nn.gru import GRU


@dataclass(frozen=True)
class Form:
    """A form of the unit: its name, how much of it is trained, and a description in words.

    `blocks` counts the trained rows of weights in multiples of H: one for each trained gate and
    one for the candidate.
    """

    name: str
    blocks: int
    what: str

    def count_learned(self, vocabulary_size: int, embedding_size: int, hidden_size: int) -> int:
        """Count the trainable parameters of a language model of this form, as torch stores them.

        These are embedding, blocks with their two biases, and decoder. Weights that both gates
        share count once; those of a gate that is left out or held do not count.
        """
        V, E, H = vocabulary_size, embedding_size, hidden_size
        return V * E + self.blocks * H * (E + H + 2) + (H + 1) * V

    def matching_size(self, vocabulary_size: int, embedding_size: int, learned: int) -> int:
        """Return the hidden size, at least 1, with the nearest number of parameters."""

        def distance(H: int) -> int:
            return abs(self.count_learned(vocabulary_size, embedding_size, H) - learned)

        H = 1
        while distance(H + 1) < distance(H):
            H += 1
        return H


FULL = Form("GRU", 3, "reset and update gate")
NO_RESET = Form("no reset gate", 2, "the candidate sees all of the previous state")
NO_UPDATE = Form("no update gate", 2, "kept held at 0: each state is the candidate")
SHARED_GATE = Form(
    "one gate for both", 2, "MGU: what the gate lets write, it also lets the candidate see"
)
FIXED = Form("fixed gates", 1, "both held at each unit's mean in a trained GRU of the same size")
FORMS = (FULL, NO_RESET, NO_UPDATE, SHARED_GATE, FIXED)


class _OneGate(nn.Module):
    """Makes rows of reset, update and candidate from rows of one gate and the candidate."""

    def forward(self, rows: Tensor) -> Tensor:
        """Repeat the gate's rows: [2H, ...] becomes [3H, ...]."""
        return torch.cat([rows[: len(rows) // 2], rows])

    def right_inverse(self, rows: Tensor) -> Tensor:
        """Take the update gate's rows for both: [3H, ...] becomes [2H, ...]."""
        return rows[len(rows) // 3 :]


def share_gates(network: GRU) -> None:
    """Make a GRU of one layer a minimal gated unit, by sharing the gates' weights.

    Zhou et al. 2016 (arXiv:1603.09420), equations 7 to 9: f = sigmoid(W_f [h, x] + b_f),
    n = tanh(W_h [f * h, x] + b_h), h' = (1 - f) * h + f * n. That is the form whose reset gate
    stands before the product and whose update gate writes, with reset = update = f.
    """
    network.formulation = Formulation(update="writes", reset="before")
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
        parametrize.register_parametrization(network, name, _OneGate())


def shape(form: Form, network: GRU) -> None:
    """Give an untrained GRU what its form changes in formulation and parameters."""
    if form == NO_RESET:
        network.formulation = Formulation(reset="none")
    elif form == SHARED_GATE:
        share_gates(network)


def hold(
    form: Form, network: GRU, means: Mapping[str, Sequence[float]] | None
) -> AbstractContextManager[None]:
    """Hold the gates that the form fixes, for training and use inside; only `FIXED` has `means`."""
    if form == NO_UPDATE:
        return clamp(network, kept=0)
    if form == FIXED:
        assert means is not None
        return clamp(network, reset=np.asarray(means["reset"]), kept=np.asarray(means["kept"]))
    return nullcontext()
