"""How surely a score of a set holds for other pictures: percentile bootstrap over pictures."""

import functools

import numpy as np
from numpy.typing import NDArray

PERCENTILES = (2.5, 97.5)
"""The ends of an interval that holds 95 % of the draws."""


@functools.lru_cache(maxsize=1)
def picture_draws(num_pictures: int, num_samples: int, seed: int) -> NDArray[np.float64]:
    """Return how often each picture is drawn with replacement: alike for all methods compared on as many pictures.

    Args:
        num_pictures: number of pictures, and of those drawn each time.
        num_samples: number of draws.
        seed: seed of the draws.

    Returns:
        (samples, pictures); it is shared and cannot be written to.
    """
    chances = np.full(num_pictures, 1 / num_pictures)
    drawn = np.random.default_rng(seed).multinomial(num_pictures, chances, num_samples).astype(np.float64)
    drawn.setflags(write=False)
    return drawn


def percentile_interval(drawn: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a score's draws; NaN where it is not defined in any of them."""
    defined = drawn[~np.isnan(drawn)]
    if not len(defined):
        return float("nan"), float("nan")
    low, high = np.percentile(defined, PERCENTILES)
    return float(low), float(high)
