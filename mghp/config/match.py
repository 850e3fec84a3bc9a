"""Section `match`: what `mghp match` measures."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from mghp.matching.choices import RoundingName
from mghp.ranges import Range, Section


@dataclass
class MatchConfig(Section):
    """What `mghp match` measures."""

    rounding: list[RoundingName] = field(default_factory=lambda: ["hungarian", "mutual", "greedy"])
    """Roundings to score."""
    dtype: Literal["float32", "float64"] = "float32"
    """Precision of the affinities."""
    trace_problems: Annotated[int, Range(0, 1_000_000)] = 256
    """Problems whose convergence is traced (those with two and more candidates a side); 0 for none."""
    coupling_problems: Annotated[int, Range(0, 1_000_000)] = 64
    """Problems whose Jacobian is taken; 0 for none."""
    timing_repeats: Annotated[int, Range(0, 10_000)] = 3
    """Repeats of forward, and of forward + backward, whose median is reported; 0 for no timing."""
