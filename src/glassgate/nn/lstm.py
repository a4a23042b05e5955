"""The long short-term memory network, to compare with."""

from torch import nn


class LSTM(nn.LSTM):
    """A long short-term memory network: two states and three gates.

    It is `torch.nn.LSTM`; shapes and parameters are described there. The state is the pair
    (h, c), each [layers * directions, B, H].

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional
        As in `glassgate.nn.GRU`.

    Raises
    ------
    ValueError
        When a size or the dropout is out of range.

    Notes
    -----
    Hochreiter & Schmidhuber 1997, Neural Computation 9(8); the forget gate is of Gers et al. 2000.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers=num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
        )
