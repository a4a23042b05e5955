"""The scripts in benchmarks/: rivals, steps and busy machines; no test depends on times."""

import os
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from glassgate.speed.measurement import admit
from glassgate.speed.problem import fault, make_problem, solve
from glassgate.speed.workloads import Workload
from tests.speed.test_bench import BENCHMARKS, RAGGED, STEP, TINY, TRAINING, every_workload

# Rivals ---------------------------------------------------------------------------------------


RIVALS = """
from onnx_rivals import rivals
from glassgate.speed.problem import make_problem
from glassgate.speed.measurement import admit
from glassgate.speed.workloads import Workload

admitted, refused = admit(make_problem({workload}), rivals({workload}), threads=1)
assert not refused, refused
assert len(admitted) == {count}
"""


@every_workload
def test_onnx_models_agree_with_the_reference(workload: Workload):
    for package in ("onnx", "onnxruntime", "openvino"):
        if find_spec(package) is None:
            pytest.skip(f"{package} comes with the extra 'bench'")
    count = 0 if workload.training else 4 if workload.ragged else 2
    # In a process of its own: OpenVINO takes over Ctrl-C, which later tests send themselves.
    done = subprocess.run(
        [sys.executable, "-c", RIVALS.format(workload=workload, count=count)],
        env={**os.environ, "PYTHONPATH": str(BENCHMARKS)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def onednn(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module("onednn_rivals")


def test_arrays_are_converted_to_and_from_onednn(onednn):
    problem = make_problem(TRAINING)
    arrays = onednn.onednn_arrays(problem)
    hidden, states = problem.initial, []
    for x in problem.input:  # the equations of lbr_gru as oneDNN's manual has them
        from_input = [x @ W.T for W in np.split(arrays["weight_input"], 3)]
        from_hidden = [hidden @ U.T for U in np.split(arrays["weight_hidden"], 3)]
        pairs = zip(from_input, from_hidden, arrays["bias"], strict=False)
        update, reset = (1 / (1 + np.exp(-(a + b + c))) for a, b, c in islice(pairs, 2))
        recurrent = from_hidden[2] + arrays["bias"][3]
        candidate = np.tanh(from_input[2] + reset * recurrent + arrays["bias"][2])
        hidden = update * hidden + (1 - update) * candidate
        states.append(hidden)
    right = solve(problem)
    made = {name: onednn._onednn_order(right[f"grad_{name}"]) for name in arrays if "wei" in name}
    bias = np.split(right["grad_bias_input"], 3) + np.split(right["grad_bias_hidden"], 3)
    made["bias"] = [bias[1], bias[0], bias[2], bias[5]]
    found = onednn.torch_arrays({"output": np.stack(states), "input": right["grad_input"], **made})
    assert fault(problem, found, right) is None


def test_a_missing_onednn_is_reported_in_a_sentence(
    onednn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(onednn, "FOLDERS", {"oneDNN 3.2": tmp_path})
    monkeypatch.setattr(onednn, "COMPILER", sys.executable)
    assert onednn.rivals(TRAINING) == {}
    (sentence,) = onednn.missing()
    assert sentence == (
        f"oneDNN 3.2 is skipped: it is not in {tmp_path}; run `make bench-onednn` to install it"
    )
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libdnnl.so").touch()
    assert onednn.missing() == []
    assert list(onednn.rivals(TRAINING)) == ["oneDNN 3.2"]
    assert onednn.rivals(STEP) == onednn.rivals(RAGGED) == {}
    monkeypatch.setattr(onednn, "COMPILER", "no-such-compiler")
    assert onednn.rivals(TRAINING) == {}
    assert onednn.missing() == ["oneDNN 3.2 is skipped: there is no C++ compiler no-such-compiler"]


@pytest.mark.parametrize("workload", [TINY[1], TRAINING], ids=lambda workload: workload.name)
def test_onednn_agrees_with_the_reference(workload: Workload, onednn):
    if not (makers := onednn.rivals(workload)):
        pytest.skip("; ".join(onednn.missing()))
    admitted, refused = admit(make_problem(workload), makers, threads=1)
    assert not refused
    assert list(admitted) == list(makers)
    assert all(contender.timed(2) > 0 for contender in admitted.values())


# Steps and busy machines -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["GRU", "GRUCell"])
@pytest.mark.parametrize("training", [False, True])
def test_steps_of_a_module_are_checked(kind: str, training: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    steps = import_module("steps")
    chain = steps.Chain(kind, hidden_size=5, batch=3, training=training)
    problem = chain.problem()
    right = solve(problem)
    input, initial = torch.from_numpy(problem.input), torch.from_numpy(problem.initial)
    for package, found in steps.PACKAGES.items():
        if not hasattr(found, kind):
            continue
        network = steps.load(chain.module(package), problem)
        outputs = steps.run_chain(network, input, initial, training)
        assert len(outputs) == steps.STEPS
        assert all(output.requires_grad == training for output in outputs)
        assert steps.find_fault(network, outputs, problem, right) is None
        outputs[-1].data[..., -1] += 0.1
        assert steps.find_fault(network, outputs, problem, right).startswith("output is off by ")
        outputs[-1].data[..., -1] -= 0.1
        if training:
            next(network.parameters()).grad[0] += 1
            said = steps.find_fault(network, outputs, problem, right)
            assert said.startswith("grad_weight_input is off by ")


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module("busy")


def test_busy_programs_end_with_their_context(busy, monkeypatch: pytest.MonkeyPatch):
    started = []

    class Program(subprocess.Popen):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            started.append(self)

    monkeypatch.setattr(busy.subprocess, "Popen", Program)
    with suppress(KeyError), busy.busy_programs(2):
        assert [program.poll() for program in started] == [None, None]
        raise KeyError
    assert [program.returncode for program in started] == [-9, -9]


ORPHAN = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())])
"""


def test_a_busy_program_ends_after_its_parent(busy):
    # Returns when nobody holds the pipe any more, which the orphan does until it ends.
    command = [sys.executable, "-c", ORPHAN, busy.LOOP]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def test_busy_reads_the_output_of_training_and_compares_losses(busy):
    said = (
        "gru: best epoch 2 of 2, held-out loss 2.159, perplexity 8.7\ntrained in 3.7 s, 9 tokens/s"
    )
    one = busy.read(said)
    assert one == (3.7, 2.159)
    busy.check("gru", [one, one._replace(loss=2.17)])
    with pytest.raises(SystemExit, match="gru must learn the same on any number of threads"):
        busy.check("gru", [one, one._replace(loss=2.3)])
    with pytest.raises(SystemExit, match="no seconds or no loss"):
        busy.read("trained")
    found = {threads: [one._replace(seconds=s)] for threads, s in ((1, 4.0), (2, 2.0), (None, 3.0))}
    assert busy.figures(found) == ("4.0 s", "2.0 s", "3.0 s", "1.50")
