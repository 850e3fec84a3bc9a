"""CIHP in its official layout: maps of parts and of persons, no keypoints.

ROOT/{train,val}_id.txt                    a name a line
ROOT/{Training,Validation}/Images/ID.jpg
ROOT/{Training,Validation}/Category_ids/ID.png
ROOT/{Training,Validation}/Human_ids/ID.png    0 nobody, 255 not known
"""

from pathlib import Path

from mghp.anatomy.cihp_anatomy import CIHP
from mghp.datasets.disk_samples import DiskSamples, Labels
from mghp.datasets.label_files import read_labels, read_lines
from mghp.datasets.person_maps import with_persons
from mghp.errors import InputError, inside

_FOLDERS = {"train": "Training", "val": "Validation", "test": "Testing"}


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
        """Images/ID.jpg."""
        return inside(self.folder / "Images", f"{self.names[index]}.jpg")

    def label_files(self, index: int) -> list[Path]:
        """The map of parts and that of persons."""
        return [inside(self.folder / name, f"{self.names[index]}.png") for name in ("Category_ids", "Human_ids")]

    def labels(self, index: int) -> Labels:
        """Parts, and persons where there is a map of them."""
        file, humans = self.label_files(index)
        parts = read_labels(file)
        if (parts[parts != 255] >= self.anatomy.num_labels).any():
            raise InputError(f"{file}: label {parts[parts != 255].max()}; expected 0 to {self.anatomy.num_labels - 1}")
        if not humans.parent.is_dir():
            return Labels(parts, None, None)
        return Labels(*with_persons(parts, file, humans), None)
