"""Keypoints as dots and limbs as lines over the photo."""

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.skeleton import Skeleton
from mghp.datasets.sample import VISIBLE
from mghp.pictures.canvas import Rgb, dimmed, enlarged
from mghp.pictures.sides import limb_colours, side_colour
from mghp.pictures.sketch import Colour, Sketch

SURE = 0.3
"""The least score of a predicted keypoint that is drawn filled."""


def skeletons_overlay(
    image: Rgb,
    keypoints: NDArray[np.floating],
    skeleton: Skeleton,
    colours: NDArray[np.uint8] | None = None,
    *,
    filled_from: float = VISIBLE,
    contrast: float = 0.45,
    zoom: int = 2,
) -> Rgb:
    """Draw dots in the colour of their side, right warm and left cool, and limbs in the colour of their person.

    Args:
        image: (height, width, 3).
        keypoints: x_image, y_image, and visibility or score (0: absent), (person, keypoint, 3).
        skeleton: limbs, and names that tell the side.
        colours: colours of persons, (person, 3); None: limbs have the colour of their side.
        filled_from: least visibility or score of a filled dot; hollow below it.
        contrast: contrast of the photo beneath; 1 leaves it unchanged.
        zoom: factor of enlargement.

    Example:
        >>> import numpy as np
        >>> from mghp.anatomy.skeleton import Skeleton
        >>> from mghp.pictures.skeletons import skeletons_overlay
        >>> arm = Skeleton("arm", keypoints=("left_shoulder", "left_elbow"), limbs=((0, 1),))
        >>> keypoints = np.array([[[2.0, 2.0, 2.0], [8.0, 4.0, 1.0]]])  # the elbow is hidden
        >>> skeletons_overlay(np.zeros((6, 10, 3), np.uint8), keypoints, arm, zoom=3).shape
        (18, 30, 3)
    """
    sketch = Sketch(enlarged(image, zoom) if contrast == 1 else dimmed(image, zoom, contrast=contrast), zoom)
    draw_skeletons(sketch, keypoints, skeleton, colours, filled_from=filled_from, zoom=zoom)
    return sketch.picture()


def draw_skeletons(
    sketch: Sketch,
    keypoints: NDArray[np.floating],
    skeleton: Skeleton,
    colours: NDArray[np.uint8] | None = None,
    *,
    filled_from: float = VISIBLE,
    zoom: int = 2,
    thickness: NDArray[np.floating] | None = None,
) -> None:
    """Draw dots and limbs onto a sketch; see `skeletons_overlay`.

    `thickness` is the width of each person's limbs, (person,), in pixels of the enlarged picture; None: `zoom`.
    """
    by_side = limb_colours(skeleton)
    widths = [float(zoom)] * len(keypoints) if thickness is None else thickness.tolist()
    for index, (person, width) in enumerate(zip(keypoints, widths, strict=True)):
        limbs = by_side if colours is None else [_colour(colours[index])] * len(by_side)
        _draw_limbs(sketch, person, skeleton, limbs, width)
    # Dots last: no other person's limb hides one.
    for person, width in zip(keypoints, widths, strict=True):
        _draw_keypoints(sketch, person, skeleton, filled_from, width)


def _draw_limbs(
    sketch: Sketch, person: NDArray[np.floating], skeleton: Skeleton, colours: list[Colour], width: float
) -> None:
    present = person[:, 2] > 0
    ends = [
        (person[source, :2], person[destination, :2], colour)
        for (source, destination), colour in zip(skeleton.limbs, colours, strict=True)
        if present[source] and present[destination]
    ]
    # A dark edge sets limbs off from a bright photo and from other persons' limbs.
    for start, end, _ in ends:
        sketch.line(start, end, (0, 0, 0), 1.7 * width)
    for start, end, colour in ends:
        sketch.line(start, end, colour, width)


def _draw_keypoints(
    sketch: Sketch, person: NDArray[np.floating], skeleton: Skeleton, filled_from: float, width: float
) -> None:
    for (x, y, strength), name in zip(person, skeleton.keypoints, strict=True):
        if strength <= 0:
            continue
        colour = side_colour((name,))
        sketch.dot((x, y), (0, 0, 0), 1.4 * width)
        if strength >= filled_from:
            sketch.dot((x, y), colour, 1.1 * width)
        else:
            sketch.ring((x, y), colour, 1.15 * width, 0.45 * width)


def _colour(row: NDArray[np.uint8]) -> Colour:
    red, green, blue = (int(value) for value in row)
    return red, green, blue
