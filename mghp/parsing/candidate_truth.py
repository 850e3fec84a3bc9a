"""Whose keypoints a batch's candidates are."""

from torch import Tensor

from mghp.anatomy.anatomy import Anatomy
from mghp.parsing.assembly.peaks import Candidates
from mghp.parsing.assembly.truth import owners
from mghp.parsing.batch import Batch
from mghp.parsing.targets import TargetMaker


def candidate_owners(candidates: Candidates, batch: Batch, anatomy: Anatomy, stride: int) -> Tensor:
    """Rows of the persons in `batch.keypoints`, or NOBODY: (batch, keypoint, candidate); see `owners`.

    Args:
        candidates: of the batch's pictures.
        batch: with annotated keypoints.
        anatomy: what they are.
        stride: pixels a heatmap cell.
    """
    radius = TargetMaker(anatomy, stride, stride, ())(batch).keypoint_radius
    return owners(candidates, batch.keypoints, radius, stride)
