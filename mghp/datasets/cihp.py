"""CIHP in its official layout: maps of 19 parts and of persons, no keypoints.

ROOT/{train,val}_id.txt                    a name a line
ROOT/{Training,Validation}/Images/ID.jpg
ROOT/{Training,Validation}/Category_ids/ID.png
ROOT/{Training,Validation}/Human_ids/ID.png    0 nobody, 255 not known

A network for it has the heads of COCO's 17 keypoints, which its data do not train.
"""

from pathlib import Path
from typing import ClassVar

import numpy as np

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.colours import distinct_colours
from mghp.anatomy.parts import Parts
from mghp.anatomy.persons import PredictedPersons
from mghp.datasets.disk_samples import DiskSamples, Labels
from mghp.datasets.label_files import read_labels, read_lines
from mghp.datasets.person_maps import with_persons
from mghp.datasets.submission import SubmissionWriter, write_map
from mghp.errors import InputError, inside

_PARTS = (
    "hat", "hair", "glove", "sunglasses", "upper_clothes", "dress", "coat", "socks", "pants", "torso_skin", "scarf",
    "skirt", "face", "left_arm", "right_arm", "left_leg", "right_leg", "left_shoe", "right_shoe",
)  # fmt: skip

CIHP = Anatomy(COCO_SKELETON, Parts("cihp", _PARTS, distinct_colours(len(_PARTS))), has_poses=False)
"""20 labels with the background."""

_FOLDERS = {"train": "Training", "val": "Validation", "test": "Testing"}


class CIHPSubmission(SubmissionWriter):
    """CIHP: global_parsing/NAME.png (parts), instance_parsing/NAME.png (a number a part of a person) and NAME.txt.

    The text file has a line `class score` for each number, 1 first.
    """

    def add(self, name: str, predicted: PredictedPersons) -> None:
        """Write both maps, and the classes and scores of the instances."""
        write_map(inside(self.folder / "global_parsing", f"{name}.png"), predicted.parts)
        parts = np.where(predicted.person_ids > 0, predicted.parts, 0)
        labels = int(parts.max(initial=0)) + 1
        cells = predicted.person_ids.astype(np.int64) * labels + parts
        cells[parts == 0] = 0
        instances = np.unique(cells[cells > 0])
        write_map(
            inside(self.folder / "instance_parsing", f"{name}.png"), np.searchsorted(instances, cells) + (cells > 0)
        )
        lines = [
            f"{cell % labels} {float(predicted.part_scores[cell // labels - 1, cell % labels])!r}\n"
            for cell in instances.tolist()
        ]
        inside(self.folder / "instance_parsing", f"{name}.txt").write_text("".join(lines))


class CIHPSamples(DiskSamples):
    """A split of CIHP.

    Without its list all label maps of the folder are the split; without Human_ids pictures have parts alone.

    Args:
        root: the folder with Training and Validation, or one of these folders itself.
        split: "train" or "val".

    Raises:
        InputError: if there is nothing.
    """

    anatomy = CIHP
    form = ("cihp",)
    submission = CIHPSubmission
    # Gong et al. 2018, section 3.1: 28,280, 5,000 and 5,000 images.
    published: ClassVar = {"train": 28280, "val": 5000}
    no_keypoints = "CIHP has no keypoints"

    def __init__(self, root: Path, split: str) -> None:
        self.folder = root / _FOLDERS.get(split, split)
        if not self.folder.is_dir():
            self.folder = root
        listed = [root / f"{split}_id.txt", self.folder / f"{split}_id.txt"]
        found = [file for file in listed if file.exists()]
        self.names = (
            read_lines(found[0]) if found else sorted(f.stem for f in (self.folder / "Category_ids").glob("*.png"))
        )
        if not self.names:
            raise InputError(f"{self.folder / 'Category_ids'}: no label map, and no list {listed[0]}")

    def picture_file(self, index: int) -> Path:
        """Return Images/ID.jpg."""
        return inside(self.folder / "Images", f"{self.names[index]}.jpg")

    def label_files(self, index: int) -> list[Path]:
        """Return the map of parts and that of persons."""
        return [inside(self.folder / name, f"{self.names[index]}.png") for name in ("Category_ids", "Human_ids")]

    def labels(self, index: int) -> Labels:
        """Return the parts, and the persons where there is a map of them."""
        file, humans = self.label_files(index)
        parts = read_labels(file)
        if (parts[parts != 255] >= self.anatomy.num_labels).any():
            raise InputError(f"{file}: label {parts[parts != 255].max()}; expected 0 to {self.anatomy.num_labels - 1}")
        if not humans.parent.is_dir():
            return Labels(parts, None, None)
        return Labels(*with_persons(parts, file, humans), None)
