"""Hold units of a torch module: edit, guard and restore rows of its parameters."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from glassgate.engine.plan import Direction
from glassgate.errors import BadInput
from glassgate.inside.clamp.edit import Edit
from glassgate.inside.clamp.units import GRUUnit, LSTMUnit, SRNUnit, Unit
from glassgate.inside.networks import MODULES, Network


class TorchNetwork:
    """The one recurrent module of torch or `glassgate.nn` in a model, as `glassgate.clamp` sees it.

    A model without one or with several raises `BadInput`, and so does an LSTM with projections.
    """

    def __init__(self, model: nn.Module) -> None:
        found = {name: part for name, part in model.named_modules() if isinstance(part, MODULES)}
        if not found:
            kind = type(model).__name__
            raise BadInput(
                f"network must be a GRU, LSTM or SRN, or have one inside, got {kind} without"
            )
        if len(found) > 1:
            names = " and ".join(found)
            raise BadInput(
                f"network must have one GRU, LSTM or SRN inside, got {names}: pass one of them"
            )
        (self.module,) = found.values()
        if getattr(self.module, "proj_size", 0):
            raise BadInput(f"an LSTM to be held must have proj_size 0, got {self.module.proj_size}")
        self._network = Network(self.module)
        self.bias = bool(self.module.bias)
        self.kind = _kind_of(self._network)
        self.directions = (self._network.directions,) * self._network.num_layers
        self.hidden_sizes = (self.module.hidden_size,) * self._network.num_layers

    def hold(self, layer: int, direction: Direction, edit: Edit) -> AbstractContextManager[None]:
        """Apply an edit to one layer's parameters until the context ends.

        On exit the rows get back their old values; all others stay as they are.
        A parameter that is computed from others raises `BadInput`.
        """
        names = self._network.parameter_names(layer, direction)
        for name in names:
            if name not in self.module._parameters:
                raise BadInput(f"{name} must be a parameter to be held, got one that is computed")
        return self._hold(names, edit)

    @contextmanager
    def _hold(self, names: list[str], edit: Edit) -> Iterator[None]:
        module, rows = self.module, torch.from_numpy(edit.rows)
        before = _Rows(rows, {name: _select_rows(module, name, rows) for name in names})
        zeros = {name: torch.zeros_like(value) for name, value in before.values.items()}
        bias = [name for name in names if name.startswith("bias_ih")]
        after = _Rows(rows, zeros | {name: torch.from_numpy(edit.bias) for name in bias})
        with ExitStack() as cleanup:
            cleanup.callback(before.write, module)
            after.write(module)
            for name in names:
                if getattr(module, name).requires_grad:
                    cleanup.callback(getattr(module, name).register_hook(after.mask).remove)
            cleanup.callback(module.register_forward_pre_hook(after.write_again).remove)
            yield


def _kind_of(network: Network) -> Unit:
    module = network.module
    if isinstance(module, nn.LSTM):
        return LSTMUnit()
    if isinstance(module, nn.RNN):
        return SRNUnit(module.nonlinearity)
    return GRUUnit(network.formulation)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Some rows [N] of some parameters, and their values, [N, ...] each."""

    rows: Tensor
    values: Mapping[str, Tensor]

    def write(self, module: nn.Module) -> None:
        """Write the values; autograd notices that the parameters have changed."""
        for name, value in self.values.items():
            self._copy(getattr(module, name).detach(), value)

    def write_again(self, module: nn.Module, _: object) -> None:
        """Write the values before each forward, since an optimiser may have changed the rows.

        Comparing first would cost more, and not every optimiser increments the version counter.
        Autograd does not notice the write, which changes nothing if no optimiser did. An exported
        program must not contain it.
        """
        if not torch.compiler.is_exporting():
            for name, value in self.values.items():
                self._copy(getattr(module, name).data, value)

    def _copy(self, parameter: Tensor, value: Tensor) -> None:
        rows = self.rows.to(parameter.device)
        parameter.index_copy_(0, rows, value.to(parameter.device, parameter.dtype))

    def mask(self, grad: Tensor) -> Tensor:
        """Zero the held rows of a gradient, so that they are not trained."""
        return grad.index_fill(0, self.rows.to(grad.device), 0)


def _select_rows(module: nn.Module, name: str, rows: Tensor) -> Tensor:
    parameter: Tensor = getattr(module, name).detach()
    return parameter.index_select(0, rows.to(parameter.device))
