"""Training on single steps: weight gradients are summed once for a whole chain of steps.

In a loop of single steps, such as a decoder's, the backward pass would compute the gradient of
every weight at every step, and autograd would add them up: for a large layer that takes most of the
time. Here each step only keeps the factors of its weight gradients, and one product for all steps
computes the sum. In autograd's graph all steps of a chain depend on one `_Gather`, whose backward
runs after those of all steps.
"""

from threading import get_ident
from typing import Any, TypeAlias, cast
from weakref import WeakValueDictionary

import torch
from torch import Tensor
from torch.autograd import Variable

from glassgate.engine import calls, gradients
from glassgate.engine.calls import Batch, Weights, Words
from glassgate.nn.native import check_backward, detach_all, empty, make_contiguous


class StepRows(list[tuple[Any, Tensor, Tensor, Tensor]]):
    """For each step of one backward pass: gradients to its sums, input, initial state and tape."""


Pending: TypeAlias = WeakValueDictionary[int, StepRows]  # by backward pass, which keeps them alive


class Chain:
    """Successive steps with the same weights, alive as long as the graph of one of them.

    Attributes
    ----------
    weights, form
        W, U, b and c, and the formulation's words.
    token
        An empty tensor, the output of `_Gather`, which connects the steps in the graph.
    """

    def __init__(self, weights: Weights, form: Words) -> None:
        self._pending: Pending = WeakValueDictionary()
        self.weights, self.form = weights, form
        self.token: Tensor = _Gather.apply(self._pending, form, *weights)  # type: ignore[no-untyped-call]

    def add_step(self, grad_sums: Any, input: Tensor, initial: Tensor, tape: Tensor) -> None:
        """Keep a step's rows until the current backward pass reaches the weights.

        One of the pass's callbacks holds them, so they are freed with it, even if it does not
        reach the weights or ends in an error.
        """
        backward_pass = torch._C._current_graph_task_id()
        rows = self._pending.get(backward_pass)
        if rows is None:
            rows = self._pending[backward_pass] = StepRows()
            Variable._execution_engine.queue_callback(rows.clear)
        rows.append((grad_sums, input, initial, tape))


_chains: WeakValueDictionary[Any, Chain] = WeakValueDictionary()


def take_step(
    input: Tensor, initial: Tensor, weights: Weights, form: Words
) -> tuple[Tensor, Tensor]:
    """Take a step [1, B, I] from states [B, H] in a chain; return output and last states."""
    chain = current_chain(weights, form)
    result = _Step.apply(chain, input.contiguous(), initial.contiguous(), chain.token)  # type: ignore[no-untyped-call]
    return cast(tuple[Tensor, Tensor], result)


def current_chain(weights: Weights, form: Words) -> Chain:
    """Return this thread's chain for the current values of these weights; begin one if needed."""
    versions = [(id(w), w._version, w.data_ptr(), w.requires_grad) for w in weights]
    key = (get_ident(), form, *versions)
    chain = _chains.get(key)
    if chain is None:
        chain = _chains[key] = Chain(weights, form)
    return chain


class _Gather(torch.autograd.Function):
    """Forward, a token for weights; backward, their gradients, summed over all steps of a chain."""

    @staticmethod
    def forward(ctx: Any, pending: Pending, form: Words, *weights: Tensor) -> Tensor:
        ctx.pending, ctx.form = pending, form
        ctx.weights = tuple(weight.detach() for weight in weights)  # for their shapes
        ctx.set_materialize_grads(False)
        return weights[0].new_empty(0)

    @staticmethod
    def backward(ctx: Any, _: None) -> Any:
        rows = ctx.pending.get(torch._C._current_graph_task_id())
        if not rows:
            return (None,) * 6
        grads = gradients.gather_steps(ctx.weights, ctx.form, rows, empty)
        rows.clear()
        return None, None, *grads


class _Step(torch.autograd.Function):
    """A step of a chain: returns the output and the last state, and records a tape."""

    @staticmethod
    def forward(
        ctx: Any, chain: Chain, input: Tensor, initial: Tensor, _: Tensor
    ) -> tuple[Tensor, Tensor]:
        batch = Batch(input, initial)
        output, last, tape = calls.run(chain.weights, chain.form, batch, batch.tokens, empty)
        ctx.chain = chain
        ctx.save_for_backward(input, initial, tape, *detach_all(chain.weights))
        ctx.set_materialize_grads(False)
        return output, last

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor | None, grad_last: Tensor | None) -> Any:
        """Return the gradients to input and state; the chain computes those to the weights."""
        check_backward(grad_output, grad_last)
        input, initial, tape, *weights = (tensor.contiguous() for tensor in ctx.saved_tensors)
        grad_input, grad_initial, grad_sums = gradients.backpropagate_step(
            (weights[0], weights[1], weights[2], weights[3]),
            ctx.chain.form,
            input,
            initial,
            tape,
            make_contiguous(grad_output),
            make_contiguous(grad_last),
            to_input=ctx.needs_input_grad[1],
            empty=empty,
        )
        ctx.chain.add_step(grad_sums, input, initial, tape)
        return None, grad_input, grad_initial, None
