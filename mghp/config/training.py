"""Sections `training` and `learned`: how parsing networks and limb scores are trained."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from mghp.matching.choices import ObjectiveName
from mghp.ranges import ABOVE_0, BELOW_1, LARGEST, NOT_NEGATIVE, POSITIVE, PROBABILITY, Range, Section


@dataclass
class CandidatesConfig(Section):
    """The candidate keypoints of the matching in training: predicted peaks, and made-up ones while peaks are poor."""

    max_per_type: Annotated[int, Range(1, 1000)] = 8
    """The most candidates per keypoint type and picture; the strongest are kept."""
    true_share_start: Annotated[float, PROBABILITY] = 1.0
    """The probability, at the first step, that a picture's candidates are jittered true keypoints and false ones
    instead of predicted peaks."""
    true_share_end: Annotated[float, PROBABILITY] = 0.0
    """The probability at the last step; linear in between."""
    jitter: Annotated[float, NOT_NEGATIVE] = 0.02
    """The standard deviation of a true keypoint's displacement, relative to the person's size."""
    spurious: Annotated[float, Range(0, 1000)] = 0.5
    """The expected number of false candidates per keypoint type (Poisson)."""
    detach_positions: bool = True
    """True to keep the loss from training the sub-pixel offsets."""


@dataclass
class OptimizerConfig(Section):
    """The optimiser and the course of its learning rate."""

    name: Literal["adamw", "sgd"] = "adamw"
    """AdamW, or the paper's SGD with Nesterov momentum 0.9."""
    learning_rate: Annotated[float, POSITIVE] = 2e-3
    """The highest learning rate."""
    backbone_rate: Annotated[float, NOT_NEGATIVE] = 1.0
    """The factor of the learning rate of the backbone's weights, e.g. 0.1 where they come pretrained."""
    weight_decay: Annotated[float, NOT_NEGATIVE] = 1e-2
    """The weight decay, AdamW's own or L2 for sgd; not on norms and biases."""
    schedule: Literal["cosine", "polynomial", "linear_decay", "constant"] = "cosine"
    """The course of the rate after the warm-up, with progress from 0 to 1: cosine to 0; (1 - progress)^0.9; constant,
    then linear to 0 over the last `decay_share`; constant."""
    warmup_steps: Annotated[int, Range(0, 1_000_000_000)] = 300
    """The number of steps of linear warm-up."""
    decay_share: Annotated[float, Range(ABOVE_0, 1, "is a share from 0 to 1")] = 0.2
    """The last share of all steps, in which `linear_decay` decays."""


@dataclass
class TrainingConfig(Section):
    """Options of a parsing training beside those of Lightning's Trainer, which stand under `trainer`."""

    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    candidates: CandidatesConfig = field(default_factory=CandidatesConfig)
    matching_every: Annotated[int, Range(1, 1_000_000_000)] = 1
    """The number of steps from one matching loss to the next. The loss is weighted by this number, so that the mean
    gradient stays while its cost falls."""
    ema_decay: Annotated[float, Range(ABOVE_0, BELOW_1, "must lie between 0 and 1")] | None = None
    """The decay per step of the averaged weights that are validated and kept, smaller at the beginning so that the
    first weights are forgotten; null: no averaging."""
    compile: bool = False
    """True to compile the network by torch.compile first, which takes a minute or more for training and again for
    validation, and for every size of pictures. Measured on two CPU cores: 0.87 times the time of a plain step, 0.61
    with bfloat16 (which alone takes 0.69); of pictures to fields 0.67 and 0.43 (`mghp bench speed`)."""
    pictures: Annotated[int, Range(0, 10_000)] = 2
    """The number of pictures drawn at every validation; 0: none."""
    continue_from: str | None = None
    """A checkpoint to continue from: weights, optimiser and step. With another `max_steps` the run is a branch: under
    `linear_decay` the rate at a step is the same for every length until the decay begins. Null: start anew."""
    resume_every: Annotated[int, Range(0, 1_000_000_000)] = 200
    """The number of steps between checkpoints for `mghp train --resume`; 0: none."""
    monitor: str | None = None
    """The score of the validations, e.g. `val/ap_p_vol`, by which the best weights are kept in checkpoints/best.ckpt;
    the training's result is then theirs. Null: the last weights alone are kept."""
    patience: Annotated[int, Range(1, 1_000_000_000)] | None = None
    """The number of validations in a row without a better `monitor` after which the training ends; null: it does not
    end early."""
    on_non_finite: Literal["stop", "skip"] = "stop"
    """What happens at a loss that is not finite: the training stops, or the step is skipped and counted."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.patience is not None and self.monitor is None:
            raise ValueError("patience needs training.monitor, the score that it waits for")


@dataclass
class LearnedMatchingConfig(Section):
    """Learning limb scores on matching problems (`mghp train` where `data` are poses)."""

    objective: ObjectiveName = "matching"
    """What trains the scores: nothing (the line integral as it is); the soft assignment of the named matcher, compared
    by `losses.matching`; or a loss on the affinity alone, without a matcher."""
    problems: Literal["poses", "positive_control"] = "poses"
    """The problems: those of the poses of `data`, or made-up ones on which competition must help."""
    control_problems: Annotated[int, Range(1, 1_000_000)] = 600
    """The number of problems of the positive control."""
    nuisance: Annotated[float, Range(0, LARGEST, "must be a number from 0 up")] = 0.0
    """The standard deviation of an offset that all pairs of a candidate share, in units of the limb field."""
    min_candidates: Annotated[int, Range(1, 10_000)] = 1
    """The least number of candidates on both sides of a problem; smaller problems are left out."""
    train_images: Annotated[int, Range(1, 1_000_000_000)] | None = None
    """The most images to train on; null: 70 % of them."""
    layers: Annotated[int, Range(1, 100)] = 3
    """The number of layers of the scorer; 1 is linear."""
    hidden: Annotated[int, Range(1, 4096)] = 32
    """The number of channels between the scorer's layers."""
    steps: Annotated[int, Range(1, 10_000_000)] = 400
    """The number of steps of each training."""
    batch_problems: Annotated[int, Range(1, 1_000_000)] = 256
    """The number of problems per step."""
    learning_rates: list[Annotated[float, POSITIVE]] = field(default_factory=lambda: [3e-3, 1e-2, 3e-2, 1e-1])
    """The learning rates to try; validation images decide."""
    scales: list[Annotated[float, POSITIVE]] = field(default_factory=lambda: [1.0, 5.0])
    """Initial factors of the scores, each tried with each rate; training changes the factor from there."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("learning_rates", "scales"):
            if not getattr(self, key):
                raise ValueError(f"{key} must be positive numbers, got {getattr(self, key)}")
