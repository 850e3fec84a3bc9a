"""Keypoint AP by object keypoint similarity, through pycocotools."""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch import Tensor

from mghp.metrics.people import PredictedPeople, TruePeople
from mghp.metrics.picture_rows import PictureRows
from mghp.metrics.scores import as_scores


def keypoint_ap(
    predicted: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    true: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    sigmas: Sequence[float],
) -> dict[str, float]:
    """COCO's keypoint AP over a set of pictures, persons of every size counted.

    A keypoint that was not found stands at (0, 0), as far away as COCO's rules want. True persons without an annotated
    keypoint are ignored, as COCO does.

    Args:
        predicted: of each picture, keypoints (person, keypoint, 3) with confidences and scores (person,).
        true: of each picture, keypoints (person, keypoint, 3) with visibilities and areas (person,) in pixels.
        sigmas: of each keypoint.

    Returns:
        `keypoint_ap` (mean over OKS 0.5 to 0.95), `keypoint_ap_50` and `keypoint_ap_75`; NaN without a true person.
    """
    names = {"keypoint_ap": None, "keypoint_ap_50": 0.5, "keypoint_ap_75": 0.75}
    if not any((keypoints[..., 2] > 0).any() for keypoints, _ in true):
        return dict.fromkeys(names, float("nan"))
    if not any(len(scores) for _, scores in predicted):
        return dict.fromkeys(names, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = _annotations(true)
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(_results(predicted)), "keypoints")
        evaluation.params.kpt_oks_sigmas = np.array(sigmas)
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, 0, 0, -1]  # (OKS threshold, recall)
    thresholds = np.asarray(evaluation.params.iouThrs)
    return {
        name: float(precision[np.isclose(thresholds, threshold)].mean() if threshold else precision.mean())
        for name, threshold in names.items()
    }


def _annotations(true: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> dict[str, Any]:
    persons = [
        (picture, keypoints, float(area))
        for picture, (poses, areas) in enumerate(true)
        for keypoints, area in zip(poses, areas, strict=True)
    ]
    return {
        "info": {},
        "images": [{"id": picture} for picture in range(len(true))],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {
                "id": number + 1,
                "image_id": picture,
                "category_id": 1,
                "iscrowd": 0,
                "area": max(area, 1.0),
                "bbox": _box(keypoints),
                "keypoints": keypoints.astype(float).ravel().tolist(),
                "num_keypoints": int((keypoints[:, 2] > 0).sum()),
            }
            for number, (picture, keypoints, area) in enumerate(persons)
        ],
    }


def _results(predicted: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> list[dict[str, Any]]:
    return [
        {"image_id": picture, "category_id": 1, "keypoints": pose.astype(float).ravel().tolist(), "score": float(score)}
        for picture, (poses, scores) in enumerate(predicted)
        for pose, score in zip(poses, scores, strict=True)
    ]


def _box(keypoints: NDArray[Any]) -> list[float]:
    """x, y, width, height of the annotated keypoints."""
    annotated = keypoints[keypoints[:, 2] > 0, :2]
    if not len(annotated):
        return [0.0, 0.0, 0.0, 0.0]
    low, high = annotated.min(0), annotated.max(0)
    return [float(value) for value in (*low, *(high - low))]


class KeypointAP(PictureRows):
    """`keypoint_ap` over a set; a person's area is its mask's.

    Args:
        sigmas: of each keypoint.
    """

    higher_is_better = True

    def __init__(self, sigmas: Sequence[float]) -> None:
        super().__init__(width=3 * len(sigmas) + 1, about=1)
        self.sigmas = tuple(sigmas)

    def update(self, predicted: PredictedPeople, true: TruePeople) -> None:
        """Add one picture."""
        persons = len(true.keypoints)
        areas = np.bincount(true.person_ids.astype(np.int64).ravel(), minlength=persons + 1)[1 : persons + 1]
        found = _rows(predicted.keypoints, predicted.person_scores)
        self.add_picture(np.concatenate([found, _rows(true.keypoints, areas)]), [len(found)])

    def compute(self) -> dict[str, Tensor]:
        """The three scores."""
        pictures = [np.split(rows, [int(about[0])]) for rows, about in self.pictures()]
        predicted, true = ([self._poses(picture[side]) for picture in pictures] for side in (0, 1))
        return as_scores(keypoint_ap(predicted, true, self.sigmas))

    def _poses(self, rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Keypoints (person, keypoint, 3) and a value a person."""
        return rows[:, :-1].reshape(len(rows), len(self.sigmas), 3), rows[:, -1]


def _rows(keypoints: NDArray[Any], values: NDArray[Any]) -> NDArray[np.float64]:
    """Keypoints (person, keypoint, 3) and a value a person -> (person, 3 keypoint + 1)."""
    flat = np.asarray(keypoints, np.float64).reshape(len(keypoints), int(np.prod(np.shape(keypoints)[1:])))
    return np.concatenate([flat, np.asarray(values, np.float64)[:, None]], 1)
