"""Limb fields."""

from torch import Tensor

from mghp.parsing.losses.masked_mean import masked_mean


def limb_field_loss(
    fields: Tensor, target: Tensor, on_limb: Tensor, has_keypoints: Tensor, off_limb_weight: float = 0.1
) -> Tensor:
    """Return the mean L1 over limb cells, plus `off_limb_weight` times the mean L1 elsewhere.

    Args:
        fields: predicted, (batch, limb, 2, height, width).
        target: the same shape, unit vectors (x, y) on limbs, 0 elsewhere.
        on_limb: (batch, limb, height, width) bool.
        has_keypoints: (batch,) bool: the others do not count.
        off_limb_weight: what keeps the field 0 where no limb is.
    """
    error = (fields - target).abs()
    counted = has_keypoints.view(-1, 1, 1, 1)
    on = masked_mean(error, (on_limb & counted)[:, :, None])
    off = masked_mean(error, (~on_limb & counted)[:, :, None])
    return on + off_limb_weight * off
