"""The networks of the vanishing experiment: with PyTorch's first weights, and with spans set."""

from typing import NamedTuple

import torch

from glassgate.experiments.long_lags import Reader
from glassgate.nn import GRU, LSTM
from glassgate.nn.chrono import set_spans


class Form(NamedTuple):
    """A network, and whether its units are made to remember before it is trained.

    `network` is a name that `glassgate.nn.models.make_network` knows; `says` is what the form is
    called in sentences and `short` in tables and charts.
    """

    network: str
    chrono: bool
    says: str
    short: str


FORMS = {
    "feedforward": Form("feedforward", False, "feedforward network", "feedforward"),
    "srn": Form("srn", False, "SRN", "SRN"),
    "gru": Form("gru", False, "GRU", "GRU"),
    "lstm": Form("lstm", False, "LSTM", "LSTM"),
    "gru-chrono": Form("gru", True, "GRU with spans set", "GRU, spans set"),
    "lstm-chrono": Form("lstm", True, "LSTM with spans set", "LSTM, spans set"),
}


def untrained(name: str, inputs: int, outputs: int, hidden_size: int, steps: int) -> Reader:
    """Return a form of `FORMS` before training, from torch's random state.

    Where its spans are set, its units keep for times up to `steps`, at least 2: chrono
    initialisation.
    """
    form = FORMS[name]
    reader = Reader(form.network, inputs, outputs, hidden_size)
    network = reader.network
    if form.chrono and isinstance(network, GRU):
        b, c = (network.get_parameter(name) for name in ("bias_ih_l0", "bias_hh_l0"))
        set_spans(b, c, steps, network.formulation)
    elif form.chrono and isinstance(network, LSTM):
        set_lstm_spans(network, steps)
    return reader


@torch.no_grad()
def set_lstm_spans(network: LSTM, longest: float) -> None:
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
