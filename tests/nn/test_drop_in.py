"""What programs do with `torch.nn.GRU`, done with `glassgate.nn.GRU`."""

import copy
import inspect
import pickle

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

import glassgate
from glassgate import BadInput, Formulation
from glassgate.nn import GRU

pytestmark = pytest.mark.usefixtures("seeded")

T, B, I, H = 6, 4, 3, 5
CLOSE = {"rtol": 1e-11, "atol": 1e-12}


def pair(**options):
    """Theirs and ours with the same weights, in float64."""
    theirs = torch.nn.GRU(I, H, **options).double()
    ours = GRU(I, H, **options).double()
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def draw(*shape):
    return torch.randn(shape, dtype=torch.double, requires_grad=True)


def test_the_constructor_takes_what_torchs_takes():
    theirs = inspect.signature(torch.nn.RNNBase.__init__).parameters
    ours = inspect.signature(GRU.__init__).parameters
    assert set(theirs) - {"mode", "proj_size"} == set(ours) - {"formulation", "chrono"}
    assert list(inspect.signature(torch.nn.GRU.forward).parameters)[1:] == ["input", "hx"]
    assert list(inspect.signature(GRU.forward).parameters)[1:3] == ["input", "hx"]
    net = GRU(I, H, dtype=torch.double, device="cpu")
    assert {parameter.dtype for parameter in net.parameters()} == {torch.double}
    assert isinstance(net, torch.nn.RNNBase)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_layers": 2, "bias": False, "batch_first": True},
        {"num_layers": 3, "dropout": 0.25, "bidirectional": True},
    ],
    ids=str,
)
def test_what_it_says_of_itself_is_what_torch_says_and_its_form(options):
    theirs, ours = torch.nn.GRU(I, H, **options), GRU(I, H, **options)
    form = f", formulation={Formulation()}, dtype=torch.float32)"
    assert repr(ours) == repr(theirs)[:-1] + form
    assert ours.mode == theirs.mode == "GRU"
    shapes = [[[w.shape for w in layer] for layer in net.all_weights] for net in (theirs, ours)]
    assert shapes[0] == shapes[1]
    assert ours.all_weights[0][0] is ours.weight_ih_l0
    assert ours.flatten_parameters() is None


def test_another_form_says_so():
    form = Formulation("writes", "before")
    assert repr(GRU(I, H, formulation=form)) == (
        "GRU(3, 5, formulation=Formulation(update='writes', reset='before', gate='sigmoid', "
        "squash='tanh'), dtype=torch.float32)"
    )
    double = GRU(I, H, 2, formulation=form, bidirectional=True).double()
    assert repr(double) == (
        f"GRU(3, 5, num_layers=2, bidirectional=True, formulation={form}, dtype=torch.float64)"
    )


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one way", "both ways"])
@pytest.mark.parametrize("enforce_sorted", [False, True], ids=["any order", "sorted"])
@pytest.mark.parametrize("with_state", [False, True], ids=["zeros", "state"])
def test_a_packed_sequence(num_layers, bidirectional, enforce_sorted, with_state):
    theirs, ours = pair(num_layers=num_layers, bidirectional=bidirectional)
    lengths = torch.tensor([6, 4, 4, 1] if enforce_sorted else [4, 1, 6, 4])
    x, h = draw(T, B, I), draw(num_layers * (1 + bidirectional), B, H)
    made = []
    for net in (theirs, ours):
        packed = pack_padded_sequence(x, lengths, enforce_sorted=enforce_sorted)
        output, state = net(packed, h) if with_state else net(packed)
        loss = output.data.sin().sum() + state.cos().sum()
        leaves = [x, h, *net.parameters()] if with_state else [x, *net.parameters()]
        made.append((output, state, torch.autograd.grad(loss, leaves)))
    wanted, found = made
    assert type(found[0]) is PackedSequence
    torch.testing.assert_close(found[0].data, wanted[0].data, **CLOSE)
    for left, right in zip(found[0][1:], wanted[0][1:], strict=True):
        assert (left is None and right is None) or torch.equal(left, right)
    torch.testing.assert_close(found[1:], wanted[1:], **CLOSE)


@pytest.mark.parametrize("batch_first", [False, True])
def test_lengths_are_a_packed_sequence_without_the_packing(batch_first):
    _, net = pair(num_layers=2, bidirectional=True, batch_first=batch_first)
    x, lengths = draw(T, B, I), torch.tensor([4, 1, 6, 2])
    arranged = x.transpose(0, 1) if batch_first else x
    packed, wanted = net(pack_padded_sequence(x, lengths, enforce_sorted=False))
    output, state = net(arranged, lengths=lengths.int())
    assert torch.equal(state, wanted)
    padded, _ = torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first)
    assert torch.equal(output, padded)


@pytest.mark.parametrize("arrangement", ["time first", "batch first", "one", "packed"])
def test_a_reset_begins_anew(arrangement):
    net = GRU(I, H, 2).double()
    x, h = draw(T, B, I), draw(2, B, H)
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[3] = True
    wanted = torch.cat([net(x[:3], h)[0], net(x[3:])[0]])
    net.batch_first = arrangement == "batch first"
    if arrangement == "time first":
        found = net(x, h, resets=resets)[0]
    elif arrangement == "batch first":
        found = net(x.transpose(0, 1), h, resets=resets.t())[0].transpose(0, 1)
    elif arrangement == "one":
        found, wanted = net(x[:, 1], h[:, 1], resets=resets[:, 1])[0], wanted[:, 1]
    else:
        packed = pack_sequence(list(x.unbind(1)))
        found = net(packed, h, resets=resets)[0].data.view(T, B, H)
    assert torch.equal(found, wanted)


def test_arrays_need_not_be_contiguous():
    _, net = pair(num_layers=2)
    x, h = draw(I, B, T).permute(2, 1, 0), draw(H, B, 2).permute(2, 1, 0)
    wanted = net(x.contiguous(), h.contiguous())
    assert all(map(torch.equal, net(x, h), wanted))
    net.weight_hh_l0 = torch.nn.Parameter(net.weight_hh_l0.detach().t().contiguous().t())
    assert not net.weight_hh_l0.is_contiguous()
    assert all(map(torch.equal, net(x, h), wanted))
    leaf = x.detach().requires_grad_()
    expanded = torch.ones(1, 1, 1, dtype=torch.double).expand(T, B, H)
    pieces = [torch.autograd.grad(net(leaf)[0], leaf, g)[0] for g in (expanded, expanded.clone())]
    assert torch.equal(*pieces)


def test_copies_pickles_and_other_parameters():
    form = Formulation("writes", "none")
    net, x = GRU(I, H, 2, formulation=form, dtype=torch.double), draw(T, B, I)
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):  # noqa: S301  # our own
        assert twin.formulation == form
        assert torch.equal(twin(x)[0], net(x)[0])
        twin.reset_parameters()
        assert not torch.equal(twin(x)[0], net(x)[0])
    other = GRU(I, H, 2, formulation=form, dtype=torch.double)
    called = torch.func.functional_call(net, dict(other.named_parameters()), (x,))
    assert torch.equal(called[0], other(x)[0])


def test_weights_changed_in_place_are_used():
    theirs, ours = pair()
    x = draw(T, B, I).detach()
    for net in (theirs, ours):
        net(x)[0].sum().backward()
        torch.optim.SGD(net.parameters(), lr=0.5).step()
    torch.testing.assert_close(ours(x), theirs(x), **CLOSE)
    ours.weight_hh_l0.data.zero_()
    theirs.weight_hh_l0.data.zero_()
    torch.testing.assert_close(ours(x), theirs(x), **CLOSE)


def test_saved_tensors_may_not_change_before_the_way_back():
    _, net = pair()
    loss = net(draw(T, B, I))[0].sum()
    with torch.no_grad():
        net.weight_hh_l0 += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_to_numpy_is_the_same_network_to_the_bit(bidirectional):
    net = GRU(I, H, 2, bidirectional=bidirectional, formulation=Formulation(reset="before"))
    x, lengths = torch.randn(T, B, I), torch.tensor([4, 0, 6, 2])
    twin = net.to_numpy()
    assert isinstance(twin, glassgate.GRU)
    with torch.no_grad():
        wanted = net(x, lengths=lengths)
    found = twin.run(x.numpy(), lengths=lengths.numpy())
    for left, right in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(left, right)
    net.reset_parameters()
    np.testing.assert_array_equal(twin.run(x.numpy(), lengths=lengths.numpy())[0], found[0])


def test_a_sequence_does_not_see_the_batch_around_it():
    net, x = GRU(I, H, 2), torch.randn(T, B, I)
    with torch.no_grad():
        together = net(x)[0]
        for b in range(B):
            assert torch.equal(net(x[:, b])[0], together[:, b])
            assert torch.equal(net(x[: b + 1, b])[0], together[: b + 1, b])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda net: net(pack_sequence([torch.zeros(5, 2)])),
            r"packed input must have shape \(N, 3\), got \(5, 2\)",
        ),
        (
            lambda net: net(pack_sequence([torch.zeros(5, 3)]), torch.zeros(2, 1, 5)),
            r"hidden must have shape \(1, 1, 5\), got \(2, 1, 5\)",
        ),
        (
            lambda net: net(torch.zeros(5, 3), torch.zeros(1, 1, 5)),
            r"hidden must have shape \(1, 5\), got \(1, 1, 5\)",
        ),
        (
            lambda net: net(torch.zeros(5, 2, 3), torch.zeros(1, 5)),
            r"hidden must have shape \(1, 2, 5\), got \(1, 5\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(BadInput, match=f"^{message}$"):
        call(GRU(I, H))
