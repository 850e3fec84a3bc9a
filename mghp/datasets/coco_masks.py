"""Masks as COCO's JSON holds them, checked before pycocotools decodes them.

Its C code believes what it is given: a run-length code that ends early leaves pixels of foreign memory, a polygon far
outside the picture takes memory by its length.
"""

import math
import reprlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from mghp.errors import InputError

MOST_PIXELS = 2**25
"""The largest mask that says its own size, pixels; DensePose's have 256 x 256."""

_FIRST, _CONTINUES = 48, 0x20
"""A run-length code's letters, five bits each, and the bit of those that another follows."""


def decoded_mask(code: object, where: str, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """Return the mask of run lengths, given as text or as a list of numbers: (height, width), 0 and 1.

    Args:
        code: an object with `size` and `counts`.
        where: it stands, for errors.
        size: height and width that it must have; None: its own.

    Raises:
        InputError: if it is none.
    """
    if not isinstance(code, dict) or not {"size", "counts"} <= set(code):
        raise InputError(f"{where}: expected run lengths with size and counts, got {reprlib.repr(code)}")
    sides, counts = code["size"], code["counts"]
    if not isinstance(sides, list) or len(sides) != 2 or not all(type(side) is int and side > 0 for side in sides):
        raise InputError(f"{where}: size must be a height and a width, got {reprlib.repr(sides)}")
    height, width = sides
    if size is not None and size != (height, width):
        raise InputError(f"{where}: a mask of {width}x{height} pixels in a picture of {size[1]}x{size[0]}")
    if size is None and height * width > MOST_PIXELS:
        raise InputError(f"{where}: a mask of {width}x{height} pixels; expected {MOST_PIXELS} in all at most")
    runs = _runs(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or not all(type(run) is int and run >= 0 for run in runs):
        raise InputError(f"{where}: counts are no run lengths: {reprlib.repr(counts)}")
    if sum(runs) != height * width:
        raise InputError(f"{where}: run lengths of {reprlib.repr(sum(runs))} pixels in a mask of {width}x{height}")
    if isinstance(counts, list):
        code = coco_mask.frPyObjects({"size": sides, "counts": counts}, height, width)
    mask: NDArray[np.uint8] = coco_mask.decode(code)
    return mask


def polygons_mask(polygons: object, size: tuple[int, int], where: str) -> NDArray[np.uint8]:
    """Return the mask of polygons, each a list x, y, x, y, ...: (height, width), 0 and 1.

    Raises:
        InputError: if they are none, or lie farther from the picture than it is large.
    """
    height, width = size
    if not isinstance(polygons, list) or not polygons:
        raise InputError(f"{where}: expected run lengths or a list of polygons, got {reprlib.repr(polygons)}")
    for polygon in polygons:
        if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
            raise InputError(f"{where}: a polygon must hold x, y of three points at least, got {reprlib.repr(polygon)}")
        for coordinates, side in ((polygon[::2], width), (polygon[1::2], height)):
            if not all(_is_number(value) and -side <= value <= 2 * side for value in coordinates):
                raise InputError(f"{where}: a polygon that lies nowhere near its picture: {reprlib.repr(coordinates)}")
    mask: NDArray[np.uint8] = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(polygons, height, width)))
    return mask


def _is_number(value: Any) -> bool:  # noqa: ANN401 (whatever JSON holds)
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _runs(counts: str) -> list[int] | None:
    """Return the run lengths of COCO's text form, in which all but three are differences; None if it is none.

    A number is written five bits a letter, the lowest first; the highest bit of all is its sign.
    """
    runs: list[int] = []
    number = shift = 0
    for letter in counts:
        value = ord(letter) - _FIRST
        if not 0 <= value < 64 or shift > 30:
            return None
        number |= (value & 0x1F) << shift
        shift += 5
        if value & _CONTINUES:
            continue
        if value & 0x10:
            number -= 1 << shift
        runs.append(number + (runs[-2] if len(runs) > 2 else 0))
        number = shift = 0
    return None if shift else runs


def mask_box(mask: NDArray[np.bool_]) -> list[float]:
    """Return x, y, width and height of the box about a mask (height, width); 0 for an empty one."""
    box: list[float] = coco_mask.toBbox(coco_mask.encode(np.asfortranarray(mask, np.uint8))).tolist()
    return box


def annotated_mask(annotation: dict[str, Any], size: tuple[int, int], where: str) -> NDArray[np.bool_]:
    """Return a person's mask, (height, width), from polygons or run lengths; empty where neither is given.

    Args:
        annotation: of a COCO file.
        size: height and width of the picture.
        where: it stands, for errors.

    Raises:
        InputError: if its `segmentation` is neither.
    """
    segmentation = annotation.get("segmentation")
    if segmentation is None or segmentation == []:
        return np.zeros(size, bool)
    where = f"{where}: segmentation"
    if isinstance(segmentation, dict):
        return decoded_mask(segmentation, where, size).astype(bool)
    return polygons_mask(segmentation, size, where).astype(bool)


def annotated_region(annotation: dict[str, Any], mask: NDArray[np.bool_], where: str) -> list[float]:
    """Return x, y, width and height of the box and the area, in pixels, as annotated, else those of the mask.

    Raises:
        InputError: if `bbox` is no box about the picture, or `area` none of a part of it.
    """
    box = annotation["bbox"] if "bbox" in annotation else mask_box(mask)
    area = annotation["area"] if "area" in annotation else int(mask.sum())
    annotated_box(box, (mask.shape[0], mask.shape[1]), where)
    if type(area) not in (int, float) or not 0 <= area <= 4 * mask.size:
        raise InputError(f"{where}: expected an area of 0 to the picture's pixels, got {reprlib.repr(area)}")
    return [*box, area]


def annotated_box(box: object, size: tuple[int, int], where: str) -> tuple[int, int, int, int]:
    """Return left, top, width and height in whole pixels.

    Raises:
        InputError: if it is no box, or one that reaches farther from the picture than it is large.
    """
    numbers: list[float] = box if isinstance(box, list) and all(type(value) in (int, float) for value in box) else []
    if len(numbers) != 4 or not all(abs(value) <= 2 * max(size) for value in numbers):
        raise InputError(f"{where}: expected a bbox of 4 numbers about the picture, got {reprlib.repr(box)}")
    x, y, wide, high = numbers
    left, top = round(x), round(y)
    return left, top, max(1, round(x + wide) - left), max(1, round(y + high) - top)
