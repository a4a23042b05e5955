"""PyTorch's own samples of `torch.nn.GRU`, right and wrong ones, put to `glassgate.nn.GRU`."""

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence
from torch.testing._internal.common_modules import (
    ModuleErrorEnum,
    module_db,
    module_error_inputs_torch_nn_RNN_GRU,
    module_inputs_torch_nn_RNN_GRU,
)

from glassgate.nn import GRU

INFO = next(info for info in module_db if info.module_cls is torch.nn.GRU)
DTYPES = [torch.float32, torch.float64]


def right(dtype, training):
    torch.manual_seed(0)
    return module_inputs_torch_nn_RNN_GRU(
        INFO, "cpu", dtype, True, training, with_packed_sequence=True, is_rnn=False
    )


def wrong(dtype):
    return module_error_inputs_torch_nn_RNN_GRU(INFO, "cpu", dtype, False, True)


RIGHT = range(len(right(torch.float32, True)))
WRONG = range(len(wrong(torch.float32)))


def leaf(argument):
    return argument.data if isinstance(argument, PackedSequence) else argument


def run(net, arguments, named):
    """Outputs, states, and the gradients to everything."""
    leaves = [leaf(argument) for argument in arguments]
    output, state = net(*arguments, **named)
    loss = leaf(output).sin().sum() + state.cos().sum()
    grads = torch.autograd.grad(loss, [*leaves, *net.parameters()])
    return output, state, grads


def test_there_are_samples():
    kinds = [type(sample.forward_input.args[0]) for sample in right(torch.float32, True)]
    assert kinds.count(PackedSequence) == 16
    assert kinds.count(torch.Tensor) == 16
    assert len(WRONG) >= 12


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_sample_gives_what_torch_gives(dtype, training, number):
    sample = right(dtype, training)[number]
    built = sample.constructor_input
    theirs = torch.nn.GRU(*built.args, **built.kwargs).to(dtype).train(training)
    ours = GRU(*built.args, **built.kwargs).to(dtype).train(training)
    ours.load_state_dict(theirs.state_dict())
    put = sample.forward_input
    wanted, found = (run(net, put.args, put.kwargs) for net in (theirs, ours))
    exact = dtype == torch.float64  # in float32 torch itself is 1.2e-5 away from that
    close = {"rtol": 1e-12, "atol": 1e-12} if exact else {"rtol": 1e-6, "atol": 2e-5}
    assert type(found[0]) is type(wanted[0])
    torch.testing.assert_close(leaf(found[0]), leaf(wanted[0]), **close)
    torch.testing.assert_close(found[1], wanted[1], **close)
    torch.testing.assert_close(found[2], wanted[2], **close)
    if isinstance(wanted[0], PackedSequence):
        assert torch.equal(found[0].batch_sizes, wanted[0].batch_sizes)


@pytest.mark.parametrize("number", WRONG)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_what_torch_refuses_is_refused_in_its_words(dtype, number):
    sample = wrong(dtype)[number]
    built, put = (
        sample.module_error_input.constructor_input,
        sample.module_error_input.forward_input,
    )
    if sample.error_on is ModuleErrorEnum.CONSTRUCTION_ERROR:
        with pytest.raises(sample.error_type, match=sample.error_regex):
            GRU(*built.args, **built.kwargs)
        return
    net = GRU(*built.args, **built.kwargs)
    with pytest.raises(sample.error_type, match=sample.error_regex):
        net(*put.args, **put.kwargs)
