"""Scores that are pooled over a set's pictures, and their intervals over pictures."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mghp.metrics.picture_rows import PictureRows
from mghp.metrics.resampling import percentile_interval, picture_draws
from mghp.metrics.scores import as_scores

Picture = tuple[NDArray[np.float64], NDArray[np.float64]]
"""What `PictureRows` keeps of one picture: its rows, and what was told about it."""

DRAWS = 1000
"""The number of times that the pictures are drawn for an interval."""


class PooledScores(PictureRows):
    """Scores of which every picture adds its counts, so that pictures can be drawn anew."""

    higher_is_better = True

    @abstractmethod
    def pooled(self, pictures: Sequence[Picture], weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return each score of sets in which pictures occur several times or not at all.

        Args:
            pictures: what is kept of each.
            weights: how often each occurs in each set, (set, picture).

        Returns:
            (set,) by the score's name; NaN where it is not defined.
        """

    def compute(self) -> dict[str, Tensor]:
        """Return the scores of the set."""
        pictures = self.pictures()
        return as_scores({name: of_set[0] for name, of_set in self.pooled(pictures, _once(len(pictures))).items()})

    def intervals(self) -> dict[str, tuple[float, float]]:
        """Return the 95 % interval of each score, by a percentile bootstrap over pictures."""
        pictures = self.pictures()
        weights = picture_draws(len(pictures), DRAWS, 0) if pictures else _once(0)
        return {name: percentile_interval(drawn) for name, drawn in self.pooled(pictures, weights).items()}


def _once(num_pictures: int) -> NDArray[np.float64]:
    return np.ones((1, num_pictures))
