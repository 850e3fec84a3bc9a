"""The oracles by name."""

ORACLES: dict[str, tuple[str, ...]] = {
    "predicted": (),
    "true_parts": ("part_logits",),
    "true_keypoints": ("heatmaps", "keypoint_offsets"),
    "true_limbs": ("limb_fields",),
    "true_field": ("projection", "centers"),
    "all_true": ("part_logits", "heatmaps", "keypoint_offsets", "limb_fields", "projection", "centers"),
}
"""The fields that each oracle replaces by true ones; centres exist only with `assembly.grouping=center`."""
