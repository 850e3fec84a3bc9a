"""Predicted persons that overlap -> one map of parts and one of persons."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.persons import PredictedPersons


def painted(
    maps: NDArray[np.integer[Any]],
    person_scores: NDArray[np.floating[Any]],
    part_scores: NDArray[np.floating[Any]],
    keypoints: NDArray[np.floating[Any]] | None = None,
    least_score: float = -np.inf,
) -> PredictedPersons:
    """Paint persons one over the other by ascending scores; of equal scores the later is on top.

    Persons without a pixel left are dropped, as the submission formats cannot hold them.

    Args:
        maps: (person, height, width): part labels, 0 where the person is not.
        person_scores: (person,).
        part_scores: (person, label).
        keypoints: (person, keypoint, 3); left out, persons have none.
        least_score: persons below are not painted (Parsing-R-CNN's semantic map: 0.3).
    """
    scores = np.asarray(person_scores, np.float64)
    parts, ids = np.zeros(maps.shape[1:], maps.dtype), np.zeros(maps.shape[1:], np.int64)
    for person in np.argsort(scores, kind="stable"):
        if scores[person] >= least_score:
            is_painted = maps[person] > 0
            parts[is_painted] = maps[person][is_painted]
            ids[is_painted] = person + 1
    seen = np.flatnonzero(np.bincount(ids.ravel(), minlength=len(scores) + 1)[1:])
    renumbered = np.zeros(len(scores) + 1, np.int64)
    renumbered[seen + 1] = np.arange(1, len(seen) + 1)
    if keypoints is None:
        keypoints = np.zeros((len(scores), 0, 3))
    return PredictedPersons(
        parts=parts,
        person_ids=renumbered[ids],
        person_scores=scores[seen],
        part_scores=np.asarray(part_scores, np.float64)[seen],
        keypoints=keypoints[seen],
    )
