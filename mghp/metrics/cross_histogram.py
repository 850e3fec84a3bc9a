"""Pixels counted by true person, true label, predicted person and predicted label: what the instance metrics read."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.persons import PredictedPersons, TruePersons

Labels = NDArray[np.integer[Any]]


def cross_histogram(predicted: PredictedPersons, true: TruePersons, num_labels: int) -> NDArray[np.int64]:
    """Count the pixels of all pairs of persons and labels in a picture whose persons do not overlap.

    Args:
        predicted: of one picture.
        true: of the same picture.
        num_labels: labels, background included.

    Returns:
        (true person, true label, predicted person, predicted label): nobody is person 0, and a label that is none (255,
        not known) the last true label.

    Raises:
        ValueError: if a predicted label is none.
    """
    persons = len(predicted.person_scores) + 1
    cells, shape = _true_cells(true.parts, true.person_ids, len(true.keypoints), num_labels)
    cells = (cells * persons + predicted.person_ids.ravel().astype(np.int64)) * num_labels
    cells += _checked(predicted.parts, num_labels)
    size = (*shape, persons, num_labels)
    return np.bincount(cells, minlength=int(np.prod(size))).reshape(size)


def map_histograms(
    maps: Iterable[Labels], true_parts: Labels, true_ids: Labels, num_true: int, num_labels: int
) -> NDArray[np.int64]:
    """Count as `cross_histogram` for predicted persons that may overlap, from a part map per person.

    Args:
        maps: (height, width) each, 0 where the person is not.
        true_parts: (height, width), 255 not known.
        true_ids: (height, width), 0 nobody, p + 1 person p.
        num_true: true persons.
        num_labels: labels, background included.

    Returns:
        (predicted person, true person, true label, predicted label), as `cross_histogram`, background in the last.

    Raises:
        ValueError: if a predicted label is none.
    """
    cells, shape = _true_cells(true_parts, true_ids, num_true, num_labels)
    cells *= num_labels
    size = (*shape, num_labels)
    counts = [np.bincount(cells + _checked(m, num_labels), minlength=int(np.prod(size))).reshape(size) for m in maps]
    return np.array(counts, np.int64).reshape(-1, *size)


def _true_cells(
    parts: Labels, ids: Labels, num_true: int, num_labels: int
) -> tuple[NDArray[np.int64], tuple[int, int]]:
    """Return each pixel's cell among (true person, true label), and the number of both."""
    cells = ids.astype(np.int64).ravel() * (num_labels + 1)
    cells += np.minimum(parts, num_labels).ravel()
    return cells, (num_true + 1, num_labels + 1)


def _checked(parts: Labels, num_labels: int) -> Labels:
    if parts.size and parts.max() >= num_labels:
        raise ValueError(f"predicted labels must be 0 to {num_labels - 1}, got {parts.max()}")
    return parts.ravel()
