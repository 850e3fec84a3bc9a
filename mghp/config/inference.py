"""How pictures are parsed. Without torch."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from mghp.errors import InputError
from mghp.ranges import ABOVE_0, LONGEST_SIDE, Range, Section

UNTOLD_LONGEST_SIDE = 1024
"""Pixels, where training tells no size and neither does the user: larger pictures are reduced to it."""


@dataclass
class InferenceConfig(Section):
    """Test-time choices; `assembly.average_mirror` is another one."""

    longest_side: Annotated[int, Range(1, LONGEST_SIDE)] | None = None
    """Pictures are parsed with so many pixels on their longer side, and the result is brought back to their own size.
    Null: as in training; where that is their own size, at that, but at most 1024."""
    scales: list[Annotated[float, Range(ABOVE_0, 8, "must be factors from 0 to 8")]] = field(
        default_factory=lambda: [1.0]
    )
    """Factors of that size at which a picture is parsed; the fields of all are averaged."""
    tile: Annotated[int, Range(1, LONGEST_SIDE)] | None = None
    """Side of the square windows in which a picture goes through the network, pixels, for pictures that do not fit into
    memory; null: in one piece. People are assembled from the whole."""
    overlap: Annotated[int, Range(0, LONGEST_SIDE)] = 64
    """Pixels that neighbouring windows share at least."""
    batch_size: Annotated[int, Range(1, 65_536)] = 1
    """Windows that go through the network together."""
    bf16: bool = False
    """Whether the network runs in bfloat16 but for its heads, as `trainer.precision=bf16-mixed` trains it. Measured
    on two CPU cores: 0.66 times the time to fields, 0.57 with `network.channels_last`, and 99.9 % of the pixels keep
    their part (`mghp bench speed`)."""
    submission: Literal["none", "mhp_v2", "cihp"] = "none"
    """Whose official scripts `mghp evaluate` writes its predictions for, into the run folder."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.scales:
            raise InputError(f"inference.scales must be factors from 0 to 8, at least one, got {self.scales}")
        if self.tile is not None and self.tile <= self.overlap:
            raise InputError(f"inference.tile must be larger than the overlap of {self.overlap}, got {self.tile}")
