"""Persons of pictures that another model or an annotator has found, as files tell of them."""

import reprlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.datasets.coco_json import came, keypoint_numbers, member, read_coco, read_json
from mghp.datasets.coco_masks import annotated_mask
from mghp.datasets.label_files import read_numbers
from mghp.errors import InputError, existing_file, inside
from mghp.inference.part_maps import ARRAYS, read_array

Size = tuple[int, int]
"""Height and width of a picture, pixels."""

Given = dict[str, Any]
"""What `mghp.group` is given of a picture's persons, by its arguments' names."""


class GivenPersons(ABC):
    """The persons of a set of pictures."""

    @abstractmethod
    def of(self, name: str, size: Size) -> Given:
        """Return the persons of a picture.

        Args:
            name: of the picture, without ending.
            size: of its part map.

        Raises:
            InputError: naming the file, if it says nothing of the picture, or what it says does not fit.
        """

    @abstractmethod
    def refuse_unknown(self, name: str) -> None:
        """Refuse a picture of which nothing is said.

        Raises:
            InputError: naming the file and what was expected.
        """


@dataclass
class Entry:
    """What a JSON file says of one person.

    Attributes:
        content: the JSON object.
        where: it stands, for errors.
    """

    content: dict[str, Any]
    where: str


Reader = Callable[[list[Entry], Size], NDArray[Any]]
"""A function from the persons of a picture and its size to an array, a row a person."""


class JsonPersons(GivenPersons):
    """Persons of a JSON file in one of COCO's forms.

    With `images` and `annotations`, as COCO annotates and `mghp predict` writes poses.json, or as results: a list of
    objects with `image_id`. In a list other categories than 1, a person, are left out, and an id is a picture's name
    unless `names` says another one.

    Args:
        kind: argument of `mghp.group` that the persons are.
        file: the JSON file.
        read: from entries to the argument's array.
        names: file of the pictures' names; see `picture_names`.
        least_score: persons with a lower `score` are left out.

    Raises:
        InputError: if a file is missing or broken.
    """

    def __init__(
        self, kind: str, file: Path, read: Reader, names: Path | None = None, least_score: float = 0.0
    ) -> None:
        self.kind, self.file, self.read, self.least_score = kind, file, read, least_score
        content, _ = read_json(existing_file(file, kind))
        self.sizes: dict[str, Size] = {}
        if isinstance(content, list):
            self.entries = _of_results(content, file, {} if names is None else picture_names(names))
            self._hint = "" if names else "; who has nobody is known only from a file of names"
        else:
            self.entries, self.sizes = _of_annotations(file)
            self._hint = ""

    def refuse_unknown(self, name: str) -> None:
        """Refuse a picture that the file does not list."""
        self._entries(name)

    def of(self, name: str, size: Size) -> Given:
        """Return the persons of a picture, with scores where all have one."""
        stated = self.sizes.get(name, size)
        if stated != size:
            raise InputError(f"{self.kind} {self.file}: picture {name}: {_by(stated)} pixels, the part map {_by(size)}")
        told = [entry for entry in self._entries(name) if _score(entry, 1.0) >= self.least_score]
        given: Given = {self.kind: self.read(told, size)}
        if told and all("score" in entry.content for entry in told):
            given["scores"] = np.array([_score(entry, 1.0) for entry in told])
        return given

    def _entries(self, name: str) -> list[Entry]:
        # 000000000139.png is COCO's picture 139.
        key = name if name in self.entries or not name.isdecimal() else str(int(name))
        if key not in self.entries:
            raise InputError(f"{self.kind} {self.file}: no entry of picture {name}, which has a part map{self._hint}")
        return self.entries[key]


class MaskFolder(GivenPersons):
    """Masks in a folder, by the pictures' names.

    Args:
        folder: holds for each picture NAME.png, NAME_persons.png, NAME.npy or NAME.npz with a number per person (255
            not known; arrays may be (person, height, width) of bool), or NAME.json with a list of objects with a
            `segmentation`, as Segment Anything writes it, or a folder NAME of PNG files, one a person, not 0 where it
            is.

    Raises:
        InputError: if there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            raise InputError(f"masks {folder}: no such folder or JSON file")

    def refuse_unknown(self, name: str) -> None:
        """Refuse a picture without a mask file."""
        self._file(name)

    def of(self, name: str, size: Size) -> Given:
        """Return the masks of a picture."""
        file = self._file(name)
        if file.is_dir():
            return {"masks": _stacked([read_mask(one, size) for one in sorted(file.glob("*.png"))], size)}
        if file.suffix == ".json":
            content, _ = read_json(file)
            if not isinstance(content, list):
                raise InputError(f"masks {file}: expected a list of masks, {came(content)}")
            return {"masks": masks_of(_numbered(content, f"masks {file}"), size)}
        numbers = read_array(file, "masks") if file.suffix in ARRAYS else read_numbers(file)
        if numbers.shape[-2:] != size:
            raise InputError(f"masks {file}: {_by(numbers.shape[-2:])} pixels, the part map {_by(size)}")
        return {"masks": numbers}

    def _file(self, name: str) -> Path:
        endings = (".png", "_persons.png", *ARRAYS, ".json", "")
        files = [inside(self.folder, name + ending) for ending in endings]
        found = next((file for file in files if file.exists()), None)
        if found is None:
            raise InputError(f"masks {self.folder}: expected {name}.png, .npy, .npz, .json or a folder {name}; none is")
        return found


@dataclass
class CenterFile(GivenPersons):
    """Centres of persons: a JSON object of lists [[x, y], ...] by the pictures' names.

    Raises:
        InputError: if the file is missing or broken.
    """

    file: Path
    centers: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        content, _ = read_json(existing_file(self.file, "centers"))
        if not isinstance(content, dict):
            raise InputError(f"centers {self.file}: expected an object of lists by pictures' names, {came(content)}")
        self.centers = content

    def refuse_unknown(self, name: str) -> None:
        """Refuse a picture that the file does not list."""
        if name not in self.centers:
            raise InputError(f"centers {self.file}: no entry of picture {name}, which has a part map")

    def of(self, name: str, size: Size) -> Given:
        """Return the centres of a picture."""
        self.refuse_unknown(name)
        return {"centers": _numbers(self.centers[name], 2, f"centers {self.file}: {name}")}


def poses_reader(num_keypoints: int) -> Reader:
    """Return the function that reads `keypoints`, and confidences from `keypoint_scores` where these are told."""

    def read(entries: list[Entry], size: Size) -> NDArray[np.float64]:
        poses = np.zeros((len(entries), num_keypoints, 3))
        for row, entry in enumerate(entries):
            keypoints = member(entry.content, "keypoints", (list,), entry.where)
            poses[row] = keypoint_numbers(keypoints, num_keypoints, entry.where)
            if "keypoint_scores" in entry.content:
                confidences = _numbers(
                    [entry.content["keypoint_scores"]], num_keypoints, f"{entry.where}: keypoint_scores"
                )
                poses[row, :, 2] = np.where(poses[row, :, 2] > 0, confidences[0], 0)
        return poses * (poses[..., 2:] > 0)

    return read


def boxes_of(entries: list[Entry], size: Size) -> NDArray[np.float64]:
    """Return the corners (person, 4) of `bbox`: x, y, width and height."""
    boxes = np.zeros((len(entries), 4))
    for row, entry in enumerate(entries):
        box = member(entry.content, "bbox", (list,), entry.where)
        boxes[row] = _numbers([box], 4, f"{entry.where}: bbox")[0]
        if (boxes[row, 2:] < 0).any():
            raise InputError(f"{entry.where}: bbox of negative size: {box}")
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def masks_of(entries: list[Entry], size: Size) -> NDArray[np.bool_]:
    """Return the masks (person, height, width) of `segmentation`: run lengths or polygons."""
    for entry in entries:
        member(entry.content, "segmentation", (dict, list), entry.where)
    masks = [annotated_mask(entry.content, size, entry.where) for entry in entries]
    return _stacked(masks, size)


def read_mask(file: Path, size: Size) -> NDArray[np.bool_]:
    """Return the mask (height, width) of one person: where a PNG file is not 0.

    Raises:
        InputError: naming the file, if it is no picture, or of another size.
    """
    numbers = read_numbers(file)
    if numbers.shape != size:
        raise InputError(f"masks {file}: {_by(numbers.shape)} pixels, the part map {_by(size)}")
    mask: NDArray[np.bool_] = numbers > 0
    return mask


def picture_names(file: Path) -> dict[str, str]:
    """Return the pictures' names by their ids as text: of COCO's `images`, or of an object from ids to file names.

    Raises:
        InputError: naming the file, if it is neither.
    """
    content, _ = read_json(existing_file(file, "names"))
    if isinstance(content, dict) and "images" in content:
        images = member(content, "images", (list,), f"names {file}")
        content = {
            str(member(image, "id", (int, str), f"names {file}")): member(image, "file_name", (str,), f"names {file}")
            for image in images
        }
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content.values()):
        raise InputError(f"names {file}: expected COCO's images, or an object from ids to file names")
    return {identifier: Path(name).stem for identifier, name in content.items()}


def _of_annotations(file: Path) -> tuple[dict[str, list[Entry]], dict[str, Size]]:
    """Return the persons, without crowds, and the size of each picture."""
    coco = read_coco(file)
    persons, sizes = {}, {}
    for image in coco.images:
        name, of_image = Path(image["file_name"]).stem, coco.of_image[image["id"]]
        persons[name] = [Entry(person.content, person.where) for person in of_image if not person.is_crowd]
        sizes[name] = (image["height"], image["width"])
    return persons, sizes


def _of_results(content: list[Any], file: Path, names: dict[str, str]) -> dict[str, list[Entry]]:
    by_name: dict[str, list[Entry]] = {name: [] for name in names.values()}
    for entry in _numbered(content, str(file)):
        identifier = str(member(entry.content, "image_id", (int, str), entry.where))
        if names and identifier not in names:
            raise InputError(f"{entry.where}: image_id {reprlib.repr(identifier)} is not among the names")
        of_picture = by_name.setdefault(names.get(identifier, identifier), [])
        if entry.content.get("category_id", 1) == 1:
            of_picture.append(entry)
    return by_name


def _numbered(content: list[Any], where: str) -> list[Entry]:
    for number, entry in enumerate(content):
        if not isinstance(entry, dict):
            raise InputError(f"{where}: [{number}]: expected an object, {came(entry)}")
    return [Entry(entry, f"{where}: [{number}]") for number, entry in enumerate(content)]


def _score(entry: Entry, otherwise: float) -> float:
    if "score" not in entry.content:
        return otherwise
    return float(_numbers([[entry.content["score"]]], 1, f"{entry.where}: score")[0, 0])


def _numbers(rows: object, number: int, where: str) -> NDArray[np.float64]:
    """Return rows of finite numbers, (row, number)."""
    try:
        values = np.array(rows, np.float64).reshape(-1, number) if rows else np.zeros((0, number))
        fits = isinstance(rows, list) and len(values) == len(rows) and np.isfinite(values).all()
    except (TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise InputError(f"{where}: expected {number} finite numbers each, got {reprlib.repr(rows)}")
    return values


def _stacked(masks: list[NDArray[np.bool_]], size: Size) -> NDArray[np.bool_]:
    return np.stack(masks) if masks else np.zeros((0, *size), bool)


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, reversed(shape)))
