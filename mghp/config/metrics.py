"""Whose definitions `mghp train` and `mghp evaluate` score by. Without torch."""

from dataclasses import dataclass
from typing import Literal


@dataclass
class MetricsConfig:
    """Where the published evaluators differ."""

    rules: Literal["mhp_v2", "parsing_rcnn", "m2fp"] = "mhp_v2"
    """AP^p and PCP: MHP v2 leaves true persons without a pixel out; Parsing-R-CNN and M2FP count them, and skip
    predictions scored below 0.001 and 0.01."""
    absent: Literal["skip", "zero"] = "skip"
    """What a part that occurs nowhere counts in the mean IoU: nothing (Parsing-R-CNN), or 0 (M2FP)."""
    part_scores: Literal["part", "person"] = "part"
    """AP^r: whether a part has a score of its own, or its person's."""
