"""What the tests of `glassgate.nn` share: random tensors, comparison."""

import numpy as np
import torch


def close(left, right, atol=1e-12):
    np.testing.assert_allclose(left.detach(), right, rtol=0, atol=atol)


def draw(shape, seed, requires_grad=False):
    made = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=made, dtype=torch.double).requires_grad_(requires_grad)
