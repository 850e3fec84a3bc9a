"""Persons of COCO's JSON form, by one rule for every reader.

* An image has an `id` of its own, a whole number or text; where pictures are read, a `file_name`, `width` and `height`.
* An annotation is of an image that the file lists. Its `id` need not be there.
* Whom it annotates: the person category is the one with `keypoints` (names of joints; an empty list is none beside
  others), where none has them the one named "person". A file without categories counts as COCO does: 1 is a person.
  Annotations of other categories are left out, unread; one that names no category is of a person.
* `iscrowd` is 0 or 1, or left out. A crowd is no person: its keypoints are not read.
* `keypoints` hold x, y and visibility of each joint. An empty list says that none is annotated; so does a missing one,
  unless the person category names keypoints: each person then has them.
* A visibility is 0, 1 or 2; a joint lies within a million pixels of the picture.

All else is an error of one line, which names the file and the annotation.
"""

import hashlib
import json
import reprlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.errors import InputError, existing_file

_FARTHEST = 1e6
"""Pixels from the picture's corner at which a keypoint is none."""

_COCOS_PERSON = 1
"""The person's number among COCO's categories."""


@dataclass(frozen=True)
class Annotated:
    """One person of an image, or a crowd of them.

    Attributes:
        content: of the annotation, as in the file.
        where: it stands, for errors.
        is_crowd: whether it is of several persons, whom nobody told apart.
        needs_keypoints: whether a person without `keypoints` is a fault.
    """

    content: dict[str, Any]
    where: str
    is_crowd: bool
    needs_keypoints: bool

    def keypoints(self, number: int) -> NDArray[np.float64]:
        """Return x and y in pixels and visibility, (number, 3); zeros where none is annotated.

        Raises:
            InputError: if they are not so many, or none that can be.
        """
        if "keypoints" not in self.content and self.needs_keypoints:
            raise InputError(f"{self.where}: expected a key 'keypoints', found none")
        values = self.content.get("keypoints", [])
        return np.zeros((number, 3)) if values == [] else coco_keypoints(values, number, self.where)


@dataclass(frozen=True)
class CocoPersons:
    """What a file says of persons.

    Attributes:
        images: all, as in the file and in its order.
        of_image: persons and crowds by the image's id, in the file's order; a list for every image.
        category: of persons; None where the file has no categories.
        digest: of the file's bytes.
    """

    images: list[dict[str, Any]]
    of_image: dict[int | str, list[Annotated]]
    category: dict[str, Any] | None
    digest: str


def read_coco(file: Path, poses_alone: bool = False) -> CocoPersons:
    """Return the persons of a file, by the rule above.

    Args:
        file: JSON with `images`, `annotations` and, where they are needed, `categories`.
        poses_alone: whether the file is read without its pictures, for poses of the skeleton that it describes: then
            `categories` must be there and one image, and images need not have a name and a size.

    Raises:
        InputError: if it is missing, no JSON, breaks the rule, or an image is larger than Pillow would open.
    """
    content, digest = read_json(existing_file(file, "annotations"))
    where = f"annotations {file}"
    if not isinstance(content, dict):
        raise InputError(f"{where}: expected a JSON object with images and annotations, {came(content)}")
    category, known = _person_category(_entries(content, "categories", where, optional=not poses_alone), where)
    images = _entries(content, "images", where)
    if poses_alone and not images:
        raise InputError(f"{where}: expected at least one image, got an empty list")
    of_image: dict[int | str, list[Annotated]] = {}
    for number, image in enumerate(images):
        _check_image(image, f"{where}: images[{number}]", of_image, poses_alone)
        of_image[image["id"]] = []
    annotations = _entries(content, "annotations", where)
    for number, annotation in enumerate(annotations):
        place = _place(annotation, f"{where}: annotations[{number}]", where)
        found = _image_of(annotation, of_image, place)
        if _is_person(annotation, category, known, place):
            needs_keypoints = category is not None and "keypoints" in category
            found.append(Annotated(annotation, place, _is_crowd(annotation, place), needs_keypoints))
    if annotations and not known and not any(of_image.values()):
        raise InputError(f"{where}: no categories, and no annotation of COCO's category 1, a person")
    return CocoPersons(images, of_image, category, digest)


def came(value: object) -> str:
    """Return what an error says of a value that was not expected."""
    return f"got {reprlib.repr(value)} ({type(value).__name__})"


def member(container: object, key: str, kinds: tuple[type, ...], where: str) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """Return `container[key]`, which is of one of these types.

    Raises:
        InputError: if it is not there, or of another type.
    """
    if not isinstance(container, dict):
        raise InputError(f"{where}: expected an object, {came(container)}")
    if key not in container:
        raise InputError(f"{where}: expected a key {key!r}, found none")
    if type(container[key]) not in kinds:
        expected = " or ".join(_WORDS[kind] for kind in kinds)
        raise InputError(f"{where}: {key} must be {expected}, {came(container[key])}")
    return container[key]


_WORDS = {int: "a whole number", str: "a string", list: "of type list", dict: "an object"}
_IDENTIFIER = (int, str)


def _entries(content: dict[str, Any], key: str, where: str, optional: bool = False) -> list[Any]:
    return [] if optional and key not in content else list(member(content, key, (list,), where))


def _check_image(image: object, where: str, known: dict[int | str, Any], poses_alone: bool) -> None:
    identifier = member(image, "id", _IDENTIFIER, where)
    if identifier in known:
        raise InputError(f"{where}: id {reprlib.repr(identifier)} is taken by another image")
    if poses_alone:
        return
    member(image, "file_name", (str,), where)
    width, height = (member(image, key, (int,), where) for key in ("width", "height"))
    if min(height, width) < 1 or height * width > 2 * (Image.MAX_IMAGE_PIXELS or height * width):
        raise InputError(f"{where}: {reprlib.repr(width)} x {reprlib.repr(height)} pixels is no size of a picture")


def _person_category(categories: list[Any], where: str) -> tuple[dict[str, Any] | None, list[int | str]]:
    """Return the category of persons, and the ids of all."""
    known = [member(entry, "id", _IDENTIFIER, f"{where}: categories[{i}]") for i, entry in enumerate(categories)]
    if not known:
        return None, known
    with_keypoints = [entry for entry in categories if "keypoints" in entry]
    found = [entry for entry in with_keypoints if entry["keypoints"] != []] or with_keypoints
    if len(found) > 1:
        raise InputError(f"{where}: expected one category with keypoints, got {len(found)}")
    found = found or [entry for entry in categories if entry.get("name") == "person"]
    if len(found) != 1:
        raise InputError(
            f"{where}: expected one category with keypoints, got 0, and of those named 'person' {len(found)}"
        )
    return found[0], known


def _place(annotation: object, numbered: str, where: str) -> str:
    """Return an annotation's name in errors, by its id where it has one."""
    if not isinstance(annotation, dict) or "id" not in annotation:
        return numbered
    return f"{where}: annotation {reprlib.repr(member(annotation, 'id', _IDENTIFIER, numbered))}"


def _image_of(annotation: object, of_image: dict[int | str, list[Annotated]], where: str) -> list[Annotated]:
    image = member(annotation, "image_id", _IDENTIFIER, where)
    if image not in of_image:
        raise InputError(f"{where}: image_id {reprlib.repr(image)} is not among the images")
    return of_image[image]


def _is_person(annotation: dict[str, Any], category: dict[str, Any] | None, known: list[int | str], where: str) -> bool:
    if "category_id" not in annotation:
        return True
    identifier = member(annotation, "category_id", _IDENTIFIER, where)
    if category is None:
        return bool(identifier == _COCOS_PERSON)
    if identifier not in known:
        raise InputError(f"{where}: category_id {reprlib.repr(identifier)} is not among the categories")
    return bool(identifier == category["id"])


def _is_crowd(annotation: dict[str, Any], where: str) -> bool:
    value = annotation.get("iscrowd", 0)
    if type(value) not in (int, bool) or value not in (0, 1):
        raise InputError(f"{where}: iscrowd must be 0 or 1, {came(value)}")
    return bool(value)


def coco_keypoints(values: object, number: int, where: str) -> NDArray[np.float64]:
    """Return an annotation's `keypoints`, (keypoint, 3): x, y and visibility.

    Raises:
        InputError: if they are not so many numbers, or none that can be.
    """
    keypoints = keypoint_numbers(values, number, where)
    check_keypoints(keypoints, where)
    return keypoints


def keypoint_numbers(values: object, number: int, where: str) -> NDArray[np.float64]:
    """Return `keypoints`, (keypoint, 3): x, y near a picture, and a number that may be a visibility or a confidence.

    Raises:
        InputError: if they are not so many finite numbers, or lie nowhere near a picture.
    """
    expected = f"{where}: keypoints must hold 3 numbers each of {number} keypoints"
    if not isinstance(values, list):
        raise InputError(f"{expected}, {came(values)}")
    if len(values) != 3 * number:
        raise InputError(f"{expected}, got {len(values)} values")
    if not set(map(type, values)) <= {int, float}:
        odd = next(value for value in values if type(value) not in (int, float))
        raise InputError(f"{expected}, and all must be numbers, {came(odd)}")
    try:
        keypoints = np.array(values, np.float64).reshape(number, 3)
    except OverflowError:
        keypoints = np.full((number, 3), np.inf)
    _check_places(keypoints, where)
    return keypoints


def check_keypoints(keypoints: NDArray[np.float64], where: str) -> None:
    """Check keypoints (keypoint, 3): x and y in pixels and COCO's visibility.

    Raises:
        InputError: if one is not finite, lies nowhere near a picture, or has another visibility than 0, 1 or 2.
    """
    _check_places(keypoints, where)
    visibility = keypoints[:, 2]
    if not np.isin(visibility, (0, 1, 2)).all():
        odd = visibility[~np.isin(visibility, (0, 1, 2))][0]
        raise InputError(f"{where}: a keypoint with visibility flag {odd:g}; expected flags 0, 1 or 2")


def _check_places(keypoints: NDArray[np.float64], where: str) -> None:
    if not np.isfinite(keypoints).all():
        raise InputError(f"{where}: expected finite keypoints; all must be finite, got NaN, infinity or beyond float64")
    if (np.abs(keypoints[:, :2]) > _FARTHEST).any():
        raise InputError(f"{where}: a keypoint lies {np.abs(keypoints[:, :2]).max():.3g} pixels away")


def read_json(file: Path) -> tuple[Any, str]:
    """Return a file's JSON, and the digest of its bytes.

    Raises:
        InputError: if it cannot be read, or is no JSON.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    return json_of(data, file), hashlib.sha256(data).hexdigest()[:16]


def json_of(content: bytes, file: Path) -> Any:  # noqa: ANN401 (any JSON)
    """Return the JSON that a file's content is.

    Raises:
        InputError: naming the file, if it is none.
    """
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        raise InputError(f"{file}: broken JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise InputError(f"{file}: broken JSON: nested too deeply") from None
    except ValueError as error:  # not text, or a number of thousands of digits
        raise InputError(f"{file}: broken JSON: {error}") from None
