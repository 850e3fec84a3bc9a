"""AP^p and PCP: how well persons are parsed, each matched to a true one by the mean IoU of its parts.

Definition of the Multi-Human-Parsing evaluator (MHP v2); Parsing-R-CNN and M2FP differ in what they leave out.
Ties are broken by the order (picture, predicted person), the first one first; of true persons with equal mean IoU the
first one wins.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metrics import MetricsConfig
from mghp.metrics.average_precision import average_precision
from mghp.metrics.person_iou import PersonIoU, person_iou
from mghp.metrics.picture_rows import PictureRows
from mghp.metrics.scores import as_scores

THRESHOLDS = tuple(round(0.1 * step, 1) for step in range(1, 10))
"""Thresholds of mean IoU, 0.1 to 0.9."""

Rules = Literal["mhp_v2", "parsing_rcnn", "m2fp"]
"""Whose handling of persons without a pixel and of low scores: MHP v2 leaves the first out; the others count them, and
skip predictions scored below 0.001 and 0.01."""

_LEAST_SCORE = {"mhp_v2": -np.inf, "parsing_rcnn": 0.001, "m2fp": 0.01}


@dataclass
class Detections:
    """All predicted persons of a set, and how many true ones there are.

    Attributes:
        score: (detection,) float64.
        person: (detection,): the true person of the largest mean IoU, numbered through the set; -1 where nobody is.
        mean_iou: (detection,): with that person.
        part_iou: (detection, part): with that person, 0 where one of the two lacks the part.
        true_parts: (true person, part) bool: which parts that person has.
    """

    score: NDArray[np.float64]
    person: NDArray[np.int64]
    mean_iou: NDArray[np.float64]
    part_iou: NDArray[np.float64]
    true_parts: NDArray[np.bool_]

    @property
    def num_true(self) -> int:
        """The number of true persons."""
        return len(self.true_parts)


def detections(picture: PersonIoU, rules: Rules = "mhp_v2") -> Detections:
    """Return one picture's part of the evaluation.

    Args:
        picture: predicted persons against true ones.
        rules: see `Rules`.
    """
    kept = picture.scores >= _LEAST_SCORE[rules]
    counted = ~picture.is_empty if rules == "mhp_v2" else np.ones(len(picture.is_empty), bool)
    iou, scores = picture.part_iou[kept], picture.scores[kept]
    mean = picture.mean_iou[kept].copy()
    number_of = np.cumsum(counted) - 1
    if rules == "mhp_v2":
        mean[:, ~counted] = -1
    true_parts = picture.true_parts[counted, 1:]
    if not len(true_parts):
        nobody = np.full(len(scores), -1)
        return Detections(scores, nobody, np.zeros(len(scores)), np.zeros((len(scores), iou.shape[-1] - 1)), true_parts)
    best = mean.argmax(1)
    rows = np.arange(len(scores))
    return Detections(scores, number_of[best], mean[rows, best], np.nan_to_num(iou[rows, best, 1:]), true_parts)


def joined(pictures: Sequence[Detections]) -> Detections:
    """Return the detections of several pictures, at least one, with true persons numbered through."""
    first = np.cumsum([0, *(picture.num_true for picture in pictures)])
    persons = [
        np.where(picture.person >= 0, picture.person + offset, -1)
        for picture, offset in zip(pictures, first, strict=False)
    ]
    return Detections(
        score=np.concatenate([p.score for p in pictures]),
        person=np.concatenate(persons),
        mean_iou=np.concatenate([p.mean_iou for p in pictures]),
        part_iou=np.concatenate([p.part_iou for p in pictures]),
        true_parts=np.concatenate([p.true_parts for p in pictures]),
    )


def ap_and_pcp(found: Detections) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return AP^p and PCP at each of `THRESHOLDS`; NaN in a set without a true person.

    In the order of their scores, detections take their best true person if its mean IoU is over the threshold and
    nobody has taken it; else they are false. AP^p is the area under the monotone precision; PCP the mean over true
    persons of the share of parts found, 0 for a person whom nobody took.

    Example:
        >>> import numpy as np
        >>> from mghp.metrics.ap_parsing import THRESHOLDS, Detections, ap_and_pcp
        >>> found = Detections(  # two persons of one part, of whom one is found twice and the other not at all
        ...     score=np.array([0.9, 0.8]), person=np.array([0, 0]), mean_iou=np.array([0.7, 0.6]),
        ...     part_iou=np.array([[0.7], [0.6]]), true_parts=np.array([[True], [True]]),
        ... )
        >>> ap, pcp = ap_and_pcp(found)
        >>> float(ap[THRESHOLDS.index(0.5)]), float(pcp[THRESHOLDS.index(0.5)])
        (0.5, 0.5)
    """
    ap, pcp = np.full(len(THRESHOLDS), np.nan), np.full(len(THRESHOLDS), np.nan)
    if found.num_true:
        ranked = _ranked(found)
        num_parts = found.true_parts.sum(1)
        for column, (threshold, is_true) in enumerate(_matched(ranked)):
            ap[column] = average_precision(is_true, found.num_true)
            parts_found = (ranked.part_iou[is_true] > threshold).sum(1)
            pcp[column] = (parts_found / np.maximum(num_parts[ranked.person[is_true]], 1)).sum() / found.num_true
    return ap, pcp


def pcp_per_part(found: Detections) -> NDArray[np.float64]:
    """Return recall per part and threshold: the share of the true persons having the part whose part was found.

    Returns:
        (part, threshold), NaN for parts that nobody has.
    """
    has_part, ranked = found.true_parts.sum(0), _ranked(found)
    shares = [
        np.divide(
            (ranked.part_iou[is_true] > threshold).sum(0),
            has_part,
            out=np.full(len(has_part), np.nan),
            where=has_part > 0,
        )
        for threshold, is_true in _matched(ranked)
    ]
    return np.stack(shares, 1)


def _ranked(found: Detections) -> Detections:
    """Sort by score, the largest first."""
    order = np.argsort(-found.score, kind="stable")
    return Detections(
        found.score[order], found.person[order], found.mean_iou[order], found.part_iou[order], found.true_parts
    )


def _matched(ranked: Detections) -> Iterator[tuple[float, NDArray[np.bool_]]]:
    """Yield each threshold, and which ranked detections are true at it: each true person's first one over it."""
    for threshold in THRESHOLDS:
        over = np.flatnonzero((ranked.mean_iou > threshold) & (ranked.person >= 0))
        _, first = np.unique(ranked.person[over], return_index=True)
        is_true = np.zeros(len(ranked.score), bool)
        is_true[over[first]] = True
        yield threshold, is_true


class ParsingAP(PictureRows):
    """AP^p and PCP of a set: `ap_p_50`, `ap_p_vol` (mean of 0.1 to 0.9), `pcp_50` and `pcp_vol`.

    Args:
        num_labels: labels, background included.
        rules: see `Rules`.
    """

    higher_is_better = True

    def __init__(self, num_labels: int, rules: Rules = "mhp_v2") -> None:
        super().__init__(width=3 + num_labels - 1, about=0)
        self.num_labels = num_labels
        self.rules = rules

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:
        """Add one picture."""
        found = detections(self.compared(predicted, true), self.rules)
        columns = [found.score[:, None], found.person[:, None], found.mean_iou[:, None], found.part_iou]
        # True persons follow the detections, in rows of their own.
        true_rows = np.concatenate([np.full((found.num_true, 3), np.nan), found.true_parts], 1)
        self.add_picture(np.concatenate([np.concatenate(columns, 1), true_rows]), [])

    def compared(self, predicted: PredictedPersons, true: TruePersons) -> PersonIoU:
        """Return predicted persons against true ones."""
        return person_iou(predicted, true, self.num_labels)

    def detections(self) -> Detections:
        """Return the detections of the whole set."""
        nothing = np.zeros((0, 2 + self.num_labels))
        return joined([_of_rows(rows) for rows in [nothing, *(rows for rows, _ in self.pictures())]])

    def compute(self) -> dict[str, Tensor]:
        """Return the four scores."""
        ap, pcp = ap_and_pcp(self.detections())
        middle = THRESHOLDS.index(0.5)
        scores = {"ap_p_50": ap[middle], "ap_p_vol": ap.mean(), "pcp_50": pcp[middle], "pcp_vol": pcp.mean()}
        return as_scores(scores)


def _of_rows(rows: NDArray[np.float64]) -> Detections:
    """Return one picture's detections from the rows that `ParsingAP` keeps."""
    is_true_person = np.isnan(rows[:, 0])
    found = rows[~is_true_person]
    return Detections(
        found[:, 0], found[:, 1].astype(np.int64), found[:, 2], found[:, 3:], rows[is_true_person, 3:] > 0
    )


def parsing_ap(anatomy: Anatomy, config: MetricsConfig) -> ParsingAP:
    """Return the metric of a dataset's persons."""
    return ParsingAP(anatomy.num_labels, config.rules)
