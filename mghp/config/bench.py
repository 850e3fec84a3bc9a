"""Section `bench`: what `mghp bench` measures."""

from dataclasses import dataclass, field
from typing import Annotated

from mghp.errors import InputError
from mghp.ranges import LONGEST_SIDE, POSITIVE, Range, Section


@dataclass
class BenchConfig(Section):
    """How much `mghp bench` measures."""

    repeats: Annotated[int, Range(1, 10_000)] = 7
    """The number of repeats of each measurement, whose median is reported."""
    loop_problems: Annotated[int, Range(1, 1_000_000)] = 300
    """The number of problems on which the per-problem Python loop is timed; its time is scaled to all."""
    sizes: list[Annotated[int, Range(1, 4096)]] = field(default_factory=lambda: [2, 4, 8, 16, 32, 64])
    """The numbers of candidates per side at which a batch of 64 problems is timed."""
    batches: list[Annotated[int, Range(1, 65_536)]] = field(default_factory=lambda: [1, 4, 16, 64, 256, 1024])
    """The numbers of problems per batch at which 16x16 problems are timed."""
    checked: Annotated[int, Range(1, 1_000_000)] = 400
    """The number of random problems on which each backend is held against the literal algorithm."""

    entries: Annotated[int, Range(1, 100_000_000)] = 65_536
    """The number of entries of all affinities in a batch of the peers' problems, about; one problem at least."""
    pose_problems: Annotated[int, Range(1, 1_000_000)] = 256
    """The number of problems of poses that the peers solve."""
    regulariser: Annotated[float, POSITIVE] = 0.5
    """The weight of every peer's regulariser, in units of affinity."""
    limit_seconds: Annotated[float, POSITIVE] = 60.0
    """The seconds that measuring a peer on one set of problems may take; a row says so where it takes longer."""
    training_seeds: Annotated[int, Range(0, 10_000)] = 0
    """The number of seeds with which each peer is trained through, on the positive control and on poses, instead of
    being timed; 0 to time."""
    peers: list[str] = field(default_factory=list)
    """The names of the peers that are timed or trained through; all where empty."""
    training_limit_seconds: Annotated[float, POSITIVE] = 600.0
    """The seconds that one such training, with all its settings, may take; a row says so where it takes longer."""

    steps: Annotated[int, Range(1, 1_000_000)] = 40
    """The number of pairs of training steps, with and without the matching loss, whose times are compared."""
    pictures: Annotated[int, Range(1, 1_000_000)] = 64
    """The number of pictures whose rendering is timed."""
    kills: Annotated[int, Range(1, 10_000)] = 20
    """The number of times that a training is killed."""
    persons: list[Annotated[int, Range(1, 1000)]] = field(default_factory=lambda: [1, 5, 20, 50])
    """The numbers of persons per picture at which the assembly is timed."""
    target_persons: list[Annotated[int, Range(1, 1000)]] = field(default_factory=lambda: [1, 5, 10, 20, 50])
    """The numbers of persons per picture at which making targets is timed."""
    size: Annotated[int, Range(1, LONGEST_SIDE)] = 512
    """The height and width of the pictures on which the assembly is timed, pixels."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, value in vars(self).items():
            if value == [] and key != "peers":
                raise InputError(f"bench.{key}: expected at least one number, got {value}")
