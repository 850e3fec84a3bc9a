"""Matchers: from limb affinities to assignments (the supplement's section 1, and everything it is compared with).

    from mghp.matching import PGDDykstra
    assignment = PGDDykstra()(affinity)        # (..., source, destination), gradients reach the affinity

Names are loaded on first use, so that the options (`mghp.matching.solvers`) are there without torch, and a matcher
without cvxpy or Numba.

Training scores of pairs wants a matcher and a loss that give every problem a gradient, whatever the scores are at
first. `fenchel_young` does with any matcher here: its gradient is Y - Y*, and nothing is differentiated. So does
`cross_entropy` through `PGDDykstra()`, whose Y_0 is uniform in Python; from Y_0 = 0, as in the paper and in configs,
scores that are all negative give no gradient, ever. Steps alpha A of 1 and more leave most assignments at 0 or 1, where
nothing reaches the scores either. What counts is tau max A = T alpha max A: scaling A is scaling tau.

Example:
    >>> import torch
    >>> from mghp.matching import PGDDykstra, fenchel_young
    >>> affinity = torch.full((8, 19, 5, 6), -1.0, requires_grad=True)  # (batch, limb, source, destination)
    >>> truth = torch.eye(5, 6, dtype=torch.bool).expand(affinity.shape)  # which pairs belong to one person
    >>> source_mask = torch.arange(5).expand(8, 19, 5) < 4  # True = a real candidate
    >>> is_pair = source_mask[..., None].expand(affinity.shape)  # True = a pair whose truth is known
    >>> matcher = PGDDykstra()
    >>> optimizer = torch.optim.Adam([affinity], lr=0.1)
    >>> for step in range(50):
    ...     optimizer.zero_grad()
    ...     assignment = matcher(affinity, source_mask)  # the same shape; exactly 0 outside the mask
    ...     fenchel_young(affinity, assignment, truth, is_pair).backward()
    ...     optimizer.step()
    >>> bool((affinity[is_pair & truth].min() > affinity[is_pair & ~truth].max()))
    True
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
    from mghp.matching.losses import balanced_cross_entropy, cross_entropy, fenchel_young, structured_hinge
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
    "balanced_cross_entropy": "losses",
    "coupling": "jacobian",
    "cross_entropy": "losses",
    "fenchel_young": "losses",
    "integrality": "problem",
    "make_matcher": "factory",
    "objective": "problem",
    "optimality_gap": "problem",
    "optimum": "problem",
    "project_to_assignments": "one_projection",
    "raw_signed_gap": "problem",
    "repair": "problem",
    "round_assignment": "rounding",
    "structured_hinge": "losses",
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
    "balanced_cross_entropy",
    "coupling",
    "cross_entropy",
    "fenchel_young",
    "integrality",
    "make_matcher",
    "objective",
    "optimality_gap",
    "optimum",
    "project_to_assignments",
    "raw_signed_gap",
    "repair",
    "round_assignment",
    "structured_hinge",
    "tight_rows",
    "violation",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
