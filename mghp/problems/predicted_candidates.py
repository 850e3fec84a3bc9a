"""Candidates and affinities that a trained network leaves on labelled pictures, with human truth. Without torch."""

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.problems.problem_set import NOBODY, NOT_GIVEN, MatchingProblem


class Doubt(enum.IntEnum):
    """Why nobody knows whose a candidate is."""

    NONE = 0
    """Known: a person's, or for certain nobody's."""
    UNLABELLED_REGION = 1
    """Where nobody labelled keypoints: in a crowd, or on a person without any."""
    UNLABELLED_KEYPOINT = 2
    """Nobody's, on a labelled person of whom this keypoint is not labelled."""
    NEAR_NOBODY = 3
    """Nobody's, far from all labelled persons: somebody may be there whom nobody labelled."""


@dataclass(frozen=True, eq=False)
class PictureCandidates:
    """The candidates of one picture, and what a network says of their pairs.

    Attributes:
        name: of the picture.
        size: height and width at which it was parsed, pixels.
        keypoint: type of each candidate, in order, shape (candidates,).
        position: (x, y) in pixels of the parsed picture, shape (candidates, 2).
        confidence: of each candidate, in [0, 1], shape (candidates,).
        person: number of the true person whose it is, `NOBODY` for a false one, shape (candidates,).
        doubt: a `Doubt` each, shape (candidates,).
        affinity: of all pairs, signed, as the assembly computes it: limb by limb, each (source, destination) in
            row-major order, shape (pairs,).
        features: what a limb score is learned from, of the pairs in the same order, shape (pairs, features).
    """

    name: str
    size: tuple[int, int]
    keypoint: NDArray[np.int64]
    position: NDArray[np.float32]
    confidence: NDArray[np.float32]
    person: NDArray[np.int64]
    doubt: NDArray[np.uint8]
    affinity: NDArray[np.float32]
    features: NDArray[np.float32]

    def problems(
        self, limbs: Sequence[tuple[int, int]], image: int, kept: NDArray[np.bool_], with_features: bool
    ) -> Iterator[MatchingProblem]:
        """Yield the problem of each limb that has a kept candidate at both ends.

        Args:
            limbs: source and destination keypoint types.
            image: number of the picture.
            kept: False for a candidate that is left out, shape (candidates,).
            with_features: whether the problems have features.
        """
        first = 0
        for limb, ends in enumerate(limbs):
            rows, columns = (np.flatnonzero(self.keypoint == end) for end in ends)
            pairs, first = np.arange(first, first + len(rows) * len(columns)), first + len(rows) * len(columns)
            pairs = pairs.reshape(len(rows), len(columns))[kept[rows]][:, kept[columns]]
            source, destination = rows[kept[rows]], columns[kept[columns]]
            if pairs.size:
                same = self.person[source][:, None] == self.person[destination]
                yield MatchingProblem(
                    self.affinity[pairs],
                    same & (self.person[source] != NOBODY)[:, None],
                    image,
                    limb,
                    self.features[pairs] if with_features else NOT_GIVEN,
                    source,
                    destination,
                )


@dataclass(frozen=True, eq=False)
class PredictedCandidates:
    """The candidates of a set of pictures.

    Attributes:
        keypoints: names of the keypoint types.
        limbs: source and destination of each limb, positions in `keypoints`.
        pictures: in their order.
        labelled_pairs: limbs of true persons that are labelled at both ends.
        about: where they come from, as JSON has it: digests `checkpoint` of the weights and `data` of the pictures,
            and what else whoever made them tells.
    """

    keypoints: tuple[str, ...]
    limbs: tuple[tuple[int, int], ...]
    pictures: tuple[PictureCandidates, ...]
    labelled_pairs: int
    about: Mapping[str, Any]
