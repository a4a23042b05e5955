"""Tracing what the recurrent modules of a larger model do: `glassgate.tracing`."""

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
    """The traces of a model's recurrent modules by their dotted names; of each, its last call.

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
    """Trace the recurrent modules of a model while it is used.

    The model computes and learns exactly what it would without tracing: right after each call, a
    trace is made of what the module was given, as `glassgate.trace` makes it. Runs started by
    `glassgate.trace` and `Trace.verify` themselves do not count. On exit, also by an exception,
    every hook is removed.

    Parameters
    ----------
    model
        Any torch module with a `glassgate.nn` or `torch.nn` GRU, GRUCell, LSTM or RNN inside, or
        such a module itself, whose name is then ``""``. `torch.nn.LSTMCell` and `RNNCell` are
        passed over.

    Returns
    -------
    context manager
        Of the traces by name, e.g. ``traces["encoder.rnn"]``, a dictionary that fills while the
        body runs; ``traces.calls`` has all calls. A cell's call is a trace of one step.

    Raises
    ------
    BadInput
        When there is no such module; in the body, when a module in training mode drops between its
        layers, is given `resets`, or is an LSTM with projections: nothing could show what it did.
    TypeError
        When `model` is no torch module.

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
            hook = partial(_record, traces, name)
            handle = module.register_forward_hook(hook, prepend=True, with_kwargs=True)
            hooks.callback(handle.remove)
        yield traces


def _record(
    traces: Traces,
    name: str,
    module: Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    answer: Any,
) -> None:
    if run_by_trace.get():
        return
    arguments = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    traces.add(name, trace_call(module, arguments, answer))
