"""Single steps that are learned from: a chain's weight gradients are summed once, at its end.

A loop of single steps, as a decoder's, would write the gradient of every weight at each step on the
way back, and autograd would add them up: for a large layer that is most of the time. Here a step
leaves only its rows, what the sums are made of. In autograd's graph all steps of a chain hang on
one `_Gather`, which is called when autograd has gone back over every one of them.
"""

from collections.abc import Iterable
from threading import get_ident
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import torch
from torch import Tensor
from torch.autograd import Variable

from glassgate import _native
from glassgate.engine.calls import Weights, Words
from glassgate.engine.settings import target, threads
from glassgate.nn.memory import empty


class Rows(list[tuple[Any, Tensor, Tensor, Tensor]]):
    """What the steps of one backward pass left: grads, input, state before and tape of each."""


Left: TypeAlias = WeakValueDictionary[int, Rows]  # by the backward pass, which keeps them alive


class Chain:
    """The weights of steps that follow each other, while one of the steps may be gone back over.

    Attributes
    ----------
    weights, form
        W, U, b and c, and the formulation's words.
    token
        A tensor of no element with `_Gather` behind it: where steps hang on in the graph.
    """

    def __init__(self, weights: Weights, form: Words) -> None:
        self._left: Left = WeakValueDictionary()
        self.weights, self.form = weights, form
        self.token: Tensor = _Gather.apply(self._left, form, *weights)  # type: ignore[no-untyped-call]

    def leave(self, grads: Any, input: Tensor, initial: Tensor, tape: Tensor) -> None:
        """Keep a step's rows until the backward pass that is under way comes to the weights.

        The pass holds them as one of its callbacks, so they go with it: also where it does not ask
        for the weights, or ends in an error.
        """
        backward_pass = torch._C._current_graph_task_id()
        rows = self._left.get(backward_pass)
        if rows is None:
            rows = self._left[backward_pass] = Rows()
            Variable._execution_engine.queue_callback(rows.clear)
        rows.append((grads, input, initial, tape))


_chains: WeakValueDictionary[Any, Chain] = WeakValueDictionary()


def chain_of(weights: Weights, form: Words) -> Chain:
    """Give this thread's chain under way with these weights as they are now, or begin one."""
    now = [(id(w), w._version, w.data_ptr(), w.requires_grad) for w in weights]
    key = (get_ident(), form, *now)
    chain = _chains.get(key)
    if chain is None:
        chain = _chains[key] = Chain(weights, form)
    return chain


class _Gather(torch.autograd.Function):
    """Gives a token for weights; on the way back, the sums of all rows that steps have left."""

    @staticmethod
    def forward(ctx: Any, left: Left, form: Words, *weights: Tensor) -> Tensor:
        ctx.left, ctx.form = left, form
        ctx.weights = tuple(weight.detach() for weight in weights)  # for their sizes
        ctx.set_materialize_grads(False)
        return weights[0].new_empty(0)

    @staticmethod
    def backward(ctx: Any, _: None) -> Any:
        rows = ctx.left.get(torch._C._current_graph_task_id())
        if not rows:
            return (None,) * 6
        grads = tuple(empty((*weight.shape,), weight) for weight in ctx.weights)
        _native.gather_steps(ctx.weights, ctx.form, rows, grads, target(), threads())
        rows.clear()
        return None, None, *grads


class Step(torch.autograd.Function):
    """A step of a chain, `Step.apply(chain, run, input, initial, chain.token)`.

    It gives the output and the last state that `run` gives, which records a tape, too.
    """

    @staticmethod
    def forward(
        ctx: Any, chain: Chain, run: Any, input: Tensor, initial: Tensor, _: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Take the step."""
        output, last, tape = run((input, initial, *chain.weights))
        ctx.chain = chain
        ctx.save_for_backward(input, initial, tape, *as_they_are(chain.weights))
        ctx.set_materialize_grads(False)
        return output, last

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor | None, grad_last: Tensor | None) -> Any:
        """Give the gradients to input and state, and leave the rest to the chain."""
        check_backward(grad_output, grad_last)
        input, initial, tape, *weights = (tensor.contiguous() for tensor in ctx.saved_tensors)
        to_input = torch.empty_like(input) if ctx.needs_input_grad[2] else None
        to_initial = torch.empty_like(initial)
        grads = _native.step_back(
            *(tuple(weights), ctx.chain.form, input, initial, tape),
            *(_in_order(grad_output), _in_order(grad_last), to_input, to_initial),
            *(target(), threads()),
        )
        ctx.chain.leave(grads, input, initial, tape)
        return None, None, to_input, to_initial, None


def as_they_are(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Give tensors that keep their memory even if their originals' `.data` is set to another."""
    return [tensor.detach() for tensor in tensors]


def check_backward(*grads: Tensor | None) -> None:
    """Refuse what the way back cannot do, whichever path it takes.

    Raises
    ------
    RuntimeError
        When autograd records the way back, or asks for many gradients at once.
    """
    if torch.is_grad_enabled():
        raise RuntimeError("the gated recurrence can be differentiated once, got create_graph=True")
    if any(grad is not None and not torch._C._has_storage(grad) for grad in grads):
        raise RuntimeError(
            "the gated recurrence takes one gradient at a time, got a batch of them: "
            "leave out vectorize=True or is_grads_batched=True"
        )


def _in_order(grad: Tensor | None) -> Tensor | None:
    return None if grad is None else grad.contiguous()
