"""The one typed schema of all commands, in a package without torch, so that a misspelt key is told at once."""

import dataclasses
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from mghp.config.assembly import AssemblyConfig
from mghp.config.bench import BenchConfig
from mghp.config.data import DataConfig
from mghp.config.evaluation import EvaluationConfig
from mghp.config.inference import InferenceConfig
from mghp.config.losses import LossesConfig
from mghp.config.match import MatchConfig
from mghp.config.matcher import MatcherConfig
from mghp.config.metrics import MetricsConfig
from mghp.config.network import NetworkConfig
from mghp.config.training import LearnedMatchingConfig, TrainingConfig
from mghp.config.wandb import WandbConfig
from mghp.errors import InputError, stays_below
from mghp.ranges import SEED, Section


@dataclass
class Config(Section):
    """The whole config of one run of one command."""

    experiment: str = "unnamed"
    """The folder below `runs`; the experiment file's stem where it names none."""
    variant: str = ""
    """The chosen one of the file's `variants`; empty: none."""
    seed: Annotated[int, SEED] = 0
    """The seed of the run itself; the data have their own."""
    runs: str = "runs"
    """The folder of all run folders."""
    matcher: MatcherConfig = field(default_factory=MatcherConfig)
    data: DataConfig = field(default_factory=DataConfig)
    match: MatchConfig = field(default_factory=MatchConfig)
    bench: BenchConfig = field(default_factory=BenchConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    losses: LossesConfig = field(default_factory=LossesConfig)
    assembly: AssemblyConfig = field(default_factory=AssemblyConfig)
    metrics: MetricsConfig = field(default_factory=MetricsConfig)
    inference: InferenceConfig = field(default_factory=InferenceConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    learned: LearnedMatchingConfig = field(default_factory=LearnedMatchingConfig)
    trainer: dict[str, Any] = field(default_factory=dict)
    """Options of Lightning's Trainer: max_steps, precision, gradient_clip_val, accelerator, ..."""
    wandb: WandbConfig = field(default_factory=WandbConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("experiment", "variant"):  # they name the run folder
            name = getattr(self, key)
            if name and not stays_below(name):
                raise InputError(f"{key}: {name!r} is no name of a folder below runs")
        weights = self.losses.weights
        if self.assembly.grouping == "center" and not (weights.heatmaps and weights.field):
            raise InputError("assembly.grouping: center needs losses.weights.heatmaps and losses.weights.field above 0")
        if self.network.centers and not (weights.heatmaps and weights.field):
            raise InputError("network.centers: true needs losses.weights.heatmaps and losses.weights.field above 0")
        if self.assembly.grouping == "hybrid" and not (self.network.centers and self.network.pose_offsets):
            raise InputError("assembly.grouping: hybrid needs network.centers=true and network.pose_offsets=true")
        fields = [self.network.levels, *self.network.further_fields]
        if self.assembly.levels not in (None, *fields):
            known = " or ".join(map(str, sorted(fields)))
            raise InputError(f"assembly.levels: the network has fields of {known} levels, got {self.assembly.levels}")
        if self.network.limbs != "fields" and not weights.limb_offsets:
            raise InputError(f"network.limbs: {self.network.limbs} needs losses.weights.limb_offsets above 0")
        if self.network.pose_offsets and not weights.pose_offsets:
            raise InputError("network.pose_offsets: true needs losses.weights.pose_offsets above 0")
        if self.assembly.completion == "offsets" and not self.network.pose_offsets:
            raise InputError("assembly.completion: offsets needs network.pose_offsets=true")
        if self.network.weights is not None and self.training.continue_from is not None:
            raise InputError("network.weights: training.continue_from has weights of its own; expected one of the two")

    @property
    def trains_towards(self) -> Literal["annotated", "center"]:
        """The points that the projection fields are trained towards, but for the one that `network.centers` adds."""
        return "annotated" if self.network.centers else self.assembly.points_towards


def state_amounts(config: Config) -> None:
    """Write the amounts of the preset of poses into the config: a resolved config states them."""
    for key, value in dataclasses.asdict(config.data.poses.amounts()).items():
        setattr(config.data.poses, key, value)
