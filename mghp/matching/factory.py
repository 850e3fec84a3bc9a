"""Matchers by the names that configs use."""

from mghp.matching.matcher import Matcher
from mghp.matching.solvers import SOLVERS


def make_matcher(name: str, **options: object) -> Matcher:
    """Build a matcher: `make_matcher("pgd_dykstra", num_steps=10)`.

    Options that are not given are those of configs, the paper's where it states them, which need not be a class's own.

    Raises:
        InputError: if no solver has this name.
        ValueError: if an option's value has no meaning.
        TypeError: if the matcher has no such option.

    Example:
        >>> import torch
        >>> from mghp.matching import make_matcher
        >>> matcher = make_matcher("sinkhorn", epsilon=0.1)
        >>> matcher(torch.tensor([[3.0, 2.0], [2.0, 0.0]])).round(decimals=2)
        tensor([[0.0100, 0.9900],
                [0.9900, 0.0000]])
    """
    solver = SOLVERS[name]
    matcher: Matcher = solver.load()(**vars(solver.options(**options)))
    return matcher
