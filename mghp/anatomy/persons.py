"""What is compared: the persons that a parser finds in a picture, and the true ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class PredictedPersons:
    """A parser's result for one picture.

    Attributes:
        parts: (height, width) integer labels of all pixels, 0 background.
        person_ids: (height, width) integers: 0 nobody, p + 1 person p. A person's part map is `parts` where its id is.
        person_scores: (person,) float64.
        part_scores: (person, label) float64; label 0 is not used.
        keypoints: (person, keypoint, 3): x_image, y_image, confidence; 0 where not found.
    """

    parts: NDArray[np.integer[Any]]
    person_ids: NDArray[np.integer[Any]]
    person_scores: NDArray[np.float64]
    part_scores: NDArray[np.float64]
    keypoints: NDArray[np.floating[Any]]


@dataclass
class TruePersons:
    """The labels of one picture.

    Attributes:
        parts: (height, width) integer labels, 0 background, 255 not known.
        person_ids: (height, width) integers: 0 nobody, p + 1 the person in row p of `keypoints`.
        keypoints: (person, keypoint, 3): x_image, y_image, visibility (0 not annotated, 1 hidden, 2 visible).
        regions: (person + crowd, 5): x_image, y_image, width and height of the annotated box, and the annotated area,
            in pixels; the crowds', who are no persons, come last. None: what the masks say, and no crowd is known.
        ignored: (height, width) bool, True where it is not known whose a pixel is, e.g. inside a crowd; None: nowhere.
        cues: (person,) bool, True where the picture tells the person's left from the right; None: nobody knows.
    """

    parts: NDArray[np.integer[Any]]
    person_ids: NDArray[np.integer[Any]]
    keypoints: NDArray[np.floating[Any]]
    regions: NDArray[np.floating[Any]] | None = None
    ignored: NDArray[np.bool_] | None = None
    cues: NDArray[np.bool_] | None = None
