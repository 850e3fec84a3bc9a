"""LV-MHP v2 in its official layout: a mask of 58 parts a person, and poses not reliably numbered like the masks.

ROOT/list/SPLIT.txt                        a number a line
ROOT/SPLIT/images/ID.jpg
ROOT/SPLIT/parsing_annos/ID_NN_KK.png      person KK of NN; the label is the first channel
ROOT/SPLIT/pose_annos/ID.mat               person_0, person_1, ...: rows 0-15 x, y, 0 visible, 1 hidden, 2 absent

Its 16 keypoints are in the order of the pose files, which is that of MPII.
"""

import dataclasses
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.colours import distinct_colours
from mghp.anatomy.parts import Parts
from mghp.anatomy.persons import PredictedPersons
from mghp.anatomy.skeleton import Skeleton
from mghp.datasets.coco_json import check_keypoints
from mghp.datasets.disk_samples import DiskSamples, Labels, with_poses
from mghp.datasets.label_files import read_labels, read_lines, read_numbers
from mghp.datasets.mat_files import read_mat
from mghp.datasets.submission import SubmissionWriter, write_map
from mghp.errors import InputError, inside

MHP_V2_TREE = Skeleton(
    name="mhp_v2",
    keypoints=(
        "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax",
        "upper_neck", "head_top", "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow",
        "left_wrist",
    ),
    limbs=(
        (0, 1), (1, 2), (2, 6), (6, 3), (3, 4), (4, 5), (6, 7), (7, 8), (8, 9), (10, 11), (11, 12), (12, 8), (8, 13),
        (13, 14), (14, 15),
    ),
    sigmas=(
        0.089, 0.087, 0.107, 0.107, 0.087, 0.089, 0.087, 0.107,
        0.079, 0.026, 0.062, 0.072, 0.079, 0.079, 0.072, 0.062,
    ),
)  # fmt: skip
"""Limbs are the edges of the pose files' skeleton: a tree, so that 15 of them join 16 keypoints."""

_BEYOND_THE_TREE = ((2, 12), (3, 13), (12, 13))

_PARTS = (
    "cap_hat", "helmet", "face", "hair", "left_arm", "right_arm", "left_hand", "right_hand", "protector", "bikini_bra",
    "jacket_windbreaker_hoodie", "t_shirt", "polo_shirt", "sweater", "singlet", "torso_skin", "pants",
    "shorts_swim_shorts", "skirt", "stockings", "socks", "left_boot", "right_boot", "left_shoe", "right_shoe",
    "left_highheel", "right_highheel", "left_sandal", "right_sandal", "left_leg", "right_leg", "left_foot",
    "right_foot", "coat", "dress", "robe", "jumpsuits", "other_full_body_clothes", "headwear", "backpack", "ball",
    "bats", "belt", "bottle", "carrybag", "cases", "sunglasses", "eyewear", "gloves", "scarf", "umbrella",
    "wallet_purse", "watch", "wristband", "tie", "other_accessaries", "other_upper_body_clothes",
    "other_lower_body_clothes",
)  # fmt: skip

MHP_V2 = Anatomy(
    skeleton=dataclasses.replace(MHP_V2_TREE, limbs=(*MHP_V2_TREE.limbs, *_BEYOND_THE_TREE)),
    parts=Parts("mhp_v2", _PARTS, distinct_colours(len(_PARTS))),
)
"""Limbs beyond the tree, along the trunk and between the shoulders, keep a person whole where one is missed."""

_JOINTS = 16

_MOST_POSES = 1000
"""The most persons of a picture; the fullest has 26."""


class MHPSubmission(SubmissionWriter):
    """LV-MHP v2: global_seg/NAME.png, global_tag/NAME.png, and results.txt with `NAME person score person score ...`.

    Persons are numbered by their order in the prediction. Those without a pixel are left out, as the form demands.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.lines: list[str] = []

    def add(self, name: str, predicted: PredictedPersons) -> None:
        """Write both maps, and note the picture's line."""
        write_map(inside(self.folder / "global_seg", f"{name}.png"), predicted.parts)
        write_map(inside(self.folder / "global_tag", f"{name}.png"), predicted.person_ids)
        seen = np.unique(predicted.person_ids[predicted.person_ids > 0])
        pairs = [f"{person} {float(predicted.person_scores[person - 1])!r}" for person in seen.tolist()]
        self.lines.append(" ".join([name, *pairs]))

    def finish(self) -> None:
        """Write results.txt."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "results.txt").write_text("".join(f"{line}\n" for line in self.lines))


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
    submission = MHPSubmission
    # Li et al. 2018 (the dataset's page): 15,403, 5,000 and 5,000 images.
    published: ClassVar = {"train": 15403, "val": 5000}

    def __init__(self, root: Path, split: str) -> None:
        root = root / "LV-MHP-v2" if (root / "LV-MHP-v2").is_dir() else root
        self.names = read_lines(root / "list" / f"{split}.txt")
        self.folder = root / split
        self.masks: dict[str, list[Path]] = defaultdict(list)
        for file in sorted((self.folder / "parsing_annos").glob("*_*_*.png")):
            self.masks[file.name.split("_")[0]].append(file)

    def picture_file(self, index: int) -> Path:
        """Return images/ID.jpg."""
        return inside(self.folder / "images", f"{self.names[index]}.jpg")

    def pose_file(self, index: int) -> Path:
        """Return pose_annos/ID.mat."""
        return inside(self.folder / "pose_annos", f"{self.names[index]}.mat")

    def label_files(self, index: int) -> list[Path]:
        """Return the masks, then the poses."""
        return [*self.masks.get(self.names[index], []), self.pose_file(index)]

    def labels(self, index: int) -> Labels:
        """Return the masks of all persons, and the pose that lies on each."""
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
        """Refuse files that are not person 1 to NN of NN, each once."""
        told = {file.stem.split("_")[1] for file in files}
        numbers = [file.stem.split("_")[2] for file in files]
        expected = [f"{number + 1:02d}" for number in range(len(files))]
        if told != {f"{len(files):02d}"} or numbers != expected:
            raise InputError(f"{files[0].parent}: masks {[file.name for file in files]}; expected one of each person")


def read_mhp_submission(folder: Path, num_labels: int) -> dict[str, PredictedPersons]:
    """Read a submission in LV-MHP v2's form, by picture: every part has its person's score, and there are no keypoints.

    Args:
        folder: with results.txt.
        num_labels: labels, background included.

    Raises:
        InputError: naming the file or line that is faulty.
    """
    found = {}
    for number, line in enumerate(read_lines(folder / "results.txt")):
        name, *pairs = line.split()
        where = f"{folder / 'results.txt'}: line {number + 1}"
        try:
            scores = {int(person): float(score) for person, score in zip(pairs[::2], pairs[1::2], strict=True)}
        except ValueError:
            raise InputError(f"{where}: expected a name and pairs of person and score, got {line[:60]!r}") from None
        parts = read_labels(inside(folder / "global_seg", f"{name}.png"))
        tags = read_numbers(inside(folder / "global_tag", f"{name}.png"))
        if parts.shape != tags.shape:
            raise InputError(f"{where}: its maps of parts and persons differ in size")
        seen = [person for person in scores if (tags == person).any()]
        renumbered = np.zeros(int(tags.max(initial=0)) + 1, np.int64)
        renumbered[seen] = np.arange(1, len(seen) + 1)
        person_scores = np.array([scores[person] for person in seen])
        found[name] = PredictedPersons(
            parts=parts,
            person_ids=renumbered[tags],
            person_scores=person_scores,
            part_scores=np.repeat(person_scores[:, None], num_labels, 1),
            keypoints=np.zeros((len(seen), 0, 3)),
        )
    return found


def read_poses(file: Path) -> NDArray[np.float32]:
    """Return the keypoints (pose, 16, 3) of a pose file, with COCO's visibility.

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
