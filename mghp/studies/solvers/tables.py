"""Tables M1 to M3: solvers side by side; T, N and the step size; the choices that the supplement leaves open."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mghp.errors import InputError
from mghp.matching.choices import ROUNDINGS
from mghp.matching.in_words import in_words
from mghp.matching.solvers import SOLVERS
from mghp.metrics.matching import f1
from mghp.report.comparison import NO_EFFECT_ON_F1, Comparison, compare
from mghp.report.statistics import PairedDifference, bootstrap_difference
from mghp.report.table import Column, TableOf, metric, percent
from mghp.runs.read import Run

BASELINE = "identity"
"""The solver, and the variant of that name, over which the gains of others count."""


def solver_runs(runs: Iterable[Run]) -> list[Run]:
    """Return the runs of M1 by data: the affinity itself, then solvers as they are registered, then others."""
    order = (BASELINE, *SOLVERS)

    def place(run: Run) -> tuple[str, int, str]:
        name = run.config["matcher"]["name"]
        return run.data, order.index(name) if name in order else len(order), run.variant

    return sorted(of(runs, "solvers"), key=place)


def solver_label(run: Run) -> str:
    """Return a run's solver and its settings in words."""
    return in_words(run.config["matcher"]["name"], run.matcher)


def of(runs: Iterable[Run], experiment: str) -> list[Run]:
    """Return the runs of one experiment."""
    return [run for run in runs if run.experiment == experiment]


def _is_differentiable(run: Run) -> bool:
    """Return whether a run's solver is differentiable: by its entry, else by whether its gradient was measured."""
    name = run.config["matcher"]["name"]
    return SOLVERS[name].differentiable if name in SOLVERS else "memory/both_peak_mb" in run.result["metrics"]


_PROBLEMS: Column[Run] = Column("problems", lambda run: run.data)

SIDE_BY_SIDE = TableOf(
    "M1",
    "Solvers side by side. Gap to the linear program's optimum after repair (over problems whose optimum is at "
    "least 0.1); worst violation of its constraints; gap left by Hungarian rounding; coupling (off-diagonal share "
    "of the Jacobian); share of problems on which the rounded assignment is the "
    "Hungarian's; CPU milliseconds per image and rise of memory over all problems in one pass.",
    _PROBLEMS,
    Column("solver", solver_label),
    Column("gap mean [%]", percent("matching/gap_mean"), ".2f"),
    Column("gap p95 [%]", percent("matching/gap_p95"), ".2f"),
    Column("worst violation", metric("matching/violation_worst"), ".1e"),
    Column("rounded gap [%]", percent("matching/rounded_gap_mean"), ".2f"),
    Column("coupling", metric("matching/coupling"), ".3f"),
    *(Column(f"agrees, {rounding} [%]", percent(f"matching/agreement_{rounding}"), ".1f") for rounding in ROUNDINGS),
    Column("forward [ms]", metric("time/forward_ms_per_image"), ".3f"),
    Column("both [ms]", metric("time/both_ms_per_image"), ".3f"),
    Column(
        "memory [MB]",
        lambda run: run.metric(f"memory/{'both' if _is_differentiable(run) else 'forward'}_peak_mb"),
        ".0f",
    ),
    Column("differentiable", lambda run: "yes" if _is_differentiable(run) else "no"),
    rows=solver_runs,
)


@dataclass(frozen=True)
class Associated:
    """The run of a solver beside those of others on the same problems.

    Attributes:
        run: run of the solver.
        compared: comparison with the affinity itself by rounding; empty for the affinity's own run.
    """

    run: Run
    compared: dict[str, Comparison]


def associated(runs: Iterable[Run]) -> Iterator[Associated]:
    """Return the solvers' runs, each compared with identity; a family of Holm's has one data set and rounding."""
    solvers = solver_runs(runs)
    for data in dict.fromkeys(run.data for run in solvers):
        of_data = [run for run in solvers if run.data == data]
        baseline = next((run for run in of_data if run.variant == BASELINE), None)
        families = {rounding: association_compared(of_data, baseline, rounding) for rounding in ROUNDINGS}
        for run in of_data:
            own = {rounding: cells[str(run.path)] for rounding, cells in families.items() if str(run.path) in cells}
            yield Associated(run, own)


def association_compared(runs: Sequence[Run], baseline: Run | None, rounding: str) -> dict[str, Comparison]:
    """Return the comparisons of runs' F1 with a baseline's after a rounding, a family of Holm's, by their paths."""
    if baseline is None:
        return {}
    others = {str(run.path): association_difference(run, baseline, rounding) for run in runs if run is not baseline}
    counts = baseline.association(rounding)
    return {} if counts is None else compare(others, NO_EFFECT_ON_F1, float(f1(counts.sum(axis=0))))


def association_difference(run: Run, baseline: Run, rounding: str) -> PairedDifference | None:
    """Return the F1 of a run minus a baseline's; None where one was not scored after this rounding.

    Raises:
        InputError: if they were scored on different images, or on none.
    """
    counts, reference = run.association(rounding), baseline.association(rounding)
    if counts is None or reference is None:
        return None
    if len(counts) != len(reference) or not len(counts):
        raise InputError(
            f"{run.path} and {baseline.path}: scored on {len(counts)} and {len(reference)} images, expected the same"
        )
    return bootstrap_difference(counts, reference)


def _association_columns(rounding: str) -> Iterator[Column[Associated]]:
    def score(row: Associated) -> str:
        alone, contested = (row.run.metric(f"association/f1_{kind}{rounding}") for kind in ("", "contested_"))
        return f"{100 * alone:.2f} ({100 * contested:.2f})"

    def told(row: Associated) -> Comparison | None:
        return row.compared.get(rounding)

    yield Column(f"F1, {rounding}", score)
    yield Column(f"difference, {rounding}", lambda row: cell.interval(".2f") if (cell := told(row)) else "")
    yield Column(f"verdict, {rounding}", lambda row: cell.verdict if (cell := told(row)) else "")


ASSOCIATION = TableOf(
    "M1_association",
    "F1 of joined pairs by each rounding, threshold tuned on validation images, scored on the others; in brackets "
    "over problems with two and more candidates a side. Difference from identity after the same rounding, with its "
    "95 % interval by a paired bootstrap over images; better or worse if p < 0.05 by Holm over the solvers; 'no "
    f"effect' if the interval lies within {NO_EFFECT_ON_F1}, fixed beforehand.",
    Column("problems", lambda row: row.run.data),
    Column("solver", lambda row: solver_label(row.run)),
    *(column for rounding in ROUNDINGS for column in _association_columns(rounding)),
    rows=associated,
)


@dataclass(frozen=True)
class GridPoint:
    """One run of PGD-Dykstra over T, N and the step size.

    Attributes:
        run: run of these settings.
        steps: T.
        cycles: N.
        step_size: alpha.
        rival: run of one projection of T alpha A with as many cycles in all, where there is one.
    """

    run: Run
    steps: int
    cycles: int
    step_size: float
    rival: Run | None = None

    @property
    def tau(self) -> float:
        """The scale T alpha of the one projection that the steps amount to."""
        return self.steps * self.step_size

    def of_rival(self, name: str, scale: float = 1) -> float | None:
        """Return a metric of the rival; None without one."""
        return scale * self.rival.metric(name) if self.rival else None


def grid_runs(runs: Iterable[Run]) -> list[Run]:
    """Return the runs of PGD-Dykstra over T, N and the step size."""
    return [run for run in of(runs, "steps") if run.config["matcher"]["name"] == "pgd_dykstra"]


def grid_point(run: Run) -> tuple[int, int, float]:
    """Return T, N and alpha of a run of PGD-Dykstra."""
    return run.matcher["num_steps"], run.matcher["num_cycles"], run.matcher["step_size"]


def grid_points(runs: Sequence[Run]) -> list[GridPoint]:
    """Return the grid in the order of data, T, N and alpha."""
    rivals = {
        (run.data, round(run.matcher["tau"], 9), run.matcher["num_cycles"]): run
        for run in of(runs, "steps")
        if run.config["matcher"]["name"] == "projection"
    }
    points = [GridPoint(run, *grid_point(run)) for run in grid_runs(runs)]
    points.sort(key=lambda point: (point.run.data, point.steps, point.cycles, point.step_size))
    return [
        replace(point, rival=rivals.get((point.run.data, round(point.tau, 9), point.steps * point.cycles)))
        for point in points
    ]


def _of_run(name: str, read: Callable[[Run], float], form: str) -> Column[GridPoint]:
    return Column(name, lambda point: read(point.run), form)


STEPS = TableOf(
    "M2",
    "What T, N and the step size alpha do. Gap after repair and violation, of the mean of the iterates (the "
    "paper's result) and of the last; tau = T alpha; the gap of one projection P_C(tau A) with T N cycles, and the "
    "largest entry of |Y_T - P_C(tau A)| (mean over problems); F1 by Hungarian rounding.",
    Column("problems", lambda point: point.run.data),
    Column("T", lambda point: point.steps, "d"),
    Column("N", lambda point: point.cycles, "d"),
    Column("alpha", lambda point: point.step_size, "g"),
    Column("tau", lambda point: point.tau, "g"),
    _of_run("gap, mean [%]", percent("matching/gap_mean"), ".2f"),
    _of_run("gap, last [%]", percent("last_iterate/gap_mean"), ".2f"),
    _of_run("violation, mean", metric("matching/violation_mean"), ".1e"),
    _of_run("violation, last", metric("last_iterate/violation_mean"), ".1e"),
    _of_run("worst violation", metric("last_iterate/violation_worst"), ".1e"),
    _of_run("tight rows [%]", percent("last_iterate/tight_rows"), ".0f"),
    _of_run("coupling", metric("matching/coupling"), ".2f"),
    Column("one projection, gap [%]", lambda point: point.of_rival("matching/gap_mean", 100), ".2f"),
    Column("one projection, violation", lambda point: point.of_rival("matching/violation_mean"), ".1e"),
    _of_run("distance to it", metric("matching/distance_to_one_projection"), ".1e"),
    _of_run("F1 [%]", percent("association/f1_hungarian"), ".2f"),
    rows=grid_points,
    sources=lambda point: (point.run, point.rival) if point.rival else (point.run,),
)


def by_size(runs: Iterable[Run]) -> list[Run]:
    """Return the runs on random problems, smallest first."""
    return sorted(of(runs, "sizes"), key=lambda run: run.config["data"]["random"]["source"])


SIZES = TableOf(
    "M2_sizes",
    "The paper's settings (T = 50, N = 5, alpha = 0.01) on uniform random problems of growing size: gap after "
    "repair of the mean of the iterates and of the last, rows whose sum reaches 1 at the last step, coupling.",
    _PROBLEMS,
    Column("gap, mean [%]", percent("matching/gap_mean"), ".1f"),
    Column("gap, last [%]", percent("last_iterate/gap_mean"), ".1f"),
    Column("tight rows [%]", percent("last_iterate/tight_rows"), ".0f"),
    Column("violation, last", metric("last_iterate/violation_mean"), ".1e"),
    Column("coupling", metric("matching/coupling"), ".2f"),
    rows=by_size,
)


def _readings(runs: Iterable[Run]) -> list[Run]:
    """Return the runs of M3: the paper's reading first, then what differs from it."""

    def order(run: Run) -> tuple[str, float, bool, bool, str, str]:
        options = run.matcher
        is_printed = options["projection"] != "halfspace"
        average = str(options["average"])
        return run.data, options["step_size"], is_printed, options["warm_start"], average, options["initial"]

    return sorted((run for run in of(runs, "readings") if run.config["matcher"]["name"] == "pgd_dykstra"), key=order)


READINGS = TableOf(
    "M3",
    "Choices that the supplement leaves open, at T = 50, N = 5. Cold starts are the paper's; a warm start keeps "
    "Dykstra's corrections from step to step. raw gap: before repair, negative where the constraints are left.",
    _PROBLEMS,
    Column("alpha", lambda run: run.matcher["step_size"], "g"),
    Column("start of cycles", lambda run: "warm" if run.matcher["warm_start"] else "cold"),
    Column("result", lambda run: "mean" if run.matcher["average"] else "last"),
    Column("Y_0", lambda run: run.matcher["initial"]),
    Column("projection", lambda run: run.matcher["projection"].replace("_", " ")),
    Column("gap [%]", percent("matching/gap_mean"), ".2f"),
    Column("raw gap [%]", percent("matching/raw_gap_mean"), ".2f"),
    Column("violation", metric("matching/violation_mean"), ".1e"),
    Column("worst violation", metric("matching/violation_worst"), ".1e"),
    Column("coupling", metric("matching/coupling"), ".2f"),
    Column("distance to exact step", metric("matching/distance_to_exact_step"), ".1e"),
    Column("F1 [%]", percent("association/f1_hungarian"), ".2f"),
    rows=_readings,
)
