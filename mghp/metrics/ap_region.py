"""AP^r and AP^h: how well instances of parts, and whole persons, are segmented.

A detection is compared by mask IoU with the true instances of its class in its picture. Ties of scores are broken by
the order (picture, predicted person), the last one first: the public evaluators sort upwards and turn round.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metrics import MetricsConfig
from mghp.metrics.average_precision import average_precision
from mghp.metrics.cross_histogram import cross_histogram
from mghp.metrics.picture_rows import PictureRows
from mghp.metrics.scores import as_scores

PART_THRESHOLDS = tuple(round(0.1 * step, 1) for step in range(1, 10))
"""Thresholds of IoU, 0.1 to 0.9, for AP^r."""

HUMAN_THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""Thresholds of IoU, 0.5 to 0.95, for AP^h."""

RegionRules = Literal["legacy", "strict", "cihp_pgn"]
"""`legacy` is M2FP's evaluator, and what published tables hold: any detection whose largest IoU is over the threshold
is true, even the second of one instance, so that AP can pass 1, and a class that occurs nowhere counts 0. `cihp_pgn` is
the same, but a class that is predicted and never true makes the mean NaN. `strict` is ours: an instance is found once,
by the surest detection that overlaps it most; a class without a true instance does not count, unless something is
predicted: then it counts 0."""


@dataclass
class Regions:
    """The detections of one picture or of a set, of all classes.

    Attributes:
        label: (detection,): class.
        score: (detection,) float64.
        iou: (detection,): largest with a true instance of the class in the picture; 0 without one.
        instance: (detection,): that true instance, numbered through the set; -1 without one.
        num_true: (class,): true instances of each class.
    """

    label: NDArray[np.int64]
    score: NDArray[np.float64]
    iou: NDArray[np.float64]
    instance: NDArray[np.int64]
    num_true: NDArray[np.int64]


def part_regions(
    predicted: PredictedPersons, true: TruePersons, num_labels: int, scores: Literal["part", "person"] = "part"
) -> Regions:
    """Return the instances of parts in one picture: all pixels of a class that belong to one person.

    Args:
        predicted: of one picture.
        true: of the same picture.
        num_labels: labels, background included; class c is label c + 1.
        scores: whether a part has a score of its own, or its person's.
    """
    counts = cross_histogram(predicted, true, num_labels)
    # (true, predicted, class)
    shared = np.diagonal(counts[1:, 1:num_labels, 1:, 1:], axis1=1, axis2=3)
    of_true, of_predicted = counts[1:, 1:num_labels].sum((2, 3)), counts[:, :, 1:, 1:].sum((0, 1))
    given = predicted.part_scores[:, 1:] if scores == "part" else predicted.person_scores[:, None]
    return _regions(shared, of_true, of_predicted, np.broadcast_to(given, of_predicted.shape))


def human_regions(predicted: PredictedPersons, true: TruePersons) -> Regions:
    """Return the persons of one picture as one class, pixels without a part included."""
    shape = len(true.keypoints) + 1, len(predicted.person_scores) + 1
    cells = true.person_ids.astype(np.int64).ravel() * shape[1] + predicted.person_ids.ravel()
    counts = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    of_true, of_predicted = counts[1:].sum(1), counts[:, 1:].sum(0)
    scores = np.asarray(predicted.person_scores, np.float64)
    return _regions(counts[1:, 1:, None], of_true[:, None], of_predicted[:, None], scores[:, None])


def _regions(
    shared: NDArray[np.int64], of_true: NDArray[np.int64], of_predicted: NDArray[np.int64], scores: NDArray[np.float64]
) -> Regions:
    """Return detections from areas (true, predicted, class), (true, class), (predicted, class), and scores as these."""
    person, label = np.nonzero(of_predicted)
    overlap = shared[:, person, label]
    union = of_true[:, label] + of_predicted[person, label] - overlap
    iou = overlap / np.maximum(union, 1)
    # True instances are numbered class by class, in the order of their persons; a first row stands for "none".
    number = np.cumsum(of_true.T > 0).reshape(of_true.T.shape).T - 1
    number = np.concatenate([np.full((1, of_true.shape[1]), -1), number])
    iou = np.concatenate([np.zeros((1, len(label))), iou])
    best = iou.argmax(0)
    return Regions(
        label=label,
        score=np.asarray(scores[person, label], np.float64),
        iou=iou[best, np.arange(len(label))],
        instance=number[best, label],
        num_true=(of_true > 0).sum(0),
    )


def joined_regions(pictures: Sequence[Regions], num_classes: int) -> Regions:
    """Return the detections of several pictures, with true instances numbered through."""
    first = np.cumsum([0, *(picture.num_true.sum() for picture in pictures)])
    instances = [
        np.where(picture.instance >= 0, picture.instance + offset, -1)
        for picture, offset in zip(pictures, first, strict=False)
    ]
    whole = np.zeros(0, np.int64)
    return Regions(
        label=np.concatenate([whole, *(picture.label for picture in pictures)]),
        score=np.concatenate([np.zeros(0), *(picture.score for picture in pictures)]),
        iou=np.concatenate([np.zeros(0), *(picture.iou for picture in pictures)]),
        instance=np.concatenate([whole, *instances]),
        num_true=sum((picture.num_true for picture in pictures), np.zeros(num_classes, np.int64)),
    )


def ap_per_class(
    found: Regions, thresholds: Sequence[float] = PART_THRESHOLDS, rules: RegionRules = "legacy"
) -> NDArray[np.float64]:
    """Return AP per class and threshold.

    Args:
        found: of a set.
        thresholds: IoU must be over them.
        rules: see `RegionRules`.

    Returns:
        (class, threshold). A class that is true and never found has 0. One that is never true has, under `legacy` and
        `cihp_pgn`, NaN if it is predicted and 0 if not; under `strict` 0 if it is predicted and NaN if not.

    Example:
        >>> import numpy as np
        >>> from mghp.metrics.ap_region import Regions, ap_per_class
        >>> found = Regions(  # of one class; one instance is found twice, another not at all
        ...     label=np.array([0, 0]), score=np.array([0.9, 0.8]), iou=np.array([0.7, 0.6]), instance=np.array([0, 0]),
        ...     num_true=np.array([2]),
        ... )
        >>> ap_per_class(found, thresholds=[0.5], rules="strict")
        array([[0.5]])
    """
    order = np.argsort(found.score, kind="stable")[::-1]
    label, iou, instance = found.label[order], found.iou[order], found.instance[order]
    ap = np.zeros((len(found.num_true), len(thresholds)))
    for row, num_true in enumerate(found.num_true):
        of_class = np.flatnonzero(label == row)
        if rules == "strict" and num_true == 0:
            ap[row] = 0.0 if len(of_class) else np.nan
            continue
        for column, threshold in enumerate(thresholds):
            is_true = iou[of_class] > threshold
            if rules == "strict":
                is_true = _first_of_each(is_true, instance[of_class])
            ap[row, column] = average_precision(is_true, int(num_true))
    return ap


def mean_over_classes(ap: NDArray[np.float64], rules: RegionRules = "legacy") -> NDArray[np.float64]:
    """Average (class, threshold) to (threshold,) over the classes that are not NaN; `cihp_pgn`: NaN if one is.

    NaN where no class counts.
    """
    if rules == "cihp_pgn":
        return np.asarray(ap.mean(0))
    counts = ~np.isnan(ap)
    total = np.where(counts, ap, 0).sum(0)
    nothing = np.full(ap.shape[1], np.nan)
    mean: NDArray[np.float64] = np.divide(total, counts.sum(0), out=nothing, where=counts.any(0))
    return mean


def _first_of_each(is_over: NDArray[np.bool_], instance: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which detections are the first of their instance over the threshold."""
    over = np.flatnonzero(is_over)
    _, first = np.unique(instance[over], return_index=True)
    is_true = np.zeros(len(is_over), bool)
    is_true[over[first]] = True
    return is_true


class RegionAP(PictureRows):
    """AP^r of a set: `ap_r_50`, `ap_r_60`, `ap_r_70` and `ap_r_vol` (mean of 0.1 to 0.9).

    Args:
        num_labels: labels, background included.
        rules: see `RegionRules`; the names of `strict` begin with `ap_r_strict`.
        scores: whether a part has a score of its own, or its person's.
    """

    higher_is_better = True

    def __init__(
        self, num_labels: int, rules: RegionRules = "legacy", scores: Literal["part", "person"] = "part"
    ) -> None:
        super().__init__(width=4, about=num_labels - 1)
        self.num_labels, self.rules, self.scores = num_labels, rules, scores

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:
        """Add one picture."""
        _add(self, part_regions(predicted, true, self.num_labels, self.scores))

    def per_class(self) -> NDArray[np.float64]:
        """Return AP per class (label - 1) and threshold."""
        return ap_per_class(_collected(self, self.num_labels - 1), PART_THRESHOLDS, self.rules)

    def compute(self) -> dict[str, Tensor]:
        """Return the four scores; NaN for a set without a picture."""
        ap = mean_over_classes(self.per_class(), self.rules) if len(self.pictures()) else np.full(9, np.nan)
        prefix = "ap_r_strict" if self.rules == "strict" else "ap_r"
        at = {f"{prefix}_{round(100 * t)}": ap[PART_THRESHOLDS.index(t)] for t in (0.5, 0.6, 0.7)}
        return as_scores({**at, f"{prefix}_vol": ap.mean()})


class HumanAP(PictureRows):
    """AP^h of a set: `ap_h_50` and `ap_h_vol` (mean of 0.5 to 0.95).

    Args:
        rules: see `RegionRules`; the names of `strict` begin with `ap_h_strict`.
    """

    higher_is_better = True

    def __init__(self, rules: RegionRules = "legacy") -> None:
        super().__init__(width=4, about=1)
        self.rules = rules

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:
        """Add one picture."""
        _add(self, human_regions(predicted, true))

    def compute(self) -> dict[str, Tensor]:
        """Return both scores; NaN for a set without a picture."""
        nothing = np.full((1, len(HUMAN_THRESHOLDS)), np.nan)
        ap = (ap_per_class(_collected(self, 1), HUMAN_THRESHOLDS, self.rules) if self.pictures() else nothing)[0]
        prefix = "ap_h_strict" if self.rules == "strict" else "ap_h"
        return as_scores({f"{prefix}_50": ap[0], f"{prefix}_vol": ap.mean()})


def _add(metric: PictureRows, found: Regions) -> None:
    columns: list[NDArray[Any]] = [found.label, found.score, found.iou, found.instance]
    metric.add_picture(np.stack(columns, 1), found.num_true.tolist())


def _collected(metric: PictureRows, num_classes: int) -> Regions:
    pictures = []
    for rows, num_true in metric.pictures():
        label, instance = rows[:, [0, 3]].astype(np.int64).T
        pictures.append(Regions(label, rows[:, 1], rows[:, 2], instance, num_true.astype(np.int64)))
    return joined_regions(pictures, num_classes)


def part_ap(anatomy: Anatomy, config: MetricsConfig) -> RegionAP:
    """Return the metric of a dataset's parts of persons, as published."""
    return RegionAP(anatomy.num_labels, "legacy", config.part_scores)


def strict_part_ap(anatomy: Anatomy, config: MetricsConfig) -> RegionAP:
    """Return the metric of a dataset's parts of persons, each found once."""
    return RegionAP(anatomy.num_labels, "strict", config.part_scores)


def human_ap(anatomy: Anatomy, config: MetricsConfig) -> HumanAP:
    """Return the metric of whole persons, whatever is annotated of them."""
    return HumanAP()
