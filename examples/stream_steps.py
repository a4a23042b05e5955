"""Run a GRU on a stream, one frame at a time, without PyTorch, with the bits of a single run."""

import time

import numpy as np

import glassgate
from glassgate import GRUWeights

rng = np.random.default_rng(0)
I, H = 40, 64
shapes = ((3 * H, I), (3 * H, H), 3 * H, 3 * H)
weights = GRUWeights(*(rng.uniform(-0.1, 0.1, shape).astype(np.float32) for shape in shapes))
gru = glassgate.GRU([[weights]])  # or glassgate.GRU.load("gru.safetensors")

frames = rng.normal(size=(2000, 1, I)).astype(np.float32)  # (T, B, I)
state = gru.initial_state(batch=1)
started = time.perf_counter()
for frame in frames:
    newest, state = gru.step(frame, state, out=state)  # no memory is allocated
seconds = time.perf_counter() - started
print(f"{len(frames)} frames, {1e6 * seconds / len(frames):.1f} µs each, including Python's loop")

output, last = gru.run(frames)  # all at once
print("the same bits as in a single run:", bool((newest == output[-1]).all()))
