"""What each matcher can be told: one dataclass a solver, checked on creation, free of torch.

The defaults are the paper's where it states them (supplement, section 1: T = 50, N = 5, step size 0.01).
"""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Annotated, Literal, get_args, get_type_hints

from mghp.ranges import FINITE, POSITIVE, SEED, Range, check_ranges

_COUNT = Range(1, 100_000)
"""Of steps, cycles and draws."""

_ACCEPTED = {bool: bool, int: Integral, float: Real}
"""What counts as a field's type, NumPy's numbers included."""


def _require(condition: bool, key: str, expected: str, value: object) -> None:
    if not condition:
        raise ValueError(f"{key} must be {expected}, got {value!r}")


@dataclass
class SolverConfig:
    """What all solvers' options share: each field's type and choices are checked on creation."""

    def __post_init__(self) -> None:
        for key, hint in get_type_hints(type(self)).items():
            choices, value = get_args(hint), getattr(self, key)
            if choices:
                _require(value in choices, key, f"one of {', '.join(map(repr, choices))}", value)
            elif not isinstance(value, _ACCEPTED[hint]) or isinstance(value, bool) != (hint is bool):
                raise TypeError(f"{key} must be {hint.__name__}, got {value!r}")
        check_ranges(self)


@dataclass
class PGDDykstraConfig(SolverConfig):
    """Projected gradient ascent with Dykstra's projection (supplement, Algorithm 1)."""

    num_steps: Annotated[int, _COUNT] = 50
    """T, outer gradient steps."""
    num_cycles: Annotated[int, _COUNT] = 5
    """N, Dykstra cycles a step."""
    step_size: Annotated[float, POSITIVE] = 0.01
    """alpha, assignment mass moved a step per unit of affinity."""
    average: bool = True
    """Return the mean of Y_1 .. Y_T (as the paper does), or Y_T."""
    warm_start: bool = False
    """Start each step's cycles from the corrections of the step before."""
    initial: Literal["zeros", "uniform"] = "zeros"
    """Y_0: zeros (the paper), or 1 / max(sources, destinations) on real entries."""
    projection: Literal["halfspace", "as_printed"] = "halfspace"
    """Row-wise halfspaces (a projection), or the supplement's case distinction on the whole matrix."""
    backward: Literal["replay", "autograd"] = "replay"
    """Replay sign masks (small memory), or let autograd record every operation."""
    backend: Literal["auto", "numba", "torch"] = "auto"
    """Fused CPU kernels, torch operations, or whichever suits the tensor."""
    gradient_steps: Annotated[int, Range(0, 100_000, "must be 0 to 100000")] = 0
    """Only the last so many steps are differentiated, what came before counts as constant; 0 for all T."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(
            not (self.backend == "numba" and self.backward == "autograd"),
            "backend",
            "'auto' or 'torch' with backward='autograd' (the kernels replay)",
            self.backend,
        )


@dataclass
class SinkhornConfig(SolverConfig):
    """Entropic unbalanced optimal transport (the 2023 extension's second matcher)."""

    epsilon: Annotated[float, POSITIVE] = 0.05
    """Weight of the entropy, in units of affinity; smaller is harder."""
    rho: Annotated[float, POSITIVE] = 1.0
    """Weight of the marginal penalty, in units of affinity; read by marginal="kl" alone."""
    num_iterations: Annotated[int, _COUNT] = 100
    """Rounds of one row and one column update."""
    marginal: Literal["at_most_one", "kl", "dustbin"] = "at_most_one"
    """Sums at most one, KL-penalised sums, or SuperGlue's learned dustbin."""
    bin_score: Annotated[float, FINITE] = 0.5
    """Initial score of the dustbin, in units of affinity; read by marginal="dustbin" alone."""


@dataclass
class ProjectionConfig(SolverConfig):
    """One projection P_C(tau A): the quadratically regularised linear program."""

    tau: Annotated[float, POSITIVE] = 0.5
    """Scale of the affinity before the projection; the ridge of the program is 1 / tau."""
    num_cycles: Annotated[int, _COUNT] = 250
    """Dykstra cycles; 250 cost what T = 50 steps of N = 5 cycles cost."""
    gradient: Literal["implicit", "unrolled"] = "implicit"
    """Differentiate the active set at the solution, or the cycles that led there."""


@dataclass
class LinearProgramConfig(SolverConfig):
    """Equations (1)-(2) through cvxpy."""

    solver: Literal["HIGHS", "CLARABEL", "SCS"] = "HIGHS"
    """HiGHS (simplex, exact vertices), Clarabel (interior point) or SCS (first order)."""


@dataclass
class HungarianConfig(SolverConfig):
    """The exact optimum by SciPy; nothing to set."""


@dataclass
class SoftMaxConfig(SolverConfig):
    """A soft-max along rows and one along columns, multiplied: a control without constraints."""

    temperature: Annotated[float, POSITIVE] = 0.1
    """In units of affinity; smaller is harder."""


@dataclass
class StraightThroughConfig(SolverConfig):
    """The Hungarian assignment forwards, the identity backwards; nothing to set."""


@dataclass
class BlackboxConfig(SolverConfig):
    """The Hungarian assignment, differentiated by interpolation (Vlastelica et al. 2020)."""

    strength: Annotated[float, POSITIVE] = 1.0
    """lambda: how far the affinity is moved along the gradient, larger is smoother."""


@dataclass
class PerturbedConfig(SolverConfig):
    """The mean Hungarian assignment under noise on the affinity (Berthet et al. 2020)."""

    sigma: Annotated[float, POSITIVE] = 0.5
    """Standard deviation of the noise, in units of affinity."""
    num_samples: Annotated[int, _COUNT] = 10
    """Draws that the mean is taken over."""
    seed: Annotated[int, SEED] = 0
    """Of the draws."""


@dataclass
class GreedyConfig(SolverConfig):
    """Largest affinity first, as OpenPose does; nothing to set."""


@dataclass
class IdentityConfig(SolverConfig):
    """The affinity itself; nothing to set."""
