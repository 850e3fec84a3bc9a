"""What all backbones have in common."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


class Backbone(nn.Module):
    """Maps normalised pictures (batch, 3, height, width) to a pyramid of features, fine to coarse.

    Attributes:
        channels: of the features.
        strides: theirs, pixels.
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...]
    _has_frozen_norms = False

    @property
    def pretrained(self) -> nn.Module:
        """The part that pretrained weights are for."""
        return self

    def freeze_norms(self) -> None:
        """Keep statistics and affine weights of all batch norms as they are, in training too."""
        self._has_frozen_norms = True
        for norm in self._norms():
            norm.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> "Backbone":
        """Set the mode of all modules but frozen norms."""
        super().train(mode)
        if self._has_frozen_norms:
            for norm in self._norms():
                norm.eval()
        return self

    def save_memory(self) -> None:
        """Compute what lies within a stage a second time for its gradient instead of keeping it.

        Raises:
            ValueError: if the backbone cannot.
        """
        raise NotImplementedError

    def _norms(self) -> list[_BatchNorm]:
        return [module for module in self.modules() if isinstance(module, _BatchNorm)]
