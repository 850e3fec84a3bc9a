"""Tuning of thresholds of the assembly on pictures of their own, for the largest score."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from mghp.config.evaluation import TuningScore
from mghp.datasets.sample import Samples
from mghp.evaluation.widening import FARTHEST, best_steps
from mghp.metrics.ap_parsing import ParsingAP
from mghp.metrics.owners import OwnerScores
from mghp.parsing.batch import batches
from mghp.training.parsing_module import ParsingModule, true_persons

THRESHOLDS = (0.0, 1.0, 2.0, 3.0, 4.0)
"""The least affinities to try."""

CENTER_THRESHOLDS = (0.1, 0.03, 0.05, 0.15, 0.2, 0.3, 0.4)
"""The least confidences of a centre to try. Nothing in a picture marks a centre, and a short training is sure of none:
after some 350 steps hardly any is found from 0.3 on."""


def _confidence(step: int) -> float:
    """Return the confidence whose odds are 2 to the power of a step times those of 0.1."""
    odds = 2.0**step / 9
    return odds / (1 + odds)


_SCALES: Mapping[str, Callable[[int], float]] = {
    "min_affinity": float,
    "unmatched_price": lambda step: step / 2,
    "peak_threshold": _confidence,
    "center_threshold": _confidence,
}
"""The value of each threshold so many steps from where its grid begins: at 0, or at a confidence of 0.1."""


@dataclass(frozen=True)
class Tuned:
    """A threshold that was tuned over a grid that widens.

    Attributes:
        value: the best.
        at_limit: whether it lies at the edge of the widest grid, so that the best may lie beyond.
    """

    value: float
    at_limit: bool

    def metrics(self, key: str) -> dict[str, float]:
        """Return what a run's result tells of the threshold with this key in `assembly`."""
        return {f"assembly/{key}": self.value, f"tuning/{key}/at_limit": float(self.at_limit)}


def tuned_least_affinity(
    module: ParsingModule, samples: Samples, thresholds: Sequence[float] = THRESHOLDS, score: TuningScore = "ap_p_vol"
) -> float:
    """Choose the least affinity of kept pairs.

    The loss drives true pairs' assignments to 1 through a solver of few steps, and pays for it with a price of staying
    unmatched under which false candidates find partners too; a threshold on the affinity sorts them out. F1 of the
    pairs is no guide to it: it counts a pair that barely misses a keypoint as false, and asks for thresholds that lose
    a third of the keypoint AP.

    Args:
        module: a trained module in evaluation mode; its matcher and rounding count.
        samples: pictures that are neither trained on nor scored.
        thresholds: thresholds to choose from; the first of equals is taken.
        score: that is made largest.
    """
    return _best(module, samples, "min_affinity", thresholds, score)


def tuned_center_threshold(
    module: ParsingModule,
    samples: Samples,
    thresholds: Sequence[float] = CENTER_THRESHOLDS,
    score: TuningScore = "ap_p_vol",
) -> float:
    """Choose the least confidence of a centre likewise: each centre beyond a person's first peak splits the person."""
    return _best(module, samples, "center_threshold", thresholds, score)


def widened(
    module: ParsingModule, samples: Samples, keys: Sequence[str], score: TuningScore = "ap_p_vol"
) -> dict[str, Tuned]:
    """Choose thresholds together, each over a grid that widens; see `best_steps`.

    Args:
        module: a trained module in evaluation mode; its matcher and rounding count.
        samples: pictures that are neither trained on nor scored.
        keys: of the thresholds in `assembly`: some of `unmatched_price`, `min_affinity`, `peak_threshold` and
            `center_threshold`.
        score: that is made largest.

    Returns:
        By key. Where nothing is better than where the grids begin, that.
    """
    scales = [_SCALES[key] for key in keys]

    def scored(places: Sequence[Sequence[int]]) -> list[float]:
        values = [[scale(step) for scale, step in zip(scales, place, strict=True)] for place in places]
        return _scores(module, samples, [dict(zip(keys, of_place, strict=True)) for of_place in values], score)

    best = best_steps(scored, len(keys))
    return {key: Tuned(scale(step), abs(step) == FARTHEST) for key, scale, step in zip(keys, scales, best, strict=True)}


def _best(module: ParsingModule, samples: Samples, key: str, values: Sequence[float], score: TuningScore) -> float:
    """Choose the value of a setting of the assembly with the largest score; the first of equals."""
    scores = _scores(module, samples, [{key: value} for value in values], score)
    return values[scores.index(max(scores))]


@torch.no_grad()
def _scores(
    module: ParsingModule, samples: Samples, settings: Sequence[Mapping[str, float]], score: TuningScore
) -> list[float]:
    """Return the score under each of several settings of the assembly; 0 where it is not defined."""
    assembler = module.assembler
    given = assembler.config
    labels = assembler.anatomy.num_labels
    metrics = [OwnerScores() if score == "owner_accuracy" else ParsingAP(labels) for _ in settings]
    try:
        for _, batch in batches(samples, assembler.anatomy.num_keypoints):
            fields = module.fields(batch.image)
            for setting, metric in zip(settings, metrics, strict=True):
                assembler.config = replace(given, **setting)  # type: ignore[arg-type]
                for found, true in zip(assembler(fields), true_persons(batch), strict=True):
                    metric.update(found, true)
    finally:
        assembler.config = given
    return [float(metric.compute()[score].nan_to_num(0)) for metric in metrics]
