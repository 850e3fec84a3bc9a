"""Tuning of the least affinity of a limb and the least confidence of a centre on pictures of their own."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from mghp.datasets.sample import Samples
from mghp.metrics.ap_parsing import ParsingAP
from mghp.parsing.batch import batches
from mghp.training.parsing_module import ParsingModule, true_persons

THRESHOLDS = (0.0, 1.0, 2.0, 3.0, 4.0)
"""The least affinities to try."""

CENTER_THRESHOLDS = (0.1, 0.03, 0.05, 0.15, 0.2, 0.3, 0.4)
"""The least confidences of a centre to try. Nothing in a picture marks a centre, and a short training is sure of none:
after some 350 steps hardly any is found from 0.3 on."""


@torch.no_grad()
def tuned_least_affinity(module: ParsingModule, samples: Samples, thresholds: Sequence[float] = THRESHOLDS) -> float:
    """Choose the least affinity of kept pairs that maximises AP^p averaged over IoU thresholds.

    The loss drives true pairs' assignments to 1 through a solver of few steps, and pays for it with a price of staying
    unmatched under which false candidates find partners too; a threshold on the affinity sorts them out. F1 of the
    pairs is no guide to it: it counts a pair that barely misses a keypoint as false, and asks for thresholds that lose
    a third of the keypoint AP.

    Args:
        module: a trained module in evaluation mode; its matcher and rounding count.
        samples: pictures that are neither trained on nor scored.
        thresholds: thresholds to choose from; the first of equals is taken.
    """
    return _best(module, samples, "min_affinity", thresholds)


def tuned_center_threshold(
    module: ParsingModule, samples: Samples, thresholds: Sequence[float] = CENTER_THRESHOLDS
) -> float:
    """Choose the least confidence of a centre likewise: each centre beyond a person's first peak splits the person."""
    return _best(module, samples, "center_threshold", thresholds)


def _best(module: ParsingModule, samples: Samples, key: str, values: Sequence[float]) -> float:
    """Choose the value of a setting of the assembly with the largest AP^p; the first of equals."""
    assembler = module.assembler
    given = assembler.config
    metrics = [ParsingAP(assembler.anatomy.num_labels) for _ in values]
    try:
        for _, batch in batches(samples, assembler.anatomy.num_keypoints):
            fields = module.fields(batch.image)
            for value, metric in zip(values, metrics, strict=True):
                assembler.config = replace(given, **{key: value})  # type: ignore[arg-type]
                for found, true in zip(assembler(fields), true_persons(batch), strict=True):
                    metric.update(found, true)
    finally:
        assembler.config = given
    volumes = torch.stack([metric.compute()["ap_p_vol"] for metric in metrics])
    return values[int(volumes.nan_to_num(0).argmax())]
