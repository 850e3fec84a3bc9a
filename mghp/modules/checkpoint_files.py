"""Checkpoints as files: written whole or not at all, read without running what they contain."""

import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor, nn

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
    for key, kind in (("mghp_config", str), ("state_dict", dict)):
        if not isinstance(checkpoint.get(key), kind):
            raise InputError(f"{file}: {key}: expected {kind.__name__}, got {type(checkpoint.get(key)).__name__}")
    return checkpoint


def check_training(path: str | Path, module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Look whether a training of this module can go on from a checkpoint, before it is begun.

    Raises:
        InputError: as `read_checkpoint`, or if weights or optimiser are of another training, or only weights are there.
    """
    checkpoint = read_checkpoint(path)
    for key, kind in _TRAINING:
        if not isinstance(checkpoint.get(key), kind):
            raise InputError(f"{path}: nothing to train on from: expected {key}, as mghp train keeps it")
    check_weights(path, module.state_dict(), checkpoint["state_dict"])
    try:
        given = [_group(group) for group in checkpoint["optimizer_states"][0]["param_groups"]]
    except (LookupError, TypeError):
        given = []
    needed = [_group(group) for group in optimizer.param_groups]
    if given != needed:
        raise InputError(
            f"{path}: its optimizer is not that of training.optimizer: expected {', '.join(needed)}, "
            f"got {', '.join(given) or 'none'}"
        )


_TRAINING = (
    ("epoch", int), ("global_step", int), ("pytorch-lightning_version", str), ("loops", dict), ("callbacks", dict),
    ("optimizer_states", list), ("lr_schedulers", list),
)  # fmt: skip
"""What Lightning goes on from."""


def _group(group: Mapping[str, Any]) -> str:
    return f"{'adamw' if 'betas' in group else 'sgd'} of {len(group['params'])} tensors"


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
    """By which weights are told to fit."""
    if not isinstance(value, Tensor):
        return type(value).__name__
    sizes = "x".join(map(str, value.shape)) or "scalar"
    dtype = str(value.dtype).removeprefix("torch.")
    rare = [str(word) for word in (value.layout, value.device.type) if word not in (torch.strided, "cpu")]
    return " ".join([sizes, dtype, *rare])
