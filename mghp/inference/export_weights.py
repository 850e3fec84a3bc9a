"""`mghp export --out FILE.ckpt`: the weights of a trained parser alone, small enough to hand on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mghp.config.load import to_yaml
from mghp.datasets.anatomy_file import anatomy_text
from mghp.errors import InputError
from mghp.parsing.build import needed_to_parse, read_trained
from mghp.parsing.checkpoint_places import checkpoint_of


def weights_alone(source: str | Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return what parsing needs of a checkpoint, weights in half precision; it can be parsed and fine-tuned with.

    Args:
        source: checkpoint or run folder.
        overrides: `key=value` over its config, which stay, e.g. "inference.own_size_up_to=640".

    Raises:
        InputError: as `read_trained`, or if a weight is too large for half precision.
    """
    file = checkpoint_of(source)
    trained = read_trained(file, overrides)
    weights = {name: _half(name, value, file) for name, value in trained.weights.items() if needed_to_parse(name)}
    return {
        "mghp_config": to_yaml(trained.config),
        "mghp_anatomy": anatomy_text(trained.anatomy),
        "state_dict": weights,
    }


def _half(name: str, value: Tensor, file: Path) -> Tensor:
    if value.dtype != torch.float32:  # numbers of pixels, float64, would be too large
        return value
    half = value.half()
    if not half.isfinite().all():
        raise InputError(f"{file}: {name} holds numbers that half precision has none for: {float(value.abs().max()):g}")
    return half
