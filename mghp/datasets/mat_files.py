"""MATLAB's files of level 5, looked through before SciPy, which follows whatever they say, reads them.

A file is a row of elements: type and length, 4 bytes each, and content. Matrices and cells hold elements in turn; a
compressed element is one element by zlib. SciPy's reader goes as deep as they do, until the process's stack ends.
"""

import io
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.io import loadmat

from mghp.errors import InputError, existing_file

MOST_BYTES = 512 * 2**20
"""The most bytes of a file's content, unpacked: a large picture with hundred masks of persons' parts."""

MOST_LEVELS = 20
"""The most levels of elements in one another; PASCAL-Part has nine."""

_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
"""Kinds of elements."""
_DATA = (1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 16, 17, 18)
"""Kinds that hold numbers or letters; SciPy has a table of them, and looks up others beyond its end."""
_CELLS, _STRUCTURE, _NUMERIC = 1, 2, (4, *range(6, 16))
"""Classes of matrices: neither objects nor functions, which no dataset has."""
_COMPLEX = 0x0800
"""Flag."""


def read_mat(file: Path, what: str, *, squeeze_me: bool = False, struct_as_record: bool = True) -> dict[str, Any]:
    """Return the variables of a file by name.

    Args:
        file: to read.
        what: it is, for errors.
        squeeze_me: as of `scipy.io.loadmat`.
        struct_as_record: likewise.

    Raises:
        InputError: if it is missing, damaged, nested without sense, or unpacks to more than `MOST_BYTES`.
    """
    try:
        data = existing_file(file, what).read_bytes()
        plain = _unpacked(data)
        order = ">" if plain[126:128] == b"MI" else "<"
        for element in _elements(plain, _HEADER, len(plain), order):
            _check(plain, element, order)
        content: dict[str, Any] = loadmat(
            io.BytesIO(plain),  # type: ignore[arg-type]
            squeeze_me=squeeze_me,
            struct_as_record=struct_as_record,
        )
    except InputError:
        raise
    except Exception as error:  # SciPy raises whatever the bytes lead to
        raise InputError(f"{what} {file}: unreadable: {' '.join(str(error).split())[:120]}") from None
    return content


def _unpacked(data: bytes) -> bytes:
    """Return the file without compression.

    Raises:
        ValueError: if it is no file of level 5, breaks off, or is larger than allowed.
        zlib.error: if what is compressed is damaged.
    """
    if len(data) < _HEADER or data[126:128] not in (b"IM", b"MI"):
        raise ValueError("no MATLAB file of level 5")
    order = "<" if data[126:128] == b"IM" else ">"
    parts, place, size = [data[:_HEADER]], _HEADER, 0
    while place + 8 <= len(data):
        kind, length = struct.unpack_from(f"{order}II", data, place)
        content = data[place + 8 : place + 8 + length]
        if len(content) < length:
            raise ValueError("breaks off")
        whole = data[place : place + 8 + length]
        if kind == _COMPRESSED:
            whole = zlib.decompressobj().decompress(content, MOST_BYTES + 1)
        size += len(whole)
        if size > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES // 2**20} MiB, unpacked")
        parts.append(whole)
        place += 8 + length
    return b"".join(parts)


@dataclass(frozen=True)
class _Element:
    """An element's kind, and where in the file its content lies."""

    kind: int
    first: int
    end: int


def _elements(data: bytes, first: int, end: int, order: str) -> Iterator[_Element]:
    """Yield the elements, one after another.

    Raises:
        ValueError: if one reaches beyond it.
    """
    while first < end:
        if first + 8 > end:
            raise ValueError("lengths that do not add up")
        kind, length = struct.unpack_from(f"{order}II", data, first)
        if kind >> 16:  # a small element: type and length in one word, four bytes of content
            yield _Element(kind & 0xFFFF, first + 4, first + 4 + min(kind >> 16, 4))
            first += 8
            continue
        if first + 8 + length > end:
            raise ValueError("lengths that do not add up")
        yield _Element(kind, first + 8, first + 8 + length)
        first += 8 + length + -length % 8


def _check(data: bytes, element: _Element, order: str, level: int = 0) -> None:
    """Check that a matrix has as many parts as it says, and so have the matrices in it.

    SciPy believes numbers of parts and no lengths: only where the two agree does it read what was looked through here.

    Raises:
        ValueError: if it has not, or there is no end of them.
    """
    if element.kind != _MATRIX or element.first == element.end:
        return
    if level > MOST_LEVELS:
        raise ValueError("nested too deeply")
    flags, dimensions, _, *parts = _elements(data, element.first, element.end, order)
    if flags.end - flags.first != 8 or (dimensions.end - dimensions.first) % 4:
        raise ValueError("a matrix without flags and sizes")
    word = struct.unpack_from(f"{order}I", data, flags.first)[0]
    number_of_sizes = (dimensions.end - dimensions.first) // 4
    sizes = struct.unpack_from(f"{order}{number_of_sizes}i", data, dimensions.first)
    matrix_class, number = word & 0xFF, math.prod(sizes)
    if matrix_class == _STRUCTURE:
        length, names, *parts = parts
        width = struct.unpack_from(f"{order}i", data, length.first)[0]
        number *= (names.end - names.first) // width
    elif matrix_class in _NUMERIC:
        number = 2 if word & _COMPLEX else 1
    elif matrix_class != _CELLS:
        raise ValueError(f"a matrix of class {matrix_class}")
    holds_matrices = matrix_class in (_STRUCTURE, _CELLS)
    if number != len(parts) or any(part.kind not in ((_MATRIX,) if holds_matrices else _DATA) for part in parts):
        raise ValueError("lengths that do not add up, or parts of unknown kinds")
    for part in parts:
        _check(data, part, order, level + 1)
