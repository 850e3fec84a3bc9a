"""The solvers: the name, words and colour of each, and one dataclass per solver with its options. Free of torch.

The defaults are the paper's where it states them (supplement, section 1: T = 50, N = 5, step size 0.01).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

from mghp.ranges import FINITE, POSITIVE, SEED, Range, check_ranges
from mghp.registry import Entry, Registry

_COUNT = Range(1, 100_000)
"""The range of numbers of steps, cycles and draws."""

_ACCEPTED = {bool: bool, int: Integral, float: Real}
"""What counts as a field's type, NumPy's numbers included."""


def _require(condition: bool, key: str, expected: str, value: object) -> None:
    if not condition:
        raise ValueError(f"{key} must be {expected}, got {value!r}")


@dataclass
class SolverConfig:
    """The base of all solvers' options: each field's type and choices are checked on creation."""

    def __post_init__(self) -> None:
        for key, hint in get_type_hints(type(self)).items():
            choices, value = get_args(hint), getattr(self, key)
            if choices:
                _require(value in choices, key, f"one of {', '.join(map(repr, choices))}", value)
            elif not isinstance(value, _ACCEPTED[hint]) or isinstance(value, bool) != (hint is bool):
                raise TypeError(f"{key} must be {hint.__name__}, got {value!r}")
        check_ranges(self)


@dataclass(frozen=True, eq=False)
class Words:
    """The words that say an option of a solver: `step_size: Annotated[float, POSITIVE, Words("alpha = {}")] = 0.01`.

    Attributes:
        text: what is said of a value other than the default, the value at `{}`; empty to say nothing.
        values: what is said instead of values that read so.
        always: whether the default is said too.
    """

    text: str
    values: Mapping[str, str] = field(default_factory=dict)
    always: bool = False


@dataclass(frozen=True, kw_only=True)
class Solver(Entry):
    """A solver of the registry; `path` names its matcher, which is built with its options.

    Attributes:
        options: dataclass of its options.
        differentiable: True if it can be trained through, as its matcher says too.
        is_control: True if it is no matcher of the paper's kind, but what those are held against.
        defaults: words for its defaults where no option is said.
        version: raised when it computes something else than before, so that older results are not adopted.
    """

    options: type[SolverConfig]
    differentiable: bool = True
    is_control: bool = False
    defaults: str = ""
    version: int = 1


SOLVERS: Registry[Solver] = Registry("solver", "mghp.solvers")
"""All solvers, in the order of configs and tables."""

Options = TypeVar("Options", bound=SolverConfig)


def solver(name: str, path: str, **about: Any) -> Callable[[type[Options]], type[Options]]:  # noqa: ANN401
    """Register the decorated options as a solver's; `about` is what `Solver` holds beside them, such as `label`.

    Example:
        @solver("mine", "my_package.mine:Mine", label="my solver", colour="#0072B2")
        @dataclass
        class MineConfig(SolverConfig):
            strength: Annotated[float, POSITIVE] = 1.0

    Raises:
        ValueError: if another solver has this name.
    """

    def register(options: type[Options]) -> type[Options]:
        SOLVERS.add(Solver(name, path, options=options, **about))
        return options

    return register


@solver(
    "pgd_dykstra", "mghp.matching.pgd_dykstra:PGDDykstra", label="PGD-Dykstra", colour="#0072B2",
    defaults="the paper's settings",
)  # fmt: skip
@dataclass
class PGDDykstraConfig(SolverConfig):
    """Projected gradient ascent with Dykstra's projection (supplement, Algorithm 1)."""

    num_steps: Annotated[int, _COUNT, Words("T = {}")] = 50
    """T, outer gradient steps."""
    num_cycles: Annotated[int, _COUNT, Words("N = {}")] = 5
    """N, Dykstra cycles a step."""
    step_size: Annotated[float, POSITIVE, Words("alpha = {}")] = 0.01
    """alpha, assignment mass moved a step per unit of affinity."""
    average: Annotated[bool, Words("last iterate")] = True
    """Return the mean of Y_1 .. Y_T (as the paper does), or Y_T."""
    warm_start: Annotated[bool, Words("warm start")] = False
    """Start each step's cycles from the corrections of the step before."""
    initial: Annotated[Literal["zeros", "uniform"], Words("Y_0 {}")] = "zeros"
    """Y_0: zeros (the paper), or 1 / max(sources, destinations) on real entries."""
    projection: Annotated[Literal["halfspace", "as_printed"], Words("projection {}")] = "halfspace"
    """Row-wise halfspaces (a projection), or the supplement's case distinction on the whole matrix."""
    backward: Annotated[Literal["replay", "autograd"], Words("{}")] = "replay"
    """Replay sign masks (small memory), or let autograd record every operation."""
    backend: Annotated[Literal["auto", "numba", "torch", "triton"], Words("{}")] = "auto"
    """Fused kernels on the CPU (numba) or a GPU (triton), torch operations, or whichever suits the tensor."""
    gradient_steps: Annotated[
        int,
        Range(0, 100_000, "must be 0 to 100000"),
        Words("gradient of the last {}", {"1": "gradient of the last step"}),
    ] = 0
    """Only the last so many steps are differentiated, what came before counts as constant; 0 for all T."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(
            not (self.backend in ("numba", "triton") and self.backward == "autograd"),
            "backend",
            "'auto' or 'torch' with backward='autograd' (the kernels replay)",
            self.backend,
        )


@solver("sinkhorn", "mghp.matching.sinkhorn:UnbalancedSinkhorn", label="unbalanced Sinkhorn", colour="#CC79A7")
@dataclass
class SinkhornConfig(SolverConfig):
    """Entropic unbalanced optimal transport (the 2023 extension's second matcher)."""

    epsilon: Annotated[float, POSITIVE] = 0.05
    """Weight of the entropy, in units of affinity; smaller is harder."""
    rho: Annotated[float, POSITIVE] = 1.0
    """Weight of the marginal penalty, in units of affinity; read by marginal="kl" alone."""
    num_iterations: Annotated[int, _COUNT, Words("{} iterations")] = 100
    """Rounds of one row and one column update."""
    marginal: Annotated[Literal["at_most_one", "kl", "dustbin"], Words("{}", {"kl": "KL"}, always=True)] = "at_most_one"
    """Sums at most one, KL-penalised sums, or SuperGlue's learned dustbin."""
    bin_score: Annotated[float, FINITE] = 0.5
    """Initial score of the dustbin, in units of affinity; read by marginal="dustbin" alone."""
    gradient: Annotated[Literal["unrolled", "implicit"], Words("{} gradient")] = "unrolled"
    """Differentiate the rounds, or the fixed point that they come to."""


@solver("projection", "mghp.matching.one_projection:Projection", label="one projection", colour="#009E73")
@dataclass
class ProjectionConfig(SolverConfig):
    """One projection P_C(tau A): the quadratically regularised linear program."""

    tau: Annotated[float, POSITIVE, Words("of {} A", always=True)] = 0.5
    """Scale of the affinity before the projection; the ridge of the program is 1 / tau."""
    num_cycles: Annotated[int, _COUNT, Words("{} cycles")] = 250
    """Dykstra cycles; 250 cost what T = 50 steps of N = 5 cycles cost."""
    gradient: Annotated[Literal["implicit", "unrolled"], Words("{} gradient")] = "implicit"
    """Differentiate the active set at the solution, or the cycles that led there."""
    method: Annotated[Literal["dykstra", "newton"], Words("by Newton's method")] = "dykstra"
    """Dykstra's cycles, as many as `num_cycles`, or Newton's method on the dual, to the exact projection."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(
            not (self.method == "newton" and self.gradient == "unrolled"),
            "gradient",
            "'implicit' with method='newton' (there are no cycles to differentiate)",
            self.gradient,
        )


@solver(
    "linear_program", "mghp.matching.linear_program:LinearProgram", label="linear program", colour="#000000",
    differentiable=False,
)  # fmt: skip
@dataclass
class LinearProgramConfig(SolverConfig):
    """The linear program of equations (1)-(2) through cvxpy."""

    solver: Annotated[Literal["HIGHS", "CLARABEL", "SCS"], Words("{}")] = "HIGHS"
    """HiGHS (simplex, exact vertices), Clarabel (interior point) or SCS (first order)."""


@solver("hungarian", "mghp.matching.hungarian:Hungarian", label="Hungarian", colour="#E69F00", differentiable=False)
@dataclass
class HungarianConfig(SolverConfig):
    """The exact optimum by SciPy; nothing to set."""


@solver("greedy", "mghp.matching.greedy:Greedy", label="greedy", colour="#56B4E9", differentiable=False)
@dataclass
class GreedyConfig(SolverConfig):
    """Largest affinity first, as OpenPose does; nothing to set."""


@solver("identity", "mghp.matching.identity:Identity", label="the affinity itself", colour="#999999", is_control=True)
@dataclass
class IdentityConfig(SolverConfig):
    """The affinity itself; nothing to set."""


@solver(
    "softmax", "mghp.matching.soft_max:SoftMax", label="soft-max over rows and columns", colour="#D55E00",
    is_control=True,
)  # fmt: skip
@dataclass
class SoftMaxConfig(SolverConfig):
    """A soft-max along rows and one along columns, multiplied: a control without constraints."""

    temperature: Annotated[float, POSITIVE] = 0.1
    """Divisor of the scores, in units of affinity; smaller is harder."""


@solver(
    "straight_through", "mghp.matching.hungarian_gradients:StraightThrough", label="straight-through Hungarian",
    colour="#F0E442", is_control=True,
)  # fmt: skip
@dataclass
class StraightThroughConfig(SolverConfig):
    """The Hungarian assignment forwards, the identity backwards; nothing to set."""


@solver(
    "blackbox", "mghp.matching.hungarian_gradients:Blackbox", label="blackbox differentiation", colour="#882255",
    is_control=True,
)  # fmt: skip
@dataclass
class BlackboxConfig(SolverConfig):
    """The Hungarian assignment, differentiated by interpolation (Vlastelica et al. 2020)."""

    strength: Annotated[float, POSITIVE] = 1.0
    """lambda: how far the affinity is moved along the gradient, larger is smoother."""


@solver(
    "perturbed", "mghp.matching.hungarian_gradients:Perturbed", label="perturbed optimiser", colour="#44AA99",
    is_control=True, version=2,
)  # fmt: skip
@dataclass
class PerturbedConfig(SolverConfig):
    """The mean Hungarian assignment under noise on the affinity (Berthet et al. 2020)."""

    sigma: Annotated[float, POSITIVE] = 0.5
    """Standard deviation of the noise, in units of affinity."""
    num_samples: Annotated[int, _COUNT, Words("{} samples")] = 10
    """Draws that the mean is taken over."""
    seed: Annotated[int, SEED] = 0
    """Seed of the draws."""
