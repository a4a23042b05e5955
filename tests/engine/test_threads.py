"""The engine among threads and processes: its own, Python's, another library's, and forks.

Everything that could hang runs in a process of its own, with a limit.
"""

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from glassgate import Formulation
from glassgate.engine import Layer, backward, targets, threads
from tests.engine.engine_cases import (
    GRADIENTS,
    draw,
    draw_weights,
    few_forms,
    on_threads,
    run_python,
    same_bits,
)

LIMIT = 60  # seconds that a process may take, even on a machine under load
PRELUDE = """
import os, sys, threading, time
import numpy as np
from tests.engine.engine_cases import draw, draw_weights, same_bits
from glassgate.engine import Layer, backward, set_threads

set_threads(3)
layer = Layer(draw_weights(30, 130, dtype=np.float32))
x = draw((40, 1, 30), 1, np.float32)
set_threads(1)
wanted = layer.sequence(x)[0]
set_threads(3)

def check():
    same_bits(layer.sequence(x)[0], wanted)
    same_bits(layer.sequence(x.repeat(9, 1))[0][:, 4:5], wanted)
"""
ROOT = Path(__file__).parents[2]
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def run(code, **environment):
    """Run a program; give what it printed. It must end by itself, with success."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return run_python(code, {**os.environ, "PYTHONPATH": path, **environment}, LIMIT).strip()


@few_forms
@pytest.mark.parametrize("most", [1, 2, 3])
def test_many_python_threads_at_once(most, form):
    """They share one layer, and one pool: whoever finds it busy works alone."""
    layer = Layer(draw_weights(30, 70, form, np.float32))
    inputs = [draw((30, B, 30), B, np.float32) for B in (1, 1, 2, 9, 20, 33)]
    grads = [draw((*x.shape[:2], 70), 1, np.float32) for x in inputs]

    def work(i):
        record = layer.record(inputs[i])
        return record.output, backward(layer.weights, record, grads[i])

    wanted = [work(i) for i in range(len(inputs))]
    turns = [i for _ in range(4) for i in range(len(inputs))]
    with on_threads(most), ThreadPoolExecutor(5) as pool:
        for i, (output, gradients) in zip(turns, pool.map(work, turns), strict=True):
            same_bits(output, wanted[i][0])
            for name in GRADIENTS:
                same_bits(getattr(gradients, name), getattr(wanted[i][1], name), name)


def test_steps_of_many_python_threads():
    layer = Layer(draw_weights(8, 20, Formulation(reset="before")))
    inputs = draw((5, 50, 3, 8), 1)
    wanted = [layer.sequence(x)[0] for x in inputs]

    def stream(i):
        state = np.zeros((3, 20))
        return np.stack([layer.step(x, state, state).copy() for x in inputs[i]])

    with ThreadPoolExecutor(5) as pool:
        for left, right in zip(pool.map(stream, range(5)), wanted, strict=True):
            same_bits(left, right)


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("call", ["sequence", "backward", "step"])
def test_other_python_threads_go_on_meanwhile(call, most):
    """While a call holds the GIL, a thread that wakes every millisecond would see its end only."""
    layer = Layer(draw_weights(300, 300))
    x, grad = draw((30, 24, 300), 1), draw((30, 24, 300), 2)
    record = layer.record(x)
    wide, state = draw((1000, 300), 3), np.zeros((1000, 300))
    calls = {
        "sequence": lambda: layer.sequence(x),
        "backward": lambda: backward(layer.weights, record, grad),
        "step": lambda: layer.step(wide, state, state, threads=most),
    }

    def woken_during_one_call():
        worker, woken = threading.Thread(target=calls[call]), 0
        worker.start()
        while worker.is_alive():
            time.sleep(0.001)
            woken += 1
        return woken

    with on_threads(most):
        assert any(woken_during_one_call() > 5 for _ in range(30))


@forks
def test_a_forked_child_has_threads_of_its_own():
    said = run(
        PRELUDE
        + """
check()
for _ in range(5):
    child = os.fork()
    if not child:
        check()
        grandchild = os.fork()
        check()
        if grandchild:
            assert os.waitpid(grandchild, 0)[1] == 0
        os._exit(0)
    check()
    assert os.waitpid(child, 0)[1] == 0
print("done")
"""
    )
    assert said == "done"


@forks
def test_a_fork_while_another_thread_is_inside():
    said = run(
        PRELUDE
        + """
check()
stop = threading.Event()
big = x.repeat(20, 0)
def work():
    while not stop.is_set():
        layer.sequence(big)
workers = [threading.Thread(target=work) for _ in range(2)]
[worker.start() for worker in workers]
for _ in range(20):
    child = os.fork()
    if not child:
        check()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
[worker.join() for worker in workers]
check()
print("done")
"""
    )
    assert said == "done"


@forks
def test_processes_of_multiprocessing():
    said = run(
        PRELUDE
        + """
check()
import multiprocessing
def work(_):
    check()
    return layer.sequence(x)[0]
with multiprocessing.get_context("fork").Pool(2) as pool:
    for output in pool.map(work, range(6)):
        same_bits(output, wanted)
print("done")
"""
    )
    assert said == "done"


@pytest.mark.parametrize(
    "end",
    [
        "",
        "sys.exit(0)",
        "start(1); time.sleep(0.05)",
        "start(4); time.sleep(0.05)",
    ],
    ids=["idle", "exit", "daemon", "daemons"],
)
def test_the_interpreter_ends_with_threads_alive(end):
    code = f"""
def forever():
    while True:
        layer.sequence(x)
        layer.sequence(x.repeat(9, 1))
def start(count):
    for _ in range(count):
        threading.Thread(target=forever, daemon=True).start()
check()
print("done", flush=True)
{end}
"""
    assert run(PRELUDE + code) == "done"


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc how much memory there is")
def test_without_threads_to_be_had_the_caller_does_the_work():
    said = run(
        PRELUDE
        + """
import resource, signal
set_threads(1)
check()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 6_000_000,) * 2)  # a thread's stack takes 8 MB
try:
    threading.Thread(target=print).start()
except RuntimeError:
    print("no thread")
set_threads(3)
check()
check()
print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""
    )
    assert said == "no thread\nset()"


def test_beside_the_threads_of_torch():
    """No time is asked for here; the benchmarks do."""
    said = run(
        "import torch\ntorch.set_num_threads(2)\n"
        + PRELUDE
        + """
for _ in range(20):
    square = torch.randn(300, 300)
    product = square @ square
    check()
print("done")
""",
        OMP_NUM_THREADS="2",
    )
    assert said == "done"


def test_no_torch_comes_with_the_engine():
    assert run("import sys, glassgate.engine; print('torch' in sys.modules)") == "False"


@pytest.mark.parametrize("target", targets())
def test_the_environment_chooses_the_target(target):
    code = "from glassgate import engine; print(engine.target())"
    assert run(code, GLASSGATE_TARGET=target) == target


def test_an_empty_choice_is_none():
    code = "from glassgate import engine; print(engine.target())"
    assert run(code, GLASSGATE_TARGET="") == targets()[0]


def test_an_unknown_choice_is_refused_in_a_sentence():
    code = """
import glassgate.engine
try:
    glassgate.engine.target()
except ValueError as error:
    print(error)
"""
    words = f"GLASSGATE_TARGET must be one of {', '.join(targets())} here, got 'vax'"
    assert run(code, GLASSGATE_TARGET="vax") == words


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process")
def test_the_default_is_the_cores_that_the_process_may_use():
    code = """
import os
os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
from glassgate import engine
print(engine.threads())
"""
    assert run(code) == "1"
    assert 1 <= threads() <= max(1, len(os.sched_getaffinity(0)))


def test_an_openmp_runtime_that_is_loaded_gives_its_threads():
    """Alone, with no other library that calls it: whatever races, races in the engine."""
    said = run(
        PRELUDE
        + """
import ctypes, importlib.util, pathlib
from glassgate.engine import threading as threads_in_use

check()
spec = importlib.util.find_spec("torch")
places = [pathlib.Path(place) / "lib" for place in spec.submodule_search_locations] if spec else []
found = sorted(path for place in places for path in place.glob("libgomp*.so*"))
if not found:
    print("none")
    sys.exit()
ctypes.CDLL(str(found[0]))
assert threads_in_use().runtime is not None
for most in (2, 3, 4, 3):
    set_threads(most)
    check()
callers = [threading.Thread(target=check) for _ in range(4)]
for caller in callers: caller.start()
for caller in callers: caller.join()
print("done")
"""
    )
    if said == "none":
        pytest.skip("there is no libgomp to load")
    assert said == "done"
