"""The two layers that everything else is made of."""

from torch import Tensor, nn


def convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Build a convolution that keeps the size (up to its stride), batch normalisation and ReLU."""
    padding = dilation * (size // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """x + f(x), f two convolutions (He et al. 2016); f starts at 0, so that a deep stack starts as a shallow one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, channels, height, width) to the same shape."""
        return nn.functional.relu(features + self.norm(self.second(self.first(features))))
