"""Reading back what `mghp predict` and `mghp group` write."""

import hashlib
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.datasets.coco_json import Annotated, keypoint_numbers, member, read_coco
from mghp.datasets.label_files import read_labels, read_numbers
from mghp.errors import InputError, first_few, inside
from mghp.inference.prediction_files import POSES, map_names
from mghp.metrics.agreement import labels_among

_SHOWN = 20
"""The most names of parts that a refusal repeats."""

Size = tuple[int, int]
"""Height and width, pixels."""


class PredictedFolder:
    """Persons of pictures, in a folder of NAME_parts.png, NAME_persons.png and poses.json.

    Where poses.json names the parts, labels are those of these names; finer parts are merged into the six that the
    anatomy has, if it has six: see `labels_among`.

    Args:
        folder: the folder.
        anatomy: what labels and keypoints mean in the pictures' own labels.

    Raises:
        InputError: if there is no such folder, its poses.json is missing or broken, or it names a part that the anatomy
            does not have.
    """

    def __init__(self, folder: Path, anatomy: Anatomy) -> None:
        self.folder = folder
        self.anatomy = anatomy
        if not folder.is_dir():
            raise InputError(f"predictions {folder}: no such folder")
        coco = read_coco(folder / POSES)
        self._labels = np.array(_labels(coco.category, anatomy, folder / POSES))
        self._persons: dict[str, list[Annotated]] = {}
        for image in coco.images:
            file = Path(image["file_name"])
            # Of two pictures a.jpg and a.png the maps keep the ending; a dataset's names may have folders.
            for name in (file.stem, file.name, file.with_suffix("").as_posix()):
                self._persons[name] = coco.of_image[image["id"]]

    def has(self, name: str) -> bool:
        """Return whether the folder holds a picture's maps and its entry in poses.json."""
        return name in self._persons and all(file.is_file() for file in self._maps(name))

    def digest(self, names: Iterable[str]) -> str:
        """Return a digest of poses.json and of the maps of these pictures, those that are there."""
        digest = hashlib.sha256((self.folder / POSES).read_bytes())
        for name in names:
            digest.update(
                b"\0".join([name.encode(), *(file.read_bytes() for file in self._maps(name) if self.has(name))])
            )
        return digest.hexdigest()[:16]

    def of(self, name: str, size: Size) -> PredictedPersons:
        """Return the persons of a picture.

        Args:
            name: of the picture.
            size: that its maps must have.

        Raises:
            InputError: naming the file, if it is missing or broken, or does not fit the picture or the anatomy.
        """
        parts_file, ids_file = self._maps(name)
        if name not in self._persons:
            raise InputError(f"{self.folder / POSES}: no image of picture {name}")
        persons = sorted(self._persons[name], key=_number)
        parts = _of_size(read_labels(parts_file), parts_file, size)
        ids = _of_size(read_numbers(ids_file), ids_file, size)
        _at_most(parts, len(self._labels) - 1, f"label map {parts_file}: label")
        _at_most(ids, len(persons), f"{ids_file}: person")
        scores = np.array([_score(person) for person in persons], np.float64)
        return PredictedPersons(
            self._labels[parts],
            ids.astype(np.int64),
            scores,
            self._part_scores(persons, scores),
            self._poses(persons),
        )

    def _maps(self, name: str) -> tuple[Path, Path]:
        parts, persons, _ = map_names(name)
        return inside(self.folder, parts), inside(self.folder, persons)

    def _poses(self, persons: list[Annotated]) -> NDArray[np.float64]:
        number = self.anatomy.num_keypoints
        poses = np.zeros((len(persons), number, 3))
        for row, person in enumerate(persons):
            poses[row] = keypoint_numbers(person.content.get("keypoints", [0] * 3 * number), number, person.where)
            if "keypoint_scores" in person.content:
                poses[row, :, 2] = _numbers(person, "keypoint_scores", number)
        return poses

    def _part_scores(self, persons: list[Annotated], scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of persons' parts by label; as sure as the person, where the file tells none.

        A part that several were merged to is as sure as the surest of them.
        """
        by_label = np.repeat(scores[:, None], self.anatomy.num_labels, 1)
        for row, person in enumerate(persons):
            if "part_scores" in person.content:
                told = member(person.content, "part_scores", (dict,), person.where)
                by_label[row] = 0
                for label, merged in enumerate(self._labels):
                    score = _finite(told.get(str(label), 0.0), person)
                    by_label[row, merged] = max(by_label[row, merged], score)
        return by_label


def _labels(category: Mapping[str, Any] | None, anatomy: Anatomy, file: Path) -> Sequence[int]:
    """Return the anatomy's label of each label of the predictions."""
    names = (category or {}).get("parts")
    if names is None:
        return range(anatomy.num_labels)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{file}: categories: parts must be names, got {reprlib.repr(names)}")
    labels = labels_among(names, anatomy.parts.names)
    if labels is None:
        raise InputError(
            f"{file}: categories: parts are {first_few(names, _SHOWN)}; "
            f"expected {', '.join(anatomy.parts.names) or 'none'}; "
            "the anatomy.yaml of mghp group --anatomy names them"
        )
    return labels


def _number(person: Annotated) -> int:
    number: int = member(person.content, "person", (int,), person.where)
    return number


def _score(person: Annotated) -> float:
    return _finite(member(person.content, "score", (int, float), person.where), person)


def _numbers(person: Annotated, key: str, number: int) -> list[float]:
    values = member(person.content, key, (list,), person.where)
    if len(values) != number:
        raise InputError(f"{person.where}: {key}: expected {number} numbers, got {len(values)}")
    return [_finite(value, person) for value in values]


def _finite(value: object, person: Annotated) -> float:
    if not isinstance(value, int | float) or not np.isfinite(value):
        raise InputError(f"{person.where}: expected finite numbers, got {reprlib.repr(value)}")
    return float(value)


def _of_size(numbers: NDArray[Any], file: Path, size: Size) -> NDArray[Any]:
    if numbers.shape != size:
        raise InputError(f"{file}: {numbers.shape[1]}x{numbers.shape[0]} pixels, the picture {size[1]}x{size[0]}")
    return numbers


def _at_most(numbers: NDArray[Any], most: int, what: str) -> None:
    if numbers.max(initial=0) > most:
        raise InputError(f"{what} {numbers.max()}; expected 0 to {most}")
