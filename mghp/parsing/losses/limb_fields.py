"""Limb fields."""

from torch import Tensor

from mghp.parsing.losses.masked_mean import masked_mean


def limb_field_loss(
    fields: Tensor, target: Tensor, on_limb: Tensor, known: Tensor, off_limb_weight: float = 0.1
) -> Tensor:
    """Return the mean L1 over limb cells, plus `off_limb_weight` times the mean L1 elsewhere.

    Args:
        fields: predicted, (batch, limb, 2, height, width).
        target: the same shape, unit vectors (x, y) on limbs, 0 elsewhere.
        on_limb: (batch, limb, height, width) bool.
        known: (batch, 1, height, width) bool: the other cells do not count.
        off_limb_weight: what keeps the field 0 where no limb is.
    """
    error = (fields - target).abs()
    on = masked_mean(error, (on_limb & known)[:, :, None])
    off = masked_mean(error, (~on_limb & known)[:, :, None])
    return on + off_limb_weight * off
