"""Equations (1)-(2) as they stand, through cvxpy: the reference that makes no choice of its own."""

import functools
import threading
from importlib import import_module
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from mghp.matching.matcher import Matcher
from mghp.matching.solvers import LinearProgramConfig


class LinearProgram(Matcher):
    """max <A, Y> subject to Y 1 <= 1, Y^T 1 <= 1, Y >= 0; not differentiable, its output is detached.

    The program is parametrised in A (cvxpy's DPP), compiled once for each true size and reused. Its solution is
    piecewise constant in A, which is why the paper needs another matcher to train through.

    Args:
        solver: HIGHS (simplex: a vertex, so a matching), CLARABEL (interior point) or SCS (first order).

    Raises:
        ValueError: if the solver is none of these.
        RuntimeError: on solving, if the status is not optimal; with the solver's status.

    Example:
        >>> import torch
        >>> from mghp.matching import LinearProgram
        >>> LinearProgram()(torch.tensor([[3.0, 2.0], [2.0, 0.0]])).round()
        tensor([[0., 1.],
                [1., 0.]])
    """

    differentiable = False
    config: LinearProgramConfig

    def __init__(self, solver: Literal["HIGHS", "CLARABEL", "SCS"] = "HIGHS") -> None:
        super().__init__(LinearProgramConfig(solver))

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        real = torch.ones_like(affinity, dtype=torch.bool)
        if source_mask is not None:
            real = real & source_mask.unsqueeze(-1)
        if destination_mask is not None:
            real = real & destination_mask.unsqueeze(-2)
        assignment: Tensor = _solve_batch(affinity, real, self.config.solver)
        return assignment


# An operator of its own: torch.compile and torch.func need not look into cvxpy.
@torch.library.custom_op("mghp::linear_program", mutates_args=())
def _solve_batch(affinity: Tensor, real: Tensor, solver: str) -> Tensor:
    """Solve (batch, source, destination) one by one; `real` marks the pairs of two real candidates."""
    assignment = torch.zeros_like(affinity)
    for solved, problem, pairs in zip(assignment, affinity.double().cpu(), real.cpu(), strict=True):
        size = int(pairs.any(-1).sum()), int(pairs.any(-2).sum())
        if pairs.any():
            optimal = _solve_one(problem[pairs].reshape(size).numpy(), solver)
            solved[pairs] = torch.from_numpy(optimal.ravel()).to(solved)
    return assignment


@_solve_batch.register_fake
def _(affinity: Tensor, real: Tensor, solver: str) -> Tensor:
    return torch.empty_like(affinity)


@_solve_batch.register_vmap
def _(
    info: Any,  # noqa: ANN401
    axes: tuple[int | None, int | None, None],
    affinity: Tensor,
    real: Tensor,
    solver: str,
) -> tuple[Tensor, int]:
    laid = [
        part.expand(info.batch_size, *part.shape) if axis is None else part.movedim(axis, 0)
        for part, axis in zip((affinity, real), axes, strict=False)
    ]
    solved = _solve_batch(*(part.flatten(0, 1) for part in laid), solver)
    return solved.unflatten(0, (info.batch_size, -1)), 0


_solving = threading.Lock()
"""A program holds one problem and its solution, and cvxpy counts across threads: one problem at a time."""


def _solve_one(affinity: NDArray[np.float64], solver: str) -> NDArray[np.float64]:
    with _solving:
        program, parameter, variable = _program(affinity.shape)
        parameter.value = affinity / _unit(np.abs(affinity).max())
        try:
            # Not from the solution before, of which it would depend which of several optima is found.
            program.solve(solver=solver, warm_start=False)
        except (ValueError, import_module("cvxpy").error.SolverError) as error:
            said = " ".join(str(error).split())[:100]
            raise RuntimeError(f"{solver} ended with status {program.status!r}, expected 'optimal': {said}") from None
        if program.status != "optimal":
            stats = program.solver_stats
            detail = f": {stats.extra_stats}" if stats is not None and stats.extra_stats is not None else ""
            raise RuntimeError(
                f"{solver} ended with status {program.status!r}, expected 'optimal', on a "
                f"{affinity.shape[0]}x{affinity.shape[1]} problem{detail}"
            )
        return np.array(variable.value)


def _unit(largest: float) -> float:
    """Return a divisor without rounding for affinities: solvers' tolerances are absolute, and 1e20 is infinite."""
    return 1.0 if 1e-3 < largest < 1e4 or largest == 0 else float(2.0 ** np.floor(np.log2(largest)))


@functools.cache
def _program(shape: tuple[int, int]) -> tuple[Any, Any, Any]:
    cp: Any = import_module("cvxpy")  # slow to import, and only this matcher needs it
    parameter = cp.Parameter(shape)
    variable = cp.Variable(shape, nonneg=True)
    constraints = [cp.sum(variable, axis=1) <= 1, cp.sum(variable, axis=0) <= 1]
    program = cp.Problem(cp.Maximize(cp.sum(cp.multiply(parameter, variable))), constraints)
    return program, parameter, variable
