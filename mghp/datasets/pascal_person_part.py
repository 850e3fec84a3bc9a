"""PASCAL-Person-Part: from PASCAL-Part's .mat files by the usual merge, or from ready-made maps.

    ROOT/JPEGImages/ID.jpg
    ROOT/Annotations_Part/ID.mat                       PASCAL-Part, merged here; persons in the file's order
    or ROOT/pascal_person_part_gt/ID.png               parts as PASCAL-Person-Part numbers them
       ROOT/Human_ids/ID.png                           persons, 255 not known
       ROOT/pascal_person_part_trainval_list/SPLIT.txt "/JPEGImages/ID.jpg /pascal_person_part_gt/ID.png" a line
    or ROOT/{Training,Testing}/{Images,Category_ids,Human_ids}, the release with instances, numbered otherwise

None of them has keypoints: they come from a joints file of COCO-keypoint form, with COCO's 17.
"""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.parts import Parts
from mghp.config.data import DataConfig
from mghp.datasets.coco_json import read_coco
from mghp.datasets.disk_samples import DiskSamples, Labels, with_poses
from mghp.datasets.label_files import read_labels, read_lines
from mghp.datasets.mat_files import read_mat
from mghp.datasets.person_maps import with_persons
from mghp.errors import InputError, inside

PASCAL_PERSON_PART = Anatomy(
    skeleton=COCO_SKELETON,
    parts=Parts(
        "pascal_person_part",
        ("head", "torso", "upper_arms", "lower_arms", "upper_legs", "lower_legs"),
        ((230, 170, 220), (120, 120, 128), (64, 192, 128), (247, 150, 120), (44, 110, 160), (255, 127, 14)),
    ),
)
"""Left and right share a label: a mirror image swaps no part."""

INSTANCE_RELEASE_ORDER = ("lower_arms", "head", "upper_legs", "torso", "lower_legs", "upper_arms")
"""How the release with instances numbers the parts, 1 first; the first release numbers them as above."""

_MERGED = {
    "head": ("head", "leye", "reye", "lear", "rear", "lebrow", "rebrow", "nose", "mouth", "hair"),
    "torso": ("torso", "neck"),
    "upper_arms": ("luarm", "ruarm"),
    "lower_arms": ("llarm", "rlarm", "lhand", "rhand"),
    "upper_legs": ("luleg", "ruleg"),
    "lower_legs": ("llleg", "rlleg", "lfoot", "rfoot"),
}
"""Parts of PASCAL-Part that make one of PASCAL-Person-Part."""

_PAINTED = ("torso", "upper_legs", "lower_legs", "upper_arms", "lower_arms", "head")
"""Where masks of parts overlap, the later of these is on top."""

LABEL_OF = {name: label + 1 for label, merged in enumerate(PASCAL_PERSON_PART.parts.names) for name in _MERGED[merged]}
"""Label of each part of PASCAL-Part."""

_INSTANCE_RELEASE = {"train": "Training", "val": "Testing", "test": "Testing"}


class PascalPersonPart(DiskSamples):
    """A split of PASCAL-Person-Part, in whichever of the layouts is there.

    Args:
        root: the folder.
        split: "train" or "val"; without a list all pictures that have labels.
        joints: COCO-keypoint file; None: no keypoints, so that only the parts can be trained.

    Raises:
        InputError: if nothing is there, or the joints file is faulty.
    """

    anatomy = PASCAL_PERSON_PART
    # Chen et al. 2016: 1,716 images to train and 1,817 to test.
    published: ClassVar = {"train": 1716, "val": 1817}

    def __init__(self, root: Path, split: str, joints: Path | None = None) -> None:
        self.folder = root
        instances = root / _INSTANCE_RELEASE.get(split, split)
        order, layout = self.anatomy.parts.names, "maps"
        if (instances / "Category_ids").is_dir():
            self.pictures, self.parts, self.humans = (
                instances / name for name in ("Images", "Category_ids", "Human_ids")
            )
            order, layout = INSTANCE_RELEASE_ORDER, "instances"
        else:
            self.pictures, self.parts = root / "JPEGImages", root / "pascal_person_part_gt"
            self.humans = root / "Human_ids"
        self.new_label = np.arange(256, dtype=np.uint8)
        for label, name in enumerate(order):
            self.new_label[label + 1] = self.anatomy.parts.names.index(name) + 1
        self.mat_files = root / "Annotations_Part" if not self.parts.is_dir() else None
        self.names = self._names(split)
        if not self.names:
            raise InputError(f"{root}: no label map and no .mat file; expected Annotations_Part or {self.parts.name}")
        if joints is None:
            self.no_keypoints = "PASCAL-Person-Part has no keypoints, and data.annotations names no joints file"
        self.poses: dict[str, NDArray[np.float32]] | None = None
        digest = ""
        if joints is not None:
            self.poses, digest = _read_joints(joints, self.anatomy.num_keypoints)
        self.form = ("pascal_person_part", layout if self.mat_files is None else "merged", digest)

    @classmethod
    def anatomy_of(cls, config: DataConfig) -> Anatomy:
        """Return the six parts, and COCO's skeleton, which is trained where a joints file is given."""
        return replace(cls.anatomy, has_poses=config.annotations is not None)

    @classmethod
    def split_of(cls, config: DataConfig, split: str) -> Self:
        """Return a split in `data.root`, with the joints file in `data.annotations` where there is one."""
        joints = None if config.annotations is None else Path(config.annotations)
        return cls(Path(config.root), split, joints)

    def _names(self, split: str) -> list[str]:
        for listed in (self.folder / "pascal_person_part_trainval_list", self.folder / "list"):
            file = listed / f"{split}.txt"
            if file.exists():
                return [Path(line.split()[0]).stem for line in read_lines(file)]
        if self.mat_files is not None:
            return sorted(file.stem for file in self.mat_files.glob("*.mat"))
        return sorted(file.stem for file in self.parts.glob("*.png"))

    def picture_file(self, index: int) -> Path:
        """Return the photograph."""
        return inside(self.pictures, f"{self.names[index]}.jpg")

    def label_files(self, index: int) -> list[Path]:
        """Return the .mat file, or the map of parts and that of persons."""
        name = self.names[index]
        if self.mat_files is not None:
            return [inside(self.mat_files, f"{name}.mat")]
        return [inside(self.parts, f"{name}.png"), inside(self.humans, f"{name}.png")]

    def labels(self, index: int) -> Labels:
        """Return parts and persons, and their keypoints where a joints file has them."""
        if self.mat_files is not None:
            parts, ids, persons = read_pascal_part(*self.label_files(index))
        else:
            parts, ids = self._maps(*self.label_files(index))
            persons = int(ids.max(initial=0))
        if self.poses is None:
            return Labels(parts, ids, None)
        return with_poses(parts, ids, persons, self.poses[self.names[index]])

    def _maps(self, parts: Path, humans: Path) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
        labels = read_labels(parts)
        if (labels[labels != 255] >= self.anatomy.num_labels).any():
            raise InputError(f"{parts}: label {labels[labels != 255].max()}; expected 0 to 6, or 255")
        return with_persons(self.new_label[labels], parts, humans)


def read_pascal_part(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int16], int]:
    """Return parts, person ids and the number of persons of a PASCAL-Part file; other objects are left out.

    A person's pixels without a part are nobody's, as in the published maps; a later person is on top of an earlier one.

    Raises:
        InputError: if the file is unreadable, or a person has a part of an unknown name.
    """
    content = read_mat(file, "annotation", squeeze_me=True, struct_as_record=False)
    try:
        objects = list(np.atleast_1d(content["anno"].objects))
        shape = np.asarray(objects[0].mask).shape
        persons = [np.atleast_1d(o.parts) for o in objects if str(getattr(o, "class")) == "person"]
        found = [[(str(part.part_name), np.asarray(part.mask, bool)) for part in person] for person in persons]
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"annotation {file}: expected anno.objects with masks and parts: {error}") from None
    if len(shape) != 2 or any(mask.shape != shape for person in found for _, mask in person):
        raise InputError(f"annotation {file}: expected masks of one height and width, the first is {shape}")
    parts, ids = np.zeros(shape, np.uint8), np.zeros(shape, np.int16)
    order = [PASCAL_PERSON_PART.parts.names.index(name) + 1 for name in _PAINTED]
    for number, person in enumerate(found):
        masks = [(_label(name, file), mask) for name, mask in person]
        for label, mask in sorted(masks, key=lambda pair: order.index(pair[0])):
            parts[mask], ids[mask] = label, number + 1
    return parts, ids, len(persons)


def _label(name: str, file: Path) -> int:
    if name not in LABEL_OF:
        raise InputError(f"annotation {file}: unknown part {name!r} of a person")
    return LABEL_OF[name]


def _read_joints(file: Path, num_keypoints: int) -> tuple[dict[str, NDArray[np.float32]], str]:
    """Return poses (pose, keypoint, 3) by picture name, none for a picture not in the file; and the file's digest."""
    annotated_file = read_coco(file)
    poses: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for image in annotated_file.images:
        found = [annotated for annotated in annotated_file.of_image[image["id"]] if not annotated.is_crowd]
        poses[Path(image["file_name"]).stem] += [one.keypoints(num_keypoints).astype(np.float32) for one in found]
    nobody = np.zeros((0, num_keypoints, 3), np.float32)
    return defaultdict(
        lambda: nobody, {name: np.stack(found) for name, found in poses.items() if found}
    ), annotated_file.digest
