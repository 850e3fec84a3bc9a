"""Checkpoints, written whole or not at all, and read without running what they contain."""

import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mghp.errors import InputError, existing_file
from mghp.writing import write_atomically


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint of `mghp train`: tensors and plain types only.

    Raises:
        InputError: if the file is missing, no checkpoint, damaged in a single byte, or of something else.
    """
    file = existing_file(path, "checkpoint")
    try:
        with zipfile.ZipFile(file) as archive:  # torch.save packs, but never compresses: no weights have to grow
            packed = [member.filename for member in archive.infolist() if member.compress_size < member.file_size]
            if packed:
                raise InputError(f"{file}: no readable checkpoint: {packed[0][:60]!r} is compressed")
            damaged = archive.testzip()  # torch does not look at the checksums that it writes
        if damaged is not None:
            raise InputError(f"{file}: no readable checkpoint: {damaged[:60]!r} is damaged: its checksum differs")
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except pickle.UnpicklingError:  # torch's own words say how to load it all the same
        raise InputError(f"{file}: no readable checkpoint: more than tensors and plain types in it") from None
    except Exception as error:  # torch raises whatever the bytes lead to
        raise InputError(f"{file}: no readable checkpoint: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(checkpoint, dict) or "mghp_config" not in checkpoint:
        raise InputError(f"{file}: a checkpoint, but not of mghp train")
    checkpoint.setdefault("mghp_anatomy", "")  # those of before have none
    for key, kind in (("mghp_config", str), ("state_dict", dict), ("mghp_anatomy", str)):
        if not isinstance(checkpoint.get(key), kind):
            raise InputError(f"{file}: {key}: expected {kind.__name__}, got {type(checkpoint.get(key)).__name__}")
    return checkpoint


def write_checkpoint(checkpoint: Mapping[str, Any], file: Path) -> None:
    """Write a checkpoint into a folder that is there.

    Raises:
        InputError: if the disk does not take it; an earlier file of this name is left.
    """
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    write_atomically(file, buffer.getbuffer())


def check_weights(path: str | Path, needed: Mapping[str, Tensor], given: Mapping[str, object]) -> None:
    """Compare a checkpoint's weights with a network's, by names, shapes and types.

    Raises:
        InputError: if they differ; it names a tensor and says how many do.
    """
    shown = {str(name): _kind(value) for name, value in given.items()}
    expected = {name: _kind(value) for name, value in needed.items()}
    other = [name for name in sorted(expected | shown) if expected.get(name) != shown.get(name)]
    if other:
        name = other[0]
        raise InputError(
            f"{path}: its weights do not fit the network of the config ({name[:120]}: expected "
            f"{expected.get(name, 'none')}, got {shown.get(name, 'none')}; {len(other)} tensors differ in all)"
        )


def _kind(value: object) -> str:
    """Return what tells whether weights fit: size, type, and layout and device where they are rare."""
    if not isinstance(value, Tensor):
        return type(value).__name__
    sizes = "x".join(map(str, value.shape)) or "scalar"
    dtype = str(value.dtype).removeprefix("torch.")
    rare = [str(word) for word in (value.layout, value.device.type) if word not in (torch.strided, "cpu")]
    return " ".join([sizes, dtype, *rare])
