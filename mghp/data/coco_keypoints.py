"""Poses from a COCO person-keypoint file, of any skeleton."""

import reprlib
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mghp.data.coco_json import read_json
from mghp.data.poses import ImagePoses, PoseSet
from mghp.errors import InputError, existing_file
from mghp.people.skeleton import Skeleton

Kind = TypeVar("Kind")


def read_coco_poses(path: str | Path, max_images: int | None = None) -> PoseSet:
    """The poses of a COCO person-keypoint file, with the skeleton of its one category that has keypoints.

    Persons are grouped by image, in the order of the file's images; crowds (`iscrowd`) and annotations of
    other categories are left out; images without persons stay.

    Args:
        path: JSON with `images`, `annotations` and `categories`.
        max_images: keep only the first so many images. The whole file is checked all the same.

    Raises:
        InputError: one line that names the file, what was expected and what came.
    """
    file = existing_file(path, "annotations file")
    content, fingerprint = read_json(file)
    if not isinstance(content, dict):
        raise InputError(f"{file}: expected a JSON object with images, annotations and categories, {_came(content)}")
    categories = _member(content, "categories", list, str(file))
    identifier, skeleton = _skeleton(categories, str(file))
    known = [category.get("id") for category in categories if isinstance(category, dict)]
    persons = _empty_images(_member(content, "images", list, str(file)), str(file))
    for number, annotation in enumerate(_member(content, "annotations", list, str(file))):
        where = f"{file}: annotations[{number}]"
        image = _identifier(annotation, "image_id", where)
        if image not in persons:
            raise InputError(f"{where}: image_id {reprlib.repr(image)} is not among the images")
        category = annotation.get("category_id", identifier)
        if category not in known:
            raise InputError(f"{where}: category_id {reprlib.repr(category)} is not among the categories")
        if category == identifier and not annotation.get("iscrowd", 0):
            persons[image].append(_person(annotation, len(skeleton.keypoints), where))
    shape = (-1, len(skeleton.keypoints), 3)
    images = [ImagePoses(np.array(found, dtype=np.float64).reshape(shape)) for found in persons.values()]
    return PoseSet(skeleton, tuple(images[:max_images]), fingerprint)


def _member(container: object, key: str, kind: type[Kind], where: str) -> Kind:
    """`container[key]`, if it is of the expected kind."""
    value = _present(container, key, where)
    if not isinstance(value, kind):
        raise InputError(f"{where}: {key} must be of type {kind.__name__}, {_came(value)}")
    return value


def _identifier(container: object, key: str, where: str) -> int | str:
    value = _present(container, key, where)
    if not isinstance(value, int | str):
        raise InputError(f"{where}: {key} must be a whole number or a string, {_came(value)}")
    return value


def _present(container: object, key: str, where: str) -> object:
    if not isinstance(container, dict):
        raise InputError(f"{where}: expected an object, {_came(container)}")
    if key not in container:
        raise InputError(f"{where}: expected a key {key!r}, found none")
    return container[key]


def _came(value: object) -> str:
    return f"got {reprlib.repr(value)} ({type(value).__name__})"


def _skeleton(categories: list[Any], where: str) -> tuple[int | str, Skeleton]:
    """The id of the one category with keypoints, and its skeleton."""
    with_keypoints = [entry for entry in categories if isinstance(entry, dict) and "keypoints" in entry]
    if len(with_keypoints) != 1:
        raise InputError(f"{where}: expected one category with keypoints, got {len(with_keypoints)}")
    category, where = with_keypoints[0], f"{where}: category"
    names = _member(category, "keypoints", list, where)
    limbs = _member(category, "skeleton", list, where)
    if not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"{where}: keypoints must be a list of names, {_came(names)}")
    for limb in limbs:
        if not isinstance(limb, list) or len(limb) != 2 or not all(_is_position(end, len(names)) for end in limb):
            raise InputError(f"{where}: skeleton must hold pairs of keypoints 1 to {len(names)}, {_came(limb)}")
    counted_from_0 = tuple((source - 1, destination - 1) for source, destination in limbs)
    try:
        skeleton = Skeleton(str(category.get("name", "person")), tuple(names), counted_from_0)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from None
    return _identifier(category, "id", where), skeleton


def _is_position(end: object, num_keypoints: int) -> bool:
    return type(end) is int and 1 <= end <= num_keypoints


def _empty_images(images: list[Any], where: str) -> dict[int | str, list[NDArray[np.float64]]]:
    """No person yet for each image, by its id."""
    if not images:
        raise InputError(f"{where}: expected at least one image, got an empty list")
    persons: dict[int | str, list[NDArray[np.float64]]] = {}
    for number, image in enumerate(images):
        identifier = _identifier(image, "id", f"{where}: images[{number}]")
        if identifier in persons:
            raise InputError(f"{where}: images[{number}]: id {reprlib.repr(identifier)} is taken by another image")
        persons[identifier] = []
    return persons


def _person(annotation: dict[str, Any], num_keypoints: int, where: str) -> NDArray[np.float64]:
    """Keypoints of one person, shape (3 * keypoints,)."""
    values = _member(annotation, "keypoints", list, where)
    if len(values) != 3 * num_keypoints:
        raise InputError(
            f"{where}: keypoints must hold 3 numbers each of {num_keypoints} keypoints, got {len(values)} values"
        )
    if not set(map(type, values)) <= {int, float}:
        odd = next(value for value in values if type(value) not in (int, float))
        raise InputError(f"{where}: keypoints must be numbers, {_came(odd)}")
    try:
        keypoints = np.array(values, dtype=np.float64)
    except OverflowError:
        keypoints = np.array([np.inf])
    if not np.isfinite(keypoints).all():
        raise InputError(f"{where}: keypoints must be finite, got NaN, infinity or a number too large")
    return keypoints
