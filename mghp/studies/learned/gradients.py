"""What a learned scorer's gradient looks like: coupling, tight rows, and the cosine to the smoothed task loss."""

import numpy as np
import torch
from torch import Tensor

from mghp.matching import coupling, tight_rows
from mghp.matching.problem import best_matching
from mghp.problems.matching_batch import MatchingBatch, evenly
from mghp.problems.problem_set import ProblemSet
from mghp.training.matcher_module import MatcherModule

_EXAMINED = 64
"""Contested problems whose Jacobian and gradients are looked at."""
_SMOOTHING_SAMPLES = 300


def gradient_metrics(module: MatcherModule, problems: ProblemSet) -> dict[str, float]:
    """Return coupling and tight rows of the trained matcher, and its gradient's mean cosine to the task loss's."""
    contested = np.flatnonzero(problems.sizes.min(1) > 1)
    if module.objective == "none" or not len(contested):
        return {}
    batch = MatchingBatch.pad(problems.problems, evenly(contested, _EXAMINED))
    affinity = module(batch).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(module.loss_of(batch, affinity), affinity)
    smoothed = _smoothed_task_gradient(affinity.detach(), batch)
    metrics = {"gradient/cosine": mean_cosine(gradient, smoothed)}
    if module.objective == "matching":
        soft = module.assignment(batch, affinity).detach()
        of_each = coupling(module.matcher, affinity.detach(), *batch.masks)
        metrics["matching/coupling"] = float(of_each.double().mean())
        metrics["matching/tight_rows"] = float(tight_rows(soft, batch.source_mask).double().mean())
    return metrics


def mean_cosine(gradient: Tensor, reference: Tensor) -> float:
    """Return the mean cosine over problems with a reference, since losses weight problems differently.

    Args:
        gradient: shape (batch, source, destination); a problem whose gradient is 0 has the cosine 0.
        reference: the same shape; a problem whose reference is 0 does not count.
    """
    ours, theirs = gradient.flatten(1).double(), reference.flatten(1).double()
    there = theirs.norm(dim=1) > 0
    cosines = torch.nn.functional.cosine_similarity(ours[there], theirs[there], dim=1, eps=1e-300)
    return float(cosines.mean()) if there.any() else 0.0


@torch.no_grad()
def _smoothed_task_gradient(affinity: Tensor, batch: MatchingBatch) -> Tensor:
    """Return d/dA of the mean Hamming loss of the best matching under Gaussian noise on A, by its score function."""
    deviation = affinity[batch.is_pair].std().clamp(min=1e-6) * 0.5
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((_SMOOTHING_SAMPLES, *affinity.shape), generator=generator)
    noise = torch.where(batch.is_pair, noise, 0)
    best = best_matching((affinity + deviation * noise).flatten(0, 1)).view(noise.shape)
    loss = (best != batch.truth).float().sum((-2, -1), keepdim=True)
    smoothed: Tensor = ((loss - loss.mean(0)) * noise).mean(0) / deviation
    return smoothed
