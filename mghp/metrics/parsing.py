"""All scores of a parser."""

from torchmetrics import MetricCollection

from mghp.metrics.ap_parsing import ParsingAP
from mghp.metrics.grouping import GroupingAccuracy
from mghp.metrics.keypoint_ap import KeypointAP
from mghp.metrics.mean_iou import PartMeanIoU
from mghp.people.people import People


def parsing_metrics(people: People) -> MetricCollection:
    """`mean_iou`, `ap_p_50`, `ap_p_vol`, `pcp_50`, `keypoint_ap` (and at OKS 0.5, 0.75), `grouping`."""
    return MetricCollection(
        {
            "mean_iou": PartMeanIoU(people.num_labels),
            "parsing_ap": ParsingAP(people.num_labels),
            "keypoints": KeypointAP(people.skeleton.known_sigmas),
            "grouping": GroupingAccuracy(),
        },
        compute_groups=False,  # every one keeps a state of its own: nothing to find out
    )
