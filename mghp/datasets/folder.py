"""One's own pictures and labels, without code: `data.name=folder`.

ROOT/images/NAME.jpg          or any other kind of picture; NAME may lie in subfolders
ROOT/parts/NAME.png           maps of parts, 0 background
ROOT/human_ids/NAME.png       maps of persons, 0 nobody, 255 not known whose (a crowd), every other number a person
ROOT/annotations.json         persons in COCO's form: keypoints, polygons or run lengths; or SPLIT.json
ROOT/anatomy.yaml             the names of parts, keypoints and limbs, see `mghp.datasets.anatomy_file`
ROOT/SPLIT.txt                a NAME a line; without it the pictures of SPLIT.json, or of the folder images/SPLIT

`data.splits` joins splits by "+" and takes shares of them in the order of their lists: `train[:80%]+keypoints_only`.
With "!" before it a split is left out: `train+!val`. One that ends in .txt is the path of a list that lies elsewhere.

Each label is optional, in the whole set and in each picture. What nobody labelled is never taken for background:

* Inside a crowd (255, or `iscrowd`) neither part, person nor keypoint is known.
* Inside the mask of a person without keypoints no keypoint is known.
* In a picture with keypoints and no mask, where many more persons may be seen than are annotated, keypoints are known
  inside the annotated boxes, grown by a fifth, and farther from all boxes than their longer side.
* With `data.folder.one_person` nothing is known outside the box of the person.
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.colours import distinct_colours
from mghp.anatomy.parts import IGNORE, Parts
from mghp.anatomy.skeleton import Skeleton
from mghp.config.data import DataConfig
from mghp.config.packaged import own_or_packaged
from mghp.datasets.anatomy_file import anatomy_text, read_anatomy
from mghp.datasets.coco_json import Annotated, CocoPersons, member, read_coco
from mghp.datasets.coco_masks import annotated_box, annotated_mask, annotated_region
from mghp.datasets.disk_samples import DiskSamples, Labels
from mghp.datasets.label_files import SUFFIXES, read_labels, read_lines
from mghp.datasets.pose_pairing import pair_poses
from mghp.datasets.split_names import members
from mghp.errors import InputError, existing_file

PERSON = Parts("person", ("person",), distinct_colours(1))
"""The parts of a set whose pixels are told by persons' masks alone."""

NO_PARTS = Parts("none", (), ())
"""The parts of a set whose pixels nobody labelled."""

_GROWN = 0.1
"""Share of its width and height by which an annotated box grows on each side: a fifth in all."""


@dataclass(frozen=True)
class _Masks:
    """Whose the pixels of a picture are.

    Attributes:
        person_ids: (height, width) int16, 0 nobody, p + 1 the person in row p.
        crowd: (height, width) bool, True where it is not known whose a pixel is.
        annotations: what is annotated of the person in each row; None for a mask alone.
    """

    person_ids: NDArray[np.int16]
    crowd: NDArray[np.bool_]
    annotations: list[Annotated | None]


class FolderSamples(DiskSamples):
    """A split of one's own pictures.

    Args:
        config: the whole section `data`.
        split: names of lists, joined by "+", each with a share in percent if wished: `train[:80%]`; those that begin
            with "!" are left out.

    Raises:
        InputError: if a list, the annotations or the anatomy is missing or broken.
    """

    def __init__(self, config: DataConfig, split: str) -> None:
        self.folder = Path(config.root)
        self.options = config.folder
        self.anatomy, self.unknown_label = _anatomy(config)
        file = _annotations_file(config, split)
        self.file = file
        self.persons = _persons_of(file)
        images = [] if self.persons is None else self.persons.images
        self._images = {_stem(image["file_name"]): image for image in images}
        self._pictures = _files_below(self.folder / config.folder.pictures)
        self._maps = {
            kind: _files_below(self.folder / name) if name is not None else {}
            for kind, name in (("parts", config.folder.parts), ("persons", config.folder.persons))
        }
        self.names = members(split, self._listed)
        digest = "" if self.persons is None else self.persons.digest
        rules = str(self.unknown_label), str(config.folder.one_person)
        self.form = ("folder", anatomy_text(self.anatomy), *rules, digest)
        if not self.anatomy.has_poses:
            self.no_keypoints = "neither anatomy.yaml nor data.annotations names keypoints"

    @classmethod
    def split_of(cls, config: DataConfig, split: str) -> Self:
        """Return a split in `data.root`, whole."""
        return cls(config, split)

    @classmethod
    def anatomy_of(cls, config: DataConfig) -> Anatomy:
        """Return what `anatomy.yaml` describes; what it leaves open is what the annotations name."""
        return _anatomy(config)[0]

    def _listed(self, split: str) -> list[str]:
        is_elsewhere = split.endswith(".txt")
        file = own_or_packaged(split, "list of pictures") if is_elsewhere else self.folder / f"{split}.txt"
        if is_elsewhere or file.exists():
            return [_stem(line) for line in read_lines(file)]
        if self.file is not None and self.file.stem == split:
            return list(self._images)
        below = [name for name in self._pictures if name.startswith(f"{split}/")]
        if not below:
            raise InputError(
                f"{file}: no such list; expected one picture's name per line, or {split}.json, or pictures in "
                f"{self.folder / self.options.pictures / split}"
            )
        return sorted(below)

    def picture_file(self, index: int) -> Path:
        """Return the photograph.

        Raises:
            InputError: if the list names a picture that is not there.
        """
        name = self.names[index]
        if name not in self._pictures:
            raise InputError(f"{self.folder / self.options.pictures}: no picture {name!r}, which a split lists")
        return self._pictures[name]

    def label_files(self, index: int) -> list[Path]:
        """Return the maps of parts and persons that are there."""
        return [files[self.names[index]] for files in self._maps.values() if self.names[index] in files]

    def label_file(self, index: int) -> Path:
        """Return the first map, or the annotations, which tell a picture's size too."""
        return next(iter(self.label_files(index)), self.file or self.folder)

    def labels(self, index: int) -> Labels:
        """Return what is labelled, and where nothing is known."""
        name = self.names[index]
        parts = self._parts(name)
        if self.options.one_person:
            return self._of_one_person(name, parts)
        masks = self._masks(name)
        if masks is None:
            return self._of_keypoints(name, parts)
        return self._of_masks(name, parts, masks)

    def _parts(self, name: str) -> NDArray[np.uint8] | None:
        file = self._maps["parts"].get(name)
        if file is None:
            return None
        parts = read_labels(file)
        parts = np.where(parts == self.unknown_label, np.uint8(IGNORE), parts)
        if (parts[parts != IGNORE] >= self.anatomy.num_labels).any():
            largest = parts[parts != IGNORE].max()
            raise InputError(f"{file}: label {largest}; expected 0 to {self.anatomy.num_labels - 1}")
        return parts

    def _annotated(self, name: str) -> list[Annotated] | None:
        """Return what is annotated of a picture; None where it is not in the file."""
        if self.persons is None or name not in self._images:
            return None
        return self.persons.of_image[self._images[name]["id"]]

    def _masks(self, name: str) -> _Masks | None:
        """Return whose the pixels are, from the map or from the annotations; None where neither tells."""
        annotated = self._annotated(name) or []
        file = self._maps["persons"].get(name)
        if file is not None:
            return self._masks_of_map(read_labels(file), annotated)
        if any(one.content.get("segmentation") for one in annotated if not one.is_crowd):
            return self._masks_of_annotations(self._size(name), annotated)
        return None

    def _masks_of_map(self, numbers: NDArray[np.uint8], annotated: list[Annotated]) -> _Masks:
        crowd = numbers == IGNORE
        persons = [int(number) for number in np.unique(numbers[~crowd]) if number]
        row_of = np.zeros(256, np.int16)
        row_of[persons] = np.arange(1, len(persons) + 1)
        ids = row_of[np.where(crowd, 0, numbers)]
        known = [one for one in annotated if not one.is_crowd]
        with_number = [one for one in known if "person_id" in one.content]
        numbered = {member(one.content, "person_id", (int,), one.where): one for one in with_number}
        rows = [numbered.get(number) for number in persons]
        if known and not numbered:
            rows = self._paired(ids, len(persons), known)
        used = {id(one) for one in rows}
        rows += [one for one in known if id(one) not in used and (numbered or self._has_pose(one))]
        return _Masks(ids, crowd, rows)

    def _paired(self, ids: NDArray[np.int16], persons: int, known: list[Annotated]) -> list[Annotated | None]:
        poses = np.stack([self._pose(one) for one in known])
        return [known[pose] if pose >= 0 else None for pose in pair_poses(poses, ids, persons).pose_of]

    def _masks_of_annotations(self, size: tuple[int, int], annotated: list[Annotated]) -> _Masks:
        persons = [one for one in annotated if not one.is_crowd]
        masks = [annotated_mask(one.content, size, one.where) for one in persons]
        ids = np.zeros(size, np.int16)
        for row in sorted(range(len(masks)), key=lambda row: -int(masks[row].sum())):  # small persons are in front
            ids[masks[row]] = row + 1
        return _Masks(ids, self._crowd(size, annotated) & (ids == 0), list(persons))

    def _of_masks(self, name: str, parts: NDArray[np.uint8] | None, masks: _Masks) -> Labels:
        if parts is None and self.anatomy.parts.names == PERSON.names:
            parts = (masks.person_ids > 0).astype(np.uint8)
        if parts is not None:
            parts = np.where(masks.crowd, np.uint8(IGNORE), parts)
        has_poses = self.anatomy.has_poses and self._annotated(name) is not None
        keypoints = np.stack([self._pose(one) for one in masks.annotations]) if masks.annotations else self._nobody
        has_none = np.concatenate([[False], ~(keypoints[..., 2] > 0).any(-1)])
        regions = self._regions(masks, self._annotated(name) or [])
        return Labels(
            parts,
            masks.person_ids,
            keypoints if has_poses else None,
            regions=regions,
            ignored_persons=masks.crowd,
            ignored_poses=masks.crowd | has_none[masks.person_ids] if has_poses else None,
        )

    def _of_keypoints(self, name: str, parts: NDArray[np.uint8] | None) -> Labels:
        annotated = self._annotated(name)
        if annotated is None or not self.anatomy.has_poses:
            return Labels(parts, None, None)
        size = self._size(name)
        persons = [one for one in annotated if not one.is_crowd]
        keypoints = np.stack([self._pose(one) for one in persons]) if persons else self._nobody
        regions = [annotated_region(one.content, np.zeros(size, bool), one.where) for one in persons]
        crowds = [one for one in annotated if one.is_crowd]
        regions += [annotated_region(one.content, self._crowd(size, [one]), one.where) for one in crowds]
        return Labels(
            parts,
            None,
            keypoints,
            regions=np.array(regions, np.float32).reshape(-1, 5),
            ignored_poses=self._beside_boxes(size, persons) | self._crowd(size, annotated),
        )

    def _beside_boxes(self, size: tuple[int, int], persons: list[Annotated]) -> NDArray[np.bool_]:
        """Return where keypoints may lie of persons whom nobody annotated, (height, width) bool."""
        near, inside, without = (np.zeros(size, bool) for _ in range(3))
        for one in persons:
            box = annotated_box(one.content.get("bbox"), size, one.where)
            near |= _in_box(box, size, max(box[2:]), max(box[2:]))
            grown = _in_box(box, size, _GROWN * box[2], _GROWN * box[3])
            if self._has_pose(one):
                inside |= grown
            else:
                without |= grown
        return (near & ~inside) | without

    def _of_one_person(self, name: str, parts: NDArray[np.uint8] | None) -> Labels:
        if parts is None:
            raise InputError(f"data.folder.one_person: {name!r} has no map of parts in {self.options.parts}")
        persons = [one for one in self._annotated(name) or [] if not one.is_crowd]
        if len(persons) > 1:
            raise InputError(f"{persons[1].where}: data.folder.one_person: expected one person, got {len(persons)}")
        ids = ((parts > 0) & (parts != IGNORE)).astype(np.int16)
        size = (parts.shape[0], parts.shape[1])
        box = annotated_box(persons[0].content.get("bbox"), size, persons[0].where) if persons else None
        outside = ~_in_box(box, size, 0, 0) & (ids == 0) if box else ids == 0
        poses = np.stack([self._pose(one) for one in persons]) if persons else None
        return Labels(
            np.where(outside, np.uint8(IGNORE), parts),
            ids,
            poses if self.anatomy.has_poses else None,
            ignored_persons=outside | (parts == IGNORE),
            ignored_poses=outside,
        )

    def _regions(self, masks: _Masks, annotated: list[Annotated]) -> NDArray[np.float32]:
        """Return boxes and areas, of persons as annotated, else of their masks, and then of crowds."""
        size = masks.crowd.shape
        rows = [
            annotated_region({} if one is None else one.content, masks.person_ids == row + 1, one.where if one else "")
            for row, one in enumerate(masks.annotations)
        ]
        crowds = [one for one in annotated if one.is_crowd]
        rows += [annotated_region(one.content, self._crowd(size, [one]), one.where) for one in crowds]
        return np.array(rows, np.float32).reshape(-1, 5)

    def _crowd(self, size: tuple[int, ...], annotated: list[Annotated]) -> NDArray[np.bool_]:
        """Return the pixels of annotated crowds: of their masks, or else their boxes."""
        height, width = size
        crowd = np.zeros((height, width), bool)
        for one in annotated:
            if one.is_crowd and one.content.get("segmentation"):
                crowd |= annotated_mask(one.content, (height, width), one.where)
            elif one.is_crowd:
                crowd |= _in_box(annotated_box(one.content.get("bbox"), (height, width), one.where), size, 0, 0)
        return crowd

    def _size(self, name: str) -> tuple[int, int]:
        return self._images[name]["height"], self._images[name]["width"]

    @property
    def _nobody(self) -> NDArray[np.float32]:
        return np.zeros((0, self.anatomy.num_keypoints, 3), np.float32)

    def _pose(self, one: Annotated | None) -> NDArray[np.float32]:
        """Return the keypoints, (keypoint, 3); zeros where none is annotated."""
        number = self.anatomy.num_keypoints
        if one is None or not self.anatomy.has_poses:
            return np.zeros((number, 3), np.float32)
        pose = one.keypoints(number).astype(np.float32)
        return pose * (pose[:, 2:] > 0)

    def _has_pose(self, one: Annotated) -> bool:
        return bool((self._pose(one)[:, 2] > 0).any())


def _anatomy(config: DataConfig) -> tuple[Anatomy, int]:
    """Return the anatomy of a set, and the label of pixels whose part is not known."""
    given = config.folder.anatomy
    own = Path(config.root) / "anatomy.yaml"
    described: Anatomy | None = None
    unknown = IGNORE
    if given is not None or own.exists():
        described, unknown = read_anatomy(own if given is None else Path(given))
    if described is not None and described.has_poses:
        return described, unknown
    file = _annotations_file(config, config.splits.train)
    persons = _persons_of(file)
    skeleton = None if persons is None or file is None else _named_skeleton(persons, file)
    parts = (PERSON if _has_masks(config, persons) else NO_PARTS) if described is None else described.parts
    return Anatomy(skeleton or COCO_SKELETON, parts, has_poses=skeleton is not None), unknown


def _persons_of(file: Path | None) -> CocoPersons | None:
    """Return the persons of a file as it is now, read once however many splits and anatomies ask for them."""
    if file is None:
        return None
    stat = existing_file(file, "annotations").stat()
    return _read_once(file, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=2)
def _read_once(file: Path, mtime_ns: int, size: int) -> CocoPersons:
    return read_coco(file)


def _has_masks(config: DataConfig, persons: CocoPersons | None) -> bool:
    """Return True if a map or an annotation tells whose the pixels of some picture are."""
    if config.folder.persons is not None and (Path(config.root) / config.folder.persons).is_dir():
        return True
    annotated = [] if persons is None else persons.of_image.values()
    return any(one.content.get("segmentation") for of_one in annotated for one in of_one if not one.is_crowd)


def _named_skeleton(persons: CocoPersons, file: Path) -> Skeleton | None:
    """Return the skeleton that the person category names; None where it names no keypoints."""
    category = persons.category or {}
    keypoints = tuple(category.get("keypoints") or ())
    if keypoints == COCO_SKELETON.keypoints:
        return COCO_SKELETON
    if not keypoints:
        return None
    try:
        limbs = tuple((int(first) - 1, int(second) - 1) for first, second in category.get("skeleton") or ())
        skeleton = Skeleton(file.stem, keypoints, limbs)
        skeleton.mirrored_limbs  # noqa: B018 (told now, not in training)
    except (ValueError, TypeError) as error:
        raise InputError(f"annotations {file}: categories: {' '.join(str(error).split())}") from None
    if not limbs:
        raise InputError(f"annotations {file}: categories: expected a skeleton, which limbs join keypoints; got none")
    return skeleton


def _annotations_file(config: DataConfig, split: str) -> Path | None:
    if config.annotations is not None:
        return Path(config.annotations)
    whole = split.partition("[")[0]
    candidates = (Path(config.root) / f"{name}.json" for name in (whole, "annotations"))
    return next((file for file in candidates if file.exists()), None)


def _files_below(folder: Path) -> dict[str, Path]:
    """Return the files of a folder by their names below it, without endings; an empty dict where it is missing."""
    return {_stem(file.relative_to(folder).as_posix()): file for file in sorted(folder.rglob("*")) if file.is_file()}


def _stem(name: str) -> str:
    """Return a picture's name without the ending of a picture, which its labels have another of, and a list none."""
    path = Path(name)
    return str(path.with_suffix("")) if path.suffix.lower() in SUFFIXES else name


def _in_box(box: tuple[int, int, int, int], size: tuple[int, ...], across: float, down: float) -> NDArray[np.bool_]:
    """Return the pixels of a box that is so much larger on each side, (height, width) bool."""
    left, top, width, height = box
    x, y = np.arange(size[1]) + 0.5, np.arange(size[0]) + 0.5
    in_columns = (x > left - across) & (x < left + width + across)
    in_rows = (y > top - down) & (y < top + height + down)
    return in_rows[:, None] & in_columns
