"""Datasets on disk: what they share, from a picture's number to one `Sample`."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.config.data import DataConfig
from mghp.datasets.dataset import Role
from mghp.datasets.file_digests import file_digests
from mghp.datasets.label_files import read_picture
from mghp.datasets.pose_pairing import Pairing, pair_poses, paired_keypoints
from mghp.datasets.sample import Sample
from mghp.datasets.submission import SubmissionWriter
from mghp.errors import InputError, stays_below
from mghp.progress import Progress


@dataclass(frozen=True)
class Labels:
    """What a dataset says of one picture, in the picture's own pixels; as in `Sample`.

    Attributes:
        parts: (height, width) uint8, 255 not known; None: no parsing labels.
        person_ids: (height, width) int16; None: no persons' masks.
        keypoints: (person, keypoint, 3) float32; None: no keypoints.
        pairing: how poses were given to masks; None where the dataset numbers both alike.
        regions: (person + crowd, 5) float32, boxes and areas as annotated; None: those of the masks.
        ignored_persons: (height, width) bool, True where it is not known whose a pixel is; None: nowhere.
        ignored_poses: (height, width) bool, True where keypoints may lie that nobody annotated; None: nowhere.
    """

    parts: NDArray[np.uint8] | None
    person_ids: NDArray[np.int16] | None
    keypoints: NDArray[np.float32] | None
    pairing: Pairing | None = None
    regions: NDArray[np.float32] | None = None
    ignored_persons: NDArray[np.bool_] | None = None
    ignored_poses: NDArray[np.bool_] | None = None

    @property
    def size(self) -> tuple[int, int] | None:
        """The height and width of the label maps; None without one."""
        maps = (self.parts, self.person_ids, self.ignored_poses)
        return next(((labels.shape[0], labels.shape[1]) for labels in maps if labels is not None), None)


class DiskSamples(ABC):
    """A split of a dataset on disk; the class itself is the dataset, a `PictureDataset`.

    A dataset subclasses it, and is made from its folder and the name of a split.

    Attributes:
        anatomy: the parts and the skeleton that the dataset annotates.
        published: how many pictures a split has, where the number is published.
        submission: the form that the dataset's official scripts read, where it has one.
        names: of the pictures, in the order of the split.
        folder: that all files of the pictures lie in.
        form: what decides the labels beside these files: the dataset, its layout, digests of further files.
        no_keypoints: why no picture has keypoints, so that only the parts are trained; None where they do.
    """

    anatomy: Anatomy
    published: ClassVar[Mapping[str, int]] = {}
    submission: ClassVar[type[SubmissionWriter]]
    has_one_size: ClassVar[bool] = False
    names: list[str]
    folder: Path
    form: tuple[str, ...]
    no_keypoints: str | None = None
    _fingerprint: str | None = None

    @classmethod
    def anatomy_of(cls, config: DataConfig) -> Anatomy:
        """Return the parts and the skeleton that the dataset annotates."""
        return cls.anatomy

    @classmethod
    def split_of(cls, config: DataConfig, split: str) -> Self:
        """Return a split in `data.root`, whole; a dataset with more options overrides it."""
        return cls(Path(config.root), split)  # type: ignore[call-arg]

    @classmethod
    def open(cls, config: DataConfig, split: str) -> Self:
        """Return the first `data.max_images` pictures of a split.

        Raises:
            InputError: if it is not there, or its lists are faulty; single pictures are read later.
        """
        if not stays_below(split):
            raise InputError(f"data.splits: {split!r} is no name of a split")
        samples = cls.split_of(config, split)
        samples.names = samples.names[: config.max_images]
        return samples

    @classmethod
    def load(cls, config: DataConfig, role: Role, progress: Progress | None = None) -> Self | None:
        """Return the pictures of a role, by its split; None where the config names none.

        Raises:
            InputError: if the split is not there, or its lists are faulty.
        """
        splits = config.splits
        split = {"training": splits.train, "validation": splits.validation, "tuning": splits.tuning}[role]
        if split is None:
            return None
        samples = cls.open(config, split)
        samples.digest(progress)  # now: pictures that change later are not those that the run is of
        return samples

    @classmethod
    def role_fingerprint(cls, config: DataConfig, role: Role, progress: Progress | None = None) -> str:
        """Return the fingerprint of the pictures of a role; "" where the config names none.

        Raises:
            InputError: if the split is not there, or its lists are faulty.
        """
        samples = cls.load(config, role, progress)
        return "" if samples is None else samples.fingerprint

    @abstractmethod
    def picture_file(self, index: int) -> Path:
        """Return where the photograph lies."""

    @abstractmethod
    def label_files(self, index: int) -> list[Path]:
        """Return where a picture's labels lie, as far as they have files of their own; some may be missing."""

    def label_file(self, index: int) -> Path:
        """Return the file that tells the size of a picture's labels."""
        return self.label_files(index)[0]

    @abstractmethod
    def labels(self, index: int) -> Labels:
        """Return what is known of a picture, without opening it.

        Raises:
            InputError: naming the file, if one is missing or damaged.
        """

    @property
    def fingerprint(self) -> str:
        """The digest of what the split consists of; see `digest`."""
        return self._fingerprint or self.digest()

    def digest(self, progress: Progress | None = None) -> str:
        """Return the fingerprint: of the pictures in their order, each with the contents of all its files.

        Where the folder lies and what the split is called changes nothing, nor do files of other splits.

        Args:
            progress: told how many files are read, of how many; None: a progress bar of its own where there are any.
        """
        files = [self._files(index) for index in range(len(self))]
        digests = file_digests(self.folder, (file for of_one in files for file in of_one), progress)
        contents = [
            [name, [[file.name, digests[file]] for file in of_one]]
            for name, of_one in zip(self.names, files, strict=True)
        ]
        self._fingerprint = hashlib.sha256(json.dumps([self.form, contents]).encode()).hexdigest()[:16]
        return self._fingerprint

    def _files(self, index: int) -> list[Path]:
        """Return all files of a picture; none where its name can be no file's, which is told when it is read."""
        try:
            return [self.picture_file(index), *self.label_files(index)]
        except InputError:
            return []

    def photograph(self, index: int, labels: Labels | None) -> NDArray[np.uint8]:
        """Return a picture's pixels, (height, width, 3).

        Args:
            index: of the picture.
            labels: its labels; None where they are not known.

        Raises:
            InputError: naming the file, if it is missing or damaged, or both files, if they differ in size.
        """
        file, labelled = self.picture_file(index), None if labels is None else labels.size
        image = read_picture(file, labelled)
        size = (image.shape[0], image.shape[1])
        if labelled is not None and labelled != size:
            raise InputError(f"{file}: {_by(size)} pixels, its labels {self.label_file(index)} {_by(labelled)}")
        return image

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Sample:
        """Return one labelled picture.

        Raises:
            InputError: naming the file, if one is missing or damaged, or picture and labels differ in size.
        """
        self.picture_file(index)  # first: refuses a name that leads out of the dataset
        labels = self.labels(index)
        image = self.photograph(index, labels)
        size = (image.shape[0], image.shape[1])
        return Sample(
            image,
            labels.parts,
            labels.person_ids,
            labels.keypoints,
            self.names[index],
            size,
            regions=labels.regions,
            ignored_persons=labels.ignored_persons,
            ignored_poses=labels.ignored_poses,
        )


def with_poses(
    parts: NDArray[np.uint8] | None, person_ids: NDArray[np.int16], num_persons: int, poses: NDArray[np.float32]
) -> Labels:
    """Return the labels of masks and poses that are numbered apart, paired by where the keypoints lie."""
    pairing = pair_poses(poses, person_ids, num_persons)
    return Labels(parts, person_ids, paired_keypoints(poses, pairing, poses.shape[1]), pairing)


def _by(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"
