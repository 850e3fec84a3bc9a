"""Oracles by name. Without torch."""

ORACLES: dict[str, tuple[str, ...]] = {
    "predicted": (),
    "true_parts": ("part_logits",),
    "true_keypoints": ("heatmaps", "keypoint_offsets"),
    "true_limbs": ("limb_fields",),
    "true_field": ("projection", "centers"),
    "all_true": ("part_logits", "heatmaps", "keypoint_offsets", "limb_fields", "projection", "centers"),
}
"""Which fields are true. Centres, which there are with grouping by them alone, are of the field that points to them."""
