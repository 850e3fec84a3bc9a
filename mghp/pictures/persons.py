"""Persons in a colour each over the dimmed photo."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mghp.anatomy.colours import distinct_colours
from mghp.pictures.canvas import Rgb, blended, dimmed, spread_cells
from mghp.pictures.outlines import edges

_FIRST = (
    (230, 60, 60), (60, 130, 255), (70, 200, 80), (255, 215, 60), (190, 90, 220), (60, 215, 225),
    (255, 120, 20), (255, 130, 190), (160, 110, 60), (170, 230, 120),
)  # fmt: skip
"""Colours told apart at a glance; most pictures need no more."""

_OPACITY = 0.6


def person_colours(count: int) -> NDArray[np.uint8]:
    """Return the colours of persons 0, 1, ..., (count, 3); hues step by the golden angle, so that neighbours differ."""
    colours = [*_FIRST[:count], *distinct_colours(count)[len(_FIRST) :]]
    return np.array(colours, dtype=np.uint8).reshape(count, 3)


def match_persons(
    predicted_ids: NDArray[np.integer], true_ids: NDArray[np.integer], num_predicted: int, num_true: int
) -> NDArray[np.int64]:
    """Match predicted to true persons one to one, by the largest sum of mask IoU.

    Args:
        predicted_ids: person of each pixel, 0 nobody, p + 1 person p, (height, width).
        true_ids: likewise for true persons.
        num_predicted: number of predicted persons, with pixels or without.
        num_true: number of true persons, with pixels or without.

    Returns:
        The true person of each predicted one, -1 where none overlaps, (num_predicted,).

    Example:
        >>> import numpy as np
        >>> from mghp.pictures.persons import match_persons
        >>> predicted, true = np.array([[1, 1, 2, 0]]), np.array([[2, 2, 2, 0]])
        >>> match_persons(predicted, true, num_predicted=2, num_true=2).tolist()
        [1, -1]
    """
    # One number for each pair of persons: a single count gives all overlaps and areas.
    pair = predicted_ids.astype(np.int64) * (num_true + 1) + true_ids
    shape = (num_predicted + 1, num_true + 1)
    counts = np.bincount(pair.ravel(), minlength=shape[0] * shape[1]).reshape(shape)
    overlap = counts[1:, 1:]
    union = counts[1:].sum(1)[:, None] + counts[:, 1:].sum(0) - overlap
    iou = overlap / np.maximum(union, 1)
    matched = np.full(num_predicted, -1, dtype=np.int64)
    rows, columns = linear_sum_assignment(iou, maximize=True)
    matched[rows] = np.where(iou[rows, columns] > 0, columns, -1)
    return matched


def matched_colours(matched: NDArray[np.integer], num_true: int) -> NDArray[np.uint8]:
    """Return the colours of predicted persons (person, 3): the true person's, or else one that none has."""
    # Those without a partner are numbered behind the true persons.
    unmatched = matched < 0
    position = np.where(unmatched, num_true + np.cumsum(unmatched) - 1, matched)
    return person_colours(num_true + len(matched))[position]


def persons_overlay(
    image: Rgb, person_ids: NDArray[np.integer], colours: NDArray[np.uint8] | None = None, *, zoom: int = 2
) -> Rgb:
    """Paint every person in a colour, outlined.

    Args:
        image: (height, width, 3).
        person_ids: person of each pixel, 0 nobody, p + 1 person p, (height, width).
        colours: colours of persons, (person, 3); None: those of `person_colours`.
        zoom: factor of enlargement.

    Example:
        >>> import numpy as np
        >>> from mghp.pictures.persons import persons_overlay
        >>> photo, person_ids = np.zeros((4, 6, 3), np.uint8), np.array([[0, 1, 1, 2, 2, 0]] * 4)
        >>> persons_overlay(photo, person_ids, zoom=2).shape
        (8, 12, 3)
    """
    return blended(dimmed(image, zoom), *persons_paint(person_ids, colours, zoom=zoom))


def persons_paint(
    person_ids: NDArray[np.integer], colours: NDArray[np.uint8] | None = None, *, zoom: int = 2
) -> tuple[NDArray[np.uint8], NDArray[np.floating]]:
    """Return the colours (height * zoom, width * zoom, 3) of persons, and their opacity, 0 to 1."""
    ids = spread_cells(person_ids, 1, person_ids.shape, zoom).astype(np.int64)
    colours = person_colours(int(person_ids.max(initial=0))) if colours is None else colours
    palette = np.concatenate([np.zeros((1, 3), np.uint8), colours])
    opacity = np.where(ids > 0, _OPACITY, 0.0)
    opacity[edges(ids) & (ids > 0)] = 1
    return palette[ids], opacity
