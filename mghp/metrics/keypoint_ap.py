"""Keypoint AP by object keypoint similarity, through pycocotools."""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy.ndimage import find_objects

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metrics import MetricsConfig
from mghp.metrics.average_precision import IGNORED, NO_DETECTION, coco_precision
from mghp.metrics.pooled_scores import Picture, PooledScores

_NOT_FOUND = -1e9
"""Where a keypoint that was not found stands: nowhere near anybody, nor in a box."""


def keypoint_ap(
    predicted: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    true: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    sigmas: Sequence[float],
    boxes: Sequence[NDArray[Any]] | None = None,
    mirrored_keypoints: Sequence[int] | None = None,
) -> dict[str, float]:
    """Return COCO's keypoint AP over a set of pictures, persons of every size counted.

    Of a picture the 20 detections with the highest scores are kept, as COCO does. A keypoint that was not found is as
    far away as can be, whatever it should have been near. True persons without an annotated keypoint, and crowds, are
    ignored: nobody need find them, and a pose whose keypoints lie in their box, made twice as large to each side, or
    near it, is not false.

    Args:
        predicted: of each picture, keypoints (person, keypoint, 3) with confidences, 0 where not found, and scores
            (person,).
        true: of each picture, keypoints (person, keypoint, 3) with visibilities, and areas (person + crowd,) in pixels,
            those of crowds last.
        sigmas: of each keypoint.
        boxes: of each picture, x, y, width and height of everybody whose area is told, (person + crowd, 4); only those
            of persons without an annotated keypoint and of crowds are looked at. None: nobody's is known.
        mirrored_keypoints: the keypoint on the other side of each; a found pose is then compared with left and right as
            they are and exchanged, and the larger similarity counts. None: as they are.

    Returns:
        `keypoint_ap` (mean over OKS 0.5 to 0.95), `keypoint_ap_50` and `keypoint_ap_75`; NaN without a true person.

    Example:
        >>> import numpy as np
        >>> from mghp.metrics.keypoint_ap import keypoint_ap
        >>> pose = np.array([[[10.0, 10.0, 2.0], [30.0, 20.0, 2.0]]])
        >>> found = pose + [4.0, 0.0, 0.0]  # 4 pixels to the right
        >>> scores = keypoint_ap([(found, np.array([0.9]))], [(pose, np.array([900.0]))], sigmas=[0.08, 0.08])
        >>> {name: round(score, 2) for name, score in scores.items()}
        {'keypoint_ap': 0.5, 'keypoint_ap_50': 1.0, 'keypoint_ap_75': 0.0}
    """
    scores = _scores(predicted, true, sigmas, boxes, mirrored_keypoints, np.ones((1, len(true))))
    return {name: float(of_set[0]) for name, of_set in scores.items()}


def _scores(
    predicted: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    true: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    sigmas: Sequence[float],
    boxes: Sequence[NDArray[Any]] | None,
    mirrored_keypoints: Sequence[int] | None,
    weights: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """Return `keypoint_ap` of sets in which pictures occur as often as weights (set, picture) say."""
    numbers = np.array([(keypoints[..., 2] > 0).any(-1).sum() for keypoints, _ in true], np.float64)
    is_matched = numbers.any() and any(len(scores) for _, scores in predicted)
    pictures = (
        _matched(predicted, true, sigmas, boxes, mirrored_keypoints) if is_matched else [NO_DETECTION] * len(true)
    )
    ap = coco_precision(pictures, numbers, weights)
    return {"keypoint_ap": ap.mean(0), "keypoint_ap_50": ap[0], "keypoint_ap_75": ap[5]}


class _Evaluation(COCOeval):  # type: ignore[misc]
    """COCO's evaluation, in which the sides of a found pose may be exchanged."""

    def __init__(self, truth: COCO, found: COCO, mirrored_keypoints: Sequence[int] | None) -> None:
        super().__init__(truth, found, "keypoints")
        self.mirrored_keypoints = mirrored_keypoints

    def computeOks(self, picture: int, category: int) -> NDArray[np.float64]:  # noqa: N802 (COCO's)
        """Return the similarity of found and true poses, (found, true); the larger one where sides are free."""
        as_named: NDArray[np.float64] = super().computeOks(picture, category)
        if self.mirrored_keypoints is None:
            return as_named
        found = self._dts[picture, category]
        self._dts[picture, category] = [_exchanged(pose, self.mirrored_keypoints) for pose in found]
        exchanged = super().computeOks(picture, category)
        self._dts[picture, category] = found
        larger: NDArray[np.float64] = np.maximum(as_named, exchanged)
        return larger


def _exchanged(pose: dict[str, Any], mirrored_keypoints: Sequence[int]) -> dict[str, Any]:
    keypoints = np.reshape(pose["keypoints"], (-1, 3))[list(mirrored_keypoints)]
    return {**pose, "keypoints": keypoints.ravel().tolist()}


def _matched(
    predicted: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    true: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    sigmas: Sequence[float],
    boxes: Sequence[NDArray[Any]] | None,
    mirrored_keypoints: Sequence[int] | None,
) -> list[NDArray[np.float64]]:
    """Return the detections of each picture as `coco_precision` takes them, at OKS 0.5 to 0.95."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = _annotations(true, boxes or [np.zeros((len(areas), 4)) for _, areas in true])
        truth.createIndex()
        evaluation = _Evaluation(truth, truth.loadRes(_results(predicted)), mirrored_keypoints)
        evaluation.params.kpt_oks_sigmas = np.array(sigmas)
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, np.inf]], ["all"]
        evaluation.evaluate()
    return [NO_DETECTION if picture is None else _detections(picture) for picture in evaluation.evalImgs]


def _detections(picture: dict[str, Any]) -> NDArray[np.float64]:
    outcome = np.where(picture["dtIgnore"], IGNORED, picture["dtMatches"] > 0)
    return np.column_stack([picture["dtScores"], outcome.T])


def _annotations(true: Sequence[tuple[NDArray[Any], NDArray[Any]]], boxes: Sequence[NDArray[Any]]) -> dict[str, Any]:
    persons = [
        (picture, person, poses[person] if person < len(poses) else np.zeros(poses.shape[1:]), float(area), box)
        for picture, ((poses, areas), of_picture) in enumerate(zip(true, boxes, strict=True))
        for person, (area, box) in enumerate(zip(areas, of_picture, strict=True))
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
                "iscrowd": int(person >= len(true[picture][0])),
                "area": area,
                "bbox": [float(value) for value in box],
                "keypoints": keypoints.astype(float).ravel().tolist(),
                "num_keypoints": int((keypoints[:, 2] > 0).sum()),
            }
            for number, (picture, person, keypoints, area, box) in enumerate(persons)
        ],
    }


def _results(predicted: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> list[dict[str, Any]]:
    return [
        {"image_id": picture, "category_id": 1, "keypoints": pose.ravel().tolist(), "score": float(score)}
        for picture, (poses, scores) in enumerate(predicted)
        for pose, score in zip(_placed(poses), scores, strict=True)
    ]


def _placed(keypoints: NDArray[Any]) -> NDArray[np.float64]:
    """Return keypoints (person, keypoint, 3), with those that were not found far from everything."""
    found = keypoints[..., 2:] > 0
    return np.where(found, keypoints, np.array([_NOT_FOUND, _NOT_FOUND, 0.0])).astype(np.float64)


def person_regions(true: TruePersons) -> NDArray[np.float64]:
    """Return `TruePersons.regions`, or what masks say in their place: nobody is smaller than a pixel."""
    if true.regions is not None:
        return true.regions.astype(np.float64)
    ids, persons = true.person_ids.astype(np.int64), len(true.keypoints)
    areas = np.bincount(ids.ravel(), minlength=persons + 1)[1 : persons + 1].clip(min=1)
    boxes = np.zeros((persons, 4))
    for person, slices in enumerate(find_objects(ids, persons)[:persons]):
        if slices is not None:
            rows, columns = slices
            boxes[person] = columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
    return np.concatenate([boxes, areas[:, None]], 1)


class KeypointAP(PooledScores):
    """`keypoint_ap` over a set, with the boxes, areas and crowds of the annotations; else the masks'.

    Args:
        sigmas: of each keypoint.
        mirrored_keypoints: see `keypoint_ap`.
    """

    def __init__(self, sigmas: Sequence[float], mirrored_keypoints: Sequence[int] | None = None) -> None:
        super().__init__(width=3 * len(sigmas) + 5, about=2)
        self.sigmas = tuple(sigmas)
        self.mirrored_keypoints = mirrored_keypoints

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:
        """Add one picture."""
        regions, scores = person_regions(true), predicted.person_scores
        found = self._rows(predicted.keypoints, np.pad(scores[:, None], ((0, 0), (4, 0))))
        self.add_picture(
            np.concatenate([found, self._rows(true.keypoints, regions)]), [len(found), len(true.keypoints)]
        )

    def pooled(self, pictures: Sequence[Picture], weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the three scores of each set."""
        predicted, true, boxes = [], [], []
        for rows, about in pictures:
            found, persons = about.astype(int)
            predicted.append(self._poses(rows[:found], found))
            true.append(self._poses(rows[found:], persons))
            boxes.append(rows[found:, -5:-1])
        return _scores(predicted, true, self.sigmas, boxes, self.mirrored_keypoints, weights)

    def _poses(self, rows: NDArray[Any], persons: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the keypoints (person, keypoint, 3) of the first `persons` rows, and a value per row."""
        return rows[:persons, :-5].reshape(persons, len(self.sigmas), 3), rows[:, -1]

    def _rows(self, keypoints: NDArray[Any], values: NDArray[Any]) -> NDArray[np.float64]:
        """Join keypoints (person, keypoint, 3) and values (person + crowd, 5) to (person + crowd, 3 keypoint + 5)."""
        rows = np.zeros((len(values), 3 * len(self.sigmas) + 5))
        rows[: len(keypoints), :-5] = np.reshape(keypoints, (len(keypoints), -1)) if len(keypoints) else 0.0
        rows[:, -5:] = values
        return rows


def keypoint_scores(anatomy: Anatomy, config: MetricsConfig) -> KeypointAP:
    """Return the metric of a dataset's keypoints."""
    return KeypointAP(anatomy.skeleton.known_sigmas)
