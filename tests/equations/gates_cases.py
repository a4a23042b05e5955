"""The oracle of gate arrays: the states rebuilt from kept share and candidate alone."""

import numpy as np


def rebuild(gates, initial=None):
    """Give h_t = k_t * h_{t-1} + (1 - k_t) * n_t, [T, B, H], from `initial` or zeros."""
    hidden, states = np.zeros_like(gates.kept[0]) if initial is None else initial, []
    for kept, candidate in zip(gates.kept, gates.candidate, strict=True):
        hidden = kept * hidden + (1 - kept) * candidate
        states.append(hidden)
    return np.stack(states)


def verify(gates, initial=None):
    """Give the largest difference between the rebuilt states and `gates.hidden`."""
    return np.abs(rebuild(gates, initial) - gates.hidden).max()
