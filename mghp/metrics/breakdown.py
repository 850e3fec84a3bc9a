"""Scores by part, by the persons' number, size and cues, and of crowds and single persons apart."""

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metrics import MetricsConfig
from mghp.metrics.ap_parsing import THRESHOLDS, ParsingAP, pcp_per_part
from mghp.metrics.ap_region import PART_THRESHOLDS, RegionAP
from mghp.metrics.mean_iou import PartScores
from mghp.metrics.parsing import parsing_metrics
from mghp.metrics.pose_groups import PoseGroups
from mghp.metrics.subsets import COUNTS, CUES, SIZES, count_group, cue_groups, only_persons, size_groups


class Breakdown:
    """The scores of `parsing_metrics` over parts of a set.

    Args:
        anatomy: parts and skeleton of the dataset.
        config: whose definitions.
    """

    def __init__(self, anatomy: Anatomy, config: MetricsConfig | None = None) -> None:
        config = config or MetricsConfig()
        self.anatomy = anatomy
        self.groups = {f"persons/{name}": parsing_metrics(anatomy, config) for name in COUNTS}
        self.groups |= {f"size/{name}": parsing_metrics(anatomy, config) for name in SIZES}
        self.groups |= {f"sides/{name}": parsing_metrics(anatomy, config) for name in CUES}
        self.present: set[str] = set()
        self.by_poses = PoseGroups(anatomy, config)
        self.parts = PartScores(anatomy.num_labels, config.absent)
        self.part_ap = RegionAP(anatomy.num_labels, "legacy", config.part_scores)
        self.parsing_ap = ParsingAP(anatomy.num_labels, config.rules)

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:
        """Add one picture: to its number of persons, and to each size and kind of cue of which somebody is in it."""
        for metric in (self.parts, self.part_ap, self.parsing_ap):
            metric.update(predicted, true)
        self.by_poses.update(predicted, true)
        group = count_group(true)
        if group is not None:
            self._update_group(f"persons/{group}", predicted, true)
        for kind, names, groups in (("size", SIZES, size_groups(true)), ("sides", CUES, cue_groups(true))):
            for name in names:
                if (groups == name).any():
                    self._update_group(f"{kind}/{name}", *only_persons(predicted, true, groups == name))

    def _update_group(self, name: str, predicted: PredictedPersons, true: TruePersons) -> None:
        self.present.add(name)
        self.groups[name].update(predicted, true)

    def compute(self) -> dict[str, dict[str, float]]:
        """Return scores per group: as `parsing_metrics` of `persons/...`, `size/...` and `sides/...`, and of each part.

        `part/...` has IoU, AP^r and PCP. `pictures/crowds` and `pictures/singles` are told with intervals, as
        `PoseGroups`. Groups that nobody is in are left out.
        """
        table = {
            name: {score: float(value) for score, value in metrics.compute().items()}
            for name, metrics in self.groups.items()
            if name in self.present
        }
        table |= {f"pictures/{name}": scores for name, scores in self.by_poses.compute().items()}
        iou, ap = self.parts.scores().iou, self.part_ap.per_class()
        found = pcp_per_part(self.parsing_ap.detections())
        for label, part in enumerate(self.anatomy.parts.names):
            table[f"part/{part}"] = {
                "iou": float(iou[label + 1]),
                "ap_r_50": float(ap[label, PART_THRESHOLDS.index(0.5)]),
                "ap_r_vol": float(ap[label].mean()),
                "pcp_50": float(found[label, THRESHOLDS.index(0.5)]),
            }
        return table
