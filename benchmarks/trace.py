"""Time traces against the forward pass that they record, and against a Python loop over cells.

Before anything is timed every trace is verified (`Trace.verify`), and the gates of the plain GRU,
from the trace and from the loop, are compared with the equations in float64.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import glassgate.nn
from glassgate.cli.bench import bar, header, print_table
from glassgate.gates import Gates
from glassgate.pages.content import Table
from glassgate.reference import forward
from glassgate.speed.contenders import using_threads
from glassgate.speed.host import cores
from glassgate.speed.timing import Timing, race, turn
from glassgate.weights import GRUWeights

T, B, H = 100, 32, 256
TOLERANCE = 1e-6  # for a trace's states, and for gates compared with the equations


class Workload(NamedTuple):
    """A network, its input, and whether the loop over cells is timed as well."""

    name: str
    network: Any
    input: Tensor | PackedSequence
    loop: bool = False


def main() -> None:
    """Run all; exit code 1 if a trace was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contender [15]")
    parser.add_argument("--threads", type=int, default=cores(), help=f"[{cores()}]")
    options = parser.parse_args()
    rows, workloads = [], make_workloads()
    with using_threads(options.threads), bar(len(workloads) * options.rounds) as advance:
        for workload in workloads:
            if wrong := fault(workload):
                sys.exit(f"{workload.name}: {wrong}")
            rows.append(row(workload.name, race(turns(workload), options.rounds, advance)))
    print(header(options.threads, options.rounds))
    columns = ("forward", "trace", "× forward", "tracing", "× forward", "loop")
    print_table(Table((f"T={T} B={B} H={H}", *columns), rows))


def make_workloads() -> list[Workload]:
    """Return the networks that are timed; all have inputs of H values."""
    generator = torch.manual_seed(0)
    x = torch.randn(T, B, H, generator=generator)
    lengths = torch.randint(5, T + 1, (B,), generator=generator)
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    return [
        Workload("torch.nn.GRU", nn.GRU(H, H), x, loop=True),
        Workload("torch.nn.GRU, ragged, packed", nn.GRU(H, H), packed),
        Workload("torch.nn.GRU, 2 layers, bidirectional", nn.GRU(H, H, 2, bidirectional=True), x),
        Workload("glassgate.nn.GRU", glassgate.nn.GRU(H, H), x),
        Workload("torch.nn.LSTM", nn.LSTM(H, H), x),
        Workload("torch.nn.LSTM, B=1", nn.LSTM(H, H), x[:, :1].contiguous()),
        Workload("torch.nn.RNN", nn.RNN(H, H), x),
    ]


def turns(workload: Workload) -> dict[str, Callable[[], float]]:
    """Return what is timed: the network alone, its trace, a run within `tracing`, and the loop."""
    calls = {
        "forward": partial(run, workload),
        "trace": partial(glassgate.trace, workload.network, workload.input),
        "tracing": partial(run_traced, workload),
    }
    if workload.loop:
        calls["loop"] = partial(trace_by_loop, workload.network, workload.input)
    return {name: turn(call) for name, call in calls.items()}


@torch.no_grad()
def run(workload: Workload) -> None:
    """Run the network alone."""
    workload.network(workload.input)


def run_traced(workload: Workload) -> None:
    """Run the network within `tracing`."""
    with glassgate.tracing(workload.network):
        run(workload)


@torch.no_grad()
def trace_by_loop(network: nn.GRU, input: Tensor) -> Gates:
    """Trace one layer without Glassgate: a loop over steps with the cell written out."""
    W, U, b, c = network.parameters()
    hidden, steps = input.new_zeros(B, H), []
    for x in input:
        x_r, x_z, x_n = F.linear(x, W, b).chunk(3, -1)
        h_r, h_z, h_n = F.linear(hidden, U, c).chunk(3, -1)
        reset, update = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
        candidate = torch.tanh(x_n + reset * h_n)
        hidden = update * hidden + (1 - update) * candidate
        steps.append((reset, update, candidate, hidden, update))
    return Gates(*(torch.stack(values).numpy() for values in zip(*steps, strict=True)))


def fault(workload: Workload) -> str | None:
    """Say what is wrong with a work's traces, if anything is."""
    traced = glassgate.trace(workload.network, workload.input)
    if (error := traced.verify()) > TOLERANCE:
        return f"the trace differs from the network's own states by {error:.1e}"
    if not workload.loop:
        return None
    tape = forward(
        GRUWeights(*(p.detach().numpy() for p in workload.network.parameters())), workload.input
    )
    for name, gates in (
        ("trace", traced[0]),
        ("loop", trace_by_loop(workload.network, workload.input)),
    ):
        for gate, array in vars(gates).items():
            if (error := float(np.abs(array - getattr(tape, gate)).max())) > TOLERANCE:
                return f"{gate} of the {name} differs from the equations by {error:.1e}"
    return None


def row(name: str, timings: list[Timing]) -> tuple[str, ...]:
    """Return a row of the table: medians, and each trace as a multiple of its forward pass."""
    forward, trace, tracing, *loop = timings
    return (
        name,
        *(milliseconds(forward), milliseconds(trace), f"{trace.ratio(forward):.2f}"),
        *(milliseconds(tracing), f"{tracing.ratio(forward):.2f}"),
        milliseconds(loop[0]) if loop else "",
    )


def milliseconds(timing: Timing) -> str:
    """Format the median of a timing."""
    return f"{1e3 * timing.median:.1f} ms"


if __name__ == "__main__":
    main()
