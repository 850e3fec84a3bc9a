"""The benchmarks' scores of parsed persons, as pure functions and as torchmetrics' metrics.

    from mghp.metrics import PredictedPersons, TruePersons, parsing_metrics
    metrics = parsing_metrics(anatomy)             # all of `METRICS`, over a set
    metrics.update(PredictedPersons(...), TruePersons(...))
    metrics.compute()["ap_p_vol"]

Names are loaded on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mghp.anatomy.persons import PredictedPersons, TruePersons
    from mghp.config.metric_names import METRICS, MetricEntry
    from mghp.metrics.ap_parsing import ParsingAP
    from mghp.metrics.ap_region import HumanAP, RegionAP
    from mghp.metrics.breakdown import Breakdown
    from mghp.metrics.failure_kinds import person_kinds
    from mghp.metrics.grouping import GroupingAccuracy, grouping_counts
    from mghp.metrics.keypoint_ap import KeypointAP
    from mghp.metrics.mean_iou import PartScores, joint_histogram, semantic_scores
    from mghp.metrics.parsing import parsing_metrics, scores_of_picture

_MODULES = {
    "Breakdown": "mghp.metrics.breakdown",
    "GroupingAccuracy": "mghp.metrics.grouping",
    "HumanAP": "mghp.metrics.ap_region",
    "KeypointAP": "mghp.metrics.keypoint_ap",
    "METRICS": "mghp.config.metric_names",
    "MetricEntry": "mghp.config.metric_names",
    "ParsingAP": "mghp.metrics.ap_parsing",
    "PartScores": "mghp.metrics.mean_iou",
    "PredictedPersons": "mghp.anatomy.persons",
    "RegionAP": "mghp.metrics.ap_region",
    "TruePersons": "mghp.anatomy.persons",
    "grouping_counts": "mghp.metrics.grouping",
    "joint_histogram": "mghp.metrics.mean_iou",
    "parsing_metrics": "mghp.metrics.parsing",
    "person_kinds": "mghp.metrics.failure_kinds",
    "scores_of_picture": "mghp.metrics.parsing",
    "semantic_scores": "mghp.metrics.mean_iou",
}

__all__ = [
    "METRICS",
    "Breakdown",
    "GroupingAccuracy",
    "HumanAP",
    "KeypointAP",
    "MetricEntry",
    "ParsingAP",
    "PartScores",
    "PredictedPersons",
    "RegionAP",
    "TruePersons",
    "grouping_counts",
    "joint_histogram",
    "parsing_metrics",
    "person_kinds",
    "scores_of_picture",
    "semantic_scores",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value
