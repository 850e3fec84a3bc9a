"""Equations (1)-(2) as they stand, through cvxpy: the reference that makes no choice of its own."""

from importlib import import_module
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from mghp.matching.configs import LinearProgramConfig
from mghp.matching.matcher import Matcher


class LinearProgram(Matcher):
    """max <A, Y> subject to Y 1 <= 1, Y^T 1 <= 1, Y >= 0; not differentiable, its output is detached.

    The program is parametrised in A (cvxpy's DPP), compiled once for each true size and reused. Its solution is
    piecewise constant in A, which is why the paper needs another matcher to train through.

    Args:
        solver: HIGHS (simplex: a vertex, so a matching), CLARABEL (interior point) or SCS (first order).

    Raises:
        ValueError: if the solver is none of these.
        RuntimeError: on solving, if the status is not optimal; with the solver's status.
    """

    differentiable = False
    config: LinearProgramConfig

    def __init__(self, solver: Literal["HIGHS", "CLARABEL", "SCS"] = "HIGHS") -> None:
        super().__init__(LinearProgramConfig(solver))
        self._programs: dict[tuple[int, int], tuple[Any, Any, Any]] = {}

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        values = affinity.detach().double().cpu().numpy()
        assignment = np.zeros_like(values)
        for problem in range(len(values)):
            rows = slice(None) if source_mask is None else source_mask[problem].cpu().numpy()
            columns = slice(None) if destination_mask is None else destination_mask[problem].cpu().numpy()
            real = values[problem][rows][:, columns]
            solved = np.zeros(values[problem].shape)
            part = np.zeros((len(real), values.shape[2]))
            part[:, columns] = self._solve_one(real)
            solved[rows] = part
            assignment[problem] = solved
        return torch.from_numpy(assignment).to(affinity)

    def _solve_one(self, affinity: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        if affinity.size == 0:
            return affinity
        program, parameter, variable = self._program(affinity.shape)
        parameter.value = affinity
        program.solve(solver=self.config.solver)
        if program.status != "optimal":
            stats = program.solver_stats
            detail = f": {stats.extra_stats}" if stats is not None and stats.extra_stats is not None else ""
            raise RuntimeError(
                f"{self.config.solver} ended with status {program.status!r}, expected 'optimal', on a "
                f"{affinity.shape[0]}x{affinity.shape[1]} problem{detail}"
            )
        return np.asarray(variable.value)

    def _program(self, shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
        cp: Any = import_module("cvxpy")  # slow to import, and only this matcher needs it

        key = (shape[0], shape[1])
        if key not in self._programs:
            parameter = cp.Parameter(shape)
            variable = cp.Variable(shape, nonneg=True)
            constraints = [cp.sum(variable, axis=1) <= 1, cp.sum(variable, axis=0) <= 1]
            program = cp.Problem(cp.Maximize(cp.sum(cp.multiply(parameter, variable))), constraints)
            self._programs[key] = (program, parameter, variable)
        return self._programs[key]
