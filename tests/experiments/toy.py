"""A toy experiment: its door is this file, and it is registered by one line of a test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict

from glassgate.errors import BadInput
from glassgate.experiments.common import Option
from glassgate.experiments.runner import Runner
from glassgate.pages.content import Chart, Line, Page, Section, Table
from glassgate.train.interrupt import Interrupted
from glassgate.train.parallel import Piece

Sides = Annotated[int, Option("Sides of the die.", metavar="N", least=2)]


@dataclass(frozen=True)
class Plan:
    sides: int

    def __post_init__(self) -> None:
        if self.sides == 13:
            raise BadInput("sides must not be 13")

    def to_json(self) -> dict[str, Any]:
        return {"sides": self.sides}


class Throw(TypedDict):
    seed: int
    eyes: int


def throw(sides: int, seed: int, watchers: Sequence[object]) -> Throw:
    """Throw a die; the third seed rolls off the table where a file says so."""
    if Path("no-table").exists() and seed >= int(Path("no-table").read_text()):
        raise BadInput("a die needs a table")
    if Path("rolls-off").exists() and seed == 2:
        raise Interrupted("stopped")
    return {"seed": seed, "eyes": seed % sides + 1}


class Toy:
    name = "toy"
    question = """Ask how a die falls.

    It takes no time.
    """
    examples = ("glassgate experiment toy", "glassgate experiment toy --sides 20")
    preparing = "Shaking"
    seeds = 3
    packages = ("scipy",)

    def plan(self, *, sides: Sides = 6) -> Plan:
        return Plan(sides)

    def quick(self, plan: Plan) -> Plan:
        return Plan(sides=min(plan.sides, 4))

    def run(self, plan: Plan, seeds: Sequence[int], runner: Runner) -> dict[str, Any]:
        pieces = [Piece(f"seed {seed}", throw, (plan.sides, seed)) for seed in seeds]
        throws = [thrown["eyes"] for thrown in runner.train(pieces)]
        return {"seeds": list(seeds), "sides": plan.sides, "throws": throws}

    def tables(self, results: Mapping[str, Any]) -> list[Table]:
        rows = zip(map(str, results["seeds"]), map(str, results["throws"]), strict=True)
        return [Table(("seed", "throw"), list(rows))]

    def charts(self, results: Mapping[str, Any]) -> dict[str, Chart]:
        throws = tuple(map(float, results["throws"]))
        line = Line("throws", tuple(map(float, results["seeds"])), throws)
        return {"Throws": Chart("seed", "accuracy", (0, results["sides"]), (line,))}

    def page(self, results: Mapping[str, Any]) -> Page:
        (table,) = self.tables(results)
        return Page("How does a die fall?", "It fell.", (Section("Throws", "", table),), {})


EXPERIMENT = Toy()
