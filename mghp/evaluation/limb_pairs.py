"""F1 of limb pairs on predicted candidates: what learned affinities tell of who is whose, whatever the matcher."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mghp.config.schema import Config
from mghp.datasets.resized import ResizedSamples
from mghp.datasets.sample import PictureSet
from mghp.evaluation.doubts import judged_candidates
from mghp.matching.problem import best_matching
from mghp.metrics.matching import association_counts, f1
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.assembly.truth import true_pairs
from mghp.parsing.batch import Batch, batches
from mghp.parsing.fields import Fields
from mghp.problems.matching_batch import MatchingBatch
from mghp.problems.predicted_candidates import Doubt
from mghp.progress import Progress
from mghp.training.parsing_module import ParsingModule

_SHARES = np.linspace(0, 1, 21)
"""Quantiles of the true pairs' affinities, at which prices of staying unmatched are tried."""


@dataclass(frozen=True)
class LimbPairs:
    """The matching problems of pictures whose keypoints are annotated.

    Attributes:
        names: of the pictures, in order.
        batches: their problems with truth, whose two first axes are picture and limb.
    """

    names: list[str]
    batches: list[MatchingBatch]

    def counts(self, price: float) -> NDArray[np.int64]:
        """Return true and false positives and false negatives of each picture, (picture, 3).

        Pairs are those of the best matching of all affinities less a price, more than 0.
        """
        return np.concatenate([np.zeros((0, 3), np.int64), *(_counts(problems, price) for problems in self.batches)])

    def best_price(self) -> float:
        """Return the price with the largest F1, among quantiles of the true pairs' affinities and 0."""
        affinities = [problems.affinity[problems.truth].numpy() for problems in self.batches]
        true = np.concatenate([np.zeros(0, np.float32), *affinities])
        prices = [0.0, *(np.quantile(true, _SHARES).tolist() if len(true) else [])]
        return float(max(prices, key=lambda price: float(f1(self.counts(price).sum(0)))))


def _counts(problems: MatchingBatch, price: float) -> NDArray[np.int64]:
    joined = best_matching(torch.where(problems.is_pair, problems.affinity - price, 0))
    counts: NDArray[np.int64] = association_counts(joined.numpy(), problems.truth.numpy()).sum(1)
    return counts


@torch.no_grad()
def examine_limbs(
    module: ParsingModule, config: Config, pictures: PictureSet, progress: Progress
) -> tuple[dict[str, float], pd.DataFrame]:
    """Compare the pairs of predicted candidates that belong together by their affinities with those that do in truth.

    Candidates are the peaks of the assembly, where keypoints are annotated; whose they are is decided as in training.
    A true pair with a candidate missing counts for nobody: it is the heatmaps' fault.

    Returns:
        `limbs/f1` at the learned price of staying unmatched; `limbs/f1_best` at `limbs/best_price`, of all prices the
        one that suits these affinities best; `limbs/true_pairs`, their number. And true and false positives and false
        negatives of each picture at both prices.
    """
    pairs = LimbPairs([], [])
    resized = ResizedSamples(pictures, config.data.longest_side)
    for first, batch in batches(resized, module.assembler.anatomy.num_keypoints):
        known = batch.has_keypoints.cpu().numpy().nonzero()[0]
        pairs.names.extend(batch.names[row] for row in known)
        pairs.batches.append(limb_problems(module.assembler, module.fields(batch.image), batch)[known])
        progress(first + len(batch), len(pictures), "evaluate limbs")
    best = pairs.best_price()
    counts = {"learned": pairs.counts(0.0), "best": pairs.counts(best)}
    scores = {price: float(f1(of_pictures.sum(0))) for price, of_pictures in counts.items()}
    metrics = {
        "limbs/f1": scores["learned"],
        "limbs/f1_best": scores["best"],
        "limbs/best_price": best,
        "limbs/true_pairs": float(counts["learned"][:, [0, 2]].sum()),
    }
    return metrics, pd.DataFrame([row for price in counts for row in _rows(pairs.names, price, counts[price])])


def limb_problems(assembler: Assembler, fields: Fields, batch: Batch) -> MatchingBatch:
    """Return the problems of the candidates that the assembly finds where keypoints are annotated, with truth.

    Candidates in doubt, which may be keypoints that nobody labelled, are left out.
    """
    candidates, owner, doubt = judged_candidates(assembler, fields, batch)
    is_sure = candidates.is_candidate & (doubt == Doubt.NONE)
    problems: MatchingBatch = assembler.affinity(fields, replace(candidates, is_candidate=is_sure))
    return replace(problems, truth=true_pairs(owner, assembler.anatomy.skeleton.limbs)).to("cpu")


def _rows(names: Sequence[str], price: str, counts: NDArray[np.int64]) -> list[dict[str, Any]]:
    kinds = ("right", "false", "missed")
    return [
        {"name": name, "price": price, **dict(zip(kinds, row, strict=True))}
        for name, row in zip(names, counts.tolist(), strict=True)
    ]
