"""What a dataset says of a picture: its labels, and where it says nothing."""

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.datasets.sample import Sample
from mghp.pictures.canvas import Rgb, blended, enlarged, spread_cells
from mghp.pictures.panel import captioned_row
from mghp.pictures.parts import parts_overlay
from mghp.pictures.persons import person_colours, persons_overlay
from mghp.pictures.skeletons import skeletons_overlay

_VEIL = (255, 255, 255)
_OPACITY = 0.75


def labels_panel(sample: Sample, anatomy: Anatomy, *, zoom: int = 1) -> Rgb:
    """Draw a picture and each kind of label over it, under captions that say what is missing; veil what is not known.

    Args:
        sample: the picture and its labels.
        anatomy: the dataset's parts and skeleton.
        zoom: factor of enlargement.
    """
    image, persons, poses = sample.image, sample.person_ids, sample.keypoints
    number = max(0 if poses is None else len(poses), 0 if persons is None else int(persons.max(initial=0)))
    colours = person_colours(number)
    cells = [("picture", enlarged(image, zoom))]
    if sample.parts is None:
        cells.append(("no parts", enlarged(image, zoom)))
    else:
        cells.append(("parts", parts_overlay(image, sample.parts, anatomy.parts, zoom=zoom)))
    if persons is None:
        cells.append(("no persons", enlarged(image, zoom)))
    else:
        drawn = persons_overlay(image, persons, colours, zoom=zoom)
        cells.append((_counted(int(persons.max(initial=0)), "person"), _veiled(drawn, sample.ignored_persons, zoom)))
    if poses is None:
        cells.append(("no keypoints", enlarged(image, zoom)))
    else:
        drawn = skeletons_overlay(image, poses, anatomy.skeleton, colours, zoom=zoom)
        posed = int((poses[..., 2] > 0).any(-1).sum())
        cells.append((_counted(posed, "pose"), _veiled(drawn, sample.ignored_poses, zoom)))
    return captioned_row(cells, len(cells))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _veiled(picture: Rgb, unknown: NDArray[np.bool_] | None, zoom: int) -> Rgb:
    """Draw a white veil over what is not known."""
    if unknown is None:
        return picture
    large = spread_cells(unknown, 1, unknown.shape, zoom)
    return blended(picture, np.broadcast_to(np.array(_VEIL, np.uint8), picture.shape), _OPACITY * large)
