"""Oracles: true fields in the place of predicted ones, one by one, to see which of them limits the result."""

from dataclasses import replace

from mghp.fields import Fields

ORACLES: dict[str, tuple[str, ...]] = {
    "predicted": (),
    "true_parts": ("part_logits",),
    "true_keypoints": ("heatmaps", "keypoint_offsets"),
    "true_limbs": ("limb_fields",),
    "true_field": ("projection",),
    "all_true": ("part_logits", "heatmaps", "keypoint_offsets", "limb_fields", "projection"),
}
"""Which fields are true."""


def with_oracle(predicted: Fields, true: Fields, oracle: str) -> Fields:
    """Predicted fields with those of an oracle swapped in; strides must agree."""
    return replace(predicted, **{name: getattr(true, name) for name in ORACLES[oracle]})
