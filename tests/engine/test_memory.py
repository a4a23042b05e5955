"""What a layer takes to run is there again for the next one."""

import subprocess
import sys

import pytest

CALLS = """
import resource
import numpy as np
from glassgate import GRUWeights
from glassgate.engine import Layer

H, kept = 256, []
draw, one, state = np.random.default_rng(0).normal, np.zeros((1, 1, H)), np.zeros((1, H))
weights = GRUWeights(*(draw(size=size) for size in ((3 * H, H), (3 * H, H), 3 * H, 3 * H)))

def run(times):
    for _ in range(times):
        kept.append(Layer(weights).sequence(one, state)[0].copy())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

first = run(50)
print(run(400) - first)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="another system counts memory otherwise")
def test_layers_beside_small_things_that_stay_leave_nothing():
    run = subprocess.run([sys.executable, "-c", CALLS], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 2**15  # KiB; each of the 400 takes 3 MiB while it stands
