"""What learned limb scores are worth: how pairs are chosen of them, and how many limbs and persons are then right."""

from collections.abc import Callable
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
from mghp.metrics.matching import f1
from mghp.problems.pair_features import PairProblems, by_size, padded
from mghp.studies.learned.rounding_names import ROUNDINGS
from mghp.training.matcher_module import MatcherModule, PairBatch, make_batch

_BATCH = 4096
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
        problems: which.
        batches: batch, its pairs, and its values by rounding, each (batch, source, destination).
        values: the same by pair, (pairs,).
    """

    problems: PairProblems
    batches: list[tuple[PairBatch, NDArray[np.int64], dict[str, Tensor]]]
    values: dict[str, NDArray[np.float32]]

    def joined(self, rounding: Rounding) -> NDArray[np.bool_]:
        """Return which pairs are chosen, (pairs,)."""
        kept = np.zeros(len(self.problems.truth), bool)
        for batch, pairs, values in self.batches:
            above = torch.where(batch.is_pair, values[rounding.of] - rounding.threshold, 0)
            kept[pairs] = best_matching(above)[tuple(batch.place)].numpy()
        return kept


@torch.no_grad()
def examined(module: MatcherModule, problems: PairProblems) -> Examined:
    """Return the values of all pairs of these problems."""
    sinkhorn = UnbalancedSinkhorn(epsilon=0.5, num_iterations=30)
    names = [name for name in ROUNDINGS if name != "assignment" or module.matcher.differentiable]
    values = {name: np.zeros(len(problems.truth), np.float32) for name in names}
    batches = []
    for chosen in by_size(problems, _BATCH):
        batch, pairs = make_batch(problems, chosen), padded(problems, chosen).pairs
        affinity = module(batch)
        found = {"affinity": affinity, "sigmoid": torch.where(batch.is_pair, affinity.sigmoid(), 0)}
        found["sinkhorn"] = sinkhorn(affinity, batch.source_mask, batch.destination_mask)
        if "assignment" in names:
            found["assignment"] = module.assignment(batch, affinity)
        for name in names:
            values[name][pairs] = found[name][tuple(batch.place)].numpy()
        batches.append((batch, pairs, found))
    return Examined(problems, batches, values)


def tuned_rounding(
    of_validation: Examined, counts_of: Callable[[PairProblems, NDArray[np.bool_]], Counts]
) -> tuple[float, Rounding]:
    """Return the largest F1 over all roundings and thresholds, and the rounding that has it.

    Args:
        of_validation: what is chosen on.
        counts_of: of chosen pairs, (pairs,) bool: `limb_counts` or `person_counts`.
    """
    best = -1.0, Rounding("affinity", 0.0)
    for name, values in of_validation.values.items():
        # From the doubtful true pairs' values up to their median: beyond lies no gain.
        chances = np.quantile(values[of_validation.problems.truth], np.linspace(0, 0.5, _LEVELS))
        for threshold in np.unique(np.concatenate([[0.0], chances])):
            rounding = Rounding(name, float(threshold))
            score = float(f1(counts_of(of_validation.problems, of_validation.joined(rounding)).sum(0)))
            if score > best[0]:
                best = score, rounding
    return best


def limb_counts(problems: PairProblems, joined: NDArray[np.bool_]) -> Counts:
    """Count the pairs of each image that are joined rightly, wrongly, and not though they should be."""
    of_pair = np.searchsorted(problems.images, problems.image_of_pair)
    number = len(problems.images)
    right, chosen, true = (
        np.bincount(of_pair[some], minlength=number) for some in (joined & problems.truth, joined, problems.truth)
    )
    return np.stack([right, chosen - right, true - right], 1)


def person_counts(problems: PairProblems, joined: NDArray[np.bool_]) -> Counts:
    """Count the candidates of each image in the right group, in a wrong one, and in none though they should be.

    A group is what joined pairs connect; a person is what the true pairs would. Both are paired one to one so that they
    share most candidates; what a pair shares is right, whatever else a group holds is wrong, whatever else a person
    holds is missing. The true pairs themselves are therefore all right, and nothing is better.
    """
    groups, persons = (_members(problems, pairs) for pairs in (joined, problems.truth))
    rows = []
    for image in problems.images.tolist():
        group, person = groups.get(image, {}), persons.get(image, {})
        both = np.array([[len(a & b) for b in person.values()] for a in group.values()]).reshape(
            len(group), len(person)
        )
        right = int(both[linear_sum_assignment(both, maximize=True)].sum())
        rows.append((right, sum(map(len, group.values())) - right, sum(map(len, person.values())) - right))
    return np.array(rows, np.int64).reshape(-1, 3)


def _members(problems: PairProblems, pairs: NDArray[np.bool_]) -> dict[int, dict[int, set[int]]]:
    """Return the candidates that these pairs connect, by image and group."""
    image = problems.image_of_pair[pairs]
    width = 1 + int(max(problems.source_candidate.max(initial=0), problems.destination_candidate.max(initial=0)))
    ends = [
        image * width + candidate[pairs] for candidate in (problems.source_candidate, problems.destination_candidate)
    ]
    nodes, places = np.unique(np.concatenate(ends), return_inverse=True)
    first, second = np.split(places, 2)
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(len(nodes), len(nodes)))
    members: dict[int, dict[int, set[int]]] = {}
    for node, group in zip(nodes.tolist(), connected_components(graph, directed=False)[1].tolist(), strict=True):
        members.setdefault(node // width, {}).setdefault(group, set()).add(node % width)
    return members


def calibration_error(probability: NDArray[np.floating], truth: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the expected calibration error: mean |share of true ones - mean probability| of pairs in equal bins."""
    position = np.clip((np.clip(probability, 0, 1) * bins).astype(int), 0, bins - 1)
    number = np.bincount(position, minlength=bins)
    gap = np.bincount(position, truth, minlength=bins) - np.bincount(position, probability, minlength=bins)
    return float(np.abs(gap).sum() / max(number.sum(), 1))
