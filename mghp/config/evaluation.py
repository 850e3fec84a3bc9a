"""What an evaluation looks at beside the scores. Without torch."""

from dataclasses import dataclass, field
from typing import Annotated, get_args, get_type_hints

from mghp.config.data import SyntheticConfig
from mghp.config.oracle_names import ORACLES
from mghp.errors import InputError
from mghp.ranges import Range, Section


@dataclass
class EvaluationConfig(Section):
    """What `mghp evaluate` looks at, and, where asked, `mghp train` at its end."""

    at_end: bool = False
    """Whether a training ends with an evaluation, whose metrics then stand in its own result."""
    oracles: list[str] = field(default_factory=lambda: list(ORACLES))
    """Which true fields take the place of predicted ones, in turn; `predicted` for none."""
    matchers: list[str] = field(default_factory=list)
    """Matchers that take the place of the trained one, rounded, for scores of their own."""
    scenes: list[str] = field(default_factory=list)
    """Further scenes of rendered people that are scored, with the parts as predicted and with true ones."""
    scene_pictures: Annotated[int, Range(1, 1_000_000)] = 100
    """Pictures of each."""
    failure_cases: Annotated[int, Range(1, 1_000_000)] = 2000
    """Persons at most that a failure gallery shows, of whole pictures from the set's first on. All are counted."""

    def __post_init__(self) -> None:
        super().__post_init__()
        scenes = get_args(get_type_hints(SyntheticConfig)["scene"])
        for key, valid in (("oracles", ORACLES), ("scenes", scenes)):
            for name in getattr(self, key):
                if name not in valid:
                    raise InputError(f"evaluation.{key} are of {', '.join(valid)}; got {name!r}")
