"""Labels -> the fields that a perfect network would return, for the assembly alone and for oracles."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.parts import IGNORE
from mghp.parsing.batch import Batch
from mghp.parsing.fields import Fields
from mghp.parsing.targets import TargetMaker, Towards

SMALLEST_SHARE = 0.01
"""Added to every part's share of a cell under the logarithm."""


@torch.no_grad()
def true_fields(
    batch: Batch, anatomy: Anatomy, strides: Mapping[str, int], towards: Towards = "annotated", centers: bool = False
) -> Fields:
    """Return the fields that are trained on; part logits are logarithms of the parts' shares.

    Args:
        batch: with all labels.
        anatomy: what they annotate.
        strides: pixels a cell of `parts`, `keypoints`, `limbs` and `field`.
        towards: what the projection field points to.
        centers: whether there are centres even if it does not point to them.
    """
    levels, every = (strides["field"],), {"limb_offsets": True, "pose_offsets": True, "centers": centers}
    targets = TargetMaker(anatomy, strides["keypoints"], strides["limbs"], levels, towards, **every)(batch)
    height, width = batch.image.shape[2:]
    return Fields(
        image_size=(height, width),
        part_logits=true_part_logits(batch.parts, anatomy.num_labels, strides["parts"]),
        heatmaps=targets.heatmaps,
        keypoint_offsets=targets.keypoint_offsets,
        limb_fields=targets.limb_fields,
        projection=targets.projection_levels[0],
        part_stride=strides["parts"],
        keypoint_stride=strides["keypoints"],
        limb_stride=strides["limbs"],
        projection_stride=strides["field"],
        centers=targets.centers,
        limb_offsets=targets.limb_offsets,
        pose_offsets=targets.pose_offsets,
    )


def true_part_logits(parts: Tensor, num_labels: int, stride: int) -> Tensor:
    """Return log(share of each label among a cell's known pixels + 0.01): what cross-entropy by cell leads to.

    Args:
        parts: (batch, height, width), 255 where not known.
        num_labels: labels, background included.
        stride: pixels a cell.

    Returns:
        (batch, label, ceil(height / stride), ceil(width / stride)); background where no pixel of a cell is known.
    """
    beyond = (0, -parts.shape[2] % stride, 0, -parts.shape[1] % stride)
    padded = functional.pad(parts, beyond, value=IGNORE)
    known = padded != IGNORE
    one_hot = functional.one_hot(padded.long().masked_fill(~known, 0), num_labels).movedim(-1, 1)
    counts = functional.avg_pool2d((one_hot * known[:, None]).float(), stride)
    total = counts.sum(1, keepdim=True)
    shares = counts / total.clamp(min=1e-6)
    shares[:, :1] = shares[:, :1].where(total > 0, 1.0)
    return (shares + SMALLEST_SHARE).log()
