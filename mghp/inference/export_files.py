"""Checks, without torch, of what `mghp export` is asked for: files, what they need, and the picture's size."""

import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from mghp.errors import InputError, writable_folder
from mghp.out_folder import OutFolder
from mghp.ranges import LONGEST_SIDE, Range

WEIGHTS = ".ckpt"
"""The ending of weights alone, which `mghp predict` and `network.weights` take."""

_NEEDED = ("onnx", "onnxscript")
"""The packages that write .onnx files; nothing else needs them."""


def check_export_files(files: Iterable[Path]) -> None:
    """Refuse files that cannot be written.

    Raises:
        InputError: if a file is neither .onnx, .pt2 nor .ckpt, its folder cannot be written, a package is missing, or
            the file exists and no export wrote it.
    """
    for file in files:
        if file.suffix not in (".onnx", ".pt2", WEIGHTS):
            raise InputError(f"{file}: expected a file that ends in .onnx or .pt2, or in .ckpt for the weights alone")
        if file.is_dir():
            raise InputError(f"{file}: a folder, not a file")
        OutFolder(writable_folder(file.parent)).refuse([file.name])
        missing = [name for name in _NEEDED if find_spec(name) is None] if file.suffix == ".onnx" else []
        if missing:
            raise InputError(f"{file}: {' and '.join(missing)} missing; pip install 'mghp[export]'")


def picture_size(text: str | None) -> tuple[int, int] | None:
    """Parse "HEIGHTxWIDTH" into (height, width) in pixels; None stays None.

    Raises:
        InputError: if the text is no size.

    Example:
        >>> from mghp.inference.export_files import picture_size
        >>> picture_size("384x512")
        (384, 512)
    """
    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text)
    if found is None:
        raise InputError(f"--size: expected HEIGHTxWIDTH in pixels, e.g. 384x512; got {text!r}")
    height, width = int(found[1]), int(found[2])
    for side in (height, width):
        Range(1, LONGEST_SIDE).check("--size", side)
    return height, width
