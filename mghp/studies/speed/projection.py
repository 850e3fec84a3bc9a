"""`mghp bench projection`: Newton's projection against 250 of Dykstra's cycles, and against an active-set solver."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.optimize import nnls
from torch import Tensor

from mghp.matching import Projection
from mghp.matching.newton import project_by_newton
from mghp.report.table import TableOf
from mghp.runs.csv_cells import write_frame
from mghp.runs.folder import RunFolder
from mghp.studies.speed.bench import Bench, Call, cell, finished, measurements
from mghp.studies.speed.measure import seconds_of

SIZES = (3, 6, 16, 32, 64, 128)
"""Candidates a side."""

TAUS = (0.5, 5.0, 50.0)
"""Scales of uniform affinities in [0, 1]; 0.5 is the paper's."""

ENTRIES = 65_536
"""Entries of a batch, about."""

REPEATS = 7
"""Runs at least, of which the fastest counts: whatever else a machine does only adds."""

SECONDS = 0.2
"""How long these runs take together, at least: seven short ones can all meet something else."""

TOLERANCES = tuple(10.0 ** (-tenths / 10) for tenths in range(140))
"""Residuals of the dual at which Newton's method may end, loosest first."""

ACCURATE = 1e-6
"""Error, in units of 1 plus the largest entry of a point, until which cycles are counted, too."""

CYCLES = tuple(250 * 2**power for power in range(9))
"""Numbers of cycles that may be needed for it, fewest first."""

PROBLEMS = 10_000
"""Random masked problems that are held against the active-set solver."""

LARGEST = 7
"""Candidates a side of those problems, at most."""

STEP = 1e-4
"""Step of finite differences: between kinks the projection is linear, and a long one loses nothing."""

KINK = 1e-3
"""Distance from a kink below which finite differences may lie on both sides of it."""


def bench_projection(call: Call) -> Path:
    """Measure into a run folder: a row per size, scale and type in ratios.csv, largest errors in exact.csv."""
    folder = RunFolder(call.config, f"{PROBLEMS} problems")
    torch.manual_seed(call.config.seed)
    points = list(product(SIZES, TAUS, ("float32", "float64")))
    rows = []
    for number, point in enumerate(points):
        call.progress(number, len(points) + 1, "against cycles")
        rows.append(_against_cycles(*point))
    call.progress(len(points), len(points) + 1, "against the solver")
    write_frame(pd.DataFrame([_against_solver(call.config.seed)]), folder.path / "exact.csv")
    return finished(folder, rows, {"threads": torch.get_num_threads(), "repeats": REPEATS})


def _against_cycles(size: int, tau: float, precision: str) -> dict[str, Any]:
    affinity = torch.rand(max(1, ENTRIES // size**2), size, size, dtype=getattr(torch, precision))
    exact, _ = project_by_newton(tau * affinity.double())
    methods = {"cycles": Projection(tau), "newton": Projection(tau, method="newton")}
    row: dict[str, Any] = {"size": size, "tau": tau, "precision": precision, "batch": len(affinity)}
    for name, matcher in methods.items():
        forward, both = _best_seconds(matcher, affinity)
        error = (matcher(affinity).double() - exact).abs().amax()
        row |= {f"{name}_us": 1e6 * forward / len(affinity), f"{name}_both": both, f"{name}_error": float(error)}
    row["ratio"] = row["cycles_us"] / row["newton_us"]
    row["equal_ratio"] = row["cycles_us"] / (
        1e6 * _seconds_to(row["cycles_error"], tau * affinity, exact) / len(affinity)
    )
    row["both_ratio"] = row.pop("cycles_both") / row.pop("newton_both")
    return row | _when_accurate(tau, affinity, exact, row["newton_us"] * len(affinity) / 1e6)


def _when_accurate(tau: float, affinity: Tensor, exact: Tensor, newton: float) -> dict[str, float]:
    """Return the number of cycles that come within `ACCURATE`, and their time as a multiple of Newton's; NaN if none.

    Args:
        tau: scale of the affinity.
        affinity: shape (batch, source, destination).
        exact: its projection, float64.
        newton: the seconds that Newton's method takes for it.
    """
    enough = ACCURATE * (1 + tau * float(affinity.amax()))
    for number in CYCLES:
        projected = Projection(tau, num_cycles=number)(affinity)
        if float((projected.double() - exact).abs().amax()) <= enough:
            cycles = _best_seconds(Projection(tau, num_cycles=number), affinity)[0]
            return {"accurate_cycles": number, "accurate_ratio": cycles / newton}
    return {"accurate_cycles": float("nan"), "accurate_ratio": float("nan")}


def _seconds_to(error: float, point: Tensor, exact: Tensor) -> float:
    """Return the least seconds of Newton's method, ended as soon as may be with no larger an error."""
    for tolerance in TOLERANCES:
        projected, _ = project_by_newton(point, tolerance=tolerance)
        if float((projected.double() - exact).abs().amax()) <= error:
            break
    return _least_seconds(lambda: project_by_newton(point, tolerance=tolerance))


def _best_seconds(matcher: Projection, affinity: Tensor) -> tuple[float, float]:
    """Return the least seconds of forward, and of forward + backward."""

    def forward() -> None:
        with torch.no_grad():
            matcher(affinity)

    def both() -> None:
        matcher(affinity.clone().requires_grad_()).square().sum().backward()  # type: ignore[no-untyped-call]

    forward()
    both()
    return _least_seconds(forward), _least_seconds(both)


def _least_seconds(call: Callable[[], object]) -> float:
    """Return the seconds of the fastest of several runs."""
    taken: list[float] = []
    while len(taken) < REPEATS or sum(taken) < SECONDS:
        taken.append(seconds_of(call))
    return min(taken)


def least_distance(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the closest assignment to a matrix, by Lawson and Hanson's active sets (1974, chapter 23: LDP by NNLS)."""
    n, m = x.shape
    sums = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    constraints = np.vstack([-sums, np.eye(n * m)])  # constraints @ (y - x) >= bounds
    bounds = np.concatenate([sums @ x.ravel() - 1, -x.ravel()])
    system, target = np.vstack([constraints.T, bounds]), np.eye(n * m + 1)[-1]
    weights, _ = nnls(system, target, maxiter=100 * len(bounds))
    residual = system @ weights - target
    closest: NDArray[np.float64] = x - (residual[:-1] / residual[-1]).reshape(n, m)
    return closest


def _against_solver(seed: int) -> dict[str, Any]:
    """Return the largest errors of projections, and of gradients away from kinks, over random masked problems."""
    generator = torch.Generator().manual_seed(seed)
    project, cycles = Projection(1.0, method="newton"), Projection(1.0)
    errors, cycle_errors, slopes = [], [], []
    for _ in range(PROBLEMS):
        x, rows, columns = _masked_problem(generator)
        expected = torch.from_numpy(least_distance(x[rows][:, columns].numpy()))
        errors.append(_largest(project(x, rows, columns)[rows][:, columns] - expected))
        cycle_errors.append(_largest(cycles(x, rows, columns)[rows][:, columns] - expected))
        if kink_distance(x, rows, columns) > KINK:
            slopes.append(_slope_error(project, x, rows, columns, generator))
    return {
        "problems": PROBLEMS, "error": max(errors), "cycles_error": max(cycle_errors), "off_kinks": len(slopes),
        "gradient_error": max(slopes, default=float("nan")),
    }  # fmt: skip


def _masked_problem(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return a point of normal entries, of a scale from 0.3 to 4, and its masks, with a real candidate either side."""
    scale = 0.3 * (4 / 0.3) ** torch.rand((), generator=generator, dtype=torch.float64)
    x = scale * torch.randn(LARGEST, LARGEST, generator=generator, dtype=torch.float64)
    share = 0.2 + 0.8 * torch.rand(2, 1, generator=generator)
    masks = torch.rand(2, LARGEST, generator=generator) < share
    masks[:, 0] |= ~masks.any(1)
    return x, masks[0], masks[1]


def _largest(difference: Tensor) -> float:
    return float(difference.abs().amax())


def kink_distance(x: Tensor, rows: Tensor, columns: Tensor) -> float:
    """Return what the projection of a point is away from changing its support or the sums at their bound, or less.

    Where a sum is at its bound by the other side's corrections alone, there may be no kink and is 0 all the same.

    Args:
        x: a point, shape (source, destination).
        rows: True where a source is real.
        columns: True where a destination is real.
    """
    part = x[rows][:, columns].unsqueeze(0)
    projected, (r, c) = project_by_newton(part)
    entries = projected + torch.relu(r + c - part)
    return float(
        min(
            entries.min(),
            (r + 1 - projected.sum(-1, keepdim=True)).min(),
            (c + 1 - projected.sum(-2, keepdim=True)).min(),
        )
    )


def _slope_error(project: Projection, x: Tensor, rows: Tensor, columns: Tensor, generator: torch.Generator) -> float:
    """Return the largest difference of the gradient and finite differences, along one random cotangent."""
    cotangent = torch.randn(x.shape, generator=generator, dtype=x.dtype)
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(project(leaf, rows, columns), leaf, cotangent)
    moves = STEP * torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape)
    masks = rows.expand(len(moves), -1), columns.expand(len(moves), -1)
    differences = (project(x + moves, *masks) - project(x - moves, *masks)) / (2 * STEP)
    return _largest(gradient.flatten() - (differences * cotangent).sum((-2, -1)))


TIMES = TableOf(
    "bench_projection",
    "The projection of uniform affinities times tau by Newton's method, against 250 of Dykstra's cycles: microseconds "
    "a problem (the least of several runs), how many times faster, forward and with backward, also where it ends with "
    "no larger an error than the cycles leave, and the largest error; then how many cycles come within 1e-6 of the "
    "exact projection (in units of 1 plus the largest entry; the next of 250, 500, ... 64,000, empty where these are "
    "too few), and how many times as fast Newton's method, which comes at least as close, is then.",
    cell("candidates a side", "size", "d"),
    cell("tau", "tau", "g"),
    cell("type", "precision"),
    cell("problems", "batch", "d"),
    cell("cycles [us]", "cycles_us", ".2f"),
    cell("Newton [us]", "newton_us", ".2f"),
    cell("times faster", "ratio", ".1f"),
    cell("both, times faster", "both_ratio", ".1f"),
    cell("at equal error, times faster", "equal_ratio", ".1f"),
    cell("error of cycles", "cycles_error", ".1e"),
    cell("error of Newton", "newton_error", ".1e"),
    cell("cycles to 1e-6", "accurate_cycles", ".0f"),
    cell("then, times faster", "accurate_ratio", ".1f"),
    rows=measurements("bench_projection", texts=("precision",)),
)

EXACT = TableOf(
    "bench_projection_exact",
    "Random masked problems of up to seven candidates a side, float64: the largest error of a projection against an "
    "active-set solver's, and of an implicit gradient against finite differences, away from kinks.",
    cell("problems", "problems", "d"),
    cell("error of Newton", "error", ".1e"),
    cell("error of 250 cycles", "cycles_error", ".1e"),
    cell("off kinks", "off_kinks", "d"),
    cell("error of gradients", "gradient_error", ".1e"),
    rows=measurements("bench_projection", "exact.csv"),
)

BENCH = Bench(bench_projection, (TIMES, EXACT))
