"""Persons found without learning, from true boxes or poses: what an owner of a pixel must be told better than.

Every human pixel gets a part and an owner, so that their coverage is 1; which part is no guess of theirs.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.parts import IGNORE
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.keypoint_ap import person_regions

Points = NDArray[np.float64]
"""Coordinates of pixel centres, (pixel, 2): x_image, y_image."""

Distances = Callable[[Points, TruePersons, Anatomy], NDArray[np.float64]]
"""A function that returns how far each pixel is from each person, (person, pixel), infinite where that is not known."""

_NEAR_TIE = 1e-6


def baseline_persons(name: str, true: TruePersons, anatomy: Anatomy) -> PredictedPersons:
    """Return true persons with each human pixel given to the nearest of them.

    Args:
        name: one of `mghp.config.evaluation.BASELINES`.
        true: of one picture.
        anatomy: parts and skeleton of the dataset.
    """
    human = true.person_ids > 0
    rows, columns = np.nonzero(human)
    ids = np.zeros(human.shape, np.int64)
    ids[human] = _nearest(_DISTANCES[name](np.stack([columns, rows], 1).astype(np.float64) + 0.5, true, anatomy))
    known = (true.parts > 0) & (true.parts != IGNORE)
    persons = len(true.keypoints)
    return PredictedPersons(
        parts=np.where(human, np.where(known, true.parts, 1), 0),
        person_ids=ids,
        person_scores=np.ones(persons),
        part_scores=np.ones((persons, anatomy.num_labels)),
        keypoints=true.keypoints,
    )


def _nearest(distances: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the id of each pixel's nearest person, 0 where nobody's distance is known."""
    if not len(distances):
        return np.zeros(distances.shape[1], np.int64)
    return np.where(np.isfinite(distances).any(0), distances.argmin(0) + 1, 0)


def _to_boxes(pixels: Points, true: TruePersons, anatomy: Anatomy) -> NDArray[np.float64]:
    """Return distances to boxes; among several that hold a pixel the one with the nearest centre counts as nearer."""
    regions = person_regions(true)[: len(true.keypoints)]
    half = regions[:, None, 2:4] / 2
    from_centre = np.abs(pixels - regions[:, None, :2] - half)
    outside = np.linalg.norm((from_centre - half).clip(min=0), axis=-1)
    distances: NDArray[np.float64] = outside + _NEAR_TIE * np.linalg.norm(from_centre, axis=-1)
    has_box: NDArray[np.bool_] = np.asarray((regions[:, 2:4] != 0).any(1))
    return np.where(has_box[:, None], distances, np.inf)


def _to_keypoints(pixels: Points, true: TruePersons, anatomy: Anatomy) -> NDArray[np.float64]:
    """Return distances to the nearest annotated keypoint."""
    every = range(anatomy.num_keypoints)
    return _to_segments(pixels, true, [(place, place) for place in every])


def _to_skeletons(pixels: Points, true: TruePersons, anatomy: Anatomy) -> NDArray[np.float64]:
    """Return distances to the nearest limb whose ends are annotated, or keypoint."""
    ends = [(place, place) for place in range(anatomy.num_keypoints)]
    return _to_segments(pixels, true, [*ends, *anatomy.skeleton.limbs])


def _to_segments(pixels: Points, true: TruePersons, segments: list[tuple[int, int]]) -> NDArray[np.float64]:
    """Return distances to the nearest segment between two annotated keypoints of a person."""
    distances = np.full((len(true.keypoints), len(pixels)), np.inf)
    for nearest, pose in zip(distances, np.asarray(true.keypoints, np.float64), strict=True):
        for start, end in segments:
            if pose[start, 2] > 0 and pose[end, 2] > 0:
                np.minimum(nearest, _to_segment(pixels, pose[start, :2], pose[end, :2]), out=nearest)
    return distances


def _to_segment(pixels: Points, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    along = end - start
    share = ((pixels - start) @ along / max(float(along @ along), np.finfo(float).tiny)).clip(0, 1)
    distance: NDArray[np.float64] = np.linalg.norm(pixels - start - share[:, None] * along, axis=-1)
    return distance


def _to_smaller_persons(pixels: Points, true: TruePersons, anatomy: Anatomy) -> NDArray[np.float64]:
    """Return the smaller numbers for the larger persons, wherever a pixel is."""
    areas = person_regions(true)[: len(true.keypoints), 4].astype(np.float64)
    return np.repeat(-areas[:, None], len(pixels), 1)


_DISTANCES: Mapping[str, Distances] = {
    "nearest_box": _to_boxes,
    "nearest_keypoint": _to_keypoints,
    "nearest_limb": _to_skeletons,
    "largest_person": _to_smaller_persons,
}
