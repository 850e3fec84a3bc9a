"""COCO's JSON form, checked as far as every reader needs it."""

import hashlib
import json
import reprlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.errors import InputError, existing_file

_FARTHEST = 1e6
"""Pixels from the picture's corner at which a keypoint is none."""


def read_coco(file: Path) -> tuple[dict[str, Any], str]:
    """The file and the digest of its bytes, with `images` and `annotations` that refer to them.

    Of an image `id`, `file_name`, `width` and `height` are there and of their types, of an annotation `id` and
    `image_id`. Ids are whole numbers or text; no two images have the same.

    Raises:
        InputError: if it is missing, no JSON, lacks one of these, or an image is larger than Pillow would open.
    """
    content, digest = read_json(existing_file(file, "annotations"))
    if not isinstance(content, dict):
        raise InputError(f"annotations {file}: expected an object with images and annotations")
    for key, needed in (("images", _IMAGE), ("annotations", _ANNOTATION)):
        entries = content.get(key)
        if not isinstance(entries, list):
            raise InputError(f"annotations {file}: expected a list {key!r}")
        for number, entry in enumerate(entries):
            _check_entry(entry, needed, f"annotations {file}: {key}[{number}]")
    known: set[int | str] = set()
    for number, image in enumerate(content["images"]):
        where = f"annotations {file}: images[{number}]"
        if image["id"] in known:
            raise InputError(f"{where}: id {reprlib.repr(image['id'])} is taken by another image")
        known.add(image["id"])
        height, width = image["height"], image["width"]
        if min(height, width) < 1 or height * width > 2 * (Image.MAX_IMAGE_PIXELS or height * width):
            raise InputError(f"{where}: {reprlib.repr(width)} x {reprlib.repr(height)} pixels is no size of a picture")
    for annotation in content["annotations"]:
        if annotation["image_id"] not in known:
            identifier, image = reprlib.repr(annotation["id"]), reprlib.repr(annotation["image_id"])
            raise InputError(f"annotations {file}: annotation {identifier}: no image {image}")
    return content, digest


_IMAGE: dict[str, tuple[type, ...]] = {"id": (int, str), "file_name": (str,), "width": (int,), "height": (int,)}
_ANNOTATION: dict[str, tuple[type, ...]] = {"id": (int, str), "image_id": (int, str)}
_WORDS = {int: "a whole number", str: "text"}


def _check_entry(entry: object, needed: dict[str, tuple[type, ...]], where: str) -> None:
    for name, kinds in needed.items():
        if not isinstance(entry, dict) or name not in entry:
            raise InputError(f"{where}: expected a key {name!r}")
        if type(entry[name]) not in kinds:
            expected = " or ".join(_WORDS[kind] for kind in kinds)
            raise InputError(f"{where}: {name} must be {expected}, got {reprlib.repr(entry[name])}")


def coco_keypoints(values: object, number: int, where: str) -> NDArray[np.float32]:
    """An annotation's `keypoints`: (keypoint, 3) of x, y and visibility.

    Raises:
        InputError: if they are not so many numbers, or none that can be.
    """
    if not isinstance(values, list) or len(values) != 3 * number or not set(map(type, values)) <= {int, float}:
        got = f"{len(values)} values" if isinstance(values, list) else reprlib.repr(values)
        raise InputError(f"{where}: keypoints must hold 3 numbers each of {number} keypoints, got {got}")
    try:
        keypoints = np.array(values, np.float64).reshape(number, 3)
    except OverflowError:
        keypoints = np.full((number, 3), np.inf)
    check_keypoints(keypoints, where)
    return keypoints.astype(np.float32)


def check_keypoints(keypoints: NDArray[np.float64], where: str) -> None:
    """Keypoints (keypoint, 3), x and y in pixels and COCO's visibility.

    Raises:
        InputError: if one is not finite, lies nowhere near a picture, or has another visibility than 0, 1 or 2.
    """
    if not np.isfinite(keypoints).all() or not np.isin(keypoints[:, 2], (0, 1, 2)).all():
        raise InputError(f"{where}: expected finite keypoints and flags 0, 1 or 2")
    if (np.abs(keypoints[:, :2]) > _FARTHEST).any():
        raise InputError(f"{where}: a keypoint lies {np.abs(keypoints[:, :2]).max():.3g} pixels away")


def read_json(file: Path) -> tuple[Any, str]:
    """A file's JSON, and the digest of its bytes.

    Raises:
        InputError: if it cannot be read, or is no JSON.
    """
    try:
        data = file.read_bytes()
        return json.loads(data), hashlib.sha256(data).hexdigest()[:16]
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{file}: broken JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise InputError(f"{file}: broken JSON: nested too deeply") from None
    except ValueError as error:  # not text, or a number of thousands of digits
        raise InputError(f"{file}: broken JSON: {error}") from None
