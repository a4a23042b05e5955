"""Convert the arrays of a Keras GRU; glassgate.exchange.convert converts whole files."""

import numpy as np

import glassgate
from glassgate.exchange.keras import from_keras

rng = np.random.default_rng(0)
I, H = 8, 16
# in the shapes of layer.get_weights() for keras.layers.GRU(16), with gates in the order z, r, h
kernel = rng.normal(0, 0.3, (I, 3 * H)).astype(np.float32)
recurrent_kernel = rng.normal(0, 0.3, (H, 3 * H)).astype(np.float32)
bias = rng.normal(0, 0.3, (2, 3 * H)).astype(np.float32)

weights = from_keras(kernel, recurrent_kernel, bias, reset_after=True)
print(weights.formulation)

gru = glassgate.GRU([[weights]])
gru.save("gru.safetensors")
output, state = glassgate.GRU.load("gru.safetensors").run(np.ones((5, 1, I), np.float32))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


h = np.zeros(H)
for _ in range(5):  # Keras' own equations, in float64
    x, u = (np.split(a, 3) for a in (np.ones(I) @ kernel + bias[0], h @ recurrent_kernel + bias[1]))
    z, r = sigmoid(x[0] + u[0]), sigmoid(x[1] + u[1])
    h = z * h + (1 - z) * np.tanh(x[2] + r * u[2])
print(f"largest difference from Keras' equations: {abs(h - output[-1, 0]).max():.1e}")
