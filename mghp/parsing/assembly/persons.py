"""Limbs -> persons: limbs that share a keypoint belong together, unless a person would get two keypoints of a type."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def merge_limbs(
    pairs: NDArray[np.bool_],
    affinity: NDArray[np.floating],
    positions: NDArray[np.floating],
    scores: NDArray[np.floating],
    limbs: Sequence[tuple[int, int]],
    min_keypoints: int,
) -> NDArray[np.float64]:
    """Merge the limbs of one picture into persons.

    Limbs are taken from the strongest to the weakest, ties in the order (limb, source, destination). A limb joins the
    persons of its two ends, unless both already have a keypoint of one type: then the weaker limb loses.

    Args:
        pairs: the hard assignment, (limb, source, destination).
        affinity: strength, the same shape.
        positions: candidates, (keypoint, candidate, 2): (x, y).
        scores: their confidence, (keypoint, candidate).
        limbs: source and destination keypoint types.
        min_keypoints: persons with fewer are dropped.

    Returns:
        (persons, keypoint, 3): x, y, confidence; 0 where a keypoint was not found. Persons in the order of their
        strongest limb.
    """
    limb, source, destination = pairs.nonzero()
    # A person is one dict, keypoint type to candidate, that all its keypoints share: who is whose is asked by identity.
    person_of: dict[tuple[int, int], dict[int, int]] = {}
    order = np.argsort(-affinity[limb, source, destination].astype(np.float64), kind="stable")
    for position in order:
        kinds = limbs[limb[position]]
        ends = (kinds[0], int(source[position])), (kinds[1], int(destination[position]))
        first, second = (person_of.setdefault(end, dict([end])) for end in ends)
        if first is second or any(first[kind] != second[kind] for kind in first.keys() & second.keys()):
            continue
        first.update(second)
        for keypoint in second.items():
            person_of[keypoint] = first
    persons = {id(person): person for person in person_of.values()}  # each once, in the order of its strongest limb
    return keypoints_of([person for person in persons.values() if len(person) >= min_keypoints], positions, scores)


def keypoints_of(
    persons: Sequence[Mapping[int, int]], positions: NDArray[np.floating], scores: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return the keypoints of persons, (person, keypoint, 3): x, y, confidence; 0 where a person has none.

    Args:
        persons: the candidate of each keypoint type that a person has.
        positions: candidates, (keypoint, candidate, 2): (x, y).
        scores: their confidence, (keypoint, candidate).
    """
    keypoints = np.zeros((len(persons), len(scores), 3))
    for row, person in enumerate(persons):
        for kind, candidate in person.items():
            keypoints[row, kind] = *positions[kind, candidate], scores[kind, candidate]
    return keypoints
