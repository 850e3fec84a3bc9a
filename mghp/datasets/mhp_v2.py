"""LV-MHP v2 in its official layout: a mask a person, and poses that are not reliably numbered like the masks.

ROOT/list/SPLIT.txt                        a number a line
ROOT/SPLIT/images/ID.jpg
ROOT/SPLIT/parsing_annos/ID_NN_KK.png      person KK of NN; the label is the first channel
ROOT/SPLIT/pose_annos/ID.mat               person_0, person_1, ...: rows 0-15 x, y, 0 visible, 1 hidden, 2 absent
"""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.mhp_v2_anatomy import MHP_V2
from mghp.datasets.coco_json import check_keypoints
from mghp.datasets.disk_samples import DiskSamples, Labels, with_poses
from mghp.datasets.label_files import read_labels, read_lines
from mghp.datasets.mat_files import read_mat
from mghp.errors import InputError, inside

_JOINTS = 16

_MOST_POSES = 1000
"""Of a picture; the fullest has 26."""


class MHPv2(DiskSamples):
    """A split of LV-MHP v2.

    Where masks overlap the later person is on top.

    Args:
        root: the folder LV-MHP-v2, or one that holds it.
        split: "train", "val" or another list; test lists have no labels.

    Raises:
        InputError: if there is no such list.
    """

    anatomy = MHP_V2
    form = ("mhp_v2",)

    def __init__(self, root: Path, split: str) -> None:
        root = root / "LV-MHP-v2" if (root / "LV-MHP-v2").is_dir() else root
        self.names = read_lines(root / "list" / f"{split}.txt")
        self.folder = root / split
        self.masks: dict[str, list[Path]] = defaultdict(list)
        for file in sorted((self.folder / "parsing_annos").glob("*_*_*.png")):
            self.masks[file.name.split("_")[0]].append(file)

    def picture_file(self, index: int) -> Path:
        """images/ID.jpg."""
        return inside(self.folder / "images", f"{self.names[index]}.jpg")

    def pose_file(self, index: int) -> Path:
        """pose_annos/ID.mat."""
        return inside(self.folder / "pose_annos", f"{self.names[index]}.mat")

    def label_files(self, index: int) -> list[Path]:
        """The masks, then the poses."""
        return [*self.masks.get(self.names[index], []), self.pose_file(index)]

    def labels(self, index: int) -> Labels:
        """Masks of all persons, and the pose that lies on each."""
        files = self.masks.get(self.names[index], [])
        if not files:
            raise InputError(f"{self.folder / 'parsing_annos' / self.names[index]}_NN_KK.png: no mask of anybody")
        self._check_numbers(files)
        maps = [read_labels(inside(file.parent, file.name)) for file in files]
        parts, ids = np.zeros(maps[0].shape, np.uint8), np.zeros(maps[0].shape, np.int16)
        for number, (file, labels) in enumerate(zip(files, maps, strict=True)):
            if labels.shape != parts.shape:
                raise InputError(f"{file}: {labels.shape[::-1]} pixels, {files[0].name} {parts.shape[::-1]}")
            if labels.max(initial=0) >= self.anatomy.num_labels:
                raise InputError(f"{file}: label {labels.max()}; expected 0 to {self.anatomy.num_labels - 1}")
            parts[labels > 0], ids[labels > 0] = labels[labels > 0], number + 1
        if not self.pose_file(index).exists():
            return Labels(parts, ids, None)
        return with_poses(parts, ids, len(files), read_poses(self.pose_file(index)))

    @staticmethod
    def _check_numbers(files: list[Path]) -> None:
        """Person 1 to NN of NN, each once."""
        told = {file.stem.split("_")[1] for file in files}
        numbers = [file.stem.split("_")[2] for file in files]
        expected = [f"{number + 1:02d}" for number in range(len(files))]
        if told != {f"{len(files):02d}"} or numbers != expected:
            raise InputError(f"{files[0].parent}: masks {[file.name for file in files]}; expected one of each person")


def read_poses(file: Path) -> NDArray[np.float32]:
    """Keypoints (pose, 16, 3) of a pose file, with COCO's visibility.

    Poses are numbered as in the file; one that it leaves out has no annotated keypoint.

    Raises:
        InputError: if the file is unreadable or holds something else.
    """
    content = read_mat(file, "pose file")
    named = {int(key.removeprefix("person_")): value for key, value in content.items() if _is_person(key)}
    if max(named, default=0) > _MOST_POSES:
        raise InputError(f"pose file {file}: person_{max(named)}; expected {_MOST_POSES} at most")
    poses = np.zeros((max(named, default=-1) + 1, _JOINTS, 3), np.float32)
    for number, value in named.items():
        poses[number] = _with_visibility(value, f"pose file {file}: person_{number}")
    return poses


def _is_person(key: str) -> bool:
    return re.fullmatch("person_[0-9]{1,9}", key) is not None


def _with_visibility(value: NDArray[Any], where: str) -> NDArray[np.float64]:
    if not isinstance(value, np.ndarray) or value.ndim != 2:
        raise InputError(f"{where}: expected 20 rows of x, y and a flag, got {type(value).__name__}")
    if value.shape[0] < _JOINTS or value.shape[1] != 3 or value.dtype.kind not in "iuf":
        raise InputError(f"{where}: {value.shape} of {value.dtype}; expected 20 rows of x, y and a flag")
    joints = value[:_JOINTS].astype(np.float64)
    check_keypoints(joints, where)  # its flags are COCO's, counted the other way
    joints[:, 2] = 2 - joints[:, 2]
    return joints * (joints[:, 2:] > 0)
