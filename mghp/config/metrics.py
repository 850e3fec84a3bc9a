"""Section `metrics`: which scores `mghp train` and `mghp evaluate` compute, and by whose definitions."""

from dataclasses import dataclass, field
from typing import Literal

from mghp.config.check import nearest
from mghp.config.metric_names import METRICS
from mghp.errors import InputError


@dataclass
class MetricsConfig:
    """Choices in which the published evaluators differ."""

    rules: Literal["mhp_v2", "parsing_rcnn", "m2fp"] = "mhp_v2"
    """The rules of AP^p and PCP: `mhp_v2` leaves out true persons without a pixel; `parsing_rcnn` and `m2fp` count
    them, and skip predictions scored below 0.001 and 0.01."""
    absent: Literal["skip", "zero"] = "skip"
    """The IoU of a part that occurs nowhere: left out of the mean (Parsing-R-CNN), or 0 (M2FP)."""
    part_scores: Literal["part", "person"] = "part"
    """The score of a part in AP^r: the part's own, or its person's."""
    scores: list[str] = field(default_factory=list)
    """Scores of the whole set that are computed, with those that cost nothing beside them; empty: all."""

    def __post_init__(self) -> None:
        of_sets = METRICS.where(lambda entry: entry.scope == "set") if self.scores else ()
        for name in self.scores:
            if name not in of_sets:
                raise InputError(f"metrics.scores: no score {name!r} of a set{nearest(name, of_sets)}")
