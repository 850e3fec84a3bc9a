"""Candidates in doubt: where truth is not as complete as its labels, they may be keypoints that nobody labelled."""

import torch
from torch import Tensor

from mghp.metrics.keypoint_ap import person_regions
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.assembly.peaks import Candidates
from mghp.parsing.assembly.truth import candidate_owners
from mghp.parsing.batch import Batch
from mghp.parsing.fields import Fields
from mghp.parsing.matching_in_training import without_ignored
from mghp.problems.predicted_candidates import Doubt
from mghp.problems.problem_set import NOBODY
from mghp.training.parsing_module import true_persons

_GROWN = 0.1
"""Share of its width and height by which a person's box grows on each side: a fifth in all."""


def judged_candidates(assembler: Assembler, fields: Fields, batch: Batch) -> tuple[Candidates, Tensor, Tensor]:
    """Return the candidates that the assembly finds, whose they are in truth, and their doubts.

    Args:
        assembler: finds them.
        fields: predicted, of the batch.
        batch: of the pictures.

    Returns:
        All candidates; the person of each, `NOBODY` for none; and its `Doubt`. Both are (batch, keypoint, candidate).
    """
    candidates = assembler.candidates(fields)
    known = without_ignored(candidates, batch.ignored_poses)
    owner = candidate_owners(known, batch, assembler.anatomy.skeleton, fields.keypoint_stride)
    return candidates, owner, doubts(candidates, known, owner, batch)


def doubts(candidates: Candidates, known: Candidates, owner: Tensor, batch: Batch) -> Tensor:
    """Return the `Doubt` of each candidate, (batch, keypoint, candidate) uint8; `Doubt.NONE` for padding.

    Args:
        candidates: all of them.
        known: those that lie where keypoints were labelled.
        owner: whose the known ones are, from `assembly.truth.owners`.
        batch: of the pictures.
    """
    is_false = known.is_candidate & (owner == NOBODY)
    in_box = _in_boxes(candidates, batch)
    on_person = torch.where(batch.has_persons[:, None, None, None], _on_masks(candidates, batch), in_box)
    lacks = (batch.keypoints[..., 2] == 0) & batch.is_person[..., None]
    is_doubtful = (on_person & lacks.transpose(1, 2)[:, :, None]).any(-1)
    doubt = torch.zeros(owner.shape, dtype=torch.uint8)
    doubt[is_false & ~in_box.any(-1)] = Doubt.NEAR_NOBODY
    doubt[is_false & is_doubtful] = Doubt.UNLABELLED_KEYPOINT
    doubt[candidates.is_candidate & ~known.is_candidate] = Doubt.UNLABELLED_REGION
    return doubt


def _on_masks(candidates: Candidates, batch: Batch) -> Tensor:
    """Return whose mask each candidate lies on, (batch, keypoint, candidate, person) bool."""
    columns, rows = candidates.positions_input.floor().long().unbind(-1)
    height, width = batch.person_ids.shape[1:]
    picture = torch.arange(len(batch))[:, None, None]
    ids = batch.person_ids[picture, rows.clamp(0, height - 1), columns.clamp(0, width - 1)]
    return ids[..., None] == torch.arange(1, batch.keypoints.shape[1] + 1)


def _in_boxes(candidates: Candidates, batch: Batch) -> Tensor:
    """Return whose grown box each candidate lies in, (batch, keypoint, candidate, person) bool."""
    boxes = torch.zeros(len(batch), batch.keypoints.shape[1], 4)
    for row, true in enumerate(true_persons(batch)):
        boxes[row, : len(true.keypoints)] = torch.from_numpy(person_regions(true)[: len(true.keypoints), :4]).float()
    low, size = boxes[:, None, None, :, :2], boxes[:, None, None, :, 2:]
    from_corner = candidates.positions_input[..., None, :] - low
    inside = (from_corner >= -_GROWN * size) & (from_corner <= (1 + _GROWN) * size)
    return inside.all(-1) & (size > 0).all(-1)
