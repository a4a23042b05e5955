"""Time a trace beside the forward pass that it explains, and beside a Python loop of cells.

Before anything is timed, every trace has proved itself (`Trace.verify`), and that of the plain GRU
and the loop's are compared with the equations in float64.
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
MOST = 1e-6  # between a trace and the network's own states, and the equations in float64


class Work(NamedTuple):
    """A network, what it reads, and whether the loop of cells is timed beside it."""

    name: str
    network: Any
    input: Tensor | PackedSequence
    loop: bool = False


def main() -> None:
    """Run; exit code 1 when a trace was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contender [15]")
    parser.add_argument("--threads", type=int, default=cores(), help=f"[{cores()}]")
    options = parser.parse_args()
    rows, chosen = [], works()
    with using_threads(options.threads), bar(len(chosen) * options.rounds) as advance:
        for work in chosen:
            if off := fault(work):
                sys.exit(f"{work.name}: {off}")
            rows.append(row(work.name, race(turns(work), options.rounds, advance)))
    print(header(options.threads, options.rounds))
    columns = ("network", "forward", "trace", "times it", "within tracing", "times it", "loop")
    print_table(Table((f"T={T} B={B} H={H}", *columns[1:]), rows))


def works() -> list[Work]:
    """Name what is timed; all networks have inputs of H values."""
    made = torch.manual_seed(0)
    x = torch.randn(T, B, H, generator=made)
    lengths = torch.randint(5, T + 1, (B,), generator=made)
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    return [
        Work("torch.nn.GRU", nn.GRU(H, H), x, loop=True),
        Work("torch.nn.GRU, ragged, packed", nn.GRU(H, H), packed),
        Work("torch.nn.GRU, 2 layers, both ways", nn.GRU(H, H, 2, bidirectional=True), x),
        Work("glassgate.nn.GRU", glassgate.nn.GRU(H, H), x),
        Work("torch.nn.LSTM", nn.LSTM(H, H), x),
        Work("torch.nn.LSTM, B=1", nn.LSTM(H, H), x[:, :1].contiguous()),
        Work("torch.nn.RNN", nn.RNN(H, H), x),
    ]


def turns(work: Work) -> dict[str, Callable[[], float]]:
    """Give what is timed: the network alone, its trace, its use within `tracing`, the loop."""
    calls = {
        "forward": partial(run, work),
        "trace": partial(glassgate.trace, work.network, work.input),
        "tracing": partial(run_traced, work),
    }
    if work.loop:
        calls["loop"] = partial(by_cells, work.network, work.input)
    return {name: turn(call) for name, call in calls.items()}


@torch.no_grad()
def run(work: Work) -> None:
    """Run the network as it is."""
    work.network(work.input)


def run_traced(work: Work) -> None:
    """Run it while it is traced."""
    with glassgate.tracing(work.network):
        run(work)


@torch.no_grad()
def by_cells(network: nn.GRU, input: Tensor) -> Gates:
    """Trace one layer as one would without: a loop that writes the cell out, step by step."""
    W, U, b, c = network.parameters()
    hidden, steps = input.new_zeros(B, H), []
    for x in input:
        x_r, x_z, x_n = F.linear(x, W, b).chunk(3, -1)
        h_r, h_z, h_n = F.linear(hidden, U, c).chunk(3, -1)
        reset, update = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
        candidate = torch.tanh(x_n + reset * h_n)
        hidden = update * hidden + (1 - update) * candidate
        steps.append((reset, update, candidate, hidden, update))
    return Gates(*(torch.stack(one).numpy() for one in zip(*steps, strict=True)))


def fault(work: Work) -> str | None:
    """Say what is wrong with a work's traces, if anything is."""
    traced = glassgate.trace(work.network, work.input)
    if (off := traced.verify()) > MOST:
        return f"the trace is {off:.1e} off the network's own states"
    if not work.loop:
        return None
    tape = forward(GRUWeights(*(p.detach().numpy() for p in work.network.parameters())), work.input)
    for name, found in (("trace", traced[0]), ("loop", by_cells(work.network, work.input))):
        for gate, array in vars(found).items():
            if (off := float(np.abs(array - getattr(tape, gate)).max())) > MOST:
                return f"{gate} of the {name} is {off:.1e} off the equations"
    return None


def row(name: str, timings: list[Timing]) -> tuple[str, ...]:
    """Give a row of the table: medians, and each trace in times its own forward."""
    forward, trace, tracing, *loop = timings
    return (
        name,
        *(milliseconds(forward), milliseconds(trace), f"{trace.times(forward):.2f}"),
        *(milliseconds(tracing), f"{tracing.times(forward):.2f}"),
        milliseconds(loop[0]) if loop else "",
    )


def milliseconds(timing: Timing) -> str:
    """Say how long a call takes."""
    return f"{1e3 * timing.median:.1f} ms"


if __name__ == "__main__":
    main()
