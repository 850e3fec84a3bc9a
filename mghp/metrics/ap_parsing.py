"""AP^p and PCP: how well persons are parsed, each matched to a true one by the mean IoU of its parts.

Definition of the Multi-Human-Parsing evaluator (MHP v2); Parsing-R-CNN and M2FP differ in what they leave out.
Ties are broken by the order (picture, predicted person), the first one first; of true persons with equal mean IoU the
first one wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import Metric

from mghp.metrics.list_states import concatenated
from mghp.metrics.people import PredictedPeople, TruePeople
from mghp.metrics.person_iou import PersonIoU, person_iou

THRESHOLDS = tuple(round(0.1 * step, 1) for step in range(1, 10))
"""Of mean IoU, 0.1 to 0.9."""

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
        part_recall: (detection, threshold): share of that person's parts found with an IoU over the threshold.
        num_true: true persons.
    """

    score: NDArray[np.float64]
    person: NDArray[np.int64]
    mean_iou: NDArray[np.float64]
    part_recall: NDArray[np.float64]
    num_true: int


def detections(picture: PersonIoU, rules: Rules = "mhp_v2") -> Detections:
    """One picture's part of the evaluation.

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
    if not counted.any():
        nothing = np.zeros(len(scores))
        return Detections(scores, np.full(len(scores), -1), nothing, np.zeros((len(scores), len(THRESHOLDS))), 0)
    best = mean.argmax(1)
    rows = np.arange(len(scores))
    has_part = picture.true_parts[best, 1:]
    found = np.nan_to_num(iou[rows, best, 1:])[:, None] > np.array(THRESHOLDS)[:, None]
    recall = found.sum(-1) / np.maximum(has_part.sum(-1), 1)[:, None]
    recall[~has_part.any(-1)] = 0
    return Detections(scores, number_of[best], mean[rows, best], recall, int(counted.sum()))


def joined(pictures: Sequence[Detections]) -> Detections:
    """Detections of several pictures, true persons numbered through."""
    first = np.cumsum([0, *(picture.num_true for picture in pictures)])
    persons = [
        np.where(picture.person >= 0, picture.person + offset, -1)
        for picture, offset in zip(pictures, first, strict=False)
    ]
    return Detections(
        score=np.concatenate([np.zeros(0), *(p.score for p in pictures)]),
        person=np.concatenate([np.zeros(0, np.int64), *persons]),
        mean_iou=np.concatenate([np.zeros(0), *(p.mean_iou for p in pictures)]),
        part_recall=np.concatenate([np.zeros((0, len(THRESHOLDS))), *(p.part_recall for p in pictures)]),
        num_true=int(first[-1]),
    )


def ap_and_pcp(found: Detections) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AP^p and PCP at each of `THRESHOLDS`; NaN in a set without a true person.

    In the order of their scores, detections take their best true person if its mean IoU is over the threshold and
    nobody has taken it; else they are false. AP^p is the area under the monotone precision; PCP the mean over true
    persons of the share of parts found, 0 for a person whom nobody took.
    """
    if found.num_true == 0:
        nothing = np.full(len(THRESHOLDS), np.nan)
        return nothing, nothing.copy()
    order = np.argsort(-found.score, kind="stable")
    person, mean = found.person[order], found.mean_iou[order]
    ap, pcp = np.zeros(len(THRESHOLDS)), np.zeros(len(THRESHOLDS))
    for column, threshold in enumerate(THRESHOLDS):
        over = np.flatnonzero((mean > threshold) & (person >= 0))
        _, first = np.unique(person[over], return_index=True)
        is_true = np.zeros(len(order), bool)
        is_true[over[first]] = True
        ap[column] = _area(is_true, found.num_true)
        pcp[column] = found.part_recall[order][is_true, column].sum() / found.num_true
    return ap, pcp


def _area(is_true: NDArray[np.bool_], num_true: int) -> float:
    """Under the monotone envelope of precision over recall, summed where recall changes."""
    if not len(is_true):
        return 0.0
    hits = np.cumsum(is_true)
    recall = np.concatenate([[0.0], hits / num_true, [1.0]])
    precision = np.concatenate([[0.0], hits / np.arange(1, len(hits) + 1), [0.0]])
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(((recall[1:] - recall[:-1]) * envelope[1:]).sum())


class ParsingAP(Metric):
    """AP^p and PCP of a set: `ap_p_50`, `ap_p_vol` (mean of 0.1 to 0.9), `pcp_50`.

    Args:
        num_labels: labels, background included.
        rules: see `Rules`.
    """

    higher_is_better = True
    full_state_update = False
    rows: list[Tensor]
    counts: list[Tensor]

    def __init__(self, num_labels: int, rules: Rules = "mhp_v2") -> None:
        super().__init__()
        self.num_labels = num_labels
        self.rules = rules
        # A row a detection, and a row a picture: concatenated, so that processes may have seen unequal numbers.
        self.add_state("rows", [], dist_reduce_fx="cat")
        self.add_state("counts", [], dist_reduce_fx="cat")

    def update(self, predicted: PredictedPeople, true: TruePeople) -> None:
        """Add one picture."""
        found = detections(person_iou(predicted, true, self.num_labels), self.rules)
        columns = [found.score[:, None], found.person[:, None], found.mean_iou[:, None], found.part_recall]
        self.rows.append(torch.from_numpy(np.concatenate(columns, 1)))
        self.counts.append(torch.tensor([[len(found.score), found.num_true]]))

    def compute(self) -> dict[str, Tensor]:
        """The three scores."""
        counts = concatenated(self.counts, (0, 2)).astype(np.int64)
        rows = concatenated(self.rows, (0, 3 + len(THRESHOLDS)))
        pictures = [
            Detections(of_picture[:, 0], of_picture[:, 1].astype(np.int64), of_picture[:, 2], of_picture[:, 3:], number)
            for of_picture, number in zip(
                np.split(rows, np.cumsum(counts[:-1, 0])) if len(counts) else [], counts[:, 1].tolist(), strict=True
            )
        ]
        ap, pcp = ap_and_pcp(joined(pictures))
        middle = THRESHOLDS.index(0.5)
        return {
            "ap_p_50": torch.tensor(ap[middle]),
            "ap_p_vol": torch.tensor(ap.mean()),
            "pcp_50": torch.tensor(pcp[middle]),
        }
