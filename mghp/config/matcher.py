"""Section `matcher`: which matcher, and one block per solver, made from the registry of solvers."""

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from mghp.matching.solvers import SOLVERS

T = TypeVar("T")

if TYPE_CHECKING:
    SolverName = str
else:
    SolverName = Literal[SOLVERS.names]


def _with_blocks(section: type[T]) -> type[T]:
    """Make a dataclass of a section that has a block per solver, those of other packages last."""
    for solver in SOLVERS.entries:
        section.__annotations__[solver.name] = solver.options
        setattr(section, solver.name, field(default_factory=solver.options))
    return dataclass(section)


@_with_blocks
class MatcherConfig:
    """Which matcher, and one block per solver; only the named block is read."""

    name: SolverName = "pgd_dykstra"
    """The matcher to run."""

    if TYPE_CHECKING:

        def __init__(self, name: str = ..., **blocks: object) -> None: ...
        def __getattr__(self, solver: str) -> Any: ...  # noqa: ANN401 (that solver's options)

    def options(self, solver: str = "") -> dict[str, Any]:
        """Return the options of a solver, the named one by default."""
        return dataclasses.asdict(getattr(self, solver or self.name))
