"""Matching inside training: candidates, affinities, soft assignment, and the loss that comes back through it."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from mghp.config.training import CandidatesConfig
from mghp.matching import Matcher, tight_rows
from mghp.matching.choices import MATCHING_LOSSES
from mghp.matching.losses import matching_loss
from mghp.matching.solvers import SOLVERS
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.peaks import Candidates, find_peaks
from mghp.parsing.assembly.training_candidates import chosen, made_up, strongest
from mghp.parsing.assembly.truth import owners, shuffled, true_pairs
from mghp.parsing.batch import Batch
from mghp.parsing.fields import Fields
from mghp.parsing.network.parser import Prediction
from mghp.parsing.targets import Targets
from mghp.problems.matching_batch import MatchingBatch
from mghp.problems.problem_set import NOT_GIVEN

_SHARES_APART = 0x9E3779B1
"""Between the seeds of a step's batches. It is odd, for a generator heeds the lower 32 bits of its seed alone."""

_SHUFFLES_APART = 0x85EBCA6B
"""Between the seeds of a batch's candidates and of its shuffled truth."""


@torch.no_grad()
def matching_details(problems: MatchingBatch) -> dict[str, Tensor]:
    """Return what is worth logging of problems with truth, whose two first axes are picture and limb.

    Returns:
        Mean over problems of the largest score; and, of problems with an assignment, share of tight rows, share of the
        true pairs that is assigned.
    """
    affinity, assignment, source_mask = problems.affinity, problems.assignment, problems.source_mask
    largest = affinity.amax((-2, -1))[source_mask.any(-1)]
    details = {"matching/largest_affinity": largest.mean() if len(largest) else affinity.new_zeros(())}
    if assignment is NOT_GIVEN:
        return details
    return details | {
        "matching/tight_rows": tight_rows(assignment.flatten(0, 1), source_mask.flatten(0, 1)).float().mean(),
        "matching/mass_on_truth": (assignment * problems.truth).sum() / problems.truth.sum().clamp(min=1),
    }


class TrainingMatching(nn.Module):
    """All limbs of all pictures go through the matcher as one padded, masked batch.

    Args:
        matcher: any differentiable one.
        affinity: limb scores with their learned scale and price, shared with the assembly.
        limbs: source and destination keypoint types.
        loss: name of the loss on the assignment, in `MATCHING_LOSSES`.
        candidates: which candidates to train on.
        max_steps: of the training, over which the share of made-up candidates falls.
        seed: of the made-up candidates.
        shuffled_truth: whether the loss is of pairs drawn at random, as many as there are in truth.

    Raises:
        ValueError: if the loss is of the assignment and the matcher is not differentiable.
    """

    def __init__(
        self,
        matcher: Matcher,
        affinity: Affinity,
        limbs: Sequence[tuple[int, int]],
        loss: str,
        candidates: CandidatesConfig,
        max_steps: int,
        seed: int,
        shuffled_truth: bool = False,
    ) -> None:
        super().__init__()
        self.asks_matcher = MATCHING_LOSSES[loss].reads_assignment
        if self.asks_matcher and not matcher.differentiable:
            trainable = SOLVERS.where(lambda solver: solver.differentiable and not solver.is_control)
            raise ValueError(
                f"matcher {type(matcher).__name__} is not differentiable, but losses.weights.matching trains through "
                f"it; set losses.weights.matching=0, or matcher.name to one of {', '.join(trainable)}"
            )
        self.matcher = matcher
        self.affinity = affinity
        self.limbs = tuple(limbs)
        self.loss = loss
        self.config = candidates
        self.max_steps = max_steps
        self.seed = seed
        self.shuffled_truth = shuffled_truth

    def forward(
        self, prediction: Prediction, batch: Batch, targets: Targets, step: int, share: int = 0
    ) -> tuple[Tensor, MatchingBatch | None]:
        """Return the matching loss of a batch, and its problems with truth and assignment; arguments: `candidates`.

        Problems have no assignment where the loss is of the affinity alone. The truth is what the loss is of.

        A network that has left the finite numbers gives a loss that is no number, and no problems: matchers take none.
        """
        fields = prediction.fields()
        candidates = self.candidates(fields, batch, targets, step, share)
        if not bool(candidates.positions_input.isfinite().all()):
            return _no_number(fields), None
        owner = owners(candidates, batch.keypoints, targets.keypoint_radius, fields.keypoint_stride)
        truth = true_pairs(owner, self.limbs)
        problems = self.affinity(fields, candidates)
        if not bool(problems.affinity.isfinite().all()):
            return _no_number(fields), None
        if self.shuffled_truth:
            source_mask, destination_mask = problems.masks
            drawn = self._generator(step, share, _SHUFFLES_APART)
            truth = shuffled(truth, source_mask, destination_mask, drawn)
        assignment = self.matcher(problems.affinity, *problems.masks) if self.asks_matcher else NOT_GIVEN
        is_known = problems.is_pair & batch.has_keypoints[:, None, None, None]
        loss = matching_loss(self.loss, problems.affinity, assignment, truth, is_known)
        return loss, replace(problems, truth=truth, assignment=assignment)

    @torch.no_grad()
    def candidates(self, fields: Fields, batch: Batch, targets: Targets, step: int, share: int = 0) -> Candidates:
        """Return made-up candidates in some pictures, in fewer the later the step, and predicted peaks in the others.

        Args:
            fields: predicted.
            batch: pictures.
            targets: of the batch.
            step: of the optimiser.
            share: which of the batches that make the step together, accumulated or of other processes: each draws its
                own.
        """
        config = self.config
        progress = min(1.0, step / max(self.max_steps, 1))
        made_share = config.true_share_start + progress * (config.true_share_end - config.true_share_start)
        generator = self._generator(step, share)
        is_made = (torch.rand(len(batch), generator=generator) < made_share).to(batch.image.device)
        made = made_up(
            batch.keypoints,
            targets.person_size,
            fields.image_size,
            config.max_per_type,
            config.jitter,
            config.spurious,
            generator,
        )
        if bool(is_made.all()):
            return without_ignored(made, batch.ignored_poses)
        peaks = find_peaks(fields.heatmaps, fields.keypoint_offsets, fields.keypoint_stride)
        return without_ignored(chosen(made, strongest(peaks, config.max_per_type), is_made), batch.ignored_poses)

    def _generator(self, step: int, share: int, apart: int = 0) -> torch.Generator:
        return torch.Generator().manual_seed((self.seed + 1) * 1_000_003 + step + share * _SHARES_APART + apart)


def without_ignored(candidates: Candidates, ignored: Tensor) -> Candidates:
    """Drop the candidates that lie where nobody annotated keypoints: they may be true.

    Args:
        candidates: candidates of a batch.
        ignored: (batch, height, width) bool.
    """
    columns, rows = candidates.positions_input.floor().long().unbind(-1)
    rows, columns = rows.clamp(0, ignored.shape[1] - 1), columns.clamp(0, ignored.shape[2] - 1)
    picture = torch.arange(len(ignored), device=ignored.device)[:, None, None]
    return replace(candidates, is_candidate=candidates.is_candidate & ~ignored[picture, rows, columns])


def _no_number(fields: Fields) -> Tensor:
    return fields.limb_fields.new_full((), torch.nan)
