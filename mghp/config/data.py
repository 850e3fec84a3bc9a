"""What the data are: matching problems, pictures of persons, and how they are loaded. Without torch."""

import dataclasses
from dataclasses import dataclass, field
from typing import Annotated, Literal

from mghp.config.dataset_names import DATASETS, DatasetEntry
from mghp.errors import InputError
from mghp.ranges import (
    ABOVE_0,
    BELOW_1,
    LARGEST,
    LONGEST_SIDE,
    NOT_NEGATIVE,
    PROBABILITY,
    SEED,
    Range,
    Section,
)


@dataclass(frozen=True)
class PosePreset:
    """Amounts of one preset of `PoseProblemsConfig`; see there for units."""

    jitter: float
    miss: float
    spurious: float
    field_width: float
    field_noise: float
    min_persons: int


POSE_PRESETS = {
    "default": PosePreset(0.02, 0.1, 0.3, 0.03, 0.25, 1),
    "hard": PosePreset(0.03, 0.15, 1.0, 0.06, 0.8, 3),
    "easy": PosePreset(0.01, 0.05, 0.15, 0.015, 0.125, 1),
}


_AMOUNT = Range(0, LARGEST, "must be finite and not negative")


@dataclass
class PoseProblemsConfig(Section):
    """How annotated poses become matching problems. An amount left null is its preset's."""

    preset: Literal["default", "hard", "easy"] = "default"
    """Where the amounts left null come from."""
    scale: Literal["median_person", "image_extent"] = "median_person"
    """The length that lengths are relative to: the median over the image's persons of their joints' larger
    extent, or the larger extent of all joints of the image."""
    jitter: Annotated[float, _AMOUNT] | None = None
    """Standard deviation of a candidate's displacement in x and in y, relative to `scale`."""
    miss: Annotated[float, PROBABILITY] | None = None
    """Probability that an annotated keypoint is no candidate."""
    spurious: Annotated[float, Range(0, 1000)] | None = None
    """Expected number of false candidates a keypoint type (Poisson), uniform over the joints' box."""
    field_width: Annotated[float, _AMOUNT] | None = None
    """Half width of the band around a limb in which the limb field is set, relative to `scale`."""
    field_noise: Annotated[float, _AMOUNT] | None = None
    """Standard deviation of the noise on each component of the limb field."""
    min_persons: Annotated[int, Range(0, 1000)] | None = None
    """Images with fewer persons that have a joint are left out."""
    num_samples: Annotated[int, Range(1, 10_000)] = 10
    """Points along the segment at which the limb field is read."""

    def amounts(self) -> PosePreset:
        """Return the amounts in force: those given, the others from the preset."""
        preset = POSE_PRESETS[self.preset]
        given = {key: getattr(self, key) for key in dataclasses.asdict(preset)}
        return dataclasses.replace(preset, **{key: value for key, value in given.items() if value is not None})


@dataclass
class GeneratedPosesConfig(Section):
    """Poses made up by `mghp.problems.generated_poses`."""

    num_images: Annotated[int, Range(1, 1_000_000)] = 500
    """Images."""
    mean_extra_persons: Annotated[float, Range(0, 1000)] = 0.8
    """Mean of the Poisson number of persons beyond the second."""


@dataclass
class RandomProblemsConfig(Section):
    """Matching problems without poses, each of one size."""

    kind: Literal["uniform", "normal", "block"] = "uniform"
    """Entries uniform in [0, 1]; standard normal (with negatives); or high on a random permutation's blocks."""
    num_problems: Annotated[int, Range(1, 1_000_000)] = 300
    """Problems."""
    source: Annotated[int, Range(1, 4096)] = 12
    """Source candidates."""
    destination: Annotated[int, Range(1, 4096)] = 15
    """Destination candidates."""


@dataclass
class PredictedProblemsConfig(Section):
    """Matching problems of a trained network on pictures (`mghp data problems`)."""

    near_nobody: Literal["left_out", "kept"] = "left_out"
    """Candidates far from all labelled persons, where a person may be whom nobody labelled: left out, or kept as
    nobody's."""


@dataclass
class SyntheticConfig(Section):
    """Pictures of rendered persons (`mghp.datasets.synthetic`)."""

    scene: Literal[
        "simple", "default", "hard", "clear", "upright", "upside_down", "dim_human_like", "small_dim", "crossing",
        "twins", "cords",
    ] = "default"  # fmt: skip
    """How crowded and how hard the pictures are. On `default` and `hard` 33 % and 81 % of the persons are drawn alike
    from front and back, so that no picture tells their left from their right; on `clear`, else like `default`, and on
    `simple` nobody is."""
    size: Annotated[int, Range(32, 4096)] = 128
    """Height and width, pixels."""
    num_train: Annotated[int, Range(1, 10_000_000)] = 6000
    """Pictures to train on."""
    num_validation: Annotated[int, Range(1, 1_000_000)] = 200
    """Pictures to validate on: always the same, of a seed that is never trained on."""


@dataclass
class AugmentationConfig(Section):
    """What happens to a training picture, in this order. Amounts of 0 switch a step off."""

    paste: Annotated[float, PROBABILITY] = 0.0
    """Probability that persons of another training picture are pasted in front of this one's, where they hide nobody by
    more than four fifths (copy-paste augmentation). They are cut out by their masks: without `person_ids` nobody is."""
    paste_persons: Annotated[int, Range(1, 100)] = 2
    """The most persons that are pasted on one picture; at least one is, if there is a place."""
    mirror: Annotated[float, PROBABILITY] = 0.5
    """Probability of mirroring; left and right change places in parts and keypoints."""
    rotation: Annotated[float, NOT_NEGATIVE] = 0.0
    """Largest angle, degrees; uniform to both sides."""
    scale: list[Annotated[float, Range(ABOVE_0, 100, "is [least, largest], both positive and 100 at most")]] = field(
        default_factory=lambda: [1.0, 1.0]
    )
    """Least and largest factor of size. The picture is rescaled as a whole, before it is rotated, and then cut, or
    where it is smaller filled up, to `crop`, or without a crop to its own size: every place of it can be seen."""
    translation: Annotated[float, NOT_NEGATIVE] = 0.0
    """Largest displacement, relative to height and width."""
    brightness: Annotated[float, NOT_NEGATIVE] = 0.0
    """The largest change of brightness b; the factor is drawn from 1 - b to 1 + b (ColorJitter)."""
    contrast: Annotated[float, NOT_NEGATIVE] = 0.0
    """The largest change of contrast, drawn likewise."""
    saturation: Annotated[float, NOT_NEGATIVE] = 0.0
    """The largest change of saturation, drawn likewise."""
    blur: Annotated[float, PROBABILITY] = 0.0
    """Probability of a Gaussian blur of 0.1 to 2 pixels."""
    grey: Annotated[float, PROBABILITY] = 0.0
    """Probability of losing all colour."""
    crop: Annotated[int, Range(1, LONGEST_SIDE)] | None = None
    """Height and width of a window at a random place that pictures are cut, or filled up, to, pixels; null: as they
    are. Pictures of several sizes need one."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.scale) != 2 or self.scale[0] > self.scale[1]:
            raise InputError(f"data.augmentation.scale is [least, largest], both positive, got {self.scale}")


@dataclass
class LoaderConfig(Section):
    """How pictures reach the network."""

    batch_size: Annotated[int, Range(1, 65_536)] = 8
    """Pictures a training step."""
    workers: Annotated[int, Range(0, 256)] = 1
    """Processes that load and augment; 0 for none."""


@dataclass
class SplitsConfig:
    """Which splits of a dataset on disk, by the names of their lists.

    In a folder, and of predicted problems, "a+b" is both a and b, "a+!b" what of a is not in b, and "a[:80%]" the first
    four fifths of a's list. In a folder "lists/a.txt" is the list in that file.
    """

    train: str = "train"
    """To train on."""
    validation: str = "val"
    """To validate on."""
    tuning: str | None = None
    """To tune thresholds on; null: none are tuned."""


@dataclass
class FolderConfig(Section):
    """One's own pictures and labels (`data.name=folder`), in folders below `data.root`; each label is optional."""

    pictures: str = "images"
    """Folder of the pictures, each under the name that its labels have."""
    parts: str | None = "parts"
    """Folder of maps of parts, PNG, 0 background; null: none."""
    persons: str | None = "human_ids"
    """Folder of maps of persons, PNG, 0 nobody, 255 not known whose, every other number a person; null: none."""
    anatomy: str | None = None
    """The file that names parts, keypoints and limbs; null: `anatomy.yaml` in `data.root`, or without one a single part
    `person` and the keypoints that `data.annotations` names."""
    one_person: bool = False
    """True if one person per picture is labelled, whose pixels are all those with a part, and bystanders are not:
    outside the box of the person nothing is known then."""


@dataclass
class DataConfig(Section):
    """Which data: matching problems (`mghp match`) or pictures (`mghp train`). Only the named data's block is read."""

    name: str = "generated_poses"
    """Which of `mghp.config.dataset_names.DATASETS`: matching problems of poses made up by us, of a COCO-keypoint file
    (`data.annotations`), of a trained network on pictures (`mghp data problems`), or of random matrices; or pictures:
    of rendered persons, or of a dataset that lies in `data.root`."""
    root: str = "datasets"
    """Folder that rendered pictures are cached in, or that holds the dataset or the files of predicted problems."""
    annotations: str | None = None
    """COCO-keypoint JSON file, for mhp_poses; for predicted_problems the file of `mghp data problems`, null: those in
    `data.root` that `data.splits` names; for pascal_person_part its keypoints, null: none, so that keypoints, limbs,
    projection field and matching are not trained; for folder its persons, null: SPLIT.json or annotations.json in
    `data.root`, where there is one."""
    splits: SplitsConfig = field(default_factory=SplitsConfig)
    longest_side: Annotated[int, Range(1, LONGEST_SIDE)] | None = None
    """Pictures are resized so that their longer side has so many pixels; null: as they are."""
    truth_tags: bool = False
    """True to tag the persons of the pictures to validate on by their labels, as `mghp.datasets.truth_tags` says:
    `upside_down`, `lying`, `dim`, `overlap` and `no_keypoints`. Scores and failures are then told by these tags too."""
    turned: Annotated[int, Range(0, 270)] = 0
    """The angle by which the pictures to validate on are turned with their labels, counter-clockwise, degrees: 0, 90,
    180 or 270. Pictures to train and to tune on stay as they are."""
    on_error: Literal["raise", "skip"] = "raise"
    """What a damaged file does to a training: ends it, naming the file; or another picture is taken, and counted."""
    max_images: Annotated[int, Range(1, 1_000_000_000)] | None = None
    """Only the first so many images."""
    seed: Annotated[int, SEED] = 0
    """Seed of everything that is drawn."""
    validation_share: Annotated[float, Range(ABOVE_0, BELOW_1, "must lie between 0 and 1")] = 0.2
    """Share of the images on which thresholds are tuned; scores are of the others."""
    poses: PoseProblemsConfig = field(default_factory=PoseProblemsConfig)
    generated_poses: GeneratedPosesConfig = field(default_factory=GeneratedPosesConfig)
    random: RandomProblemsConfig = field(default_factory=RandomProblemsConfig)
    predicted_problems: PredictedProblemsConfig = field(default_factory=PredictedProblemsConfig)
    synthetic: SyntheticConfig = field(default_factory=SyntheticConfig)
    folder: FolderConfig = field(default_factory=FolderConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    loader: LoaderConfig = field(default_factory=LoaderConfig)

    @property
    def dataset(self) -> DatasetEntry:
        """The registered dataset of this name.

        Raises:
            InputError: if there is none, or the package that has it cannot be imported.
        """
        try:
            return DATASETS[self.name]
        except InputError as error:
            raise InputError(f"data.name: {error}") from None

    def limited(self, number: int) -> int:
        """Return a number of images, but `max_images` at most."""
        return number if self.max_images is None else min(number, self.max_images)

    @property
    def trained_side(self) -> int | None:
        """The longer side of the pictures that a network sees in training, pixels; None where they keep their own."""
        return self.synthetic.size if self.name == "synthetic" else self.longest_side

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.turned % 90:
            raise InputError(f"data.turned: expected 0, 90, 180 or 270, got {self.turned}")
        if self.dataset.annotations == "needed" and self.annotations is None:
            raise InputError(f"data.annotations: {self.name} needs a COCO-keypoint JSON file, got null")
