"""One overlay of what was found in a photograph: parts, and skeletons over them."""

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.datasets.resized import resized_keypoints, resized_labels, resized_picture, size_for
from mghp.pictures.parts import parts_overlay
from mghp.pictures.persons import person_colours
from mghp.pictures.skeletons import skeletons_overlay

_LONGEST = 1600
"""The longest side of an overlay, pixels: drawing takes many times a picture's own memory."""


def parsed_overlay(image: NDArray[np.uint8], found: PredictedPersons, anatomy: Anatomy) -> NDArray[np.uint8]:
    """Draw parts, and skeletons over them, at 1600 pixels a side at most.

    Args:
        image: (height, width, 3) uint8.
        found: the persons in the picture's pixels.
        anatomy: names and colours.
    """
    before = image.shape[0], image.shape[1]
    after = size_for(*before, min(_LONGEST, max(before)))
    parts = resized_labels(found.parts, *after)
    overlay = parts_overlay(resized_picture(image, *after), parts, anatomy.parts, zoom=1)
    keypoints = resized_keypoints(found.keypoints, before, after)
    colours = person_colours(len(found.person_scores))
    return skeletons_overlay(overlay, keypoints, anatomy.skeleton, colours, contrast=1.0, zoom=1)
