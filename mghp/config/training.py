"""How the parsing network is trained. Without torch."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from mghp.ranges import ABOVE_0, BELOW_1, LARGEST, NOT_NEGATIVE, POSITIVE, PROBABILITY, Range, Section


@dataclass
class CandidatesConfig(Section):
    """Candidate keypoints of the matching inside training: predicted peaks, and made-up ones while peaks are poor."""

    max_per_type: Annotated[int, Range(1, 1000)] = 8
    """Candidates a keypoint type and picture; the strongest are kept."""
    true_share_start: Annotated[float, PROBABILITY] = 1.0
    """Probability, at the first step, that a picture's candidates are jittered true keypoints and false ones instead of
    predicted peaks."""
    true_share_end: Annotated[float, PROBABILITY] = 0.0
    """The same at the last step; linear in between."""
    jitter: Annotated[float, NOT_NEGATIVE] = 0.02
    """Standard deviation of the displacement of a true keypoint, relative to the person's size."""
    spurious: Annotated[float, Range(0, 1000)] = 0.5
    """Expected number of false candidates a keypoint type (Poisson)."""
    detach_positions: bool = True
    """Whether the loss leaves the sub-pixel offsets alone."""


@dataclass
class OptimizerConfig(Section):
    """Optimiser and the course of its learning rate."""

    name: Literal["adamw", "sgd"] = "adamw"
    """AdamW, or SGD with Nesterov momentum 0.9 as the paper's."""
    learning_rate: Annotated[float, POSITIVE] = 2e-3
    """The highest."""
    weight_decay: Annotated[float, NOT_NEGATIVE] = 1e-2
    """AdamW's own, or L2 for sgd. Not on norms and biases."""
    schedule: Literal["cosine", "polynomial", "linear_decay", "constant"] = "cosine"
    """After the warm-up, with progress from 0 to 1: cosine to 0; (1 - progress)^0.9; constant, then linear to 0 over
    the last `decay_share`; constant."""
    warmup_steps: Annotated[int, Range(0, 1_000_000_000)] = 300
    """Steps of linear warm-up."""
    decay_share: Annotated[float, Range(ABOVE_0, 1, "is a share from 0 to 1")] = 0.2
    """Share of all steps, at the end, in which linear_decay decays."""


@dataclass
class TrainingConfig(Section):
    """What the parsing module adds to Lightning's Trainer, whose own options stand under `trainer`."""

    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    candidates: CandidatesConfig = field(default_factory=CandidatesConfig)
    matching_every: Annotated[int, Range(1, 1_000_000_000)] = 1
    """Steps from one matching loss to the next. It then counts as often as the steps that went without: the mean
    gradient stays, its cost falls."""
    ema_decay: Annotated[float, Range(ABOVE_0, BELOW_1, "must lie between 0 and 1")] | None = None
    """Decay a step of the averaged weights that are validated and kept; null for none. It is less at the beginning, so
    that the weights of the start are forgotten."""
    compile: bool = False
    """Whether torch.compile makes the network faster first, which takes a minute or more for training and again for
    validation, and for every size of pictures. Measured on two CPU cores: 0.87 times the time of a plain step, 0.61
    with bfloat16 (which alone takes 0.69); of pictures to fields 0.67 and 0.43 (`mghp bench speed`)."""
    pictures: Annotated[int, Range(0, 10_000)] = 2
    """Validation pictures drawn at every validation; 0 for none."""
    continue_from: str | None = None
    """Checkpoint to go on from: weights, optimiser and step. With another `max_steps` it is a branch of that run: under
    `linear_decay` the rate at a step is the same for every length until the decay begins. Null to start anew."""

    resume_every: Annotated[int, Range(0, 1_000_000_000)] = 200
    """Steps from one checkpoint that `mghp train --resume` goes on from to the next; 0 for none."""
    on_non_finite: Literal["stop", "skip"] = "stop"
    """What a loss that is not finite does: it stops the training, or its step is left out and counted."""


@dataclass
class LearnedMatchingConfig(Section):
    """Limb scores that are learned on matching problems (`mghp train` where `data` are poses)."""

    objective: Literal["none", "binary_cross_entropy", "matching", "structured_hinge"] = "matching"
    """What the scores are trained by: nothing (the line integral as it is); the affinity alone, without a matcher; the
    soft assignment of the named matcher (`losses.matching` says how it is compared); or the best matching's margin."""
    problems: Literal["poses", "positive_control"] = "poses"
    """Those that the poses of `data` make, or made-up ones on which competition must help."""
    control_problems: Annotated[int, Range(1, 1_000_000)] = 600
    """Problems of the positive control."""
    nuisance: Annotated[float, Range(0, LARGEST, "must be a number from 0 up")] = 0.0
    """Standard deviation of an offset of each candidate that all its pairs share, in units of the limb field."""
    min_candidates: Annotated[int, Range(1, 10_000)] = 1
    """Only problems with so many candidates on both sides."""
    train_images: Annotated[int, Range(1, 1_000_000_000)] | None = None
    """At most so many images are trained on; null: 70 % of them."""
    layers: Annotated[int, Range(1, 100)] = 3
    """Layers of the scorer; 1 is linear."""
    hidden: Annotated[int, Range(1, 4096)] = 32
    """Channels between them."""
    steps: Annotated[int, Range(1, 10_000_000)] = 400
    """Steps of each training."""
    batch_problems: Annotated[int, Range(1, 1_000_000)] = 256
    """Problems a step."""
    learning_rates: list[Annotated[float, POSITIVE]] = field(default_factory=lambda: [3e-3, 1e-2, 3e-2, 1e-1])
    """Tried in turn; validation images decide."""
    scales: list[Annotated[float, POSITIVE]] = field(default_factory=lambda: [1.0, 5.0])
    """Factors of the scores at the start, tried with each rate; the factor is learned from there."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("learning_rates", "scales"):
            if not getattr(self, key):
                raise ValueError(f"{key} must be positive numbers, got {getattr(self, key)}")
