"""The logic of the benchmark; no test depends on how long anything takes."""

import json
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from glassgate.speed import contenders, workloads
from glassgate.speed.contenders import GLASSGATE, TORCH, Contender
from glassgate.speed.floors import demand
from glassgate.speed.host import cores
from glassgate.speed.measurement import FLOOR, Measured, admit, measure
from glassgate.speed.problem import Problem, fault, make_problem, sequence_lengths, solve
from glassgate.speed.tables import errors, table, to_json
from glassgate.speed.timing import Timing, race, turn
from glassgate.speed.workloads import Workload
from tests.conftest import Run

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
STEP = Workload(5, batch=1, steps=1)
RAGGED = Workload(5, batch=6, steps=7, ragged=True)
TRAINING = Workload(5, batch=3, steps=7, training=True)
TINY = (STEP, Workload(5, batch=3, steps=7), RAGGED, TRAINING, replace(RAGGED, training=True))
every_workload = pytest.mark.parametrize("workload", TINY, ids=lambda workload: workload.name)


@dataclass
class Fixed:
    """A machine of known rates."""

    flops: float = 1e9
    rate: float = 1e9
    asked: list[tuple[float, ...]] = field(default_factory=list)

    def peak_flops(self, threads: int) -> float:
        self.asked.append((threads,))
        return self.flops

    def read_rate(self, size: int, threads: int) -> float:
        self.asked.append((size, threads))
        return self.rate


def answering(change=lambda results: results, calls=None):
    """Return the maker of a contender that returns the correct results after a change."""

    def make(problem: Problem, threads: int) -> Contender:
        results = change({name: array.copy() for name, array in solve(problem).items()})
        return Contender(lambda: None if calls is None else calls.append(1), lambda _: results)

    return make


# Checking -------------------------------------------------------------------------------------


def spoil(name: str, value: float):
    def change(results):
        results[name].flat[0] += value * np.abs(results[name]).max()
        return results

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (spoil("output", 2e-5), "output is off by 2.0e-05 of its largest value"),
        (spoil("output", np.nan), "output is off by nan"),
        (spoil("grad_bias_hidden", 1e-3), "grad_bias_hidden is off by 1.0e-03"),
        (lambda results: {"output": results["output"]}, "grad_input is missing"),
        (lambda results: {**results, "output": results["output"][0]}, "output must have shape"),
        (lambda results: results["nothing"], "KeyError"),
    ],
)
def test_a_wrong_contender_gets_an_error_and_no_time(change, said: str):
    calls: list[int] = []
    makers = {"right": answering(), "wrong": answering(change, calls)}
    measured = measure(TRAINING, makers, Fixed(), 1, rounds=2)
    assert [timing.name for timing in measured.timings] == [FLOOR, "right", "wrong"]
    assert len(measured.timing("right").seconds) == 2
    assert measured.timing("wrong") is None
    assert measured.ratio("wrong", "right") is None
    assert measured.timings[-1].seconds == ()
    assert said in measured.timings[-1].error
    assert len(calls) <= 1
    assert errors([measured])[0].startswith(f"wrong has no time at {TRAINING.name}: ")


def test_only_valid_steps_count():
    problem = make_problem(RAGGED)
    right = solve(problem)
    ended = np.arange(RAGGED.steps)[:, None] >= problem.lengths
    assert ended.any()
    beyond = np.where(ended[..., None], np.nan, right["output"])
    assert fault(problem, {"output": beyond}, right) is None
    within = right["output"].copy()
    within[problem.lengths[1] - 1, 1] += 0.1
    assert "off by" in fault(problem, {"output": within}, right)


@every_workload
def test_glassgate_and_torch_are_correct(workload: Workload):
    makers = contenders.contenders_for(workload)
    assert {GLASSGATE, TORCH} <= set(makers)
    admitted, refused = admit(make_problem(workload), makers, threads=1)
    assert not refused
    assert list(admitted) == list(makers)


@every_workload
def test_a_module_that_forgets_a_bias_is_refused(
    workload: Workload, monkeypatch: pytest.MonkeyPatch
):
    def forgetful(problem: Problem) -> dict:
        state = whole(problem)
        state["bias_hh_l0"][-1] = 0
        return state

    whole = contenders._state
    monkeypatch.setattr(contenders, "_state", forgetful)
    _, refused = admit(
        make_problem(workload), {TORCH: contenders.contenders_for(workload)[TORCH]}, threads=1
    )
    assert "is off by" in refused[0].error


@every_workload
@pytest.mark.parametrize("threads", [None, 2])
def test_torch_keeps_its_default_threads_unless_a_number_is_given(
    workload: Workload, threads: int | None, monkeypatch: pytest.MonkeyPatch
):
    told: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    measured = measure(workload, {}, Fixed(), threads, 1)
    used = 1 if workload.is_step else threads or cores()
    assert measured.threads == used
    assert told[:1] == ([] if threads is None and not workload.is_step else [used])


def test_the_contenders_of_training():
    assert list(contenders.contenders_for(TRAINING)) == [
        GLASSGATE,
        "glassgate (y * dy).sum()",
        "engine alone",
        TORCH,
        "torch.nn.GRU (y * dy).sum()",
    ]


# Timing ---------------------------------------------------------------------------------------


def test_every_contender_starts_a_round_in_turn():
    said: list[str] = []
    times = iter(range(100))
    turns = {name: partial(lambda name: said.append(name) or next(times), name) for name in "abc"}
    ends: list[int] = []
    timings = race(turns, 4, lambda: ends.append(len(said)), pause=0)
    assert "".join(said) == "abcbcacababc"
    assert ends == [3, 6, 9, 12]
    assert [timing.seconds for timing in timings] == [(0, 5, 7, 9), (1, 3, 8, 10), (2, 4, 6, 11)]


def test_medians_quartiles_and_ratios():
    timing = Timing("a", (1.0, 5.0, 3.0, 2.0, 100.0))
    assert (timing.median, timing.quartiles) == (3.0, (2.0, 5.0))
    assert timing.ratio(Timing("b", (1.0, 1.0, 1.0, 1.0, 100.0))) == 2.0
    assert timing.ratio(timing) == 1.0


@pytest.mark.parametrize("least", [0.0, 0.01])
def test_a_turn_repeats_short_calls_after_one_that_is_not_timed(
    least: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("glassgate.speed.timing.MIN_TURN", least)
    calls: list[int] = []
    take = turn(lambda: calls.append(1))
    before = len(calls)
    assert 0 < take() < 1
    made = len(calls) - before
    assert made > 100 if least else made == 2


def test_a_contender_in_another_process_is_timed_there():
    calls: list[int] = []
    seconds: list[int] = []
    take = turn(lambda: calls.append(1), lambda count: seconds.append(count) or 0.02 * count)
    assert take() == pytest.approx(0.02)
    assert seconds == [1, 6, 6]  # until a turn is long enough, then the turn itself
    assert calls == [1]

    def timed(problem: Problem, threads: int) -> Contender:
        return answering()(problem, threads)._replace(timed=lambda count: 42.0 * count)

    assert measure(TRAINING, {"timed": timed}, Fixed(), 1, 1).timing("timed").median == 42


# Floors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("workload", "milliseconds"),
    [
        (Workload(256, batch=32), 12.1),
        (Workload(1024, batch=32), 193),
        (Workload(128, batch=32, training=True), 9.1),
        (Workload(512, batch=32, training=True), 145),
        (Workload(256, batch=1), 0.38),
        (Workload(256, batch=1, training=True), 1.13),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_floors_follow_from_arithmetic_and_bytes(workload: Workload, milliseconds: float):
    machine = Fixed(flops=208.4e9, rate=413e9)  # two cores; 786 kB lie in their caches
    assert demand(workload).seconds(machine, 2) * 1e3 == pytest.approx(milliseconds, rel=0.01)


def test_a_step_reads_all_weights_once_on_one_thread():
    machine = Fixed(rate=88e9)
    workload = Workload(256, batch=1, steps=1)
    measured = measure(workload, {}, machine, threads=2, rounds=2)
    assert measured.timings[0].median == pytest.approx(17.9e-6, rel=0.01)
    assert machine.asked == [(4 * 768 * 512, 1)] * 2  # in every round anew


def test_a_ragged_floor_counts_valid_steps():
    lengths = sequence_lengths(RAGGED)
    assert lengths.max() == RAGGED.steps > lengths.min()
    assert demand(RAGGED).flop == 2 * lengths.sum() * 15 * 10
    assert demand(replace(RAGGED, training=True)).flop == 3 * demand(RAGGED).flop
    lengths = sequence_lengths(workloads.RAGGED[0])
    assert (lengths.min(), lengths.max()) == (5, 100)


# Tables ---------------------------------------------------------------------------------------

MEASURED = Measured(
    Workload(256, batch=1),
    2,
    (
        Timing(FLOOR, (1e-3, 1e-3, 1e-3)),
        Timing(GLASSGATE, (2e-3, 1.5e-3, 3e-3)),
        Timing("other", error="it fell"),
        Timing(TORCH, (16e-3, 15e-3, 27e-3)),
    ),
)


def test_the_table_has_medians_quartiles_and_ratios():
    rows = table([MEASURED], [TORCH, "other"]).rows
    assert rows[0] == ("T=100 B=1 H=256", FLOOR, "1.00 ms", "1.00–1.00", "", "", "")
    assert rows[1] == ("", GLASSGATE, "2.00 ms", "1.75–2.50", "2.00", "9.00", "")
    assert rows[2] == ("", "other", "no time", "", "", "", "")
    assert rows[3] == ("", TORCH, "16.0 ms", "15.5–21.5", "16.00", "1.00", "")


def test_json_has_every_time_and_every_error():
    (said,) = json.loads(json.dumps(to_json([MEASURED])))
    assert (said["name"], said["threads"]) == ("T=100 B=1 H=256", 2)
    by_name = {contender.pop("name"): contender for contender in said["contenders"]}
    assert by_name["other"] == {"error": "it fell"}
    assert by_name[GLASSGATE]["seconds"] == [2e-3, 1.5e-3, 3e-3]
    ratios = by_name[GLASSGATE]["times_as_long_as"]
    assert ratios == {FLOOR: 2.0, GLASSGATE: 1.0, TORCH: pytest.approx(1 / 9)}


RIVALS_BEATEN = (TORCH, contenders.TORCH_PADDED, contenders.TORCH_SUM, "ONNX Runtime")


def test_targets_are_met_or_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from targets import TARGETS, target_table

    assert list(TARGETS) == [workload.name for workload in workloads.ALL]
    assert target_table([MEASURED]).rows == [
        (
            MEASURED.workload.name,
            "glassgate is at least 8 times as fast as torch.nn.GRU",
            "9.00",
            "yes",
        ),
        ("", "glassgate is at least 1.4 times as fast as ONNX Runtime", "", "not run"),
        ("", "glassgate takes at most 2 times as long as floor", "2.00", "yes"),
    ]
    fast = Timing("ONNX Runtime", (2e-3, 2e-3, 3e-3))
    slow = replace(fast, seconds=(3e-3, 3e-3, 6e-3))
    wrong = Timing("ONNX Runtime", error="it fell")
    for timing, said in ((slow, ("2.00", "yes")), (fast, ("1.00", "no")), (wrong, ("", "no"))):
        measured = replace(MEASURED, timings=(*MEASURED.timings, timing))
        assert target_table([measured]).rows[1][2:] == said


def test_training_has_targets_for_either_way_of_passing_the_gradient(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from targets import TARGETS

    for workload in (
        *(Workload(H, 32, training=True) for H in (128, 256, 512)),
        Workload(256, 128, 50, True),
    ):
        asked = {(one.who, one.other): one.ratio for one in TARGETS[workload.name]}
        for who, torch_ in ((GLASSGATE, TORCH), (contenders.GLASSGATE_SUM, contenders.TORCH_SUM)):
            assert asked[who, torch_] >= 2.5
            assert asked[who, contenders.ENGINE_ALONE] == 1.1
            assert asked[who, "oneDNN 3.2"] == asked[who, "oneDNN 3.13"] == 1
        no_longer = f"{GLASSGATE} takes no longer than oneDNN 3.2"
        assert no_longer in map(str, TARGETS[workload.name])
    for targets in TARGETS.values():
        assert all(one.at_most == (one.other not in RIVALS_BEATEN) for one in targets)


# The command ----------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workloads, "SHORT", (STEP, TRAINING))
    monkeypatch.setattr("glassgate.cli.bench.ROUNDS", 2)


@pytest.mark.usefixtures("tiny")
def test_bench(glassgate_: Run, tmp_path: Path):
    said = glassgate_("bench", "--threads", 1, "--output", "speed.json")
    assert (said.code, said.err) == (0, "")
    for part in (STEP.name, TRAINING.name, GLASSGATE, TORCH, FLOOR, "target", "on 1"):
        assert part in said.out
    results = json.loads((tmp_path / "speed.json").read_text())
    assert results["command"] == "glassgate bench --threads 1 --output speed.json"
    assert {"processor", "cores", "target"} <= set(results["host"])
    for workload in results["works"]:
        assert [contender["name"] for contender in workload["contenders"]] == [
            FLOOR,
            GLASSGATE,
            TORCH,
        ]
        assert all(len(contender["seconds"]) == 2 for contender in workload["contenders"])


@pytest.mark.usefixtures("tiny")
def test_bench_names_a_wrong_contender(glassgate_: Run, monkeypatch: pytest.MonkeyPatch):
    makers = {GLASSGATE: answering(spoil("output", 1)), TORCH: answering()}
    monkeypatch.setattr(contenders, "contenders_for", lambda _: makers)
    said = glassgate_("bench")
    assert said.code == 1
    assert "no time" in said.out
    assert said.err.startswith(f"glassgate has no time at {STEP.name}: output is off by ")


def test_bench_refuses_bad_input(glassgate_: Run, tmp_path: Path):
    (tmp_path / "mine.json").write_text("mine")
    for arguments, wanted in (
        (["--threads", 0], f"threads must be from 1 to {cores()}, "),
        (["--threads", 10**6], f"threads must be from 1 to {cores()}, "),
        (["--output", "mine.json"], "mine.json already exists: "),
        (["--output", "nowhere/x.json"], "nowhere is not a folder"),
    ):
        said = glassgate_("bench", *arguments)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith(f"glassgate: {wanted}")
        assert said.err.count("\n") == 1
    assert (tmp_path / "mine.json").read_text() == "mine"
