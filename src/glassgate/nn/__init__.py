"""Recurrent networks as PyTorch modules: ``output, state = network(input, state)``.

`GRU` and `GRUCell` replace torch's, in every published form of the unit. `SRN`, `LSTM`
and `Feedforward` have the same interface, for comparison. `LanguageModel` and `Classifier` put a
network between an embedding and a readout.

A newcomer reads `gru`, then `recurrence` (which chooses where a sequence runs), `loops` (the
equations in torch operations), `native` (the engine as an operator with gradients), `batched` and
`cudnn`. `cell`, `single` and `chain` are for single steps, `ragged` is for sequences of different
lengths, `chrono` sets memory spans before training, and `models` and `baselines` are the models
around a network and the other networks.
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy

if TYPE_CHECKING:
    from glassgate.nn.baselines import LSTM, SRN, Feedforward
    from glassgate.nn.cell import GRUCell
    from glassgate.nn.chrono import set_lstm_spans, set_spans
    from glassgate.nn.gru import GRU
    from glassgate.nn.models import Classifier, LanguageModel, make_network
    from glassgate.nn.ragged import last_outputs, run_ragged

__all__ = [
    "GRU",
    "LSTM",
    "SRN",
    "Classifier",
    "Feedforward",
    "GRUCell",
    "LanguageModel",
    "last_outputs",
    "make_network",
    "run_ragged",
    "set_lstm_spans",
    "set_spans",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "GRU": "gru",
        "LSTM": "baselines",
        "SRN": "baselines",
        "Classifier": "models",
        "Feedforward": "baselines",
        "GRUCell": "cell",
        "LanguageModel": "models",
        "last_outputs": "ragged",
        "make_network": "models",
        "run_ragged": "ragged",
        "set_lstm_spans": "chrono",
        "set_spans": "chrono",
    },
)
