"""Labels and persons on transparent ground, to be laid over a photo and taken off again."""

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.parts import Parts
from mghp.anatomy.skeleton import Skeleton
from mghp.datasets.sample import VISIBLE
from mghp.pictures.parts import parts_paint
from mghp.pictures.persons import persons_paint
from mghp.pictures.skeletons import draw_skeletons
from mghp.pictures.sketch import Sketch

Rgba = NDArray[np.uint8]
"""A layer of red, green, blue and opacity, (height, width, 4) uint8."""


def parts_layer(labels: NDArray[np.integer], parts: Parts, *, zoom: int = 2) -> Rgba:
    """Paint every pixel in the colour of its part; see `parts_overlay`."""
    return _layer(*parts_paint(labels, parts, zoom=zoom))


def persons_layer(person_ids: NDArray[np.integer], colours: NDArray[np.uint8], *, zoom: int = 2) -> Rgba:
    """Paint every person in its colour (person, 3), outlined; see `persons_overlay`."""
    return _layer(*persons_paint(person_ids, colours, zoom=zoom))


def skeletons_layer(
    size: tuple[int, int],
    keypoints: NDArray[np.floating],
    skeleton: Skeleton,
    colours: NDArray[np.uint8],
    *,
    filled_from: float = VISIBLE,
    zoom: int = 2,
) -> Rgba:
    """Draw dots and limbs of persons (person, keypoint, 3) in a picture of (height, width); see `skeletons_overlay`."""
    height, width = size
    sketch = Sketch(np.zeros((height * zoom, width * zoom, 4), np.uint8), zoom)
    draw_skeletons(sketch, keypoints, skeleton, colours, filled_from=filled_from, zoom=zoom)
    return sketch.picture()


def _layer(colours: NDArray[np.uint8], opacity: NDArray[np.floating]) -> Rgba:
    opaque = (255 * opacity).round().astype(np.uint8)[..., None]
    # Colours that nobody sees are one: the file is smaller.
    return np.concatenate([np.where(opaque > 0, colours, 0), opaque], axis=-1)
