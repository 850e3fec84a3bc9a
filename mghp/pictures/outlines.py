"""Lines around persons that stand out from any photograph: in a colour, with a dark edge outside."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mghp.pictures.canvas import Rgb


def with_outlines(picture: Rgb, person_ids: NDArray[np.integer], colours: NDArray[np.uint8], *, width: int = 2) -> Rgb:
    """Draw a line inside every person's edge, and a dark one around all of them.

    Args:
        picture: (height, width, 3).
        person_ids: person of each pixel, 0 nobody, p + 1 person p, (height, width).
        colours: colours of persons, (person, 3).
        width: of a line, pixels.
    """
    reach = 2 * width + 1
    largest = ndimage.maximum_filter(person_ids, reach)
    is_edge = largest != ndimage.minimum_filter(person_ids, reach)
    drawn = picture.copy()
    drawn[is_edge & (person_ids == 0)] = 0
    inside = is_edge & (person_ids > 0)
    drawn[inside] = colours[person_ids[inside] - 1]
    return drawn


def edges(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Find the pixels with a neighbour of another label, (height, width) bool."""
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    edge = np.zeros(labels.shape, dtype=bool)
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge
