"""Time torch's modules and Glassgate's step by step, as decoders and policies run them.

A chain is 20 steps, one call each, which pass the state on; in training the outputs are summed
and one backward pass covers all steps. Everything runs on one thread. Outputs and gradients are
compared with the equations in float64 before anything is timed.

Page faults are counted, too: requesting memory from the system in every call can cost more than the
arithmetic. Since they depend on what the process did before, each module's are counted in a fresh
process.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from resource import RUSAGE_SELF, getrusage
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

import glassgate.nn
from glassgate.cli.bench import bar, header, print_table
from glassgate.pages.content import Table
from glassgate.speed.contenders import using_threads
from glassgate.speed.problem import GRADIENTS, Problem, fault, make_problem, solve
from glassgate.speed.timing import Timing, race, turn
from glassgate.speed.workloads import Workload

STEPS = 20  # per chain
COUNTED_CHAINS = 10  # for page faults, after as many that are not counted
MICROSECONDS = 1e6
PACKAGES = {"torch.nn": nn, "glassgate.nn": glassgate.nn}
COLUMNS = ("steps", "module", "median, µs", "minimum, µs", "page faults", "times as fast")


class Chain(NamedTuple):
    """Steps of one module; `kind` is its name in both torch and Glassgate."""

    kind: str
    hidden_size: int
    batch: int
    training: bool = False

    @property
    def name(self) -> str:
        """Its name in the table."""
        mode = "with backward" if self.training else "no_grad"
        return f"{self.kind} B={self.batch} H={self.hidden_size} {mode}"

    def module(self, package: str) -> nn.Module:
        """Create the module of one package."""
        return getattr(PACKAGES[package], self.kind)(self.hidden_size, self.hidden_size)

    def problem(self) -> Problem:
        """Return weights and input; the loss is the sum of the outputs."""
        problem = make_problem(Workload(self.hidden_size, self.batch, STEPS, self.training))
        return replace(problem, grad=np.ones_like(problem.grad))


LAYERS = [
    Chain("GRU", H, B, training)
    for training in (False, True)
    for H in (64, 256, 512)
    for B in (1, 32)
]
CELLS = [Chain("GRUCell", 64, 1), Chain("GRUCell", 64, 2000, training=True)]
CHAINS = {chain.name: chain for chain in (*LAYERS, *CELLS)}


def main() -> None:
    """Run all; exit code 1 if results were wrong. In a child process, count page faults."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contender [15]")
    parser.add_argument("--count", nargs=2, metavar=("PACKAGE", "CHAIN"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.count:
        package, name = options.count
        print(count_faults(package, CHAINS[name]))
        return
    has_cell = hasattr(glassgate.nn, "GRUCell")
    chains = LAYERS + (CELLS if has_cell else [])
    with using_threads(1), bar(len(chains) * options.rounds) as advance:
        rows = [row for chain in chains for row in measure(chain, options.rounds, advance)]
    print(header(1, options.rounds))
    print_table(Table(COLUMNS, rows))
    if not has_cell:
        print("GRUCell is skipped: glassgate.nn has none")


def measure(chain: Chain, rounds: int, after_round: Callable[[], None]) -> list[tuple[str, ...]]:
    """Check both modules and time them; return a row for each."""
    problem, turns = chain.problem(), {}
    expected = solve(problem)
    for package in PACKAGES:
        network = load(chain.module(package), problem)
        input, initial = torch.from_numpy(problem.input), torch.from_numpy(problem.initial)
        run = partial(run_chain, network, input, initial, chain.training)
        if wrong := find_fault(network, run(), problem, expected):
            sys.exit(f"{package}.{chain.kind} is wrong at {chain.name}: {wrong}")
        turns[package] = turn(run)
    timings = race(turns, rounds, after_round)
    return [
        (first, f"{timing.name}.{chain.kind}", *figures(chain, timing, baseline=timings[0]))
        for first, timing in zip((chain.name, ""), timings, strict=True)
    ]


def load(network: nn.Module, problem: Problem) -> nn.Module:
    """Copy the weights of a problem into a module."""
    with torch.no_grad():
        for name, parameter in zip(GRADIENTS[1:], network.parameters(), strict=True):
            parameter.copy_(torch.tensor(getattr(problem.weights, name)))
    return network


def run_chain(network: nn.Module, input: Tensor, initial: Tensor, training: bool) -> list[Tensor]:
    """Take all steps and, in training, backpropagate from the sum of their outputs."""
    with torch.set_grad_enabled(training):
        outputs = take_steps(network, input, initial)  # [B, H] each; of a layer [1, B, H]
        if training:
            network.zero_grad()
            sum(output.sum() for output in outputs).backward()
    return outputs


def take_steps(network: nn.Module, input: Tensor, initial: Tensor) -> list[Tensor]:
    """Call a layer or a cell once per step."""
    outputs = []
    if isinstance(network, nn.RNNBase):
        state = initial[None]  # (1, B, H)
        for step in input.split(1):  # (1, B, H)
            output, state = network(step, state)
            outputs.append(output)
        return outputs
    state = initial
    for step in input:
        state = network(step, state)
        outputs.append(state)
    return outputs


def find_fault(
    network: nn.Module, outputs: list[Tensor], problem: Problem, expected: dict[str, Any]
) -> str | None:
    """Describe what is wrong with outputs or gradients of weights; None if they are correct."""
    output = torch.stack([output.detach().reshape(problem.initial.shape) for output in outputs])
    results = {"output": output.numpy()}
    if problem.workload.training:
        grads = [parameter.grad.numpy() for parameter in network.parameters()]
        results |= {f"grad_{name}": grad for name, grad in zip(GRADIENTS[1:], grads, strict=True)}
    return fault(problem, results, {name: expected[name] for name in results})


def figures(chain: Chain, timing: Timing, baseline: Timing) -> tuple[str, ...]:
    """Return the times of one step, its page faults, and the speed relative to a baseline."""
    times = (
        f"{seconds / STEPS * MICROSECONDS:.1f}" for seconds in (timing.median, min(timing.seconds))
    )
    command = [sys.executable, __file__, "--count", timing.name, chain.name]
    faults = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return (*times, f"{float(faults):.0f}", f"{baseline.ratio(timing):.2f}")


def count_faults(package: str, chain: Chain) -> float:
    """Count the page faults per step; run in a fresh process."""
    B, H = chain.batch, chain.hidden_size
    input, initial = torch.randn(STEPS, B, H), torch.zeros(B, H)
    run = partial(run_chain, chain.module(package), input, initial, chain.training)
    with using_threads(1):
        for _ in range(COUNTED_CHAINS):
            run()
        before = getrusage(RUSAGE_SELF).ru_minflt
        for _ in range(COUNTED_CHAINS):
            run()
        return (getrusage(RUSAGE_SELF).ru_minflt - before) / COUNTED_CHAINS / STEPS


if __name__ == "__main__":
    main()
