"""Section `matcher`: which matcher, and one block a solver."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal

from mghp.matching.configs import (
    BlackboxConfig,
    GreedyConfig,
    HungarianConfig,
    IdentityConfig,
    LinearProgramConfig,
    PerturbedConfig,
    PGDDykstraConfig,
    ProjectionConfig,
    SinkhornConfig,
    SoftMaxConfig,
    StraightThroughConfig,
)


@dataclass
class MatcherConfig:
    """Which matcher, and one block a solver; only the named block is read."""

    name: Literal[
        "pgd_dykstra", "sinkhorn", "projection", "linear_program", "hungarian", "greedy", "identity",
        "softmax", "straight_through", "blackbox", "perturbed",
    ] = "pgd_dykstra"  # fmt: skip
    """The matcher to run."""
    pgd_dykstra: PGDDykstraConfig = field(default_factory=PGDDykstraConfig)
    sinkhorn: SinkhornConfig = field(default_factory=SinkhornConfig)
    projection: ProjectionConfig = field(default_factory=ProjectionConfig)
    linear_program: LinearProgramConfig = field(default_factory=LinearProgramConfig)
    hungarian: HungarianConfig = field(default_factory=HungarianConfig)
    greedy: GreedyConfig = field(default_factory=GreedyConfig)
    identity: IdentityConfig = field(default_factory=IdentityConfig)
    softmax: SoftMaxConfig = field(default_factory=SoftMaxConfig)
    straight_through: StraightThroughConfig = field(default_factory=StraightThroughConfig)
    blackbox: BlackboxConfig = field(default_factory=BlackboxConfig)
    perturbed: PerturbedConfig = field(default_factory=PerturbedConfig)

    def options(self) -> dict[str, Any]:
        """The named solver's options."""
        return dataclasses.asdict(getattr(self, self.name))
