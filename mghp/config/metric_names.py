"""Which scores of parsed persons there are, by the names that they have in every result. Without torch.

The names stand with the config, below the metrics themselves, as those of the datasets do: `metrics.scores` is checked
before anything else is imported, and a table takes its headings from here without computing anything.
"""

from dataclasses import dataclass
from typing import Literal

from mghp.registry import Entry, Registry


@dataclass(frozen=True)
class MetricEntry(Entry):
    """A score by name; its label has the unit in brackets, if there is one.

    Attributes:
        scope: what `path` names. "set": a function from an `Anatomy` and the `metrics` section to a torchmetrics
            `Metric`, which computes this score, and maybe others, from all pictures together. "picture": a function
            from one picture's `PredictedPersons`, `TruePersons` and `Anatomy` to scores by name, this one among them.
        in_tables: whether the tables of scores have a column for it.
        larger_is_better: whether the best is the largest.
    """

    scope: Literal["set", "picture"] = "set"
    in_tables: bool = False
    larger_is_better: bool = True


METRICS: Registry[MetricEntry] = Registry("score", "mghp.metrics")

_PARTS, _PERSONS, _KEYPOINTS = (f"mghp.metrics.{name}" for name in ("mean_iou", "ap_parsing", "keypoint_ap"))
_REGIONS, _MASKS = "mghp.metrics.ap_region", "mghp.metrics.mask_ap"
_SCORES = (
    MetricEntry("mean_iou", f"{_PARTS}:part_scores", "part mIoU", in_tables=True),
    MetricEntry("ap_p_vol", f"{_PERSONS}:parsing_ap", "AP^p averaged", in_tables=True),
    MetricEntry("ap_p_50", f"{_PERSONS}:parsing_ap", "AP^p 0.5", in_tables=True),
    MetricEntry("pcp_50", f"{_PERSONS}:parsing_ap", "PCP 0.5", in_tables=True),
    MetricEntry("keypoint_ap", f"{_KEYPOINTS}:keypoint_scores", "keypoint AP", in_tables=True),
    MetricEntry("keypoint_ap_50", f"{_KEYPOINTS}:keypoint_scores", "keypoint AP, OKS 0.5", in_tables=True),
    MetricEntry("grouping", "mghp.metrics.grouping:grouping_accuracy", "grouping", in_tables=True),
    MetricEntry("person_iou", "mghp.metrics.per_picture:picture_scores", "person IoU", scope="picture"),
    MetricEntry("mean_accuracy", f"{_PARTS}:part_scores", "part accuracy"),
    MetricEntry("pixel_accuracy", f"{_PARTS}:part_scores", "pixel accuracy"),
    MetricEntry("mean_f1", f"{_PARTS}:part_scores", "part F1"),
    MetricEntry("pcp_vol", f"{_PERSONS}:parsing_ap", "PCP averaged"),
    MetricEntry("keypoint_ap_75", f"{_KEYPOINTS}:keypoint_scores", "keypoint AP, OKS 0.75"),
    MetricEntry("ap_r_vol", f"{_REGIONS}:part_ap", "AP^r averaged"),
    MetricEntry("ap_r_50", f"{_REGIONS}:part_ap", "AP^r 0.5"),
    MetricEntry("ap_r_60", f"{_REGIONS}:part_ap", "AP^r 0.6"),
    MetricEntry("ap_r_70", f"{_REGIONS}:part_ap", "AP^r 0.7"),
    MetricEntry("ap_r_strict_vol", f"{_REGIONS}:strict_part_ap", "AP^r averaged, strict"),
    MetricEntry("ap_r_strict_50", f"{_REGIONS}:strict_part_ap", "AP^r 0.5, strict"),
    MetricEntry("ap_r_strict_60", f"{_REGIONS}:strict_part_ap", "AP^r 0.6, strict"),
    MetricEntry("ap_r_strict_70", f"{_REGIONS}:strict_part_ap", "AP^r 0.7, strict"),
    MetricEntry("ap_h_vol", f"{_REGIONS}:human_ap", "AP^h averaged"),
    MetricEntry("ap_h_50", f"{_REGIONS}:human_ap", "AP^h 0.5"),
    *(
        MetricEntry(f"{name}{ending}", "mghp.metrics.owners:owner_scores", f"{label}{of_what}")
        for ending, of_what in (("", ""), ("_mean", ", mean over pictures"), ("_singles", ", single persons"))
        for name, label in (
            ("coverage", "coverage of human pixels"),
            ("owner_accuracy", "owner accuracy"),
            ("owner_grouping", "coverage x owner accuracy"),
            ("contested_owner_accuracy", "owner accuracy, contested"),
        )
    ),
    MetricEntry("mask_ap_50", f"{_MASKS}:mask_ap", "mask AP, IoU 0.5, from 32 x 32"),
    MetricEntry("mask_ap_vol", f"{_MASKS}:mask_ap", "mask AP averaged, from 32 x 32"),
    MetricEntry("mask_ap_50_all", f"{_MASKS}:mask_ap", "mask AP, IoU 0.5, all sizes"),
    MetricEntry("mask_ap_vol_all", f"{_MASKS}:mask_ap", "mask AP averaged, all sizes"),
    MetricEntry("teacher_agreement", "mghp.metrics.agreement:teacher_agreement", "agreement with the teacher's parts"),
    MetricEntry("side_accuracy", "mghp.metrics.keypoint_sides:keypoint_sides", "left and right at human keypoints"),
    MetricEntry("side_coverage", "mghp.metrics.keypoint_sides:keypoint_sides", "human keypoints with a side"),
)
_SIDE_FREE = {
    f"{_PARTS}:part_scores": "side_free_part_scores",
    f"{_PERSONS}:parsing_ap": "side_free_parsing_ap",
    f"{_KEYPOINTS}:keypoint_scores": "side_free_keypoint_scores",
}
"""Scores in which the sides of a person may be named either way, by the path of those that they are made of."""

for _entry in (
    *_SCORES,
    *(
        MetricEntry(
            f"{plain.name}_side_free", f"mghp.metrics.side_free:{_SIDE_FREE[plain.path]}", f"{plain.label}, side-free"
        )
        for plain in _SCORES
        if plain.path in _SIDE_FREE
    ),
):
    METRICS.add(_entry)
