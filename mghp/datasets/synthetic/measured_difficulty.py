"""How hard a set is, without any model: published before training, so that easier pictures pass for no progress."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from mghp.datasets.sample import VISIBLE, Sample


def set_difficulty(samples: Iterable[Sample]) -> dict[str, float]:
    """Return measures of a labelled set.

    Args:
        samples: with parts, persons and keypoints.

    Returns:
        `pictures`; `persons_per_picture`; `box_overlap`: mean over persons of the largest IoU of the mask's box with
        another's in the picture, 0 where there is none; `keypoints_visible`: share of the annotated keypoints, and
        `keypoints_annotated`: share of all; `human_pixels`: share of all pixels; `person_height`: median over persons
        of the mask's height relative to the picture's; `nearest_keypoint_grouping`: share of human pixels whose
        nearest annotated keypoint of anybody is one of the own person; `without_cue`: share of persons whose left no
        picture tells from their right, NaN where nobody knows.
    """
    overlaps: list[float] = []
    heights: list[float] = []
    counts = dict.fromkeys(("pictures", "keypoints", "annotated", "visible", "pixels", "human", "grouped"), 0)
    cues: list[bool] = []
    for sample in samples:
        assert sample.person_ids is not None
        assert sample.keypoints is not None
        boxes = [_box(sample.person_ids == person + 1) for person in range(len(sample.keypoints))]
        overlaps += _largest_ious(np.array(boxes, float))
        heights += [(box[3] - box[1]) / len(sample.person_ids) for box in boxes]
        cues += [] if sample.cues is None else sample.cues.tolist()
        visibility = sample.keypoints[..., 2]
        counts["pictures"] += 1
        counts["keypoints"] += visibility.size
        counts["annotated"] += int((visibility > 0).sum())
        counts["visible"] += int((visibility == VISIBLE).sum())
        counts["pixels"] += sample.person_ids.size
        counts["human"] += int((sample.person_ids > 0).sum())
        counts["grouped"] += _nearest_is_own(sample.person_ids, sample.keypoints)
    return {
        "pictures": counts["pictures"],
        "persons_per_picture": len(heights) / max(counts["pictures"], 1),
        "box_overlap": float(np.mean(overlaps)) if overlaps else 0.0,
        "keypoints_visible": counts["visible"] / max(counts["annotated"], 1),
        "keypoints_annotated": counts["annotated"] / max(counts["keypoints"], 1),
        "human_pixels": counts["human"] / max(counts["pixels"], 1),
        "person_height": float(np.median(heights)) if heights else 0.0,
        "nearest_keypoint_grouping": counts["grouped"] / max(counts["human"], 1),
        "without_cue": 1 - float(np.mean(cues)) if cues else float("nan"),
    }


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _largest_ious(boxes: NDArray[np.float64]) -> list[float]:
    """Return the largest IoU of each box with the others: (persons, 4) -> (persons,)."""
    corner = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    other = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.clip(other - corner, 0, None), -1)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], -1)
    iou = shared / (area[:, None] + area[None] - shared)
    np.fill_diagonal(iou, 0)
    return [float(value) for value in iou.max(1)]


def _nearest_is_own(person_ids: NDArray[np.int16], keypoints: NDArray[np.float32]) -> int:
    """Count the human pixels whose nearest annotated keypoint belongs to their person."""
    owner, keypoint = (keypoints[..., 2] > 0).nonzero()
    rows, columns = person_ids.nonzero()
    if not len(owner) or not len(rows):
        return 0
    _, nearest = KDTree(keypoints[owner, keypoint, :2]).query(np.stack([columns + 0.5, rows + 0.5], -1))
    return int((owner[nearest] + 1 == person_ids[rows, columns]).sum())
