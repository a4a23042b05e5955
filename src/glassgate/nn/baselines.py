"""Networks to compare a GRU with: feedforward, simple recurrent (SRN) and LSTM."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glassgate.nn.checks import check_dropout, check_input, check_sizes, time_first
from glassgate.weights import require_shape


class Feedforward(nn.Module):
    """A network without memory: h_t = tanh(W [x_t, x_{t-1}, ..., x_{t-context+1}] + b).

    It sees a window of inputs and nothing before it. Further layers read the layer below at the
    same step. Its state is the past part of the window, zeros before the start, so a sequence gives
    the same output in pieces as at once.

    Parameters
    ----------
    input_size, hidden_size
        I and H, at least 1.
    context
        The number of inputs in the window, the current one included, at least 1.
    num_layers, bias, batch_first, dropout
        As in `glassgate.nn.GRU`.

    Raises
    ------
    BadInput
        When a size or the dropout is out of range.
    TypeError
        When a size is not an int.

    Examples
    --------
    >>> network = Feedforward(8, 16, context=3)
    >>> output, state = network(torch.zeros(5, 4, 8))
    >>> output.shape, state.shape
    (torch.Size([5, 4, 16]), torch.Size([2, 4, 8]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        context: int = 1,
        *,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_sizes(
            input_size=input_size, hidden_size=hidden_size, context=context, num_layers=num_layers
        )
        check_dropout(dropout, num_layers)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.context, self.batch_first, self.dropout = context, batch_first, dropout
        sizes = [context * input_size] + [hidden_size] * (num_layers - 1)
        self.layers = nn.ModuleList(nn.Linear(size, hidden_size, bias) for size in sizes)

    def forward(self, input: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a batch of sequences or a single sequence.

        Parameters
        ----------
        input
            [T, B, I], [B, T, I] if `batch_first`, or [T, I] for one sequence.
        state
            The context-1 inputs before the first, oldest first, [context-1, B, I], or
            [context-1, I] for one sequence; zeros if not given.

        Returns
        -------
        output
            The last layer at each step, [T, B, H], in the layout of the input.
        state
            The last context-1 inputs, in the layout of `state`; pass it to the next call.

        Raises
        ------
        BadInput
            When a shape does not fit, or there is no step.
        TypeError
            When the input is not a tensor.
        """
        x, past = self._arrange(input, state)
        T, seen = len(x), torch.cat([past, x])  # (context - 1 + T, B, I)
        window = [seen[start : start + T] for start in reversed(range(self.context))]
        output = torch.cat(window, -1)  # (T, B, context * I): x_t first
        for depth, layer in enumerate(self.layers):
            if depth and self.dropout:
                output = F.dropout(output, self.dropout, self.training)
            output = torch.tanh(layer(output))
        past = seen[T:]
        if input.ndim == 2:
            return output[:, 0], past[:, 0]
        return output.transpose(0, 1) if self.batch_first else output, past

    def _arrange(self, input: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        check_input(input, self.input_size)
        x = time_first(input, self.batch_first)
        past = self.context - 1
        if state is None:
            return x, x.new_zeros(past, *x.shape[1:])
        batch = x.shape[1:2] if input.ndim == 3 else ()
        require_shape("state", state.shape, (past, *batch, self.input_size))
        return x, state[:, None] if input.ndim == 2 else state

    def extra_repr(self) -> str:
        """Describe the sizes and options, for `print`."""
        return (
            f"{self.input_size}, {self.hidden_size}, context={self.context}, "
            f"batch_first={self.batch_first}, dropout={self.dropout}"
        )


class _GRUOptions(nn.Module):
    """Construct one of torch's networks with the options of `glassgate.nn.GRU`, in their order."""

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


class LSTM(_GRUOptions, nn.LSTM):
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


class SRN(_GRUOptions, nn.RNN):
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
