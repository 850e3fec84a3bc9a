"""Mask AP of whole persons, as COCO's evaluator has it: greedy matching, and precision at 101 recalls.

A person's mask is all its part pixels, and its score the assembly's. Pixels whose person is not known are taken from
all masks. A detection that finds nobody is ignored, neither right nor wrong, where at least half of it lay on such
pixels, and so is one of a size that is not asked for.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metrics import MetricsConfig
from mghp.metrics.average_precision import FALSE, IGNORED, TRUE, coco_precision
from mghp.metrics.grouping import mask_iou
from mghp.metrics.pooled_scores import Picture, PooledScores

MASK_THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""Thresholds of IoU, 0.5 to 0.95."""

LEAST_AREAS = {"": 32.0**2, "_all": 0.0}
"""The area from which on persons count, in pixels of a picture whose longest side is `AREA_SIDE`, by a score's end."""

AREA_SIDE = 480
"""The longest side of the pictures that areas are told of, pixels: about COCO's."""

MOST_DETECTIONS = 100
"""The number of detections of a picture that count, the surest first."""

_COLUMNS = {
    ending: range(1 + place * len(MASK_THRESHOLDS), 1 + (place + 1) * len(MASK_THRESHOLDS))
    for place, ending in enumerate(LEAST_AREAS)
}
"""Where the outcomes stand in a detection's row, behind its score."""

_NO_TIE = 1 - 1e-10


def matched(
    iou: NDArray[np.float64],
    true_counts: NDArray[np.bool_],
    found_counts: NDArray[np.bool_],
    thresholds: NDArray[np.float64] = MASK_THRESHOLDS,
) -> NDArray[np.int64]:
    """Match detections with true persons greedily, the surest first, each with whom it overlaps most.

    Args:
        iou: (detection, true person), the surest detection first.
        true_counts: true persons who must be found, (true person,); whoever finds another one is ignored.
        found_counts: detections that are false where they find nobody, (detection,); the others are ignored.
        thresholds: IoU from which on two are alike, (threshold,).

    Returns:
        (detection, threshold): `TRUE`, `FALSE` or `IGNORED`.
    """
    taken = np.zeros((len(thresholds), iou.shape[1]), bool)
    outcome = np.zeros((len(iou), len(thresholds)), np.int64)
    rows = np.arange(len(thresholds))
    for place, (overlap, counts) in enumerate(zip(iou, found_counts, strict=True)):
        free = ~taken & (overlap >= np.minimum(thresholds, _NO_TIE)[:, None])
        asked = free & true_counts
        open_to = np.where(asked.any(1)[:, None], asked, free)
        found = open_to.any(1)
        outcome[place] = FALSE if counts else IGNORED
        if found.any():
            # Of equal overlaps the last person counts.
            best = iou.shape[1] - 1 - np.where(open_to, overlap, -1.0)[:, ::-1].argmax(1)
            outcome[place] = np.where(found, np.where(true_counts[best], TRUE, IGNORED), outcome[place])
            taken[rows[found], best[found]] = True
    return outcome


class MaskAP(PooledScores):
    """`mask_ap_vol` (mean of IoU 0.5 to 0.95) and `mask_ap_50` of persons from 32 x 32 pixels, and `_all` of all sizes.

    NaN without a true person of the size.
    """

    def __init__(self) -> None:
        super().__init__(width=1 + len(LEAST_AREAS) * len(MASK_THRESHOLDS), about=len(LEAST_AREAS))

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:
        """Match the persons of one picture."""
        shared, ignored_share = _pixels(predicted, true)
        scale = (AREA_SIDE / max(true.person_ids.shape)) ** 2
        of_true, of_found = shared[1:].sum(1), shared[:, 1:].sum(0)
        scores = np.asarray(predicted.person_scores, np.float64)
        order = np.argsort(-scores, kind="stable")
        order = order[of_found[order] > 0][:MOST_DETECTIONS]
        there = np.flatnonzero(of_true)
        iou = mask_iou(shared).T[np.ix_(order, there)]
        outcomes, numbers = [scores[order][:, None]], []
        for least in LEAST_AREAS.values():
            true_counts = of_true[there] * scale >= least
            found_counts = (of_found[order] * scale >= least) & (ignored_share[order] < 0.5)
            outcomes.append(matched(iou, true_counts, found_counts))
            numbers.append(int(true_counts.sum()))
        self.add_picture(np.concatenate(outcomes, 1), numbers)

    def pooled(self, pictures: Sequence[Picture], weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the four scores of each set."""
        numbers = np.array([about for _, about in pictures]).reshape(-1, len(LEAST_AREAS))
        scores: dict[str, NDArray[np.float64]] = {}
        for place, (ending, columns) in enumerate(_COLUMNS.items()):
            detections = [rows[:, [0, *columns]] for rows, _ in pictures]
            ap = coco_precision(detections, numbers[:, place], weights)
            scores |= {f"mask_ap_50{ending}": ap[0], f"mask_ap_vol{ending}": ap.mean(0)}
        return scores


def _pixels(predicted: PredictedPersons, true: TruePersons) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return pixels (true, predicted) whose person is known, nobody first; and each detection's share of the others."""
    shape = len(true.keypoints) + 1, len(predicted.person_scores) + 1
    found = np.where(predicted.parts > 0, predicted.person_ids, 0).astype(np.int64)
    cells = true.person_ids.astype(np.int64) * shape[1] + found
    known = cells.ravel() if true.ignored is None else cells[~true.ignored]
    shared = np.bincount(known, minlength=shape[0] * shape[1]).reshape(shape)
    whole = np.bincount(found.ravel(), minlength=shape[1])
    return shared, 1 - (shared.sum(0) / np.maximum(whole, 1))[1:]


def mask_ap(anatomy: Anatomy, config: MetricsConfig) -> MaskAP:
    """Return the metric of whole persons' masks, whatever their parts."""
    return MaskAP()
