"""Poses from a COCO person-keypoint file, of any skeleton."""

from pathlib import Path
from typing import Any

import numpy as np

from mghp.anatomy.skeleton import Skeleton
from mghp.config.data import DataConfig
from mghp.datasets.coco_json import came, member, read_coco
from mghp.errors import InputError
from mghp.problems.poses import ImagePoses, PoseSet


def load_coco_poses(config: DataConfig) -> PoseSet:
    """Return the poses of the file that `data.annotations` names.

    Raises:
        InputError: as `read_coco_poses`.
    """
    assert config.annotations is not None  # DataConfig sees to it
    return read_coco_poses(config.annotations, config.max_images)


def read_coco_poses(path: str | Path, max_images: int | None = None) -> PoseSet:
    """Read the poses of a COCO person-keypoint file, with the skeleton of its one category that has keypoints.

    Persons are grouped by image, in the order of the file's images; images without persons stay. Who is a person is
    told by the rule of `mghp.datasets.coco_json`.

    Args:
        path: JSON with `images`, `annotations` and `categories`.
        max_images: keep only the first so many images. The whole file is checked all the same.

    Raises:
        InputError: one line that names the file, what was expected and what came.
    """
    file = read_coco(Path(path), poses_alone=True)
    skeleton = _skeleton(file.category, str(path))
    number = len(skeleton.keypoints)
    images = []
    for found in file.of_image.values():
        persons = [annotated.keypoints(number) for annotated in found if not annotated.is_crowd]
        images.append(ImagePoses(np.array(persons, dtype=np.float64).reshape(-1, number, 3)))
    return PoseSet(skeleton, tuple(images[:max_images]), file.digest)


def _skeleton(category: dict[str, Any] | None, where: str) -> Skeleton:
    """Return the skeleton of the one category with keypoints."""
    if category is None or "keypoints" not in category:
        raise InputError(f"{where}: expected one category with keypoints, got 0")
    where = f"{where}: category"
    names = member(category, "keypoints", (list,), where)
    limbs = member(category, "skeleton", (list,), where)
    if not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"{where}: keypoints must be a list of names, {came(names)}")
    for limb in limbs:
        if not isinstance(limb, list) or len(limb) != 2 or not all(_is_position(end, len(names)) for end in limb):
            raise InputError(f"{where}: skeleton must hold pairs of keypoints 1 to {len(names)}, {came(limb)}")
    counted_from_0 = tuple((source - 1, destination - 1) for source, destination in limbs)
    try:
        return Skeleton(str(category.get("name", "person")), tuple(names), counted_from_0)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from None


def _is_position(end: object, num_keypoints: int) -> bool:
    return type(end) is int and 1 <= end <= num_keypoints
