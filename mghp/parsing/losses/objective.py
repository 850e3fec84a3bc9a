"""All losses of a batch, each switched off where its labels are missing."""

import torch
from torch import Tensor

from mghp.config.losses import LossesConfig
from mghp.parsing.batch import Batch
from mghp.parsing.losses.heatmaps import focal_loss, heat_cross_entropy, weighted_squared_error
from mghp.parsing.losses.keypoint_offsets import keypoint_offset_loss
from mghp.parsing.losses.limb_fields import limb_field_loss
from mghp.parsing.losses.parts import cell_cross_entropy, lovasz_softmax, pixel_cross_entropy
from mghp.parsing.losses.projection_field import projection_loss
from mghp.parsing.losses.relative_offsets import relative_offset_loss
from mghp.parsing.network.parser import Prediction
from mghp.parsing.targets import Targets


class ParsingObjective:
    """The losses on the network's outputs; that on the assignment comes from the matching.

    Args:
        config: which, and their weights; a weight of 0 saves the loss's cost.
    """

    def __init__(self, config: LossesConfig) -> None:
        self.config = config
        self._parts_loss = {"cells": cell_cross_entropy, "pixels": pixel_cross_entropy}[config.parts]
        self._heatmap_loss = {
            "cross_entropy": heat_cross_entropy,
            "focal": focal_loss,
            "squared": weighted_squared_error,
        }[config.heatmaps]

    def __call__(self, prediction: Prediction, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        """Return scalar losses by the names of `LossWeightsConfig`; one without labels in this batch is left out."""
        losses: dict[str, Tensor] = {}
        weights = self.config.weights
        if bool(batch.has_parts.any()):
            if weights.parts:
                losses["parts"] = self._parts_loss(prediction.part_logits, batch.parts, prediction.strides["parts"])
            if weights.parts_lovasz:
                losses["parts_lovasz"] = lovasz_softmax(prediction.part_logits, batch.parts)
        if bool(batch.has_keypoints.any()) or (targets.centers is not None and bool(batch.has_persons.any())):
            losses |= self._pose_losses(prediction, targets)
        return losses

    def _pose_losses(self, prediction: Prediction, targets: Targets) -> dict[str, Tensor]:
        weights = self.config.weights
        losses: dict[str, Tensor] = {}
        if weights.heatmaps:
            logits, heat, known = prediction.heatmap_logits, targets.heatmaps, targets.knows_keypoints
            if prediction.center_logits is not None and targets.centers is not None:
                # Centres are one more type of keypoint to the loss.
                logits, heat = torch.cat([logits, prediction.center_logits], 1), torch.cat([heat, targets.centers], 1)
                of_each = (len(heat), targets.heatmaps.shape[1], -1, -1)
                known = torch.cat([known.expand(of_each), targets.knows_centers], 1)
            losses["heatmaps"] = self._heatmap_loss(logits, heat, known)
        if weights.keypoint_offsets:
            losses["keypoint_offsets"] = keypoint_offset_loss(
                prediction.keypoint_offsets,
                targets.keypoint_offsets,
                targets.near_keypoint,
                prediction.strides["keypoints"],
            )
        if weights.limbs:
            losses["limbs"] = limb_field_loss(
                prediction.limb_fields, targets.limb_fields, targets.on_limb, targets.knows_limbs
            )
        for name in ("limb_offsets", "pose_offsets"):
            predicted, true = getattr(prediction, name), getattr(targets, name)
            if getattr(weights, name) and predicted is not None:
                cells = getattr(targets, f"{name.removesuffix('s')}_weights")
                losses[name] = relative_offset_loss(predicted, true, cells)
        if weights.field:
            losses["field"] = _field_loss(prediction, targets)
        return losses


def _field_loss(prediction: Prediction, targets: Targets) -> Tensor:
    """Return the mean of the projection fields' losses: more heads pull the trunk no harder."""
    to_keypoints = targets.projection_levels, targets.projection_weights
    to_centers = targets.center_levels, targets.center_weights
    heads = [(levels, to_keypoints) for levels in (prediction.projection_levels, *prediction.further_levels.values())]
    if prediction.center_levels is not None:
        heads.append((prediction.center_levels, to_centers))
    # All end at the same stride, so that a field of fewer levels has the last of the targets.
    losses = [projection_loss(levels, *(each[-len(levels) :] for each in true)) for levels, true in heads]
    return torch.stack(losses).mean()
