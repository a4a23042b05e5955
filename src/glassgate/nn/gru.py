"""The gated recurrent unit as a torch module: `torch.nn.GRU`, in every published form."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.nn.checks import check_dropout, check_input, check_sizes, time_first
from glassgate.nn.recurrence import sequence
from glassgate.weights import GRUWeights, require_shape


class GRU(nn.Module):
    """A gated recurrent network with `torch.nn.GRU`'s parameters and conventions.

    Parameters have torch's names, shapes and initial values (uniform within 1/sqrt(H), drawn in
    the same order), so a state dict goes both ways wherever the formulation is the default.

    Parameters
    ----------
    input_size, hidden_size
        I and H, at least 1.
    num_layers
        Layers, each reading the one below, at least 1.
    bias
        Whether there are biases b and c.
    batch_first
        Whether batched input and output are [B, T, ...] rather than [T, B, ...]. States are not.
    dropout
        The share of values, 0..1, that training drops between layers.
    bidirectional
        Whether a second network reads each sequence from its end; its output is put beside.
    formulation
        The form of the unit, by default PyTorch's. Without a reset gate the reset rows stay, so
        that every form has the same shapes, and are never used.

    Raises
    ------
    BadInput
        When a size or the dropout is out of range.
    TypeError
        When a size is not an int, or the formulation not a `Formulation`.

    Notes
    -----
    Cho et al. 2014 (arXiv:1406.1078), Chung et al. 2014 (arXiv:1412.3555). Float32 and float64;
    under autocast the recurrence runs in the weights' dtype. Differentiable once:
    ``create_graph=True`` is an error. Packed sequences are refused.

    Examples
    --------
    >>> network = GRU(8, 16, num_layers=2)
    >>> output, state = network(torch.zeros(5, 3, 8))
    >>> output.shape, state.shape
    (torch.Size([5, 3, 16]), torch.Size([2, 3, 16]))
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
        formulation: Formulation | None = None,
    ) -> None:
        super().__init__()
        check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        check_dropout(dropout, num_layers)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional = bidirectional
        self.formulation = Formulation() if formulation is None else formulation
        if not isinstance(self.formulation, Formulation):
            raise TypeError(f"formulation must be a Formulation, got {type(formulation).__name__}")
        for layer in range(num_layers):
            for reverse in self.directions:
                self._register(layer, reverse)
        self.reset_parameters()

    @property
    def directions(self) -> tuple[bool, ...]:
        """Whether each direction runs in reverse: forward alone, or forward and reverse."""
        return (False, True) if self.bidirectional else (False,)

    def _register(self, layer: int, reverse: bool) -> None:
        H = self.hidden_size
        below = H * len(self.directions) if layer else self.input_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (3 * H, below), "weight_hh": (3 * H, H)}
        if self.bias:
            shapes |= {"bias_ih": (3 * H,), "bias_hh": (3 * H,)}
        for name, shape in shapes.items():
            parameter = nn.Parameter(torch.empty(shape))
            self.register_parameter(name + _suffix(layer, reverse), parameter)

    def reset_parameters(self) -> None:
        """Draw every parameter anew, uniformly within 1/sqrt(H)."""
        bound = self.hidden_size**-0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, input: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run along a batch of sequences, or along one.

        Parameters
        ----------
        input
            [T, B, I], [B, T, I] if `batch_first`, or [T, I] for one sequence.
        state
            The states before the first step, [layers * directions, B, H], or
            [layers * directions, H] for one sequence; zeros if not given.

        Returns
        -------
        output
            The last layer's state after each step, [T, B, directions * H], arranged as the input.
        state
            Each layer's last state, arranged as `state`; pass it on with the next stretch.

        Raises
        ------
        BadInput
            When a shape does not fit, or there is no step.
        TypeError
            When the input is no tensor, or its dtype is not the weights'.
        """
        last = []
        for _, outputs in self.layers(*self.arranged(input, state)):
            last += [
                out[0] if reverse else out[-1]
                for out, reverse in zip(outputs, self.directions, strict=True)
            ]
        output, state = torch.cat(outputs, -1), torch.stack(last)
        if input.ndim == 2:
            return output[:, 0], state[:, 0]
        return output.transpose(0, 1) if self.batch_first else output, state

    def arranged(self, input: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """Bring the arguments of `forward` to [T, B, I] and [layers * directions, B, H]."""
        check_input(input, self.input_size)
        x = time_first(input, self.batch_first)
        rows, H = self.num_layers * len(self.directions), self.hidden_size
        if state is None:
            return x, x.new_zeros(rows, x.shape[1], H, dtype=self._weight("weight_hh_l0").dtype)
        unbatched = input.ndim == 2
        require_shape("hidden", state.shape, (rows, H) if unbatched else (rows, x.shape[1], H))
        return x, state[:, None] if unbatched else state

    def layers(self, input: Tensor, state: Tensor) -> Iterator[tuple[Tensor, list[Tensor]]]:
        """Give what each layer reads, [T, B, ...], and what each direction of it says, [T, B, H].

        Parameters
        ----------
        input, state
            As `arranged` gives them.
        """
        states = iter(state.unbind())
        for layer in range(self.num_layers):
            if layer and self.dropout:
                input = F.dropout(input, self.dropout, self.training)
            outputs = [self._run(layer, way, input, next(states)) for way in self.directions]
            yield input, outputs
            input = torch.cat(outputs, -1) if self.bidirectional else outputs[0]

    def _run(self, layer: int, reverse: bool, input: Tensor, hidden: Tensor) -> Tensor:
        weights = self._weights(layer, reverse)
        if reverse:
            return sequence(input.flip(0), hidden, *weights, self.formulation).flip(0)
        return sequence(input, hidden, *weights, self.formulation)

    def _weights(self, layer: int, reverse: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        end = _suffix(layer, reverse)
        W, U = self._weight("weight_ih" + end), self._weight("weight_hh" + end)
        if not self.bias:
            return W, U, U.new_zeros(len(U)), U.new_zeros(len(U))
        return W, U, self._weight("bias_ih" + end), self._weight("bias_hh" + end)

    def _weight(self, name: str) -> Tensor:
        weight: Tensor = getattr(self, name)
        return weight

    def to_weights(self, layer: int, reverse: bool = False) -> GRUWeights:
        """Copy one layer's weights, in one direction, to NumPy; missing biases are zeros.

        Raises
        ------
        BadInput
            When the network has no such layer or direction.
        """
        if not 0 <= layer < self.num_layers:
            raise BadInput(f"layer must lie in 0..{self.num_layers - 1}, got {layer}")
        if reverse not in self.directions:
            raise BadInput("reverse must be False in a network of one direction, got True")
        W, U, b, c = (x.detach().cpu().numpy() for x in self._weights(layer, reverse))
        return GRUWeights(W, U, b, c, self.formulation)

    def extra_repr(self) -> str:
        """Name the sizes and the formulation, for `print`."""
        return (
            f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}, "
            f"bias={self.bias}, batch_first={self.batch_first}, dropout={self.dropout}, "
            f"bidirectional={self.bidirectional}, formulation={self.formulation}"
        )


def _suffix(layer: int, reverse: bool) -> str:
    return f"_l{layer}_reverse" if reverse else f"_l{layer}"
