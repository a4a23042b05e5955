"""Chrono initialisation: set the time constants of a GRU's or an LSTM's units before training."""

import math

import torch
from torch import Tensor, nn

from glassgate.errors import BadInput
from glassgate.formulation import Formulation


def check_chrono(chrono: float | None, bias: bool, formulation: Formulation) -> None:
    """Refuse anything but a number of at least 2, and networks that chrono cannot initialise."""
    if chrono is None:
        return
    if isinstance(chrono, bool) or not isinstance(chrono, int | float):
        raise TypeError(f"chrono must be a number of steps, got {type(chrono).__name__}")
    if not (math.isfinite(chrono) and chrono >= 2):
        raise BadInput(f"chrono must be a finite number of at least 2 steps, got {chrono}")
    if not bias:
        raise BadInput(f"chrono must be left out of a network without biases, got {chrono}")
    if formulation.gate != "sigmoid":
        raise BadInput(f"chrono must be left out where gates are not sigmoids, got {chrono}")


@torch.no_grad()
def set_spans(
    bias_input: Tensor, bias_hidden: Tensor, longest: float, formulation: Formulation
) -> None:
    """Draw the update gate's biases of one layer so that its time constants go up to `longest`.

    With u uniform on [1, longest - 1], b is ln(u) where the update gate keeps and -ln(u) where it
    writes; c is 0. A unit whose gate sees only its bias then keeps k = u / (1 + u) per step, and
    forgets with the time constant 1 / (1 - k) = 1 + u, uniform on [2, longest]; its memory span
    -1 / ln(k) is half a step less, within 0.06.

    Parameters
    ----------
    bias_input, bias_hidden
        b and c, [3H] each, whose update rows are overwritten.
    longest
        T_max, the longest time constant in steps, at least 2.
    formulation
        That of the layer; its gates must be sigmoids.

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
    """Draw the biases of a one-layer LSTM so that its time constants go up to `longest`.

    With u uniform on [1, longest - 1], the forget gate's bias is ln(u) and the input gate's -ln(u);
    ``bias_hh`` is 0 for both. A cell whose gates see only their biases then keeps u / (1 + u) of
    itself per step and takes in 1 / (1 + u): its time constant is 1 + u.

    Notes
    -----
    Tallec & Ollivier 2018 (arXiv:1804.11188), section 2: b_f ~ log(U([1, T_max - 1])), b_i = -b_f.
    """
    H = network.hidden_size
    b_i, b_f = network.get_parameter("bias_ih_l0")[: 2 * H].chunk(2)  # in torch's order
    b_i.copy_(-b_f.uniform_(1, longest - 1).log_())
    network.get_parameter("bias_hh_l0")[: 2 * H].zero_()
