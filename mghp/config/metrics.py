"""Section `metrics`: whose definitions `mghp train` and `mghp evaluate` score by."""

from dataclasses import dataclass
from typing import Literal


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
