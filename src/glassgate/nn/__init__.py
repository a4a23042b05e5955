"""Networks as torch modules with one interface: ``output, state = network(input, state)``.

`GRUCell` is a single step, as torch has it: ``state = cell(input, state)``.
"""

from glassgate.nn.cell import GRUCell
from glassgate.nn.feedforward import Feedforward
from glassgate.nn.gru import GRU
from glassgate.nn.lstm import LSTM
from glassgate.nn.srn import SRN

__all__ = ["GRU", "LSTM", "SRN", "Feedforward", "GRUCell"]
