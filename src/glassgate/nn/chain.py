"""Single steps in training: a chain's weight gradients are summed once, at its end.

In a loop of single steps, such as a decoder's, every step would write the gradient of every weight
in the backward pass, and autograd would add them up: for a large layer that is most of the time.
Here a step leaves only its rows, the terms of the sums. In autograd's graph all steps of a chain
depend on one `_Gather`, whose backward is called when autograd has gone back over all of them.
"""

from threading import get_ident
from typing import Any, TypeAlias, cast
from weakref import WeakValueDictionary

import torch
from torch import Tensor
from torch.autograd import Variable

from glassgate.engine import calls
from glassgate.engine.calls import Batch, Weights, Words
from glassgate.nn.native import check_backward, contiguous, empty, snapshots


class Rows(list[tuple[Any, Tensor, Tensor, Tensor]]):
    """What the steps of one backward pass left: grads, input, state before and tape of each."""


Left: TypeAlias = WeakValueDictionary[int, Rows]  # by the backward pass, which keeps them alive


class Chain:
    """The weights of successive steps, as long as one of them may still be backpropagated through.

    Attributes
    ----------
    weights, form
        W, U, b and c, and the formulation's words.
    token
        An empty tensor that `_Gather` made: through it the steps are connected in the graph.
    """

    def __init__(self, weights: Weights, form: Words) -> None:
        self._left: Left = WeakValueDictionary()
        self.weights, self.form = weights, form
        self.token: Tensor = _Gather.apply(self._left, form, *weights)  # type: ignore[no-untyped-call]

    def leave(self, grads: Any, input: Tensor, initial: Tensor, tape: Tensor) -> None:
        """Keep a step's rows until the current backward pass reaches the weights.

        The pass holds them as one of its callbacks, so they are freed with it: also when it does
        not reach the weights, or ends in an error.
        """
        backward_pass = torch._C._current_graph_task_id()
        rows = self._left.get(backward_pass)
        if rows is None:
            rows = self._left[backward_pass] = Rows()
            Variable._execution_engine.queue_callback(rows.clear)
        rows.append((grads, input, initial, tape))


_chains: WeakValueDictionary[Any, Chain] = WeakValueDictionary()


def take_step(
    input: Tensor, initial: Tensor, weights: Weights, form: Words
) -> tuple[Tensor, Tensor]:
    """Take a step [1, B, I] from states [B, H] as part of a chain; give output and last states."""
    chain = chain_of(weights, form)
    stepped = _Step.apply(chain, input.contiguous(), initial.contiguous(), chain.token)  # type: ignore[no-untyped-call]
    return cast(tuple[Tensor, Tensor], stepped)


def chain_of(weights: Weights, form: Words) -> Chain:
    """Give this thread's current chain with these weights as they are now, or begin one."""
    now = [(id(w), w._version, w.data_ptr(), w.requires_grad) for w in weights]
    key = (get_ident(), form, *now)
    chain = _chains.get(key)
    if chain is None:
        chain = _chains[key] = Chain(weights, form)
    return chain


class _Gather(torch.autograd.Function):
    """Gives a token for weights; backward, the sums of all rows that steps left."""

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
        grads = calls.gather_steps(ctx.weights, ctx.form, rows, empty)
        rows.clear()
        return None, None, *grads


class _Step(torch.autograd.Function):
    """A step of a chain: gives the output and the last state, and records a tape."""

    @staticmethod
    def forward(
        ctx: Any, chain: Chain, input: Tensor, initial: Tensor, _: Tensor
    ) -> tuple[Tensor, Tensor]:
        batch = Batch(input, initial)
        output, last, tape = calls.run(chain.weights, chain.form, batch, batch.tokens, empty)
        ctx.chain = chain
        ctx.save_for_backward(input, initial, tape, *snapshots(chain.weights))
        ctx.set_materialize_grads(False)
        return output, last

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor | None, grad_last: Tensor | None) -> Any:
        """Give the gradients to input and state, and leave the rest to the chain."""
        check_backward(grad_output, grad_last)
        input, initial, tape, *weights = (tensor.contiguous() for tensor in ctx.saved_tensors)
        grad_input, grad_initial, sums = calls.step_back(
            (weights[0], weights[1], weights[2], weights[3]),
            ctx.chain.form,
            input,
            initial,
            tape,
            contiguous(grad_output),
            contiguous(grad_last),
            to_input=ctx.needs_input_grad[1],
            empty=empty,
        )
        ctx.chain.leave(sums, input, initial, tape)
        return None, grad_input, grad_initial, None
