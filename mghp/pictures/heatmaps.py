"""Keypoint confidences over the photo, and the candidates found in them."""

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.skeleton import Skeleton
from mghp.pictures.canvas import Rgb, blended, dimmed, smooth_cells
from mghp.pictures.sides import MIDDLE, keypoint_colours
from mghp.pictures.sketch import Sketch


def heatmaps_overlay(
    image: Rgb, heatmaps: NDArray[np.floating], stride: int, skeleton: Skeleton, *, zoom: int = 2
) -> Rgb:
    """Paint the most confident type of every cell in its colour, the more opaque the more confident.

    Args:
        image: (height, width, 3).
        heatmaps: confidences in [0, 1], (keypoint, rows, columns); one more plane holds persons' centres, drawn white.
        stride: pixels per cell.
        skeleton: names that tell the side: right warm, left cool, else green.
        zoom: factor of enlargement.
    """
    palette = np.array([*keypoint_colours(skeleton), MIDDLE], dtype=np.float32)
    confidence = heatmaps.max(0)[..., None].clip(0, 1)
    # Colours are interpolated in proportion to confidence, so that empty cells lend no colour to their neighbours.
    cells = np.concatenate([palette[heatmaps.argmax(0)] * confidence, confidence], axis=-1)
    large = smooth_cells(cells, stride, image.shape[:2], zoom)
    opacity = large[..., 3]
    return blended(dimmed(image, zoom), large[..., :3] / np.maximum(opacity, 1e-6)[..., None], opacity)


def candidates_overlay(
    image: Rgb,
    candidates: NDArray[np.floating],
    types: NDArray[np.integer],
    skeleton: Skeleton,
    *,
    zoom: int = 2,
    dots: float = 1.0,
) -> Rgb:
    """Draw candidate keypoints, the peaks of heatmaps: the higher the score, the larger the dot.

    Args:
        image: (height, width, 3).
        candidates: x_image, y_image and score in [0, 1], (candidate, 3).
        types: keypoint types by their positions in the skeleton, (candidate,).
        skeleton: names that tell the side.
        zoom: factor of enlargement.
        dots: factor of the dots' radii, which suit a picture of 128 pixels.
    """
    sketch = Sketch(dimmed(image, zoom, contrast=0.45), zoom)
    colours = keypoint_colours(skeleton)
    # Weak ones first: they never hide a strong one.
    for index in np.argsort(candidates[:, 2], kind="stable"):
        x, y, score = (float(value) for value in candidates[index])
        radius = dots * zoom * (0.6 + 1.2 * min(max(score, 0), 1))
        sketch.dot((x, y), (0, 0, 0), radius + 0.3 * dots * zoom)
        sketch.dot((x, y), colours[types[index]], radius)
    return sketch.picture()
