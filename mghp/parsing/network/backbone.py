"""Picture -> pyramid of features: ours by default, any of timm's by name."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mghp.config.network import BackboneConfig
from mghp.parsing.network.pyramid import Backbone
from mghp.parsing.network.slim_backbone import SlimBackbone

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and deviation of ImageNet's red, green, blue in [0, 1], which pretrained backbones expect."""


class Normalised(nn.Module):
    """uint8 pictures -> what a backbone expects.

    Args:
        mean: of red, green and blue in [0, 1].
        std: their deviation.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float] = MEAN, std: Sequence[float] = STD) -> None:
        super().__init__()
        self.register_buffer("mean", 255 * torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", 255 * torch.tensor(std).view(3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Normalise pictures (batch, 3, height, width), uint8, or float from 0 to 255."""
        normalised: Tensor = (image.float() - self.mean) / self.std
        return normalised


def make_backbone(config: BackboneConfig) -> Backbone:
    """Build the backbone that a config names.

    Raises:
        ValueError: one line, if the name or its arguments do not fit.
    """
    backbone = _slim(config) if config.name == "slim" else _of_timm(config)
    if config.frozen_norm:
        backbone.freeze_norms()
    if config.checkpointing:
        backbone.save_memory()
    return backbone


def _slim(config: BackboneConfig) -> Backbone:
    if config.weights is not None:
        raise ValueError(f"network.backbone.weights: slim has none to start from, got {config.weights}")
    try:
        return SlimBackbone(**config.kwargs)
    except TypeError as error:
        raise ValueError(f"network.backbone.kwargs of slim: {error}") from None


def _of_timm(config: BackboneConfig) -> Backbone:
    # timm takes a second to import, and is only needed here.
    from mghp.parsing.network.plain_backbone import PlainBackbone
    from mghp.parsing.network.timm_backbone import TimmBackbone

    backbone = TimmBackbone(config.name, config.weights, config.kwargs)
    return PlainBackbone(backbone) if backbone.is_plain else backbone


def make_normalised(config: BackboneConfig) -> Normalised:
    """Build the normalisation that a config names.

    Raises:
        ValueError: if the backbone has none of its own.
    """
    if config.normalisation == "imagenet":
        return Normalised()
    if config.name == "slim":
        raise ValueError("network.backbone.normalisation: slim has none of its own; expected imagenet")
    import timm

    own: Any = timm.get_pretrained_cfg(config.name)
    return Normalised(own.mean, own.std)
