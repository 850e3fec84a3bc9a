"""The backbone that is ours."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mghp.parsing.network.layers import Residual, convolution
from mghp.parsing.network.pyramid import Backbone
from mghp.ranges import Range


class SlimBackbone(Backbone):
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
        self._checkpointing = False
        self.channels = tuple(channels)
        self.strides = tuple(2 ** (level + 1) for level in range(len(channels)))
        inputs = (3, *channels[:-1])
        self.stages = nn.ModuleList(
            nn.Sequential(convolution(before, after, stride=2), *(Residual(after) for _ in range(number)))
            for before, after, number in zip(inputs, channels, blocks, strict=True)
        )

    def save_memory(self) -> None:
        """Compute each stage a second time for its gradient instead of keeping what lies within."""
        self._checkpointing = True

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return features of normalised pictures (batch, 3, height, width) at strides 2, 4, 8, ..., fine to coarse."""
        features = []
        for stage in self.stages:
            image = checkpoint(stage, image, use_reentrant=False) if self._checkpointing else stage(image)
            features.append(image)
        return features
