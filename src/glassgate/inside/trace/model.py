"""Trace the recurrent modules inside a larger model: `glassgate.tracing`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from torch import nn

from glassgate.errors import BadInput
from glassgate.inside.networks import MODULES, Module, run_by_trace
from glassgate.inside.trace.result import Trace
from glassgate.inside.trace.torch import trace_call


class Traces(dict[str, Trace[Any]]):
    """The trace of each recurrent module's last call, by its dotted name.

    Attributes
    ----------
    calls
        The traces of all calls of each module, in order.
    """

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.calls: dict[str, list[Trace[Any]]] = {name: [] for name in names}

    def __missing__(self, name: str) -> Trace[Any]:
        if name in self.calls:
            raise BadInput(f"{name!r} must have been called to have a trace, got no call")
        names = ", ".join(map(repr, self.calls))
        raise BadInput(f"a recurrent module must be one of {names}, got {name!r}")

    def add(self, name: str, trace: Trace[Any]) -> None:
        """Add the trace of a call."""
        self.calls[name].append(trace)
        self[name] = trace


@contextmanager
def tracing(model: nn.Module) -> Iterator[Traces]:
    """Trace the recurrent modules of a model while it runs.

    The model computes and learns exactly what it would without tracing: after each call of a
    module, its arguments are traced as by `glassgate.trace`. Runs by `glassgate.trace` and
    `Trace.verify` themselves are not recorded. On exit, also by an exception, every hook is
    removed.

    Parameters
    ----------
    model
        Any torch module with a `glassgate.nn` or `torch.nn` GRU, GRUCell, LSTM or RNN inside, or
        such a module itself, whose name is then ``""``. `torch.nn.LSTMCell` and `RNNCell` are
        ignored.

    Returns
    -------
    context manager
        Gives the traces by name, e.g. ``traces["encoder.rnn"]``, in a dictionary that fills while
        the body runs; ``traces.calls`` has all calls. The trace of a cell's call has one step.

    Raises
    ------
    BadInput
        When there is no such module; in the body, when a module in training mode has dropout
        between layers, is given `resets`, or is an LSTM with projections: its gates cannot be
        computed.
    TypeError
        When `model` is not a torch module.

    Examples
    --------
    >>> import torch
    >>> from glassgate.nn.models import LanguageModel
    >>> model = LanguageModel(10, "gru", embedding_size=4, hidden_size=8)
    >>> with tracing(model) as traces:
    ...     logits, state = model(torch.zeros(6, 2, dtype=torch.long))
    >>> traces
    {'network': Trace(layers=1 (forward), steps=6, batch=2, units=8)}
    >>> traces["network"].verify() < 1e-6
    True
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch module, got {type(model).__name__}")
    recurrent = {name: m for name, m in model.named_modules() if isinstance(m, MODULES)}
    if not recurrent:
        kind = type(model).__name__
        raise BadInput(f"model must have a GRU, GRUCell, LSTM or RNN inside, got {kind} without")
    traces = Traces(list(recurrent))
    with ExitStack() as hooks:
        for name, module in recurrent.items():
            hook = partial(_trace_call, traces, name)
            handle = module.register_forward_hook(hook, prepend=True, with_kwargs=True)
            hooks.callback(handle.remove)
        yield traces


def _trace_call(
    traces: Traces,
    name: str,
    module: Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    result: Any,
) -> None:
    """Trace a call of a module; this is a forward hook."""
    if run_by_trace.get():
        return
    arguments = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    traces.add(name, trace_call(module, arguments, result))
