"""What the data are: matching problems, pictures of people, and how they are loaded. Without torch."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Literal

from mghp.errors import InputError


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


@dataclass
class PoseProblemsConfig:
    """How annotated poses become matching problems. An amount left null is its preset's."""

    preset: Literal["default", "hard", "easy"] = "default"
    """Where the amounts left null come from."""
    scale: Literal["median_person", "image_extent"] = "median_person"
    """The length that lengths are relative to: the median over the image's persons of their joints' larger
    extent, or the larger extent of all joints of the image."""
    jitter: float | None = None
    """Standard deviation of a candidate's displacement in x and in y, relative to `scale`."""
    miss: float | None = None
    """Probability that an annotated keypoint is no candidate."""
    spurious: float | None = None
    """Expected number of false candidates a keypoint type (Poisson), uniform over the joints' box."""
    field_width: float | None = None
    """Half width of the band around a limb in which the limb field is set, relative to `scale`."""
    field_noise: float | None = None
    """Standard deviation of the noise on each component of the limb field."""
    min_persons: int | None = None
    """Images with fewer persons that have a joint are left out."""
    num_samples: int = 10
    """Points along the segment at which the limb field is read."""

    def __post_init__(self) -> None:
        for key, value in dataclasses.asdict(self.amounts()).items():
            if not 0 <= value < math.inf:
                raise InputError(f"data.poses.{key} must be finite and not negative, got {value}")
        if self.amounts().miss > 1:
            raise InputError(f"data.poses.miss is a probability, got {self.miss}")
        if self.num_samples < 1:
            raise InputError(f"data.poses.num_samples must be at least 1, got {self.num_samples}")

    def amounts(self) -> PosePreset:
        """The amounts in force: those given, the others from the preset."""
        preset = POSE_PRESETS[self.preset]
        given = {key: getattr(self, key) for key in dataclasses.asdict(preset)}
        return dataclasses.replace(preset, **{key: value for key, value in given.items() if value is not None})


@dataclass
class GeneratedPosesConfig:
    """Poses made up by `mghp.data.generated_poses`."""

    num_images: int = 500
    """Images."""
    mean_extra_persons: float = 0.8
    """Mean of the Poisson number of persons beyond the second."""

    def __post_init__(self) -> None:
        if self.num_images < 1:
            raise InputError(f"data.generated_poses.num_images must be at least 1, got {self.num_images}")


@dataclass
class RandomProblemsConfig:
    """Matching problems without poses, each of one size."""

    kind: Literal["uniform", "normal", "block"] = "uniform"
    """Entries uniform in [0, 1]; standard normal (with negatives); or high on a random permutation's blocks."""
    num_problems: int = 300
    """Problems."""
    source: int = 12
    """Source candidates."""
    destination: int = 15
    """Destination candidates."""

    def __post_init__(self) -> None:
        for key in ("num_problems", "source", "destination"):
            if getattr(self, key) < 1:
                raise InputError(f"data.random.{key} must be at least 1, got {getattr(self, key)}")


@dataclass
class SyntheticConfig:
    """Pictures of rendered people (`mghp.data.synthetic`)."""

    scene: Literal["simple", "default", "hard", "upright", "upside_down", "dim_human_like", "small_dim", "crossing"] = (
        "default"
    )
    """How crowded and how hard the pictures are."""
    size: int = 128
    """Height and width, pixels."""
    num_train: int = 6000
    """Pictures to train on."""
    num_validation: int = 200
    """Pictures to validate on: always the same, of a seed that is never trained on."""

    def __post_init__(self) -> None:
        for key, least in (("size", 32), ("num_train", 1), ("num_validation", 1)):
            if getattr(self, key) < least:
                raise InputError(f"data.synthetic.{key} must be at least {least}, got {getattr(self, key)}")


@dataclass
class AugmentationConfig:
    """What happens to a training picture, in this order. Amounts of 0 switch a step off."""

    mirror: float = 0.5
    """Probability of mirroring; left and right change places in parts and keypoints."""
    rotation: float = 0.0
    """Largest angle, degrees; uniform to both sides."""
    scale: list[float] = field(default_factory=lambda: [1.0, 1.0])
    """Least and largest factor of size. The picture is rescaled as a whole, before it is rotated, and then cut, or
    where it is smaller filled up, to `crop`, or without a crop to its own size: every place of it can be seen."""
    translation: float = 0.0
    """Largest displacement, relative to height and width."""
    brightness: float = 0.0
    """As ColorJitter's: factor from 1 - b to 1 + b."""
    contrast: float = 0.0
    """As ColorJitter's."""
    saturation: float = 0.0
    """As ColorJitter's."""
    blur: float = 0.0
    """Probability of a Gaussian blur of 0.1 to 2 pixels."""
    grey: float = 0.0
    """Probability of losing all colour."""
    crop: int | None = None
    """Height and width of a window at a random place that pictures are cut, or filled up, to, pixels; null: as they
    are. Pictures of several sizes need one."""

    def __post_init__(self) -> None:
        for key in ("mirror", "blur", "grey"):
            if not 0 <= getattr(self, key) <= 1:
                raise InputError(f"data.augmentation.{key} is a probability, got {getattr(self, key)}")
        for key in ("rotation", "translation", "brightness", "contrast", "saturation"):
            if not 0 <= getattr(self, key) < math.inf:
                raise InputError(f"data.augmentation.{key} must not be negative, got {getattr(self, key)}")
        if len(self.scale) != 2 or not 0 < self.scale[0] <= self.scale[1] < math.inf:
            raise InputError(f"data.augmentation.scale is [least, largest], both positive, got {self.scale}")
        if self.crop is not None and self.crop < 1:
            raise InputError(f"data.augmentation.crop must be at least 1, got {self.crop}")


@dataclass
class LoaderConfig:
    """How pictures reach the network."""

    batch_size: int = 8
    """Pictures a training step."""
    workers: int = 1
    """Processes that load and augment; 0 for none."""

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise InputError(f"data.loader.batch_size must be at least 1, got {self.batch_size}")
        if self.workers < 0:
            raise InputError(f"data.loader.workers must not be negative, got {self.workers}")


@dataclass
class SplitsConfig:
    """Which splits of a dataset on disk, by the names of their lists."""

    train: str = "train"
    """To train on."""
    validation: str = "val"
    """To validate on."""
    tuning: str | None = None
    """To tune thresholds on; null: none are tuned."""


@dataclass
class DataConfig:
    """Which data: matching problems (`mghp match`) or pictures (`mghp train`). Only the named data's block is read."""

    name: Literal[
        "generated_poses",
        "mhp_poses",
        "random",
        "synthetic",
        "mhp_v2",
        "densepose_coco",
        "pascal_person_part",
        "cihp",
    ] = "generated_poses"
    """Matching problems of poses made up by us, of a COCO-keypoint file (`data.annotations`), or of random matrices;
    or pictures: of rendered people, or of a dataset that lies in `data.root`."""
    root: str = "datasets"
    """Folder that rendered pictures are cached in, or that holds the dataset."""
    annotations: str | None = None
    """COCO-keypoint JSON file, for mhp_poses; for pascal_person_part its keypoints, null: none, so that keypoints,
    limbs, projection field and matching are not trained."""
    splits: SplitsConfig = field(default_factory=SplitsConfig)
    longest_side: int | None = None
    """Pictures are resized so that their longer side has so many pixels; null: as they are."""
    on_error: Literal["raise", "skip"] = "raise"
    """What a damaged file does to a training: ends it, naming the file; or another picture is taken, and counted."""
    max_images: int | None = None
    """Only the first so many images."""
    seed: int = 0
    """Seed of everything that is drawn."""
    validation_share: float = 0.2
    """Share of the images on which thresholds are tuned; scores are of the others."""
    poses: PoseProblemsConfig = field(default_factory=PoseProblemsConfig)
    generated_poses: GeneratedPosesConfig = field(default_factory=GeneratedPosesConfig)
    random: RandomProblemsConfig = field(default_factory=RandomProblemsConfig)
    synthetic: SyntheticConfig = field(default_factory=SyntheticConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    loader: LoaderConfig = field(default_factory=LoaderConfig)

    @property
    def trained_side(self) -> int | None:
        """Longer side of the pictures that a network sees in training, pixels; None where they keep their own."""
        return self.synthetic.size if self.name == "synthetic" else self.longest_side

    def __post_init__(self) -> None:
        if self.name == "mhp_poses" and self.annotations is None:
            raise InputError("data.annotations: mhp_poses needs a COCO-keypoint JSON file, got null")
        if self.longest_side is not None and self.longest_side < 1:
            raise InputError(f"data.longest_side must be at least 1, got {self.longest_side}")
        if self.max_images is not None and self.max_images < 1:
            raise InputError(f"data.max_images must be at least 1, got {self.max_images}")
        if not 0 < self.validation_share < 1:
            raise InputError(f"data.validation_share must lie between 0 and 1, got {self.validation_share}")
