"""How many threads the engine works on, and whose: what `glassgate.engine.threading` says.

Each case is a process of its own: what is loaded, and what the environment says, is read once.
"""

import os
import sys

import pytest

from glassgate import BadInput
from glassgate.engine import release_memory, set_threads, threading, threads
from tests.engine.engine_cases import run_python

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="OpenMP is looked for on Linux alone")
PRELUDE = """
import numpy as np
from glassgate import GRUWeights, engine
from glassgate.engine import Layer, set_threads, threading

def work(H=64):
    draw = np.random.default_rng(0).normal
    shapes = (3 * H, H), (3 * H, H), 3 * H, 3 * H
    layer = Layer(GRUWeights(*(draw(size=shape).astype("f") for shape in shapes)))
    return layer.sequence(draw(size=(50, 8, H)).astype("f"))[0]
"""


def run(code, **environment):
    variables = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    return run_python(PRELUDE + code, variables | environment).split()


SAY = "print(threading().threads)\n"


def test_the_environment_says_how_many():
    assert run(SAY, GLASSGATE_NUM_THREADS="3", OMP_NUM_THREADS="2") == ["3"]
    assert run(SAY, OMP_NUM_THREADS="2,1") == ["2"]
    assert run(SAY) == [str(len(os.sched_getaffinity(0)))]
    assert run("set_threads(5)\n" + SAY, GLASSGATE_NUM_THREADS="3") == ["5"]


def test_a_number_of_threads_that_is_none_is_refused():
    said = run(
        "try: engine.threads()\nexcept ValueError as error: print(error)",
        GLASSGATE_NUM_THREADS="many",
    )
    assert " ".join(said) == "GLASSGATE_NUM_THREADS must be a number from 1 to 256, got 'many'"


def test_torch_is_followed_wherever_it_goes():
    torchs = "import torch\ntorch.set_num_threads(3)\n" + SAY + "torch.set_num_threads(1)\n" + SAY
    assert run(torchs, GLASSGATE_NUM_THREADS="2") == ["3", "1"]
    assert run(torchs + "set_threads(4)\n" + SAY + "set_threads(None)\n" + SAY) == list("3141")


@LINUX
def test_without_openmp_the_threads_are_the_engines_own():
    assert run("work()\nprint(threading().runtime)", GLASSGATE_NUM_THREADS="3") == ["None"]


@LINUX
def test_torchs_runtime_is_found_when_it_comes_later_and_gives_the_same_bits():
    said = run(
        """
set_threads(3)
before = work()
threads_before = len(__import__("os").listdir("/proc/self/task"))
import torch
set_threads(3)
after = work()
print((before == after).all(), "gomp" in threading().runtime)
set_threads(1)
print((work() == after).all())
"""
    )
    assert said == ["True", "True", "True"]


@LINUX
def test_no_more_threads_than_torch_was_told_to_use():
    said = run(
        """
import os, torch
torch.set_num_threads(1)
work(256)
print(len([t for t in os.listdir("/proc/self/task")]) - int(os.environ["ALREADY"]))
""",
        ALREADY="0",
        OPENBLAS_NUM_THREADS="1",
    )
    assert said == ["1"]


@LINUX
def test_a_fork_works_on_threads_of_its_own():
    said = run(
        """
import os, torch
torch.set_num_threads(2)
wanted = work()
torch.ones(2_000_000).mul(2)  # its threads have run
child = os.fork()
if not child:
    set_threads(3)
    same = (work() == wanted).all()
    os._exit(0 if same and threading().runtime is None and "fork" in threading().reason else 1)
print(os.waitpid(child, 0)[1])
"""
    )
    assert said == ["0"]


@LINUX
def test_a_data_loaders_worker_runs_on_one_thread():
    said = run(
        """
import os, torch
from glassgate.nn import GRU
torch.set_num_threads(2)

class Runs(torch.utils.data.Dataset):
    net = GRU(16, 64)
    def __len__(self): return 1
    def __getitem__(self, _):
        with torch.no_grad():
            self.net(torch.ones(50, 32, 16))
        return threading().threads

Runs()[0]
print(*(int(n) for n in torch.utils.data.DataLoader(Runs(), 1, num_workers=1)))
"""
    )
    assert said == ["1"]


@LINUX
def test_concurrent_and_nested_callers():
    said = run(
        """
import threading as python
import torch
torch.set_num_threads(2)
wanted = work()
found = []
callers = [python.Thread(target=lambda: found.append((work() == wanted).all())) for _ in range(6)]
for caller in callers: caller.start()
for _ in range(20): torch.ones(500_000).mul(2)
for caller in callers: caller.join()
print(all(found), len(found))
"""
    )
    assert said == ["True", "6"]


def test_it_says_why():
    set_threads(2)
    try:
        assert threading().threads == threads() == 2
        assert threading().reason.startswith("set by glassgate.set_threads; on ")
    finally:
        set_threads(None)


def test_a_wrong_number_changes_nothing():
    before = threading()
    with pytest.raises(BadInput, match=r"^threads must lie in 1\.\.256, got 0$"):
        set_threads(0)
    assert threading() == before


def test_memory_that_came_back_is_released():
    said = run(
        """
from glassgate.engine import release_memory
release_memory()
output = work(256)
kept = release_memory()
del output
print(kept > 0, release_memory() >= 50 * 8 * 256 * 4, release_memory())
"""
    )
    assert said == ["True", "True", "0"]
    assert release_memory() >= 0
