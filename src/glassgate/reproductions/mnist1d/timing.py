"""How long a training step takes: the GRU of torch, that of Glassgate and the CNN take turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glassgate.nn import GRU
from glassgate.reproductions.mnist1d.networks import SignalCNN, SignalGRU, make_network
from glassgate.reproductions.mnist1d.results import StepTimes
from glassgate.reproductions.mnist1d.signals import Signals
from glassgate.speed.timing import race, turn
from glassgate.train.watch import Watcher

TORCH, GLASSGATE, CNN = "torch.nn.GRU", "glassgate.nn.GRU", "CNN"
MAX_DIFFERENCE = 1e-5  # between the two GRUs' losses and gradients, in float32


def time_steps(
    signals: Signals, batch_size: int, rounds: int, watchers: Sequence[Watcher]
) -> StepTimes:
    """Time training steps: forward, backward, and Adam's update, on one batch.

    Before that the two GRUs, with the same weights, must agree on loss and gradients; a
    `RuntimeError` says if they do not.
    """
    input = torch.from_numpy(signals.train[:batch_size]).T[..., None].contiguous()  # (T, B, 1)
    digits = torch.from_numpy(signals.train_digits[:batch_size])
    models = {
        TORCH: make_network(SignalGRU, 0, nn.GRU),
        GLASSGATE: make_network(SignalGRU, 0, GRU),
        CNN: make_network(SignalCNN, 0),
    }
    difference = largest_difference(models[TORCH], models[GLASSGATE], input, digits)
    if not difference <= MAX_DIFFERENCE:
        raise RuntimeError(
            f"{TORCH} and {GLASSGATE} with the same weights must agree within {MAX_DIFFERENCE:g} "
            f"before they are timed, got a difference of {difference:.2g}"
        )
    turns = {name: turn(_training_step(model, input, digits)) for name, model in models.items()}
    done = 0

    def count_round() -> None:
        nonlocal done
        done += 1
        for watcher in watchers:
            watcher.on_evaluation(done, rounds)

    timings = race(turns, rounds, count_round)
    return {
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        "largest_difference": difference,
        "seconds": {timing.name: list(timing.seconds) for timing in timings},
    }


def largest_difference(model: nn.Module, other: nn.Module, input: Tensor, digits: Tensor) -> float:
    """Return the largest difference between two networks' losses, and between gradients."""
    results = []
    for network in (model, other):
        loss = F.cross_entropy(network(input), digits)
        results.append([loss.detach(), *torch.autograd.grad(loss, list(network.parameters()))])
    return max(float((a - b).abs().max()) for a, b in zip(*results, strict=True))


def _training_step(model: nn.Module, input: Tensor, digits: Tensor) -> Callable[[], None]:
    optimizer = torch.optim.Adam(model.parameters())

    def step() -> None:
        optimizer.zero_grad()
        torch.autograd.backward(F.cross_entropy(model(input), digits))
        optimizer.step()

    return step
