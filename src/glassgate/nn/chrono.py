"""Chrono initialisation: how long the units of a GRU, or of an LSTM, keep, set before training."""

import math

import torch
from torch import Tensor, nn

from glassgate.errors import BadInput
from glassgate.formulation import Formulation


def check_chrono(chrono: float | None, bias: bool, formulation: Formulation) -> None:
    """Refuse a longest time that is no number of at least 2, or a network that cannot have one."""
    if chrono is None:
        return
    if isinstance(chrono, bool) or not isinstance(chrono, int | float):
        raise TypeError(f"chrono must be a number of steps, got {type(chrono).__name__}")
    if not (math.isfinite(chrono) and chrono >= 2):
        raise BadInput(f"chrono must be a finite number of at least 2 steps, got {chrono}")
    if not bias:
        raise BadInput(f"chrono must be left out of a network without biases, got {chrono}")
    if formulation.gate != "sigmoid":
        raise BadInput(f"chrono must be left out where gates are no sigmoids, got {chrono}")


@torch.no_grad()
def set_spans(
    bias_input: Tensor, bias_hidden: Tensor, longest: float, formulation: Formulation
) -> None:
    """Draw the update gate's biases of one layer so that its units keep for times up to `longest`.

    With u drawn evenly from [1, longest - 1], the bias is ln(u) where the update gate keeps and
    -ln(u) where it writes; the hidden side's is 0. A unit whose gate has nothing but its bias then
    keeps k = u / (1 + u) a step, and so forgets with the time constant 1 / (1 - k) = 1 + u, evenly
    in [2, longest]; its memory span -1 / ln(k) is half a step less, within 0.06.

    Parameters
    ----------
    bias_input, bias_hidden
        b and c, [3H] each, whose update rows are overwritten.
    longest
        The longest time in steps that a unit is to keep for, at least 2: T_max.
    formulation
        That of the layer; its gates are sigmoids.

    Notes
    -----
    Tallec & Ollivier 2018, Can recurrent neural networks warp time? (arXiv:1804.11188), section
    2: b_z ~ -log(U([1, T_max - 1])), for a gate that writes.
    """
    H = len(bias_input) // 3
    drawn = bias_input[H : 2 * H].uniform_(1, longest - 1).log_()
    if formulation.update == "writes":
        drawn.neg_()
    bias_hidden[H : 2 * H].zero_()


@torch.no_grad()
def set_lstm_spans(network: nn.LSTM, longest: float) -> None:
    """Draw the biases of an LSTM's one layer so that its cells keep for times up to `longest`.

    With u drawn evenly from [1, longest - 1], the forget gate's bias is ln(u) and the input gate's
    -ln(u); those of the hidden side are 0. A cell whose gates have nothing but their biases then
    keeps u / (1 + u) of itself a step and takes in 1 / (1 + u): its time constant is 1 + u.

    Notes
    -----
    Tallec & Ollivier 2018 (arXiv:1804.11188), section 2: b_f ~ log(U([1, T_max - 1])), b_i = -b_f.
    """
    H = network.hidden_size
    takes, keeps = network.get_parameter("bias_ih_l0")[: 2 * H].chunk(2)  # torch's order: i, f
    takes.copy_(-keeps.uniform_(1, longest - 1).log_())
    network.get_parameter("bias_hh_l0")[: 2 * H].zero_()
