"""Section `evaluation`: what an evaluation looks at beside the scores."""

from dataclasses import dataclass, field
from typing import Annotated, get_args, get_type_hints

from mghp.config.data import SyntheticConfig
from mghp.config.matcher import SolverName
from mghp.errors import InputError
from mghp.ranges import Range, Section

ORACLES: dict[str, tuple[str, ...]] = {
    "predicted": (),
    "true_parts": ("part_logits",),
    "true_keypoints": ("heatmaps", "keypoint_offsets", "pose_offsets"),
    "true_limbs": ("limb_fields", "limb_offsets"),
    "true_field": ("projection", "centers"),
    "all_true": (
        "part_logits",
        "heatmaps",
        "keypoint_offsets",
        "limb_fields",
        "limb_offsets",
        "pose_offsets",
        "projection",
        "centers",
    ),
}
"""The fields that each oracle replaces by true ones; centres exist only with `assembly.grouping=center`, and true
offsets of limbs and poses are read only where `network` and `assembly` ask for them."""

BASELINES = ("nearest_box", "nearest_keypoint", "nearest_limb", "largest_person")
"""Ways to tell without learning whose a human pixel is, from true boxes or poses."""


@dataclass
class EvaluationConfig(Section):
    """What `mghp evaluate` looks at, and, where asked, `mghp train` at its end."""

    at_end: bool = False
    """True to end a training with an evaluation, whose metrics then stand in its own result."""
    oracles: list[str] = field(default_factory=lambda: list(ORACLES))
    """The oracles, scored in turn: which true fields replace predicted ones; `predicted` replaces none."""
    matchers: list[SolverName] = field(default_factory=list)
    """Matchers that replace the trained one for scores of their own, rounded."""
    scenes: list[str] = field(default_factory=list)
    """Further scenes of rendered persons to score, with predicted and with true parts."""
    scene_pictures: Annotated[int, Range(1, 1_000_000)] = 100
    """The number of pictures per further scene."""
    baselines: list[str] = field(default_factory=list)
    """Ways to tell whose a pixel is without learning, scored on the same pictures (media/breakdown.csv):
    `nearest_box`, `nearest_keypoint` and `nearest_limb` of true persons, or the `largest_person`."""
    failure_cases: Annotated[int, Range(1, 1_000_000)] = 2000
    """The most persons that a failure gallery shows, in whole pictures from the first on; all persons are counted."""

    def __post_init__(self) -> None:
        super().__post_init__()
        scenes = get_args(get_type_hints(SyntheticConfig)["scene"])
        for key, valid in (("oracles", ORACLES), ("scenes", scenes), ("baselines", BASELINES)):
            for name in getattr(self, key):
                if name not in valid:
                    raise InputError(f"evaluation.{key}: expected some of {', '.join(valid)}; got {name!r}")
