"""Section `bench`: what `mghp bench` measures."""

from dataclasses import dataclass, field
from typing import Annotated

from mghp.errors import InputError
from mghp.ranges import LONGEST_SIDE, Range, Section


@dataclass
class BenchConfig(Section):
    """What `mghp bench` measures."""

    repeats: Annotated[int, Range(1, 10_000)] = 7
    """Repeats of each measurement, whose median is reported."""
    loop_problems: Annotated[int, Range(1, 1_000_000)] = 300
    """Problems on which the per-problem Python loop is timed; it is scaled from them to all."""
    sizes: list[Annotated[int, Range(1, 4096)]] = field(default_factory=lambda: [2, 4, 8, 16, 32, 64])
    """Candidates a side at which time is measured, in batches of 64."""
    batches: list[Annotated[int, Range(1, 65_536)]] = field(default_factory=lambda: [1, 4, 16, 64, 256, 1024])
    """Problems in a batch at which time is measured, of 16x16."""

    steps: Annotated[int, Range(1, 1_000_000)] = 40
    """Pairs of training steps, one with the matching loss and one without, whose times are compared."""
    pictures: Annotated[int, Range(1, 1_000_000)] = 64
    """Pictures whose rendering is timed."""
    kills: Annotated[int, Range(1, 10_000)] = 20
    """Times that a training is killed."""
    persons: list[Annotated[int, Range(1, 1000)]] = field(default_factory=lambda: [1, 5, 20, 50])
    """Persons in a picture at which the assembly is timed."""
    target_persons: list[Annotated[int, Range(1, 1000)]] = field(default_factory=lambda: [1, 5, 10, 20, 50])
    """Persons in a picture at which the making of targets is timed."""
    size: Annotated[int, Range(1, LONGEST_SIDE)] = 512
    """Height and width of the pictures that the assembly is timed on, pixels."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, value in vars(self).items():
            if value == []:
                raise InputError(f"bench.{key} must be at least 1, got {value}")
