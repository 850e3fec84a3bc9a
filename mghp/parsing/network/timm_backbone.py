"""Backbones of timm, by name."""

import pickle
from typing import Any

import timm
from torch import Tensor

from mghp.config.check import one_line
from mghp.parsing.network.depthwise import keep_depthwise_single
from mghp.parsing.network.pretrained import no_weights, weights_source, without_warnings
from mghp.parsing.network.pyramid import Backbone

_TIMM_RAISES = (
    AssertionError, AttributeError, KeyError, OSError, RuntimeError, TypeError, pickle.UnpicklingError,
)  # fmt: skip
"""Over arguments that do not fit a model, files that are no weights, and weights that cannot be had."""


_VISION_TRANSFORMERS = ("deit", "eva", "vision_transformer")
"""The modules of timm whose models take pictures of any size if they are told so."""


class TimmBackbone(Backbone):
    """A timm model that returns its pyramid.

    Args:
        name: timm's of the model.
        weights: `imagenet`, a file, or None: from scratch.
        kwargs: options for timm.

    Attributes:
        is_plain: whether it is a plain vision transformer, with features of one stride.

    Raises:
        ValueError: if timm does not know the name, the model has no feature pyramid, or its weights cannot be loaded.
    """

    def __init__(self, name: str, weights: str | None, kwargs: dict[str, Any]) -> None:
        super().__init__()
        if name not in timm.list_models(name):
            raise ValueError(f"network.backbone.name: neither slim nor a timm model: {name!r}")
        is_transformer = timm.models.is_model_in_modules(name, _VISION_TRANSFORMERS)
        if is_transformer:
            kwargs = {"dynamic_img_size": True, "out_indices": 1} | kwargs
        source: dict[str, Any] = {} if weights is None else {"pretrained_cfg_overlay": weights_source(name, weights)}
        try:
            with without_warnings():
                self.model: Any = timm.create_model(
                    name, features_only=True, pretrained=weights is not None, **source, **kwargs
                )
        except _TIMM_RAISES as error:
            if weights == "imagenet" and isinstance(error, OSError):
                raise ValueError(no_weights(name, error)) from None
            raise ValueError(f"network.backbone: timm cannot build {name!r}: {one_line(error)}") from None
        stated: Any = self.model.pretrained_cfg
        stated.pop("state_dict", None)  # else every copy of the network would keep them
        keep_depthwise_single(self.model)
        self.name = name
        pyramid: Any = self.model.feature_info
        self.channels = tuple(pyramid.channels())
        self.strides = tuple(pyramid.reduction())
        self.is_plain = is_transformer and len(set(self.strides)) == 1

    def save_memory(self) -> None:
        """Compute what lies within a stage a second time for its gradient instead of keeping it.

        Raises:
            ValueError: if timm's model cannot.
        """
        model: Any = getattr(self.model, "model", self.model)  # a transformer lies within what returns its features
        try:
            model.set_grad_checkpointing()
        except (AssertionError, AttributeError):
            raise ValueError(f"network.backbone.checkpointing: {self.name} cannot; expected false") from None

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return features of normalised pictures (batch, 3, height, width) at the model's strides, fine to coarse."""
        features: list[Tensor] = self.model(image)
        return features
