"""Agreement with parts that another model has labelled, which is no truth: IoU over six parts of a person."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.parts import BACKGROUND
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.anatomy.side_names import without_side
from mghp.config.metrics import MetricsConfig
from mghp.metrics.mean_iou import joint_histogram
from mghp.metrics.pooled_scores import Picture, PooledScores
from mghp.metrics.scores import ratio

SIX_PARTS = {
    "head": ("head",),
    "torso": ("torso",),
    "upper arms": ("upper_arm", "upper_arms"),
    "lower arms": ("lower_arm", "lower_arms", "hand", "hands"),
    "upper legs": ("upper_leg", "upper_legs"),
    "lower legs": ("lower_leg", "lower_legs", "foot", "feet"),
}
"""The parts that are compared, with the names of a dataset's parts that each is made of, without their sides."""


def six_parts(names: Sequence[str]) -> tuple[int, ...] | None:
    """Return which of `SIX_PARTS` each part label belongs to, counted from 1, and 0 for the background, which is first.

    None where a part belongs to none of them, or one of them has no part.

    Example:
        >>> from mghp.metrics.agreement import six_parts
        >>> six_parts(["head", "torso", "left_upper_arm", "right_hand", "left_upper_leg", "left_foot"])
        (0, 1, 2, 3, 4, 5, 6)
        >>> six_parts(["head", "dress"])
    """
    place = {name: number for number, group in enumerate(SIX_PARTS.values(), 1) for name in group}
    merged = [place.get(without_side(name), BACKGROUND) for name in names]
    if BACKGROUND in merged or len(set(merged)) < len(SIX_PARTS):
        return None
    return (BACKGROUND, *merged)


def labels_among(names: Sequence[str], others: Sequence[str]) -> tuple[int, ...] | None:
    """Return the label among `others` that each part has by its name, counted from 1, and 0 first for the background.

    A part that is not among them by its own name has the one of the six that it belongs to, where `others` are six.
    None where a part has no label.

    Example:
        >>> from mghp.metrics.agreement import labels_among
        >>> six = ["head", "torso", "upper_arms", "lower_arms", "upper_legs", "lower_legs"]
        >>> labels_among(["torso", "left_hand", "right_foot"], six)
        (0, 2, 4, 6)
        >>> labels_among(["torso", "dress"], six)
    """
    label = {name: number for number, name in enumerate(others, 1)}
    six = six_parts(others)
    if six is not None and len(others) == len(SIX_PARTS):
        of_group = {group: number for number, group in enumerate(six)}
        groups = enumerate(SIX_PARTS.values(), 1)
        label = {name: of_group[number] for number, group in groups for name in group} | label
    found = [label.get(name, label.get(without_side(name), BACKGROUND)) for name in names]
    return None if BACKGROUND in found else (BACKGROUND, *found)


class TeacherAgreement(PooledScores):
    """`teacher_agreement`: the mean IoU over `SIX_PARTS`, of the pixels whose part is known, the background left out.

    A part that neither map has does not count. NaN where the parts are others.

    Args:
        anatomy: parts of the dataset.
    """

    def __init__(self, anatomy: Anatomy) -> None:
        super().__init__(width=1, about=2 * len(SIX_PARTS))
        self.num_labels = anatomy.num_labels
        self.merged = six_parts(anatomy.parts.names)

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:
        """Count one picture."""
        if self.merged is None:
            return
        labels = joint_histogram(true.parts, predicted.parts, self.num_labels)
        of_parts = np.zeros((len(SIX_PARTS) + 1,) * 2, np.int64)
        np.add.at(of_parts, np.ix_(self.merged, self.merged), labels)
        shared = np.diag(of_parts)
        union = of_parts.sum(0) + of_parts.sum(1) - shared
        self.add_picture(np.zeros((0, 1)), [*shared[1:], *union[1:]])

    def pooled(self, pictures: Sequence[Picture], weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the score of each set."""
        counts = np.array([about for _, about in pictures]).reshape(-1, 2 * len(SIX_PARTS))
        shared, union = np.split(weights @ counts, 2, axis=1)
        return {"teacher_agreement": ratio(ratio(shared, union).sum(1, where=union > 0), (union > 0).sum(1))}


def teacher_agreement(anatomy: Anatomy, config: MetricsConfig) -> TeacherAgreement:
    """Return the metric of a dataset's parts, where they are six."""
    return TeacherAgreement(anatomy)
