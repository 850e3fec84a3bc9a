"""Where checkpoints lie, without torch: run folders, files, and the weights that come with the package."""

import logging
import zipfile
from pathlib import Path

from mghp.errors import InputError

_LOGGER = logging.getLogger("mghp")

SHIPPED = "shipped"
"""The name, where a checkpoint is expected, of the weights that come with the package."""

SHIPPED_FILE = Path(__file__).with_name("weights") / "photographs.ckpt"
"""Where they lie; their model card and licence lie beside them."""

_LISTED = 8
"""The most files that an error lists."""


def checkpoint_of(source: str | Path) -> Path:
    """Return the best checkpoint that a run folder keeps, or else its last one; a file is returned as it is.

    Args:
        source: the folder, a file, or "shipped": the weights that come with the package.

    Raises:
        InputError: if the folder has neither, then it lists the checkpoints, or else the files, that are there; or if
            the package came without weights.
    """
    if str(source) == SHIPPED:
        return _shipped()
    folder = Path(source)
    if not folder.is_dir():
        return folder
    kept = sorted((folder / "checkpoints").glob("*.ckpt"))
    for name in ("best.ckpt", "last.ckpt"):
        if (file := folder / "checkpoints" / name) in kept:
            return file
    there = kept or sorted(folder.iterdir())
    listed = ", ".join(str(file.relative_to(folder)) for file in there[:_LISTED]) or "nothing"
    raise InputError(
        f"{folder}: no checkpoints/best.ckpt or last.ckpt; expected a run of mghp train, or a checkpoint; "
        f"there is {listed}{', ...' if len(there) > _LISTED else ''}"
    )


def _shipped() -> Path:
    if not SHIPPED_FILE.is_file():
        raise InputError("no trained parser comes with mghp yet; expected a run folder of mghp train or a checkpoint")
    return SHIPPED_FILE


def checkpoint_to_use(source: str | Path) -> Path:
    """Return `checkpoint_of`, and say so in a line where the folder also keeps the last weights of its training.

    Raises:
        InputError: as `checkpoint_of`.
    """
    file = checkpoint_of(source)
    if file != Path(source) and file.name == "best.ckpt" and file.with_name("last.ckpt").exists():
        _LOGGER.warning("%s: best.ckpt is used; last.ckpt has the last weights", source)
    return file


def is_checkpoint(source: str | Path) -> bool:
    """Return True if the name is that of a run folder or a checkpoint, there or not, and not of pictures."""
    path = Path(source)
    is_run = path.is_dir() and ((path / "config.yaml").is_file() or (path / "checkpoints").is_dir())
    return str(source) == SHIPPED or path.suffix == ".ckpt" or is_run or (path.is_file() and zipfile.is_zipfile(path))
