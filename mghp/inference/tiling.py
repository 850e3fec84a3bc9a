"""Fields of pictures too large for one piece, computed in overlapping windows."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import torch
from torch import Tensor

from mghp.parsing.fields import STRIDES, Fields, given

_Span = tuple[int, int, int, int]
"""A window's begin and end along one axis, and the begin and end of its result that is used."""

_Window = tuple[_Span, _Span]
"""The spans of rows and columns."""


def tiled_fields(
    fields_of: Callable[[Tensor], Fields],
    images: Tensor,
    tile: int | None,
    overlap: int,
    multiple: int,
    batch_size: int = 1,
) -> Fields:
    """Compute the fields of pictures of one size in windows; each gives the half of an overlap farther inside it.

    Args:
        fields_of: maps pictures (batch, 3, height, width) to fields.
        images: (picture, 3, height, width).
        tile: side of a window, pixels, rounded up to a multiple; None: the whole at once.
        overlap: least overlap of neighbours, pixels.
        multiple: the network's coarsest stride; windows begin at multiples, so that their cells are the whole's.
        batch_size: number of windows of one size that go through the network together, those of all pictures counted;
            one window of each picture at least.
    """
    height, width = images.shape[2:]
    if tile is None or max(height, width) <= tile:
        return fields_of(images)
    side = -(-tile // multiple) * multiple
    rows, columns = (_spans(length, side, overlap, multiple) for length in (height, width))
    by_size: dict[tuple[int, int], list[_Window]] = defaultdict(list)
    for row, column in product(rows, columns):
        by_size[row[1] - row[0], column[1] - column[0]].append((row, column))
    together = max(1, batch_size // len(images))
    whole: Fields | None = None
    for windows in by_size.values():
        for first in range(0, len(windows), together):
            chosen = windows[first : first + together]
            found = fields_of(torch.cat([images[..., r[0] : r[1], c[0] : c[1]] for r, c in chosen]))
            if whole is None:
                whole = _empty(found, (len(images), height, width))
            for position, window in enumerate(chosen):
                _copy(found, position, whole, window)
    assert whole is not None
    return whole


def _copy(found: Fields, position: int, whole: Fields, window: _Window) -> None:
    """Copy the cells of one window of all pictures into the whole."""
    (top, _, first_row, last_row), (left, _, first_column, last_column) = window
    for name, field in given(found).items():
        stride, target = getattr(found, STRIDES[name]), getattr(whole, name)
        into = _cells(first_row, last_row, stride), _cells(first_column, last_column, stride)
        inner_rows = _cells(first_row - top, last_row - top, stride)
        inner_columns = _cells(first_column - left, last_column - left, stride)
        of_window = field[position * len(target) : (position + 1) * len(target)]
        target[..., into[0], into[1]] = of_window[..., inner_rows, inner_columns]


def _spans(length: int, side: int, overlap: int, multiple: int) -> list[_Span]:
    """Return the spans of all windows along one axis."""
    step = max(multiple, (side - overlap) // multiple * multiple)
    begins = [0]
    while begins[-1] + side < length:
        begins.append(begins[-1] + step)
    spans: list[_Span] = []
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


def _empty(fields: Fields, shape: tuple[int, int, int]) -> Fields:
    """Return unfilled fields of larger pictures, (picture, height, width)."""
    pictures, *image_size = shape
    room: dict[str, Any] = {}
    for name, field in given(fields).items():
        cells = (-(-side // getattr(fields, STRIDES[name])) for side in image_size)
        room[name] = field.new_empty((pictures, *field.shape[1:-2], *cells))
    return replace(fields, image_size=(image_size[0], image_size[1]), **room)
