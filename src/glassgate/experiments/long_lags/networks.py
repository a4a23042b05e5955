"""The networks: with PyTorch's initial weights, and with spans set."""

from typing import NamedTuple

from glassgate.experiments.long_lags.problems import Reader
from glassgate.nn import GRU, LSTM
from glassgate.nn.chrono import set_lstm_spans, set_spans


class Form(NamedTuple):
    """A network, and whether its units are made to remember before it is trained.

    `network` is a name that `glassgate.nn.make_network` knows; `long` is the form's name in
    sentences and `short` its name in tables and charts.
    """

    network: str
    chrono: bool
    long: str
    short: str


FORMS = {
    "feedforward": Form("feedforward", False, "feedforward network", "feedforward"),
    "srn": Form("srn", False, "SRN", "SRN"),
    "gru": Form("gru", False, "GRU", "GRU"),
    "lstm": Form("lstm", False, "LSTM", "LSTM"),
    "gru-chrono": Form("gru", True, "GRU with spans set", "GRU, spans set"),
    "lstm-chrono": Form("lstm", True, "LSTM with spans set", "LSTM, spans set"),
}


def make_reader(name: str, inputs: int, outputs: int, hidden_size: int, steps: int) -> Reader:
    """Return a form of `FORMS` before training, a function of torch's random state.

    With spans set, its units keep for times up to `steps`, at least 2 (chrono initialisation).
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
