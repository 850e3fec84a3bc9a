"""Sub-pixel offsets from a heatmap's cells to the keypoint."""

from torch import Tensor

from mghp.parsing.losses.masked_mean import masked_mean


def keypoint_offset_loss(offsets: Tensor, target: Tensor, near_keypoint: Tensor, stride: int) -> Tensor:
    """Return the mean L1, in cells, over the cells near a keypoint.

    Args:
        offsets: predicted, (batch, keypoint, 2, height, width), (x, y) in pixels.
        target: true ones, the same shape.
        near_keypoint: (batch, keypoint, height, width) bool.
        stride: pixels a cell.
    """
    return masked_mean((offsets - target).abs() / stride, near_keypoint[:, :, None])
