"""The adding problem and copying memory: what is asked, what a blind network reaches."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from glassgate.experiments.long_lags.problems import PROBLEMS, Adding, Copying, Estimate, Reader

each_problem = pytest.mark.parametrize("name", PROBLEMS)


class Always(nn.Module):
    """Reads the same at each step, whatever comes in."""

    def __init__(self, read: torch.Tensor) -> None:
        super().__init__()
        self.read = read  # (T, O)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return self.read[:, None].expand(-1, input.shape[1], -1)


class Solves(nn.Module):
    """Does what is asked, from the inputs alone."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if input.shape[-1] == 2:
            return input.prod(-1, keepdim=True).cumsum(0)
        T = len(input) - 20
        blank = input.new_tensor([0.0] * 8 + [1.0])
        waiting = blank.expand(T + 10, input.shape[1], 9)
        return 100 * torch.cat([waiting, F.pad(input[:10, :, :8], (0, 1))])


# What is asked ------------------------------------------------------------------------------------


@given(st.integers(2, 50), st.integers(1, 8), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_one_value_in_each_half_is_marked_and_their_sum_is_the_target(T, size, seed):
    batch = Adding().draw(T, size, np.random.default_rng(seed))
    assert batch.inputs.shape == (T, size, 2)
    assert batch.lengths.tolist() == [T] * size
    assert batch.count == size
    for column in range(size):
        values, marks = batch.inputs[:, column].unbind(-1)
        assert ((values >= 0) & (values < 1)).all()
        assert sorted(set(marks.tolist())) == [0.0, 1.0] if T > 2 else {1.0}
        first, second = marks.nonzero()[:, 0].tolist()
        assert first < T // 2 <= second
        assert batch.targets[column] == values[first] + values[second]


def test_every_step_of_a_half_is_marked_as_often():
    marks = Adding().draw(7, 20_000, np.random.default_rng(0)).inputs[..., 1].mean(1)
    wanted = torch.tensor([1 / 3] * 3 + [1 / 4] * 4)  # steps 0..2 and 3..6
    assert (marks - wanted).abs().max() < 5 * math.sqrt(0.25 / 20_000)


def test_symbols_are_due_after_the_cue_in_their_order():
    T = 4
    batch = Copying().draw(T, 3, np.random.default_rng(1))
    read = batch.inputs.argmax(-1)  # (T + 20, 3)
    assert (batch.inputs.sum(-1) == 1).all()
    for column in range(3):
        symbols = read[:10, column].tolist()
        assert set(symbols) <= set(range(8))
        assert read[10:, column].tolist() == [8, 8, 8, 9] + [8] * 10
        assert batch.targets[:, column].tolist() == [8] * 14 + symbols
    assert batch.count == 24 * 3


def test_every_symbol_is_as_likely():
    symbols = Copying().draw(1, 20_000, np.random.default_rng(2)).inputs[:10].mean((0, 1))
    assert (symbols[:8] - 1 / 8).abs().max() < 5 * math.sqrt(1 / 8 * 7 / 8 / 200_000)


@each_problem
def test_sequences_are_a_function_of_the_random_stream(name):
    first, again, other = (PROBLEMS[name].draw(9, 4, np.random.default_rng(s)) for s in (1, 1, 2))
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.inputs, other.inputs)


# What it is worth ---------------------------------------------------------------------------------


@each_problem
def test_who_does_what_is_asked_loses_nothing_and_is_right(name):
    batch = PROBLEMS[name].draw(30, 50, np.random.default_rng(0))
    assert PROBLEMS[name].predict(Solves(), batch).loss() < 1e-6
    assert PROBLEMS[name].right(Solves(), batch) == 1


def test_who_always_adds_to_one_reaches_what_a_blind_network_does():
    problem, n = Adding(), 200_000
    batch = problem.draw(4, n, np.random.default_rng(0))
    one = Always(torch.ones(4, 1))
    errors = (batch.targets - 1).square()
    loss, right = problem.baseline(4)
    assert loss == pytest.approx(1 / 6)
    assert problem.predict(one, batch).loss() / n == pytest.approx(
        loss, abs=5 * float(errors.std()) / math.sqrt(n)
    )
    assert problem.right(one, batch) == pytest.approx(right, abs=5 * math.sqrt(0.25 / n))
    for other in (0.9, 1.1):  # any other number is worse
        assert (batch.targets - other).square().mean() > errors.mean()


def test_who_says_blanks_and_guesses_reaches_what_a_blind_network_does():
    T, problem = 12, Copying()
    logits = torch.full((T + 20, 9), -1e9)
    logits[: T + 10, 8] = 0
    logits[T + 10 :, :8] = 0
    batch = problem.draw(T, 4000, np.random.default_rng(0))
    loss, right = problem.baseline(T)
    assert loss == pytest.approx(10 * math.log(8) / 32)
    assert problem.predict(Always(logits), batch).loss() / batch.count == pytest.approx(loss)
    assert problem.right(Always(logits), batch) == pytest.approx(right, abs=0.01)


def test_by_hand_errors_are_squared_and_near_is_right():
    found = Estimate(torch.tensor([1.0, 0.5, 2.0]), torch.tensor([1.05, 0.5, 1.9]))
    assert found.loss() == pytest.approx(0.05**2 + 0.1**2, rel=1e-4)
    assert found.right() == 2


@each_problem
@pytest.mark.parametrize("network", ["feedforward", "srn", "gru", "lstm"])
def test_the_far_loss_is_that_of_the_step_that_needs_the_first_input(name, network):
    T, problem = 11, PROBLEMS[name]
    torch.manual_seed(0)
    model = Reader(network, problem.inputs, problem.outputs, 6)
    batch = problem.draw(T, 5, np.random.default_rng(3))
    input, loss = problem.far_loss(model, batch)
    found = loss(model.network(input)[0])
    read = model(batch.inputs)
    if name == "adding":
        wanted = (read[-1, :, 0] - batch.targets) ** 2
    else:
        wanted = -read.log_softmax(-1)[T + 10].gather(1, batch.targets[T + 10, :, None])[:, 0]
        assert (batch.inputs[0].argmax(-1) == batch.targets[T + 10]).all()
    torch.testing.assert_close(found, wanted)
