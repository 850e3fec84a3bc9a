"""Section `inference`: how pictures are parsed."""

from dataclasses import dataclass, field
from typing import Annotated

from mghp.config.check import nearest
from mghp.config.dataset_names import DATASETS
from mghp.errors import InputError
from mghp.ranges import ABOVE_0, LONGEST_SIDE, Range, Section

UNTOLD_LONGEST_SIDE = 1024
"""The longest side of parsed pictures, pixels, where neither the training nor the user says one."""


@dataclass
class InferenceConfig(Section):
    """How pictures are parsed at test time; `assembly.average_mirror` belongs here too."""

    longest_side: Annotated[int, Range(1, LONGEST_SIDE)] | None = None
    """The longer side at which pictures are parsed, pixels; the result is brought back to their own size. Null: what
    `own_size_up_to` says; without it, as in training, or, where that was each picture's own size, up to 1024."""
    own_size_up_to: Annotated[int, Range(1, LONGEST_SIDE)] | None = None
    """The longer side up to which pictures are parsed at their own size, whatever that was in training, pixels; larger
    ones are brought to it. Not read where `longest_side` is given."""
    scales: list[Annotated[float, Range(ABOVE_0, 8, "must be factors from 0 to 8")]] = field(
        default_factory=lambda: [1.0]
    )
    """Factors of that size at which a picture is parsed; the fields are averaged."""
    tile: Annotated[int, Range(1, LONGEST_SIDE)] | None = None
    """The side of the square windows in which a picture too large for memory goes through the network, pixels; null: in
    one piece. Persons are assembled from the whole."""
    overlap: Annotated[int, Range(0, LONGEST_SIDE)] = 64
    """The least overlap of neighbouring windows, pixels."""
    batch_size: Annotated[int, Range(1, 65_536)] = 1
    """The number of windows, or of pictures that are parsed at one size, that go through the network together."""
    bf16: bool = False
    """True to run the network, but for its heads, in bfloat16, as `trainer.precision=bf16-mixed` trains it. Measured
    on two CPU cores: 0.66 times the time to fields, 0.57 with `network.channels_last`, and 99.9 % of the pixels keep
    their part (`mghp bench speed`). A CPU without instructions for bfloat16 takes far longer with it than without."""
    submission: str = "none"
    """The dataset in whose official form `mghp evaluate` writes its predictions into the run folder."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.scales:
            raise InputError(f"inference.scales must be factors from 0 to 8, at least one, got {self.scales}")
        if self.tile is not None and self.tile <= self.overlap:
            raise InputError(f"inference.tile must be larger than the overlap of {self.overlap}, got {self.tile}")
        if self.submission != "none":
            forms = ("none", *DATASETS.where(lambda entry: entry.has_submission))
            if self.submission not in forms:
                raise InputError(f"inference.submission: no form {self.submission!r}{nearest(self.submission, forms)}")
