"""What learned limb scores are worth: how pairs are chosen of them, and how many limbs and persons are then right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from mghp.matching import UnbalancedSinkhorn
from mghp.matching.problem import best_matching
from mghp.metrics.matching import counts_by_image, f1
from mghp.problems.matching_batch import MatchingBatch, unpadded
from mghp.problems.problem_set import ProblemSet
from mghp.studies.learned.rounding_names import ROUNDINGS
from mghp.training.matcher_module import MatcherModule

_BATCH = 4096
_MOST_CANDIDATES = 2**32
"""More than an image has, so that image and candidate make one number."""
_LEVELS = 12
"""Thresholds that are tried, besides 0: quantiles of the true pairs' values."""

Counts = NDArray[np.int64]
"""True positives, false positives, false negatives of each image, (images, 3)."""


@dataclass(frozen=True)
class Rounding:
    """How pairs are chosen: the best matching of what exceeds a threshold.

    Attributes:
        of: one of `ROUNDINGS`.
        threshold: taken off every value first; what is then negative is not joined.
    """

    of: str
    threshold: float


@dataclass(frozen=True)
class Examined:
    """Values of all pairs of some problems, by every rounding that their scorer has.

    Attributes:
        batches: the problems.
        values: by rounding, a tensor (batch, source, destination) of each batch.
    """

    batches: list[MatchingBatch]
    values: dict[str, list[Tensor]]

    def joined(self, rounding: Rounding) -> list[Tensor]:
        """Return which pairs are chosen, bool (batch, source, destination) of each batch."""
        return [
            best_matching(torch.where(batch.is_pair, values - rounding.threshold, 0))
            for batch, values in zip(self.batches, self.values[rounding.of], strict=True)
        ]

    def pairs(self, name: str) -> NDArray[np.float32]:
        """Return a rounding's values of all pairs, problem by problem as the set has them, (pairs,)."""
        return torch.cat(unpadded(self.batches, self.values[name])).numpy()

    @property
    def truth(self) -> NDArray[np.bool_]:
        """The mask that is True for the pairs of one person, in the order of `pairs`."""
        return torch.cat(unpadded(self.batches, [batch.truth for batch in self.batches])).numpy()


@torch.no_grad()
def examined(module: MatcherModule, problems: ProblemSet) -> Examined:
    """Return the values of all pairs of these problems."""
    sinkhorn = UnbalancedSinkhorn(epsilon=0.5, num_iterations=30)
    by_size = np.argsort(problems.sizes.max(1), kind="stable")  # small problems with small ones
    batches = [
        MatchingBatch.pad(problems.problems, by_size[first : first + _BATCH])
        for first in range(0, len(by_size), _BATCH)
    ]
    affinities = [module(batch) for batch in batches]
    scored = list(zip(batches, affinities, strict=True))
    values = {
        "affinity": affinities,
        "sigmoid": [torch.where(batch.is_pair, affinity.sigmoid(), 0) for batch, affinity in scored],
        "sinkhorn": [sinkhorn(affinity, *batch.masks) for batch, affinity in scored],
    }
    if module.matcher.differentiable:
        values["assignment"] = [module.assignment(batch, affinity) for batch, affinity in scored]
    return Examined(batches, {name: values[name] for name in ROUNDINGS if name in values})


CountsOf = Callable[[Sequence[MatchingBatch], Sequence[Tensor]], Counts]
"""Counts of joined pairs, which are bool (batch, source, destination) of each batch."""


def tuned_rounding(of_validation: Examined, counts_of: CountsOf) -> tuple[float, Rounding]:
    """Return the largest F1 of all roundings and thresholds, and which has it.

    Args:
        of_validation: what is chosen on.
        counts_of: `limb_counts` or `person_counts`.
    """
    best = -1.0, Rounding("affinity", 0.0)
    truth = of_validation.truth
    for name in of_validation.values:
        # From the doubtful true pairs' values up to their median: beyond lies no gain.
        values = of_validation.pairs(name)[truth]
        chances = np.quantile(values, np.linspace(0, 0.5, _LEVELS)) if len(values) else values
        for threshold in np.unique(np.concatenate([[0.0], chances])):
            rounding = Rounding(name, float(threshold))
            score = float(f1(counts_of(of_validation.batches, of_validation.joined(rounding)).sum(0)))
            if score > best[0]:
                best = score, rounding
    return best


def limb_counts(batches: Sequence[MatchingBatch], joined: Sequence[Tensor]) -> Counts:
    """Count pairs that are joined rightly, wrongly, and not though they should be, by image."""
    return counts_by_image(batches, joined, _images(batches))


def _images(batches: Sequence[MatchingBatch]) -> NDArray[np.int64]:
    return np.unique(np.concatenate([batch.image.numpy() for batch in batches]))


def person_counts(batches: Sequence[MatchingBatch], joined: Sequence[Tensor]) -> Counts:
    """Count candidates in the right group, in a wrong one, and in none though they should be, by image.

    A group is what joined pairs connect; a person is what the true pairs would. Both are paired one to one so that they
    share most candidates; what a pair shares is right, whatever else a group holds is wrong, whatever else a person
    holds is missing. The true pairs themselves are therefore all right, and nothing is better.
    """
    groups, persons = (_members(batches, pairs) for pairs in (joined, [batch.truth for batch in batches]))
    rows = []
    for image in _images(batches).tolist():
        group, person = groups.get(image, {}), persons.get(image, {})
        both = np.array([[len(a & b) for b in person.values()] for a in group.values()]).reshape(
            len(group), len(person)
        )
        right = int(both[linear_sum_assignment(both, maximize=True)].sum())
        rows.append((right, sum(map(len, group.values())) - right, sum(map(len, person.values())) - right))
    return np.array(rows, np.int64).reshape(-1, 3)


def _members(batches: Sequence[MatchingBatch], joined: Sequence[Tensor]) -> dict[int, dict[int, set[int]]]:
    """Return by image and group the candidates that pairs connect."""
    ends = []
    for batch, pairs in zip(batches, joined, strict=True):
        problem, row, column = pairs.nonzero(as_tuple=True)
        first = batch.image[problem] * _MOST_CANDIDATES
        candidates = batch.source_candidate[problem, row], batch.destination_candidate[problem, column]
        ends.append(torch.stack([first + candidate for candidate in candidates]))
    nodes, places = np.unique(torch.cat(ends, 1).numpy(), return_inverse=True)
    source, destination = places.reshape(2, -1)  # one numpy version gives them in the shape of the ends, another flat
    graph = coo_array((np.ones(len(source)), (source, destination)), shape=(len(nodes), len(nodes)))
    members: dict[int, dict[int, set[int]]] = {}
    for node, group in zip(nodes.tolist(), connected_components(graph, directed=False)[1].tolist(), strict=True):
        image, candidate = divmod(node, _MOST_CANDIDATES)
        members.setdefault(image, {}).setdefault(group, set()).add(candidate)
    return members


def calibration_error(probability: NDArray[np.floating], truth: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the mean over pairs of |share of true ones - mean probability| in bins of equal width."""
    position = np.clip((np.clip(probability, 0, 1) * bins).astype(int), 0, bins - 1)
    number = np.bincount(position, minlength=bins)
    gap = np.bincount(position, truth, minlength=bins) - np.bincount(position, probability, minlength=bins)
    return float(np.abs(gap).sum() / max(number.sum(), 1))
