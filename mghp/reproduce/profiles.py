"""The four sizes of `mghp reproduce`."""

from dataclasses import dataclass, field
from typing import Any

Values = dict[str, list[Any]]
"""Values that take the place of a sweep file's, by the last part of their key."""


@dataclass(frozen=True)
class MatchingSize:
    """How much of the matching part is run."""

    images: int
    """Generated images, where no file is given."""
    max_images: int | None
    """Images of a file that are used; None for all."""
    random_problems: int
    """Random problems of a size."""
    grid: Values = field(default_factory=dict)
    """In the place of those of sweeps/matcher.yaml."""
    extra: tuple[str, ...] = ()
    """Settings of every run."""
    bench: tuple[str, ...] = ()
    """Settings of the bench."""
    seconds: float = 3.0
    """A run may take on two CPU cores."""


@dataclass(frozen=True)
class SweepSize:
    """How much of one sweep file is run."""

    sweep: str
    """File under sweeps/."""
    values: Values = field(default_factory=dict)
    """In the place of the file's."""
    settings: tuple[str, ...] = ()
    """Of every run."""
    own_poses: bool = False
    """Whether it is run on its own poses even where a file of others is given."""
    seconds: float = 60.0
    """A run may take on two CPU cores."""


@dataclass(frozen=True)
class Profile:
    """One size of all parts."""

    matching: MatchingSize
    learned: tuple[SweepSize, ...]
    """Limb scores learned on matching problems."""
    parsing: tuple[SweepSize, ...]
    """Parsers, whose first run's failures are shown in a gallery, and are compared with those of `rival`."""
    rotation: tuple[SweepSize, ...]
    """Parsers trained with rotated pictures."""
    assembly: tuple[str, ...] = ()
    """Settings of the assembly of true fields, which needs no training."""
    rival: str = "without_matching_loss"
    """Variant whose failures stand beside those of the first."""
    failures: int = 60
    """Persons a gallery shows at most."""
    evidence: bool = True
    """True if the results count as evidence; otherwise every page is labelled a demonstration."""


_TINY_PICTURES = (
    "data.synthetic.size=64", "data.synthetic.num_train=32", "data.synthetic.num_validation=9",
)  # fmt: skip
_TINY_TRAINING = (
    *_TINY_PICTURES, "trainer.max_steps=12", "trainer.log_every_n_steps=1", "training.optimizer.warmup_steps=3",
    "training.pictures=1", "data.loader.workers=0", "network.width=16", "network.backbone.kwargs.channels=[8,12,16,24]",
    "network.backbone.kwargs.blocks=[0,1,0,1]", "evaluation.scene_pictures=4", "assembly.average_mirror=false",
)  # fmt: skip
_QUICK_TRAINING = ("evaluation.scene_pictures=50", "data.synthetic.num_train=3000", "data.synthetic.num_validation=100")

_SMOKE = Profile(
    matching=MatchingSize(
        images=40,
        max_images=40,
        random_problems=30,
        grid={"num_steps": [10, 50], "num_cycles": [1, 5], "step_size": [0.01, 1.0]},
        extra=("match.trace_problems=16", "match.coupling_problems=4"),
        bench=(
            "data.max_images=40", "bench.repeats=1", "bench.loop_problems=20", "bench.sizes=[2,8]",
            "bench.batches=[1,16]",
        ),
        seconds=0.3,
    ),
    learned=(
        SweepSize(
            "learned.yaml",
            {"variant": ["line_integral", "binary_cross_entropy", "fenchel_young"], "seed": [0]},
            ("data.generated_poses.num_images=60", "learned.steps=20", "learned.learning_rates=[0.01]"),
            seconds=2,
        ),
    ),
    parsing=(
        SweepSize(
            "parsing.yaml",
            {"variant": ["full", "without_matching_loss", "nearest_keypoint"], "seed": [0]},
            _TINY_TRAINING,
            seconds=4,
        ),
    ),
    rotation=(SweepSize("rotation.yaml", {"rotation": [0, 180], "seed": [0]}, _TINY_TRAINING, seconds=4),),
    assembly=_TINY_PICTURES,
    failures=20,
    evidence=False,
)  # fmt: skip

_QUICK = Profile(
    matching=MatchingSize(
        images=500,
        max_images=None,
        random_problems=300,
        bench=("bench.repeats=3", "bench.loop_problems=100"),
        seconds=1.0,
    ),
    learned=(
        SweepSize(
            "learned.yaml",
            {"variant": ["line_integral", "binary_cross_entropy", "pgd_paper", "fenchel_young"], "seed": [0]},
            seconds=35,
        ),
        SweepSize(
            "learned_control.yaml",
            {"variant": ["binary_cross_entropy", "pgd_paper", "fenchel_young"], "seed": [0]},
            own_poses=True,
            seconds=20,
        ),
    ),
    parsing=(
        SweepSize(
            "parsing.yaml",
            {"variant": ["full", "without_matching_loss", "field_1_level", "nearest_keypoint"], "seed": [0]},
            (*_QUICK_TRAINING, "trainer.max_steps=400", "training.optimizer.warmup_steps=60"),
            seconds=100,
        ),
    ),
    rotation=(
        SweepSize(
            "rotation.yaml",
            {"rotation": [0, 180], "seed": [0]},
            (*_QUICK_TRAINING, "trainer.max_steps=250", "training.optimizer.warmup_steps=40"),
            seconds=80,
        ),
    ),
    assembly=("data.synthetic.num_validation=100",),
    failures=500,
    evidence=False,
)

_STANDARD = Profile(
    matching=MatchingSize(images=2500, max_images=None, random_problems=1000, seconds=12),
    learned=(
        SweepSize("learned_control.yaml", own_poses=True, seconds=20),
        SweepSize("learned.yaml", seconds=45),
        SweepSize("learned.yaml", own_poses=True, seconds=45),
        SweepSize("learned_conditions.yaml", seconds=20),
        SweepSize("learned_long.yaml", seconds=220),
    ),
    parsing=(
        SweepSize("parsing.yaml", seconds=230),
        SweepSize("field.yaml", seconds=230),
        SweepSize("matching_long.yaml", seconds=800),
    ),
    rotation=(SweepSize("rotation.yaml", seconds=230),),
)

PROFILES = {"smoke": _SMOKE, "quick": _QUICK, "standard": _STANDARD, "full": _STANDARD}
"""`full` runs what `standard` does, and then the experiments of the paper: see `full.py`."""
