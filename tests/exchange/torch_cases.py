"""Modules of torch with random parameters, and comparisons with them."""

import numpy as np
import torch


def arrays_of(module, prefix=""):
    return {prefix + name: tensor.numpy() for name, tensor in module.state_dict().items()}


def filled(module, seed=0):
    """The module with all its parameters drawn at random, biases too."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
    return module


def drawn(gru, steps=7, batch=3, seed=1):
    rng = np.random.default_rng(seed)
    state = rng.uniform(-1, 1, gru.initial_state(batch).shape)
    input = rng.normal(size=(steps, batch, gru.input_size))
    return input.astype(gru.dtype), state.astype(gru.dtype)


def assert_close(ours, theirs, tolerance=1e-6):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
