"""Fields of a picture too large for one piece, from overlapping windows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import Tensor

from mghp.fields import Fields

_STRIDES = {
    "part_logits": "part_stride",
    "heatmaps": "keypoint_stride",
    "keypoint_offsets": "keypoint_stride",
    "limb_fields": "limb_stride",
    "projection": "projection_stride",
}


def tiled_fields(
    fields_of: Callable[[Tensor], Fields], image: Tensor, tile: int | None, overlap: int, multiple: int
) -> Fields:
    """The fields of one picture, window by window; where two overlap, each gives the half that is farther inside it.

    Args:
        fields_of: (1, 3, height, width) -> fields.
        image: (1, 3, height, width).
        tile: side of a window, pixels, rounded up to a multiple; None: the whole at once.
        overlap: pixels shared by neighbours, at least.
        multiple: of the coarsest stride; windows begin at multiples, so that their cells are the whole's.
    """
    height, width = image.shape[2:]
    if tile is None or max(height, width) <= tile:
        return fields_of(image)
    side = -(-tile // multiple) * multiple
    rows, columns = (_spans(length, side, overlap, multiple) for length in (height, width))
    whole: Fields | None = None
    for top, bottom, first_row, last_row in rows:
        for left, right, first_column, last_column in columns:
            found = fields_of(image[..., top:bottom, left:right])
            if whole is None:
                whole = _empty(found, (height, width))
            for name, stride_name in _STRIDES.items():
                part, target = getattr(found, name), getattr(whole, name)
                if part is None:
                    continue
                stride = getattr(found, stride_name)
                into = _cells(first_row, last_row, stride), _cells(first_column, last_column, stride)
                out_of = (
                    _cells(first_row - top, last_row - top, stride),
                    _cells(first_column - left, last_column - left, stride),
                )
                target[..., into[0], into[1]] = part[..., out_of[0], out_of[1]]
    assert whole is not None
    return whole


def _spans(length: int, side: int, overlap: int, multiple: int) -> list[tuple[int, int, int, int]]:
    """Of each window along one axis: where it begins and ends, and from where to where its result is used."""
    step = max(multiple, (side - overlap) // multiple * multiple)
    begins = [0]
    while begins[-1] + side < length:
        begins.append(begins[-1] + step)
    spans: list[tuple[int, int, int, int]] = []
    for number, begin in enumerate(begins):
        end = min(begin + side, length)
        first = 0 if number == 0 else spans[-1][3]
        # Half of what it shares with the next; at a multiple, so that no cell is cut.
        shared = end - begins[number + 1] if number + 1 < len(begins) else 0
        last = length if number + 1 == len(begins) else end - shared // 2 // multiple * multiple
        spans.append((begin, end, first, last))
    return spans


def _cells(first: int, last: int, stride: int) -> slice:
    return slice(first // stride, -(-last // stride))


def _empty(fields: Fields, image_size: tuple[int, int]) -> Fields:
    """Fields of a larger picture, not yet filled."""
    room: dict[str, Any] = {}
    for name, stride_name in _STRIDES.items():
        part = getattr(fields, name)
        cells = (-(-side // getattr(fields, stride_name)) for side in image_size)
        room[name] = None if part is None else part.new_empty((*part.shape[:-2], *cells))
    return replace(fields, image_size=image_size, **room)
