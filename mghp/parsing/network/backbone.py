"""Picture -> pyramid of features: ours by default, any of timm's by name."""

import pickle
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mghp.config.network import BackboneConfig
from mghp.parsing.network.layers import Residual, convolution
from mghp.ranges import Range

if TYPE_CHECKING:
    from mghp.parsing.network.plain_backbone import PlainBackbone  # timm takes a second to import

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and deviation of ImageNet's red, green, blue in [0, 1], which pretrained backbones expect."""


class SlimBackbone(nn.Module):
    """A residual encoder small enough to train on a CPU.

    Args:
        channels: of the features at strides 2, 4, 8, ...
        blocks: residual blocks at each of these strides, after the convolution that gets there.

    Raises:
        ValueError: if the two differ in length, or hold a number that no network has.
    """

    def __init__(
        self, channels: Sequence[int] = (24, 48, 80, 128, 160), blocks: Sequence[int] = (1, 1, 1, 1, 1)
    ) -> None:
        super().__init__()
        if len(channels) != len(blocks):
            raise ValueError(f"slim backbone: {len(channels)} channels, but {len(blocks)} blocks")
        for width, number in zip(channels, blocks, strict=True):
            Range(1, 4096).check("network.backbone.kwargs.channels", width)
            Range(0, 100).check("network.backbone.kwargs.blocks", number)
        self.channels = tuple(channels)
        self.strides = tuple(2 ** (level + 1) for level in range(len(channels)))
        inputs = (3, *channels[:-1])
        self.stages = nn.ModuleList(
            nn.Sequential(convolution(before, after, stride=2), *(Residual(after) for _ in range(number)))
            for before, after, number in zip(inputs, channels, blocks, strict=True)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return features of normalised pictures (batch, 3, height, width) at strides 2, 4, 8, ..., fine to coarse."""
        features = []
        for stage in self.stages:
            image = stage(image)
            features.append(image)
        return features


_TIMM_RAISES = (
    AssertionError, AttributeError, KeyError, OSError, RuntimeError, TypeError, pickle.UnpicklingError,
)  # fmt: skip
"""Over arguments that do not fit a model, files that are no weights, and weights that cannot be had."""


_VISION_TRANSFORMERS = ("deit", "eva", "vision_transformer")
"""The modules of timm whose models take pictures of any size if they are told so."""


class TimmBackbone(nn.Module):
    """A timm model that returns its pyramid.

    Attributes:
        channels: of its features.
        strides: theirs, pixels.
        is_plain: whether it is a plain vision transformer, with features of one stride.

    Raises:
        ValueError: if timm does not know the name, the model has no feature pyramid, or its weights cannot be loaded.
    """

    def __init__(self, name: str, weights: str | None, kwargs: dict[str, Any]) -> None:
        super().__init__()
        import timm  # a second to import, and only needed here

        from mghp.parsing.network.pretrained import no_weights, one_line, weights_source, without_warnings

        if name not in timm.list_models(name):
            raise ValueError(f"network.backbone.name: neither slim nor a timm model: {name!r}")
        is_transformer = timm.models.is_model_in_modules(name, _VISION_TRANSFORMERS)
        if is_transformer:
            kwargs = {"dynamic_img_size": True, "out_indices": 1} | kwargs
        source = {} if weights is None else {"pretrained_cfg_overlay": weights_source(name, weights)}
        try:
            with without_warnings():
                self.model = timm.create_model(
                    name, features_only=True, pretrained=weights is not None, **source, **kwargs
                )
        except _TIMM_RAISES as error:
            if weights == "imagenet" and isinstance(error, OSError):
                raise ValueError(no_weights(name, error)) from None
            raise ValueError(f"network.backbone: timm cannot build {name!r}: {one_line(error)}") from None
        self.model.pretrained_cfg.pop("state_dict", None)  # else every copy of the network would keep them
        pyramid: Any = self.model.feature_info
        self.channels = tuple(pyramid.channels())
        self.strides = tuple(pyramid.reduction())
        self.is_plain = is_transformer and len(set(self.strides)) == 1

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return features of normalised pictures (batch, 3, height, width) at the model's strides, fine to coarse."""
        features: list[Tensor] = self.model(image)
        return features


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


def make_backbone(config: BackboneConfig) -> "SlimBackbone | TimmBackbone | PlainBackbone":
    """Build the backbone that a config names.

    Raises:
        ValueError: one line, if the name or its arguments do not fit.
    """
    if config.name != "slim":
        backbone = TimmBackbone(config.name, config.weights, config.kwargs)
        return _with_pyramid(backbone) if backbone.is_plain else backbone
    if config.weights is not None:
        raise ValueError(f"network.backbone.weights: slim has none to start from, got {config.weights}")
    try:
        return SlimBackbone(**config.kwargs)
    except TypeError as error:
        raise ValueError(f"network.backbone.kwargs of slim: {error}") from None


def _with_pyramid(backbone: TimmBackbone) -> "PlainBackbone":
    from mghp.parsing.network.plain_backbone import PlainBackbone

    return PlainBackbone(backbone, backbone.channels[-1], backbone.strides[-1])


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
