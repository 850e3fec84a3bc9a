"""The experiment and sweep files that come with the package.

In a checkout `mghp/experiments` and `mghp/sweeps` are links to the folders beside `mghp/`; a wheel has their files.
"""

import functools
import sys
from pathlib import Path

from mghp.errors import NEAR_FILE, InputError, existing_file, nearest_name

_PACKAGE = Path(__file__).resolve().parents[1]


def packaged(name: str | Path) -> Path:
    """Return the path of a file or folder that comes with the package, by its name in a checkout.

    Example:
        >>> from mghp.config.packaged import packaged
        >>> packaged("experiments/matcher/paper.yaml").is_file()
        True
    """
    return (_PACKAGE / name).resolve()


def own_or_packaged(name: str | Path, what: str, folder: Path = Path()) -> Path:
    """Return the path of an existing file, or else of the packaged one of that name, and say so once.

    Args:
        name: relative to the folder, or absolute.
        what: the file is, in messages, e.g. "experiment file".
        folder: the file is looked for in first.

    Raises:
        InputError: if there is neither; it names the file whose name is nearest.
    """
    try:
        return existing_file(folder / name, what)
    except InputError as error:
        if Path(name) in _files():
            _say_where(name)
            return packaged(name)
        raise InputError(f"{error}{_nearest(str(name), folder)}") from None


@functools.cache
def _files() -> frozenset[Path]:
    """Return the names of all files that come with the package."""
    found = (file for kind in ("experiments", "sweeps") for file in (_PACKAGE / kind).rglob("*.*"))
    return frozenset(file.relative_to(_PACKAGE) for file in found)


def _nearest(name: str, folder: Path) -> str:
    close = nearest_name(name, _files(), NEAR_FILE)
    is_only_packaged = close and not (folder / close).is_file()
    return f"; did you mean {close}, which comes with the package?" if is_only_packaged else ""


@functools.cache
def _say_where(name: str | Path) -> None:
    print(f"mghp: {name} is not here; read is the one that comes with the package", file=sys.stderr)
