"""Candidates as `mghp data problems` finds them, made up: true pairs score 2, all others -1."""

import numpy as np

from mghp.problems.predicted_candidates import Doubt, PictureCandidates, PredictedCandidates
from mghp.problems.problem_set import NOBODY

KEYPOINTS = ("head", "hand", "foot")
LIMBS = ((0, 1), (0, 2))


def picture(name, persons=2, doubts=(), seed=0):
    """Each person's three keypoints, and one false candidate per doubt, of type hand."""
    person = np.array([*range(persons)] * 3 + [NOBODY] * len(doubts), int)
    keypoint = np.array(np.repeat([0, 1, 2], persons).tolist() + [1] * len(doubts), int)
    doubt = np.array([Doubt.NONE] * (3 * persons) + list(doubts), np.uint8)
    order = np.argsort(keypoint, kind="stable")
    person, keypoint, doubt = person[order], keypoint[order], doubt[order]
    same = np.concatenate(
        [
            ((person[keypoint == source, None] == person[keypoint == end]) & (person[keypoint == end] >= 0)).ravel()
            for source, end in LIMBS
        ]
    )
    rng = np.random.default_rng(seed)
    features = np.stack([same + 0.1 * rng.normal(size=same.shape), rng.normal(size=same.shape)], 1)
    return PictureCandidates(
        name,
        (40, 60),
        keypoint,
        rng.uniform(0, 40, (len(keypoint), 2)).astype(np.float32),
        rng.uniform(0, 1, len(keypoint)).astype(np.float32),
        person,
        doubt,
        np.where(same, 2.0, -1.0).astype(np.float32),
        features.astype(np.float32),
    )


def candidates(pictures):
    return PredictedCandidates(KEYPOINTS, LIMBS, tuple(pictures), 99, {"checkpoint": "c", "data": "d"})
