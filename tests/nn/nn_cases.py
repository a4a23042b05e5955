"""What the tests of `glassgate.nn` share: one thread, random tensors, comparison."""

import numpy as np
import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    """Give torch one thread and a seed; a file that imports it has it around each test."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def close(left, right, atol=1e-12):
    np.testing.assert_allclose(left.detach(), right, rtol=0, atol=atol)


def draw(shape, seed, requires_grad=False):
    made = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=made, dtype=torch.double).requires_grad_(requires_grad)
