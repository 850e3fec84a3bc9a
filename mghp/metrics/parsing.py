"""All scores of a parser."""

from torchmetrics import Metric, MetricCollection

from mghp.anatomy.anatomy import Anatomy
from mghp.config.metrics import MetricsConfig
from mghp.metrics.ap_parsing import ParsingAP
from mghp.metrics.ap_region import HumanAP, RegionAP
from mghp.metrics.grouping import GroupingAccuracy
from mghp.metrics.keypoint_ap import KeypointAP
from mghp.metrics.mean_iou import PartScores


def parsing_metrics(anatomy: Anatomy, config: MetricsConfig | None = None) -> MetricCollection:
    """The scores of the benchmarks, by name.

    `mean_iou`, `mean_accuracy`, `pixel_accuracy`, `mean_f1` of parts; `ap_p_50`, `ap_p_vol`, `pcp_50`, `pcp_vol`;
    `ap_r_50`, `ap_r_60`, `ap_r_70`, `ap_r_vol` and the same of `ap_r_strict`; `ap_h_50`, `ap_h_vol`; `grouping`; and
    `keypoint_ap`, `keypoint_ap_50`, `keypoint_ap_75`, of the 20 persons a picture with the highest scores, NaN where
    nobody has an annotated keypoint.

    Args:
        anatomy: parts and skeleton of the dataset.
        config: whose definitions.
    """
    config = config or MetricsConfig()
    metrics: dict[str, Metric | MetricCollection] = {
        "parts": PartScores(anatomy.num_labels, config.absent),
        "parsing_ap": ParsingAP(anatomy.num_labels, config.rules),
        "part_ap": RegionAP(anatomy.num_labels, "legacy", config.part_scores),
        "part_ap_strict": RegionAP(anatomy.num_labels, "strict", config.part_scores),
        "human_ap": HumanAP(),
        "keypoints": KeypointAP(anatomy.skeleton.known_sigmas),
        "grouping": GroupingAccuracy(),
    }
    return MetricCollection(metrics, compute_groups=False)  # every one keeps a state of its own: nothing to find out
