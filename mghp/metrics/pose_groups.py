"""Scores over crowds and over single persons apart, each with its interval over pictures."""

from typing import Any

from torchmetrics import MetricCollection

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metrics import MetricsConfig
from mghp.metrics.parsing import parsing_metrics
from mghp.metrics.subsets import POSE_GROUPS, pose_group

LOW, HIGH = "_low", "_high"
"""What is added to a score's name for the ends of its 95 % interval."""


class PoseGroups:
    """The scores of `parsing_metrics` over each of `POSE_GROUPS`.

    Args:
        anatomy: parts and skeleton of the dataset.
        config: whose definitions, and which scores.
    """

    def __init__(self, anatomy: Anatomy, config: MetricsConfig) -> None:
        self.groups = {name: parsing_metrics(anatomy, config) for name in POSE_GROUPS}
        self.present: set[str] = set()

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:
        """Add one picture to its group, if it belongs to one."""
        group = pose_group(true)
        if group is not None:
            self.present.add(group)
            self.groups[group].update(predicted, true)

    def compute(self) -> dict[str, dict[str, float]]:
        """Return scores, and the ends of the intervals of those that have one, by group; without empty groups."""
        return {name: _with_intervals(group) for name, group in self.groups.items() if name in self.present}


def _with_intervals(metrics: MetricCollection) -> dict[str, float]:
    scores = {name: float(value) for name, value in metrics.compute().items()}
    for metric in metrics.values():
        told: Any = getattr(metric, "intervals", dict)  # not every metric tells intervals
        for name, (low, high) in told().items():
            scores |= {f"{name}{LOW}": low, f"{name}{HIGH}": high}
    return scores
