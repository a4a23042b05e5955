"""A drop-in replacement for `torch.nn.GRU` that supports every published form of the unit."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from glassgate import engine
from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.nn import cudnn
from glassgate.nn.checks import (
    check_formulation,
    check_sizes,
    check_tensor,
)
from glassgate.nn.chrono import check_chrono, set_spans
from glassgate.nn.loops import Weights
from glassgate.nn.recurrence import run_network
from glassgate.nn.single import single_step
from glassgate.weights import GRUWeights, require_shape


class GRU(nn.RNNBase):
    """A drop-in replacement for `torch.nn.GRU`, in every published form of the unit.

    Constructor, parameters, initialisation, state dict, shapes, copying, pickling and printing are
    as in torch; with the default formulation, state dicts are interchangeable. The tensors' device
    decides what runs the network:

    - on the CPU, the native engine, in float32 and float64;
    - on a CUDA device, in PyTorch's form and without resets, cuDNN, in every dtype it supports;
    - otherwise, a batched loop of torch operations, in float32 and float64.

    Parameters
    ----------
    input_size, hidden_size
        I and H, at least 1.
    num_layers
        The number of stacked layers, at least 1.
    bias
        Whether there are biases b and c.
    batch_first
        Whether batched input and output are [B, T, ...] instead of [T, B, ...]; states are not.
    dropout
        The probability, 0..1, of dropping a value between layers in training.
    bidirectional
        Whether each layer also reads the sequences in reverse; the outputs are concatenated.
    formulation
        The form of the unit, by default PyTorch's. Every form has parameters of the same shapes;
        without a reset gate, the reset rows are unused.
    chrono
        The longest memory, at least 2 steps, of any unit before training (Tallec & Ollivier 2018,
        `glassgate.nn.chrono`), for networks with biases and sigmoid gates. If not given, all units
        start with short memories.
    device, dtype
        Device and dtype of the parameters; torch's defaults if not given.

    Raises
    ------
    ValueError
        When a size, the dropout or `chrono` is out of range, or `chrono` does not fit the network.
    TypeError
        When a size is not an int, a flag not a bool, `chrono` not a number, or `formulation` not a
        `Formulation`.

    Notes
    -----
    Cho et al. 2014 (arXiv:1406.1078), Chung et al. 2014 (arXiv:1412.3555). Under autocast the
    recurrence runs in the weights' dtype. Differentiable once: ``create_graph=True`` is an error.
    For a wrong shape, torch raises a `RuntimeError`, and this module `BadInput`, a `ValueError`.

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
        *,
        formulation: Formulation | None = None,
        chrono: float | None = None,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        self.formulation = check_formulation(formulation)
        check_chrono(chrono, bias, self.formulation)
        self.chrono = chrono  # before torch's constructor, which calls `reset_parameters`
        super().__init__(
            "GRU",
            input_size,
            hidden_size,
            num_layers=num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            device=device,
            dtype=dtype,
        )

    def reset_parameters(self) -> None:
        """Initialise all parameters as torch does, then the update gates' biases for `chrono`."""
        super().reset_parameters()
        if self.chrono is not None:
            for _, _, b, c in self._all_weights:
                set_spans(self._weight(b), self._weight(c), self.chrono, self.formulation)

    @property
    def directions(self) -> tuple[bool, ...]:
        """For each direction of a layer, whether it reads in reverse."""
        return (False, True) if self.bidirectional else (False,)

    def forward(
        self,
        input: Tensor | PackedSequence,
        hx: Tensor | None = None,
        *,
        lengths: Tensor | None = None,
        resets: Tensor | None = None,
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Run a batch of sequences or a single sequence.

        Parameters
        ----------
        input
            [T, B, I], [B, T, I] if `batch_first`, [T, I] for one sequence, or a `PackedSequence`.
        hx
            The states before the first step, [layers * directions, B, H], or
            [layers * directions, H] for one sequence; zeros if not given.
        lengths
            Valid steps of each sequence, 0..T, [B] integers; all if not given. The rest of the
            input is never read, and the output there is 0. Leave out for packed input.
        resets
            Booleans in the input's layout, without its last axis: True where the state of every
            layer and direction is zeroed before the step.

        Returns
        -------
        output
            The last layer's state after each step, [T, B, directions * H], in the input's layout.
        state
            The last state of each layer and direction, in the layout of `hx`; pass it to the next
            call to continue the sequences.

        Raises
        ------
        BadInput
            When a shape does not fit, there is no step, the input's dtype is not the weights', or
            a length is out of range.
        TypeError
            When the input is not a tensor, or the device does not support the dtype.
        """
        if lengths is None and resets is None:
            result = self._single_step(input, hx)
            if result is not None:
                return result
        return run_network(self, input, hx, lengths, resets)

    def step(self, input: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Take one step, for loops in which the next input depends on this output.

        Parameters
        ----------
        input
            [B, I].
        state
            The states before the step, [layers, B, H]; zeros if not given.

        Returns
        -------
        output
            The last layer's new state, [B, H].
        state
            All layers' new states, [layers, B, H].

        Raises
        ------
        BadInput
            When the network is bidirectional, and as in `forward`.

        Examples
        --------
        >>> network, state = GRU(8, 16), None
        >>> for x in torch.zeros(5, 3, 8):
        ...     output, state = network.step(x, state)
        >>> output.shape, state.shape
        (torch.Size([3, 16]), torch.Size([1, 3, 16]))
        """
        if self.bidirectional:
            raise BadInput(
                "a bidirectional network cannot take single steps: it also reads each sequence "
                "from its end; call the network on whole sequences"
            )
        check_tensor("input", input)
        require_shape("input", input.shape, ("B", self.input_size))
        output, state = self(input[:, None] if self.batch_first else input[None], state)
        return output[:, 0] if self.batch_first else output[0], state

    def _single_step(
        self, input: Tensor | PackedSequence, hx: Tensor | None
    ) -> tuple[Tensor, Tensor] | None:
        """Take a single step in one native call; return None if the general path is needed."""
        time, batch = (1, 0) if self.batch_first else (0, 1)
        if (
            not (isinstance(input, Tensor) and input.ndim == 3 and input.is_cpu and self.bias)
            or input.shape[time] != 1
            or self.bidirectional
            or (self.dropout and self.training)
        ):
            return None
        B, H = input.shape[batch], self.hidden_size
        if hx is None:
            hx = input.new_zeros((self.num_layers, B, H))
        elif hx.shape != (self.num_layers, B, H):
            return None
        shape = (B, 1, H) if self.batch_first else (1, B, H)
        return single_step(self, self._all_weights, input, hx, shape)

    def _cudnn_options(self) -> cudnn.Options:
        weights = [self._weight(name) for names in self._all_weights for name in names]
        return cudnn.Options(
            weights=weights,
            bias=self.bias,
            num_layers=self.num_layers,
            dropout=self.dropout,
            training=self.training,
            bidirectional=self.bidirectional,
        )

    def _weights(self, layer: int, reverse: bool) -> Weights:
        """Return W, U, b and c of a layer in a direction; zeros for missing biases."""
        suffix = f"_l{layer}_reverse" if reverse else f"_l{layer}"
        W, U = self._weight("weight_ih" + suffix), self._weight("weight_hh" + suffix)
        if not self.bias:
            return W, U, U.new_zeros(len(U)), U.new_zeros(len(U))
        return W, U, self._weight("bias_ih" + suffix), self._weight("bias_hh" + suffix)

    def _weight(self, name: str) -> Tensor:
        weight: Tensor = getattr(self, name)
        return weight

    def to_weights(self, layer: int, reverse: bool = False) -> GRUWeights:
        """Copy the weights of one layer in one direction to NumPy; zeros for missing biases.

        Raises
        ------
        BadInput
            When the network has no such layer or direction.
        """
        if not 0 <= layer < self.num_layers:
            raise BadInput(f"layer must lie in 0..{self.num_layers - 1}, got {layer}")
        if reverse not in self.directions:
            raise BadInput("reverse must be False in a network with one direction, got True")
        W, U, b, c = (x.numpy(force=True) for x in self._weights(layer, reverse))
        return GRUWeights(W, U, b, c, self.formulation)

    def to_numpy(self) -> engine.GRU:
        """Copy the network to a `glassgate.GRU`, which runs without torch.

        Its input is [T, B, I], whatever `batch_first` is, and it has no dropout.
        """
        layers = range(self.num_layers)
        return engine.GRU(
            [[self.to_weights(layer, reverse) for reverse in self.directions] for layer in layers]
        )

    def extra_repr(self) -> str:
        """Describe the sizes, the form, the dtype and non-default options, for `print`."""
        form = f", formulation={self.formulation}, dtype={self.weight_hh_l0.dtype}"
        return super().extra_repr() + form + (f", chrono={self.chrono}" if self.chrono else "")
