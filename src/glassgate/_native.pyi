"""The compiled engine; `glassgate.engine` is its face."""

from typing import Any

Floats = Any  # a NumPy array, or a tensor on the CPU, in C order
Words = tuple[str, str, str, str]

def targets() -> list[str]: ...
def threads_of() -> tuple[str, bool]: ...
def lend(shape: tuple[int, ...], doubles: bool) -> Floats: ...
def release_memory() -> int: ...
def read_tensors_of(type: type) -> None: ...
def curve(name: str, x: Floats, y: Floats, target: str) -> None: ...
def multiply(rounds: int, doubles: bool, target: str) -> float: ...
def read(array: Floats, times: int, target: str) -> float: ...

class PackedLayer:
    def __init__(
        self,
        weight_input: Floats,
        weight_hidden: Floats,
        bias_input: Floats,
        bias_hidden: Floats,
        form: Words,
        bfloat16: bool,
        target: str,
        /,
    ) -> None: ...
    def sequence(
        self,
        input: Floats,
        initial: Floats,
        output: Floats,
        last: Floats,
        tape: Floats | None,
        lengths: Floats | None,
        resets: Floats | None,
        packed: bool,
        reverse: bool,
        threads: int,
    ) -> None: ...
    def step(self, input: Floats, hidden: Floats, output: Floats, threads: int, /) -> None: ...

def run(
    weight_input: Floats,
    weight_hidden: Floats,
    bias_input: Floats,
    bias_hidden: Floats,
    form: Words,
    input: Floats,
    initial: Floats,
    output: Floats,
    last: Floats,
    tape: Floats | None,
    lengths: Floats | None,
    resets: Floats | None,
    packed: bool,
    reverse: bool,
    target: str,
    threads: int,
) -> None: ...
def step_through(
    layers: list[tuple[Floats, ...]],
    form: Words,
    input: Floats,
    hidden: Floats,
    output: Floats,
    state: Floats,
    target: str,
    threads: int,
    /,
) -> None: ...
def step_back(
    weights: tuple[Floats, ...],
    form: Words,
    input: Floats,
    initial: Floats,
    tape: Floats,
    grad_output: Floats | None,
    grad_last: Floats | None,
    grad_input: Floats | None,
    grad_initial: Floats,
    target: str,
    threads: int,
) -> Floats: ...
def gather_steps(
    weights: tuple[Floats, ...],
    form: Words,
    steps: list[tuple[Floats, ...]],
    to: tuple[Floats, ...],
    target: str,
    threads: int,
    /,
) -> None: ...
def backward(
    weight_input: Floats,
    weight_hidden: Floats,
    bias_input: Floats,
    bias_hidden: Floats,
    form: Words,
    input: Floats,
    initial: Floats,
    output: Floats,
    tape: Floats,
    lengths: Floats | None,
    resets: Floats | None,
    grad_output: Floats | None,
    grad_last: Floats | None,
    grad_input: Floats | None,
    grad_initial: Floats,
    grad_weight_input: Floats,
    grad_weight_hidden: Floats,
    grad_bias_input: Floats,
    grad_bias_hidden: Floats,
    packed: bool,
    reverse: bool,
    target: str,
    threads: int,
) -> None: ...
