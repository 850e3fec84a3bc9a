"""Section `evaluation`: what an evaluation looks at beside the scores."""

from dataclasses import dataclass, field
from typing import Annotated, Literal, get_args, get_type_hints

from mghp.config.data import SyntheticConfig
from mghp.config.matcher import SolverName
from mghp.errors import InputError
from mghp.ranges import LONGEST_SIDE, NOT_NEGATIVE, Range, Section

TuningScore = Literal["ap_p_vol", "owner_accuracy"]
"""The scores that thresholds can be tuned for."""

PERSONS = "persons"
"""What an oracle names beside fields: who is in the picture, by true poses and, where pixels are grouped by centres, by
true centres."""

FIELD_ORACLES: dict[str, tuple[str, ...]] = {
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
"""The fields that each oracle replaces by true ones; centres exist only where `assembly.grouping` is `center` or
`hybrid`, and true offsets of limbs and poses are read only where `network` and `assembly` ask for them."""

OWNER_ORACLES: dict[str, tuple[str, ...]] = {
    "true_poses": (PERSONS,),
    "true_poses_and_parts": (PERSONS, "part_logits"),
    "true_projection": ("projection",),
    "true_projection_and_parts": ("projection", "part_logits"),
}
"""The oracles that tell whose a pixel is from finding persons, alike for every `assembly.grouping`: the persons are
true and each pixel goes where the network points, or the persons are the network's and each pixel points truly."""

ORACLES = FIELD_ORACLES | OWNER_ORACLES
"""What is true under each oracle: fields by their names in `Fields`, and `PERSONS`."""

BASELINES = ("nearest_box", "nearest_keypoint", "nearest_limb", "largest_person")
"""Ways to tell without learning whose a human pixel is, from true boxes or poses."""


@dataclass
class TopDownConfig(Section):
    """How persons are found top-down, by true boxes.

    Each box is cut out of its picture and parsed alone, by the same network and assembly. Of the persons found in it
    the one is kept whose pixels' box has the largest IoU with the true box, or nobody where none overlaps it. A pixel
    that several crops claim is the surest person's.
    """

    margin: Annotated[float, NOT_NEGATIVE] = 0.1
    """The share of its width and height by which a box grows on each side."""
    longest_side: Annotated[int, Range(1, LONGEST_SIDE)] | None = None
    """The longer side at which crops are parsed, pixels: smaller ones are enlarged. Null: what `inference` says of
    whole pictures."""


@dataclass
class EvaluationConfig(Section):
    """What `mghp evaluate` looks at, and, where asked, `mghp train` at its end."""

    at_end: bool = False
    """True to end a training with an evaluation, whose metrics then stand in its own result."""
    oracles: list[str] = field(default_factory=lambda: list(FIELD_ORACLES))
    """The oracles, scored in turn: what is true in the place of what is predicted; `predicted` replaces nothing.
    Beside those of fields there are `true_poses`, which gives each pixel to one of the true persons (where
    `assembly.grouping` is `center`, by their true centres, and where it is `hybrid`, by the keypoints that the network
    regresses at these), `true_projection`, which gives it to one of the persons found, by a true projection field, and
    both with true parts, `true_poses_and_parts` and `true_projection_and_parts`. Further scenes are scored with these
    four too, and they add a row per picture and oracle in media/oracles.csv."""
    way: Literal["bottom_up", "top_down"] = "bottom_up"
    """How the persons of a picture are found whose scores are `val/<score>`: all of them in the whole picture, or each
    in a crop of its true box, see `top_down`. All else that is looked at (oracles, matchers, scenes) is bottom-up."""
    top_down: TopDownConfig = field(default_factory=TopDownConfig)
    timing_repeats: Annotated[int, Range(0, 1000)] = 0
    """How often each picture is parsed alone, after a first time that does not count, for the columns of
    media/per_picture.csv `seconds`, and within them `seconds_network` and `seconds_assembly`: medians. 0: no times."""
    tuning: Literal["fixed", "widened"] = "fixed"
    """How thresholds are tuned, on pictures of their own, for the largest `tuned_for`: those that `assembly` leaves
    null, one after another, each over a fixed grid (`fixed`); or two for every `assembly.grouping`, in turn until
    neither gains, over grids that widen while the best lies at an edge (`widened`). The two are `min_affinity`, if it
    is null, and the least confidence of that by which a person is found: `peak_threshold`, whatever its value, or for
    `center` and `hybrid` `center_threshold`, if it is null. `unmatched_price`, if it is null, has a grid that widens
    either way. The result has what such grids found as `assembly/<threshold>`, and `tuning/<threshold>/at_limit`, 1
    where the best lies at the edge of the widest grid."""
    tuned_for: TuningScore = "ap_p_vol"
    """The score that tuned thresholds make largest: AP^p averaged over IoU thresholds, or owner accuracy."""
    matcher: SolverName | None = None
    """The matcher that replaces the trained one in the whole evaluation, rounded; null: the trained one stays."""
    matchers: list[SolverName] = field(default_factory=list)
    """Matchers that replace the trained one for scores of their own, rounded."""
    limb_pairs: bool = False
    """True to score the pairs of predicted candidates that the affinities join, by Hungarian matching whatever the
    trained matcher: F1 as `limbs/f1`, and counts of each picture in media/limb_pairs.csv. Keypoints suffice."""
    scenes: list[str] = field(default_factory=list)
    """Further scenes of rendered persons to score, with predicted and with true parts."""
    scene_pictures: Annotated[int, Range(1, 1_000_000)] = 100
    """The number of pictures per further scene."""
    baselines: list[str] = field(default_factory=list)
    """Ways to tell whose a pixel is without learning, scored on the same pictures (media/breakdown.csv):
    `nearest_box`, `nearest_keypoint` and `nearest_limb` of true persons, or the `largest_person`."""
    failure_cases: Annotated[int, Range(0, 1_000_000)] = 2000
    """The most persons that a failure gallery shows, in whole pictures from the first on; all persons are counted."""
    failure_pictures: str | None = None
    """The only pictures that a failure gallery shows: a list, a name a line, e.g. of those whose licence allows it; all
    persons are counted. Null: any."""

    def __post_init__(self) -> None:
        super().__post_init__()
        scenes = get_args(get_type_hints(SyntheticConfig)["scene"])
        for key, valid in (("oracles", ORACLES), ("scenes", scenes), ("baselines", BASELINES)):
            for name in getattr(self, key):
                if name not in valid:
                    raise InputError(f"evaluation.{key}: expected some of {', '.join(valid)}; got {name!r}")
