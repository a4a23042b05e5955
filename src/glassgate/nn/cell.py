"""A drop-in replacement for `torch.nn.GRUCell` that supports every published form of the unit."""

import torch
from torch import Tensor, nn

from glassgate.formulation import Formulation
from glassgate.nn.checks import (
    check_cell_input,
    check_dtype,
    check_formulation,
    check_sizes,
    check_tensor,
)
from glassgate.nn.recurrence import sequence
from glassgate.nn.single import single_step
from glassgate.weights import GRUWeights, require_shape

PARAMETER_NAMES = [["weight_ih", "weight_hh", "bias_ih", "bias_hh"]]  # of the one layer


class GRUCell(nn.GRUCell):
    """A drop-in replacement for `torch.nn.GRUCell`, in every published form of the unit.

    Constructor, parameters, initialisation and state dict are as in torch. A step gives the same
    bits as a step of `glassgate.nn.GRU` with the same weights, and runs on the same devices.

    Parameters
    ----------
    input_size, hidden_size
        I and H, at least 1.
    bias
        Whether there are biases b and c.
    device, dtype
        Device and dtype of the parameters; torch's defaults if not given.
    formulation
        The form of the unit, by default PyTorch's.

    Raises
    ------
    ValueError
        When a size is out of range.
    TypeError
        When a size is not an int, or `formulation` not a `Formulation`.

    Notes
    -----
    Cho et al. 2014 (arXiv:1406.1078), Chung et al. 2014 (arXiv:1412.3555). Differentiable once:
    ``create_graph=True`` is an error. For a chain of steps, the backward pass computes the
    gradients to the weights once, after all steps.

    Examples
    --------
    >>> cell = GRUCell(8, 16)
    >>> state = cell(torch.zeros(3, 8))
    >>> cell(torch.zeros(3, 8), state).shape
    torch.Size([3, 16])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        formulation: Formulation | None = None,
    ) -> None:
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        self.formulation = check_formulation(formulation)
        super().__init__(input_size, hidden_size, bias, device=device, dtype=dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Take a step.

        Parameters
        ----------
        input
            [B, I], or [I] for one sequence.
        hx
            The states before the step, [B, H], or [H]; zeros if not given.

        Returns
        -------
        Tensor
            The states after the step, in the layout of `hx`.

        Raises
        ------
        BadInput
            When a shape does not fit, or the input's dtype is not the weights'.
        TypeError
            When the input is not a tensor, or the device does not support the dtype.
        """
        check_cell_input(input, self.input_size)
        batch = input.shape[:-1]
        if hx is None:
            hx = input.new_zeros((*batch, self.hidden_size), dtype=self.weight_hh.dtype)
        check_tensor("hx", hx)
        require_shape("hx", hx.shape, (*batch, self.hidden_size))
        if input.is_cpu and self.bias and input.numel():
            result = single_step(
                self, PARAMETER_NAMES, input.contiguous(), hx.contiguous(), tuple(hx.shape)
            )
            if result is not None:
                return result[0]
        check_dtype(input, self.weight_hh)
        x, h = input.reshape(1, -1, self.input_size), hx.reshape(-1, self.hidden_size)
        _, state = sequence(x, h, *self._all_weights(), self.formulation)  # (B, H)
        return state.reshape(hx.shape)

    def _all_weights(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        W, U = self.weight_ih, self.weight_hh
        if not self.bias:
            return W, U, U.new_zeros(len(U)), U.new_zeros(len(U))
        return W, U, self.bias_ih, self.bias_hh

    def to_weights(self) -> GRUWeights:
        """Copy the weights to NumPy; zeros for missing biases."""
        W, U, b, c = (weight.numpy(force=True) for weight in self._all_weights())
        return GRUWeights(W, U, b, c, self.formulation)

    def extra_repr(self) -> str:
        """Describe the sizes, the form, the dtype and non-default options, for `print`."""
        form = f", formulation={self.formulation}, dtype={self.weight_hh.dtype}"
        return super().extra_repr() + form
