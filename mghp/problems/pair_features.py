"""What limb scores are learned from: features of candidate pairs, of simulated poses or of a planted competition."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mghp.problems.problem_set import MatchingProblem, ProblemSet


class Looks(NamedTuple):
    """What a detector says of each candidate of an image beside its place; both of shape (candidates,)."""

    confidence: NDArray[np.float64]
    offset: NDArray[np.float64]  # in units of the limb field, of all pairs that the candidate is in

    @classmethod
    def draw(cls, is_person: NDArray[np.bool_], nuisance: float, rng: np.random.Generator) -> Self:
        """Draw confidences, Beta(4, 2) for a person's keypoint and Beta(2, 3) for a false one, and normal offsets.

        Args:
            is_person: False for a false candidate, shape (candidates,).
            nuisance: standard deviation of the offsets.
            rng: of the draws.
        """
        number = len(is_person)
        confidence = np.where(is_person, rng.beta(4, 2, number), rng.beta(2, 3, number))
        return cls(confidence, nuisance * rng.normal(size=number))


def pair_features(
    field: NDArray[np.float64],
    vector: NDArray[np.float64],
    scale: float,
    looks: Looks,
    source: NDArray[np.int64],
    destination: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the features of candidate pairs of one image.

    They are the limb field's component along the segment at each sample point, plus the offsets b_i + c_j of both
    candidates; the mean size of the component across; the segment's length relative to the image's scale, and its
    direction (x, y); the confidences of both candidates. An offset says nothing of the pair: competition alone can
    tell it from evidence.

    Args:
        field: the noisy limb field along each pair's segment, shape (pairs, samples, 2).
        vector: from source to destination in pixels, shape (pairs, 2).
        scale: the length that lengths are relative to, pixels.
        looks: of the image's candidates.
        source: position of each pair's source among the candidates, shape (pairs,).
        destination: position of its destination, shape (pairs,).

    Returns:
        Shape (pairs, samples + 6).
    """
    unit = unit_vectors(vector)
    direction = unit[:, None]
    along = (field * direction).sum(-1) + (looks.offset[source] + looks.offset[destination])[:, None]
    across = np.abs(field[..., 0] * direction[..., 1] - field[..., 1] * direction[..., 0]).mean(1)
    length = np.hypot(vector[:, 0], vector[:, 1]) / max(scale, 1e-9)
    confidences = looks.confidence[source], looks.confidence[destination]
    return np.column_stack([along, across, length, unit, *confidences])


def unit_vectors(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return vectors along the last axis, of length 1, or 0 where they were 0."""
    length = np.hypot(vector[..., 0], vector[..., 1])[..., None]
    unit: NDArray[np.float64] = np.divide(vector, length, out=np.zeros_like(vector), where=length > 0)
    return unit


def positive_control(number: int, seed: int, fingerprint: str, size: int = 6) -> ProblemSet:
    """Draw problems on which competition must help: a pair's evidence is buried under its row's and its column's.

    The truth is a random permutation y. Features x1 = y + 0.4 noise + 3 b_i + 3 c_j and x2 = y + noise, all noise
    standard normal: a linear score of the pair alone can use little of x1, a matching nearly all of it, since what
    belongs to a row or a column moves no assignment.

    Args:
        number: problems, an image each.
        seed: of the draws.
        fingerprint: of the set.
        size: candidates a side.
    """
    rng = np.random.default_rng(seed)
    truth = np.stack([np.eye(size, dtype=bool)[rng.permutation(size)] for _ in range(number)])
    noise, other = rng.normal(size=(2, *truth.shape))
    rows, columns = rng.normal(size=(number, size, 1)), rng.normal(size=(number, 1, size))
    features = np.stack([truth + 0.4 * noise + 3 * rows + 3 * columns, truth + other], -1).astype(np.float32)
    candidates = np.arange(2 * size)
    problems = tuple(
        MatchingProblem(x[..., 1], y, image, 0, x, candidates[:size], candidates[size:])
        for image, (x, y) in enumerate(zip(features, truth, strict=True))
    )
    return ProblemSet(problems, number, fingerprint)
