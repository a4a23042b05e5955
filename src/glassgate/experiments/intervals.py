"""How sure a share is: intervals of measured proportions."""

from __future__ import annotations

import math
from statistics import NormalDist

SURE = 0.95  # of every interval


def wilson(right: float, n: int) -> tuple[float, float]:
    """Give the 95% interval of a share that was right `right` times of n (Wilson 1927).

    Of all shares p it holds those that n draws would not set apart from `right` / n: those with
    ``|right / n - p| <= z sqrt(p (1 - p) / n)``, z = 1.96. It stays within 0 and 1 and is not
    empty where all or none are right. `right` may count halves, as for ties; the interval is
    then somewhat too wide, never too narrow, as halves vary less than rights and wrongs.

    Raises
    ------
    ValueError
        If n is less than 1, or `right` is not from 0 to n.
    """
    if n < 1 or not 0 <= right <= n:
        raise ValueError(f"right must be from 0 to n and n at least 1, got {right} of {n}")
    z, share = NormalDist().inv_cdf((1 + SURE) / 2), right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)
