"""Checkpoints as files: written whole or not at all, read without running what they contain."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from mghp.errors import InputError, existing_file
from mghp.writing import write_atomically, writing


class CheckpointFiles(TorchCheckpointIO):
    """Lightning's plugin for reading and writing checkpoints.

    Lightning's own writes into the system's folder for temporary files and moves from there, which across two disks is
    a copy that can be cut off.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:  # noqa: ANN401
        """Write it.

        Raises:
            InputError: if the disk does not take it; a checkpoint of this name that was there is left.
        """
        file = Path(path)
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_atomically(file, buffer.getbuffer())

    def load_checkpoint(self, path: str | Path, map_location: Any = None, weights_only: bool | None = None) -> Any:  # noqa: ANN401
        """Read it: tensors and plain types only, whatever is asked for."""
        return read_checkpoint(path)


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """A checkpoint of `mghp train`: tensors and plain types only.

    Raises:
        InputError: if the file is missing, no checkpoint, or of something else.
    """
    file = existing_file(path, "checkpoint")
    try:
        with zipfile.ZipFile(file) as archive:  # torch.save packs, but never compresses: no weights have to grow
            packed = [member.filename for member in archive.infolist() if member.compress_size < member.file_size]
        if packed:
            raise InputError(f"{file}: no readable checkpoint: {packed[0][:60]!r} is compressed")
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except pickle.UnpicklingError:  # torch's own words say how to load it all the same
        raise InputError(f"{file}: no readable checkpoint: more than tensors and plain types in it") from None
    except Exception as error:  # torch raises whatever the bytes lead to
        raise InputError(f"{file}: no readable checkpoint: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(checkpoint, dict) or "mghp_config" not in checkpoint:
        raise InputError(f"{file}: a checkpoint, but not of mghp train")
    for key, kind in (("mghp_config", str), ("state_dict", dict)):
        if not isinstance(checkpoint.get(key), kind):
            raise InputError(f"{file}: {key}: expected {kind.__name__}, got {type(checkpoint.get(key)).__name__}")
    return checkpoint
