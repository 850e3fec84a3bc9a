"""Whose a pixel is: coverage and owner accuracy against human masks, which need no label of a part.

Over a picture's human pixels whose person is known: which of them are given a part, and which of these are given to the
right person. True and predicted persons are paired one to one, so that the sum of their masks' IoU is largest.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metrics import MetricsConfig
from mghp.metrics.grouping import partners
from mghp.metrics.keypoint_ap import person_regions
from mghp.metrics.pooled_scores import Picture, PooledScores
from mghp.metrics.scores import ratio
from mghp.metrics.subsets import POSE_GROUPS, pose_group


class OwnerCounts(NamedTuple):
    """Human pixels of one picture whose person is known.

    Attributes:
        human: all of them.
        labelled: those with a predicted part.
        right: those with a predicted part whose predicted person is their true person's partner.
        contested: those inside two and more true boxes, with a predicted part.
        contested_right: those of the contested that are right.
    """

    human: int
    labelled: int
    right: int
    contested: int
    contested_right: int


OWNER_SHARES = {
    "coverage": ("labelled", "human"),
    "owner_accuracy": ("right", "labelled"),
    "owner_grouping": ("right", "human"),
    "contested_owner_accuracy": ("contested_right", "contested"),
}
"""The pixels that each score counts and those that it is a share of, by their names in `OwnerCounts`."""


def owner_counts(predicted: PredictedPersons, true: TruePersons) -> OwnerCounts:
    """Count the human pixels of one picture, outside what `TruePersons.ignored` leaves out.

    Args:
        predicted: of the picture; a person's mask is all its part pixels.
        true: of the same picture.

    Example:
        >>> import numpy as np
        >>> from mghp.anatomy.persons import PredictedPersons, TruePersons
        >>> from mghp.metrics.owners import owner_counts
        >>> true = np.array([[1, 1, 1, 2, 2, 0]])
        >>> found = np.array([[2, 2, 1, 1, 0, 1]])  # one pixel went to the other person, another has no part
        >>> poses = np.zeros((2, 17, 3))
        >>> owner_counts(
        ...     PredictedPersons((found > 0).astype(int), found, np.ones(2), np.ones((2, 15)), poses),
        ...     TruePersons((true > 0).astype(int), true, poses),
        ... )
        OwnerCounts(human=5, labelled=4, right=3, contested=0, contested_right=0)
    """
    has_part = predicted.parts > 0
    shape = 2, 2, len(true.keypoints) + 1, len(predicted.person_scores) + 1
    cells = (2 * contested_pixels(true) + has_part) * shape[2] + true.person_ids.astype(np.int64)
    cells = cells * shape[3] + np.where(has_part, predicted.person_ids, 0)
    known = cells.ravel() if true.ignored is None else cells[~true.ignored]
    pixels = np.bincount(known, minlength=int(np.prod(shape))).reshape(shape)
    pairs = partners(pixels.sum((0, 1)))
    right = pixels[:, 1, *pairs].sum(-1)
    human = pixels[:, :, 1:].sum((2, 3))
    return OwnerCounts(*map(int, (human.sum(), human[:, 1].sum(), right.sum(), human[1, 1], right[1])))


def contested_pixels(true: TruePersons) -> NDArray[np.int64]:
    """Return 1 where a pixel's centre lies inside two and more boxes of true persons, (height, width), else 0."""
    boxes = np.zeros(true.person_ids.shape, np.int64)
    for x, y, width, height in person_regions(true)[: len(true.keypoints), :4]:
        boxes[_centres(y, height), _centres(x, width)] += 1
    return np.asarray(boxes >= 2, np.int64)


def _centres(start: float, length: float) -> slice:
    """Return the pixels along one axis whose centres lie within a box."""
    return slice(max(0, int(np.ceil(start - 0.5))), max(0, int(np.floor(start + length - 0.5)) + 1))


class OwnerScores(PooledScores):
    """Pooled over the pixels of crowds: `coverage`, `owner_accuracy`, `owner_grouping`, `contested_owner_accuracy`.

    Coverage is the share of human pixels with a part; owner accuracy the share of these that are given to the right
    person; owner grouping the product of both; contested owner accuracy that of pixels inside two and more true boxes.
    Names that end in `_mean` are means over the pictures of crowds, in `_singles` pooled over pictures of one person;
    see `POSE_GROUPS`. NaN without a human pixel.
    """

    def __init__(self) -> None:
        super().__init__(width=1, about=len(OwnerCounts._fields) + 1)

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:
        """Count one picture."""
        group = pose_group(true)
        place = -1 if group is None else POSE_GROUPS.index(group)
        self.add_picture(np.zeros((0, 1)), [*owner_counts(predicted, true), place])

    def pooled(self, pictures: Sequence[Picture], weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the scores of each set."""
        counts = np.array([about for _, about in pictures]).reshape(-1, self._about)
        of_crowds, of_singles = (counts[:, -1] == place for place in range(len(POSE_GROUPS)))
        sums = {
            ending: weights[:, chosen] @ counts[chosen]
            for ending, chosen in (("", of_crowds), ("_singles", of_singles))
        }
        scores = {
            f"{name}{ending}": values
            for ending, of_sets in sums.items()
            for name, values in _owner_scores(of_sets).items()
        }
        means = {
            f"{name}_mean": _weighted_mean(values, weights[:, of_crowds])
            for name, values in _owner_scores(counts[of_crowds]).items()
        }
        return scores | means


def _owner_scores(counts: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    pixels = dict(zip(OwnerCounts._fields, counts.T, strict=False))  # the group of the picture comes after them
    return {name: ratio(pixels[counted], pixels[of]) for name, (counted, of) in OWNER_SHARES.items()}


def _weighted_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over pictures where a score is defined, (set,)."""
    defined = ~np.isnan(values)
    return ratio(weights[:, defined] @ values[defined], weights[:, defined].sum(1))


def owner_scores(anatomy: Anatomy, config: MetricsConfig) -> OwnerScores:
    """Return the metric of whose each pixel is, whatever its part."""
    return OwnerScores()
