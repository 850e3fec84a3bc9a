"""How the parsing network is trained. Without torch."""

import math
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class CandidatesConfig:
    """Candidate keypoints of the matching inside training: predicted peaks, and made-up ones while peaks are poor."""

    max_per_type: int = 8
    """Candidates a keypoint type and picture; the strongest are kept."""
    true_share_start: float = 1.0
    """Probability, at the first step, that a picture's candidates are jittered true keypoints and false ones instead of
    predicted peaks."""
    true_share_end: float = 0.0
    """The same at the last step; linear in between."""
    jitter: float = 0.02
    """Standard deviation of the displacement of a true keypoint, relative to the person's size."""
    spurious: float = 0.5
    """Expected number of false candidates a keypoint type (Poisson)."""
    detach_positions: bool = True
    """Whether the loss leaves the sub-pixel offsets alone."""

    def __post_init__(self) -> None:
        if self.max_per_type < 1:
            raise ValueError(f"max_per_type must be at least 1, got {self.max_per_type}")
        for key in ("true_share_start", "true_share_end"):
            if not 0 <= getattr(self, key) <= 1:
                raise ValueError(f"{key} is a probability, got {getattr(self, key)}")
        for key in ("jitter", "spurious"):
            if not getattr(self, key) >= 0:
                raise ValueError(f"{key} must not be negative, got {getattr(self, key)}")


@dataclass
class OptimizerConfig:
    """Optimiser and the course of its learning rate."""

    name: Literal["adamw", "sgd"] = "adamw"
    """AdamW, or SGD with Nesterov momentum 0.9 as the paper's."""
    learning_rate: float = 2e-3
    """The highest."""
    weight_decay: float = 1e-2
    """AdamW's own, or L2 for sgd. Not on norms and biases."""
    schedule: Literal["cosine", "polynomial", "linear_decay", "constant"] = "cosine"
    """After the warm-up, with progress from 0 to 1: cosine to 0; (1 - progress)^0.9; constant, then linear to 0 over
    the last `decay_share`; constant."""
    warmup_steps: int = 300
    """Steps of linear warm-up."""
    decay_share: float = 0.2
    """Share of all steps, at the end, in which linear_decay decays."""

    def __post_init__(self) -> None:
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be positive, got {self.learning_rate}")
        if not self.weight_decay >= 0:
            raise ValueError(f"weight_decay must not be negative, got {self.weight_decay}")
        if self.warmup_steps < 0:
            raise ValueError(f"warmup_steps must not be negative, got {self.warmup_steps}")
        if not 0 < self.decay_share <= 1:
            raise ValueError(f"decay_share is a share from 0 to 1, got {self.decay_share}")


@dataclass
class TrainingConfig:
    """What the parsing module adds to Lightning's Trainer, whose own options stand under `trainer`."""

    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    candidates: CandidatesConfig = field(default_factory=CandidatesConfig)
    matching_every: int = 1
    """Steps from one matching loss to the next. It then counts as often as the steps that went without: the mean
    gradient stays, its cost falls."""
    ema_decay: float | None = None
    """Decay a step of the averaged weights that are validated and kept; null for none. It is less at the beginning, so
    that the weights of the start are forgotten."""
    compile: bool = False
    """Whether torch.compile makes the network faster first, which takes a minute or more for training and again for
    validation, and for every size of pictures. Measured on two CPU cores: 0.87 times the time of a plain step, 0.61
    with bfloat16 (which alone takes 0.69); of pictures to fields 0.67 and 0.43 (`mghp bench speed`)."""
    pictures: int = 2
    """Validation pictures drawn at every validation; 0 for none."""
    continue_from: str | None = None
    """Checkpoint to go on from: weights, optimiser and step. With another `max_steps` it is a branch of that run: under
    `linear_decay` the rate at a step is the same for every length until the decay begins. Null to start anew."""

    resume_every: int = 200
    """Steps from one checkpoint that `mghp train --resume` goes on from to the next; 0 for none."""
    on_non_finite: Literal["stop", "skip"] = "stop"
    """What a loss that is not finite does: it stops the training, or its step is left out and counted."""

    def __post_init__(self) -> None:
        if self.resume_every < 0:
            raise ValueError(f"resume_every must not be negative, got {self.resume_every}")
        if self.matching_every < 1:
            raise ValueError(f"matching_every must be at least 1, got {self.matching_every}")
        if self.ema_decay is not None and not 0 < self.ema_decay < 1:
            raise ValueError(f"ema_decay must lie between 0 and 1, got {self.ema_decay}")
        if self.pictures < 0:
            raise ValueError(f"pictures must not be negative, got {self.pictures}")


@dataclass
class LearnedMatchingConfig:
    """Limb scores that are learned on matching problems (`mghp train` where `data` are poses)."""

    objective: Literal["none", "binary_cross_entropy", "matching", "structured_hinge"] = "matching"
    """What the scores are trained by: nothing (the line integral as it is); the affinity alone, without a matcher; the
    soft assignment of the named matcher (`losses.matching` says how it is compared); or the best matching's margin."""
    problems: Literal["poses", "positive_control"] = "poses"
    """Those that the poses of `data` make, or made-up ones on which competition must help."""
    control_problems: int = 600
    """Problems of the positive control."""
    nuisance: float = 0.0
    """Standard deviation of an offset of each candidate that all its pairs share, in units of the limb field."""
    min_candidates: int = 1
    """Only problems with so many candidates on both sides."""
    train_images: int | None = None
    """At most so many images are trained on; null: 70 % of them."""
    layers: int = 3
    """Layers of the scorer; 1 is linear."""
    hidden: int = 32
    """Channels between them."""
    steps: int = 400
    """Steps of each training."""
    batch_problems: int = 256
    """Problems a step."""
    learning_rates: list[float] = field(default_factory=lambda: [3e-3, 1e-2, 3e-2, 1e-1])
    """Tried in turn; validation images decide."""
    scales: list[float] = field(default_factory=lambda: [1.0, 5.0])
    """Factors of the scores at the start, tried with each rate; the factor is learned from there."""

    def __post_init__(self) -> None:
        for key in ("control_problems", "min_candidates", "layers", "hidden", "steps", "batch_problems"):
            if getattr(self, key) < 1:
                raise ValueError(f"{key} must be at least 1, got {getattr(self, key)}")
        if self.train_images is not None and self.train_images < 1:
            raise ValueError(f"train_images must be at least 1, got {self.train_images}")
        if not 0 <= self.nuisance < math.inf:
            raise ValueError(f"nuisance must be a number from 0 up, got {self.nuisance}")
        for key in ("learning_rates", "scales"):
            if not getattr(self, key) or not min(getattr(self, key)) > 0:
                raise ValueError(f"{key} must be positive numbers, got {getattr(self, key)}")
