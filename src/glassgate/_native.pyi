"""The compiled engine; `glassgate.engine` is its face."""

from typing import Any

from numpy.typing import NDArray

Floats = NDArray[Any]
Words = tuple[str, str, str, str]

def targets() -> list[str]: ...
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
