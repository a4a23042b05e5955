"""Networks as torch modules with one interface: ``output, state = network(input, state)``.

`GRUCell` is a single step, as torch has it: ``state = cell(input, state)``.
"""

from glassgate.nn.baselines import LSTM, SRN, Feedforward
from glassgate.nn.cell import GRUCell
from glassgate.nn.gru import GRU

__all__ = ["GRU", "LSTM", "SRN", "Feedforward", "GRUCell"]
