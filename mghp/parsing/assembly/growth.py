"""Limbs -> persons, grown greedily: the alternative to a matching of each limb type (PersonLab's decoding)."""

import heapq
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mghp.parsing.assembly.persons import keypoints_of

_End = tuple[int, int]
"""A keypoint type and one of its candidates."""


def grow_persons(
    pairs: NDArray[np.bool_],
    affinity: NDArray[np.floating],
    positions: NDArray[np.floating],
    scores: NDArray[np.floating],
    limbs: Sequence[tuple[int, int]],
    min_keypoints: int,
) -> NDArray[np.float64]:
    """Grow the persons of one picture, each from the surest candidate that nobody has yet.

    A person takes the limb of largest affinity from any of its keypoints to a candidate that is nobody's, of a type
    that it lacks, until there is none. One with too few keypoints in the end gives them back.

    Args:
        pairs: which candidates a limb may join, any number of them, (limb, source, destination).
        affinity: strength, the same shape.
        positions: candidates, (keypoint, candidate, 2): (x, y).
        scores: their confidence, (keypoint, candidate), 0 for padding.
        limbs: source and destination keypoint types.
        min_keypoints: persons with fewer are dropped.

    Returns:
        (persons, keypoint, 3): x, y, confidence; 0 where a keypoint was not found. Persons in the order of the
        candidates that they grew from, the surest first; ties in the order (keypoint, candidate).
    """
    taken: set[_End] = set()
    found: list[dict[int, int]] = []
    for place in np.argsort(-scores, axis=None, kind="stable"):
        seed = int(place) // scores.shape[1], int(place) % scores.shape[1]
        if seed in taken or scores[seed] <= 0:
            continue
        person = _grown(seed, taken, pairs, affinity, limbs)
        if len(person) >= min_keypoints:
            found.append(person)
            taken.update(person.items())
    return keypoints_of(found, positions, scores)


def _grown(
    seed: _End,
    taken: set[_End],
    pairs: NDArray[np.bool_],
    affinity: NDArray[np.floating],
    limbs: Sequence[tuple[int, int]],
) -> dict[int, int]:
    """Return the person that grows from a candidate: the candidate of each keypoint type it has."""
    person: dict[int, int] = {}
    reached: list[tuple[float, _End]] = [(0.0, seed)]
    while reached:
        _, (kind, candidate) = heapq.heappop(reached)
        if kind in person or (kind, candidate) in taken:
            continue
        person[kind] = candidate
        for strength, end in _neighbours((kind, candidate), pairs, affinity, limbs):
            heapq.heappush(reached, (-strength, end))
    return person


def _neighbours(
    end: _End, pairs: NDArray[np.bool_], affinity: NDArray[np.floating], limbs: Sequence[tuple[int, int]]
) -> Iterator[tuple[float, _End]]:
    """Yield the candidates that a limb may join to one, and how strongly."""
    kind, candidate = end
    for limb, kinds in enumerate(limbs):
        for side in (0, 1):
            if kinds[side] == kind:
                allowed, strength = (np.take(values[limb], candidate, side) for values in (pairs, affinity))
                for other in allowed.nonzero()[0].tolist():
                    yield float(strength[other]), (kinds[1 - side], other)
