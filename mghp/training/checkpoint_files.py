"""Checkpoints of a training: written whole or not at all, and checked before a training continues from one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import nn

from mghp.errors import InputError
from mghp.parsing.checkpoints import check_weights, read_checkpoint, write_checkpoint
from mghp.writing import writing


class CheckpointFiles(TorchCheckpointIO):
    """Lightning's plugin for reading and writing checkpoints.

    Lightning's own writes into the system's temporary folder and moves from there, which across two disks is a copy
    that can be cut off.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:  # noqa: ANN401
        """Write a checkpoint.

        Raises:
            InputError: if the disk does not take it; an earlier checkpoint of this name is left.
        """
        file = Path(path)
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
        write_checkpoint(checkpoint, file)

    def load_checkpoint(self, path: str | Path, map_location: Any = None, weights_only: bool | None = None) -> Any:  # noqa: ANN401
        """Read a checkpoint of tensors and plain types only, whatever is asked for."""
        return read_checkpoint(path)


def check_training(path: str | Path, module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Check, before a training begins, that it can continue from a checkpoint.

    Raises:
        InputError: if the file is no checkpoint, holds only weights, or its weights or optimiser do not fit.
    """
    checkpoint = read_checkpoint(path)
    for key, kind in _TRAINING:
        if not isinstance(checkpoint.get(key), kind):
            raise InputError(f"{path}: nothing to continue from: expected {key}, as mghp train keeps it")
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
"""The entries that Lightning continues from, with their types."""


def _group(group: Mapping[str, Any]) -> str:
    return f"{'adamw' if 'betas' in group else 'sgd'} of {len(group['params'])} tensors"
