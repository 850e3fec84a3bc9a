"""Crowds that cover the same pixels whatever their number: copies of one figure on a grid."""

import math

import numpy as np
from numpy.typing import NDArray

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.sample import VISIBLE, Sample
from mghp.datasets.synthetic.body import Body, draw_body
from mghp.datasets.synthetic.figure import paint_figure
from mghp.datasets.synthetic.outfit import draw_outfit
from mghp.datasets.synthetic.painting import Canvas

ALONE = 0.92
"""Height of a figure that is alone, relative to the picture."""

_POSE = 1
"""Seed of the figure: it stands, turned to the viewer, and fits its cell of the grid."""

_LACKING = ("left_wrist", "right_wrist", "left_ankle", "right_ankle")


def made_crowd(persons: int, size: int) -> Sample:
    """Draw persons side by side, who together cover the same pixels whatever their number.

    So what depends on the number of persons is told from what depends on the number of human pixels.

    Args:
        persons: number of persons, at least 1.
        size: height and width of the picture, pixels.

    Returns:
        The labelled picture: parts of DensePose-COCO, COCO's keypoints. Each person lacks one hand or foot, of which
        nothing is annotated, so that there is a keypoint to be looked for.
    """
    columns = math.ceil(math.sqrt(persons))
    rows = math.ceil(persons / columns)
    height = ALONE * size / math.sqrt(persons)
    canvas = Canvas(np.full((size, size, 3), 127, np.float32))
    poses = []
    for person in range(persons):
        row, column = divmod(person, columns)
        pelvis = (column + 0.5) * size / columns, (row + 0.5) * size / rows
        body = draw_body(np.random.default_rng(_POSE), pelvis, height, 0.0)
        paint_figure(canvas, body, draw_outfit(np.random.default_rng(person), True, 0.035 * height), person + 1)
        poses.append(_keypoints(body, lacking=_LACKING[person % len(_LACKING)]))
    return Sample(
        image=canvas.rgb.clip(0, 255).astype(np.uint8),
        parts=canvas.parts,
        person_ids=canvas.persons,
        keypoints=np.stack(poses),
        name=f"crowd_{persons:03d}",
        original_size=(size, size),
    )


def _keypoints(body: Body, lacking: str) -> NDArray[np.float32]:
    """Return x, y and visibility per keypoint, (keypoint, 3); those of the lacking one are 0."""
    names = DENSEPOSE_COCO.skeleton.keypoints
    keypoints = np.array([(*body.joints[name], VISIBLE) for name in names], np.float32)
    keypoints[names.index(lacking)] = 0
    return keypoints
