"""The simple recurrent network."""

from torch import nn


class SRN(nn.RNN):
    """Elman's simple recurrent network: h_t = tanh(W x_t + b + U h_{t-1} + c).

    It is `torch.nn.RNN` with tanh; shapes and parameters are described there. States are
    [layers * directions, B, H].

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
    Elman 1990, Finding structure in time, Cognitive Science 14.
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
