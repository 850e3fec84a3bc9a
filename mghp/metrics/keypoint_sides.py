"""Left and right of the predicted parts, told by the human keypoints of limbs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.anatomy.side_names import LEFT_SIDE, RIGHT_SIDE, side_of, without_side
from mghp.config.metrics import MetricsConfig
from mghp.datasets.sample import VISIBLE
from mghp.metrics.pooled_scores import Picture, PooledScores
from mghp.metrics.scores import ratio

JOINTS = ("elbow", "wrist", "knee", "ankle")
"""Keypoints on limbs, around which all parts have a side."""

RADIUS = 3.0
"""The distance within which predicted parts are looked at, pixels of the scored picture."""


class KeypointSides(PooledScores):
    """`side_accuracy` and `side_coverage` at the visible `JOINTS` that lie inside their own person's mask.

    Of the pixels of that mask within `RADIUS` of a joint, those of predicted parts with a side vote. A joint counts in
    the coverage if one side has more of them, and is right if that is its own. NaN without such a joint, or a part that
    has a side.

    Args:
        anatomy: parts and skeleton of the dataset.
    """

    def __init__(self, anatomy: Anatomy) -> None:
        super().__init__(width=1, about=3)
        names = anatomy.skeleton.keypoints
        self.side_of_label = np.array([0, *map(side_of, anatomy.parts.names)])
        self.joints = [place for place, name in enumerate(names) if side_of(name) and without_side(name) in JOINTS]
        self.side_of_joint = [side_of(names[place]) for place in self.joints]

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:
        """Count the joints of one picture."""
        if not self.side_of_label.any():
            return
        votes = [
            (side, self._votes(predicted.parts, true.person_ids, person, x, y))
            for person, pose in enumerate(true.keypoints, 1)
            for side, (x, y, visibility) in zip(self.side_of_joint, pose[self.joints], strict=True)
            if visibility == VISIBLE and _at(true.person_ids, x, y) == person
        ]
        told = [(side, left, right) for side, (left, right) in votes if left != right]
        agree = sum((side == LEFT_SIDE) == (left > right) for side, left, right in told)
        self.add_picture(np.zeros((0, 1)), [len(votes), len(told), agree])

    def _votes(
        self, parts: NDArray[np.integer[Any]], ids: NDArray[np.integer[Any]], person: int, x: float, y: float
    ) -> tuple[int, int]:
        """Return the number of pixels near a place, within a person, whose predicted part is a left and a right one."""
        window = _window(ids.shape, x, y)
        rows, columns = np.ogrid[window]
        near = (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 <= RADIUS**2
        sides = self.side_of_label[parts[window][near & (ids[window] == person)]]
        return int((sides == LEFT_SIDE).sum()), int((sides == RIGHT_SIDE).sum())

    def pooled(self, pictures: Sequence[Picture], weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return both scores of each set."""
        joints, told, agree = (weights @ np.array([about for _, about in pictures]).reshape(-1, 3)).T
        return {"side_accuracy": ratio(agree, told), "side_coverage": ratio(told, joints)}


def _window(shape: tuple[int, ...], x: float, y: float) -> tuple[slice, slice]:
    """Return the rows and columns of the pixels that may be near enough."""
    first = [max(0, int(np.floor(place - RADIUS))) for place in (y, x)]
    last = [min(size, int(np.ceil(place + RADIUS))) for size, place in zip(shape, (y, x), strict=True)]
    rows, columns = (slice(*ends) for ends in zip(first, last, strict=True))
    return rows, columns


def _at(ids: NDArray[np.integer[Any]], x: float, y: float) -> int:
    """Return who has the pixel at a place, 0 outside the picture."""
    row, column = int(np.floor(y)), int(np.floor(x))
    inside = 0 <= row < ids.shape[0] and 0 <= column < ids.shape[1]
    return int(ids[row, column]) if inside else 0


def keypoint_sides(anatomy: Anatomy, config: MetricsConfig) -> KeypointSides:
    """Return the metric of a dataset's parts that have a side, where its skeleton has the joints."""
    return KeypointSides(anatomy)
