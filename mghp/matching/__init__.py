"""Matchers: from limb affinities to assignments (the supplement's section 1, and everything it is compared with).

    from mghp.matching import PGDDykstra
    assignment = PGDDykstra()(affinity)        # (..., source, destination), gradients reach the affinity

Names are loaded on first use, so that the options (`mghp.matching.solvers`) are there without torch, and a matcher
without cvxpy or Numba.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mghp.matching.factory import make_matcher
    from mghp.matching.greedy import Greedy
    from mghp.matching.hungarian import Hungarian
    from mghp.matching.hungarian_gradients import Blackbox, Perturbed, StraightThrough
    from mghp.matching.identity import Identity
    from mghp.matching.jacobian import coupling
    from mghp.matching.linear_program import LinearProgram
    from mghp.matching.matcher import IterativeMatcher, Matcher
    from mghp.matching.one_projection import Projection, project_to_assignments
    from mghp.matching.pgd_dykstra import PGDDykstra
    from mghp.matching.problem import (
        integrality,
        objective,
        optimality_gap,
        optimum,
        raw_signed_gap,
        repair,
        tight_rows,
        violation,
    )
    from mghp.matching.rounding import round_assignment
    from mghp.matching.sinkhorn import UnbalancedSinkhorn
    from mghp.matching.soft_max import SoftMax
    from mghp.matching.trace import Trace

_MODULES = {
    "Blackbox": "hungarian_gradients",
    "Perturbed": "hungarian_gradients",
    "SoftMax": "soft_max",
    "StraightThrough": "hungarian_gradients",
    "Greedy": "greedy",
    "Hungarian": "hungarian",
    "Identity": "identity",
    "IterativeMatcher": "matcher",
    "LinearProgram": "linear_program",
    "Matcher": "matcher",
    "PGDDykstra": "pgd_dykstra",
    "Projection": "one_projection",
    "Trace": "trace",
    "UnbalancedSinkhorn": "sinkhorn",
    "coupling": "jacobian",
    "integrality": "problem",
    "make_matcher": "factory",
    "objective": "problem",
    "optimality_gap": "problem",
    "optimum": "problem",
    "project_to_assignments": "one_projection",
    "raw_signed_gap": "problem",
    "repair": "problem",
    "round_assignment": "rounding",
    "tight_rows": "problem",
    "violation": "problem",
}

__all__ = [
    "Blackbox",
    "Greedy",
    "Hungarian",
    "Identity",
    "IterativeMatcher",
    "LinearProgram",
    "Matcher",
    "PGDDykstra",
    "Perturbed",
    "Projection",
    "SoftMax",
    "StraightThrough",
    "Trace",
    "UnbalancedSinkhorn",
    "coupling",
    "integrality",
    "make_matcher",
    "objective",
    "optimality_gap",
    "optimum",
    "project_to_assignments",
    "raw_signed_gap",
    "repair",
    "round_assignment",
    "tight_rows",
    "violation",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
