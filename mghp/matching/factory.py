"""Matchers by the names that configs use."""

from mghp.matching.greedy import Greedy
from mghp.matching.hungarian import Hungarian
from mghp.matching.hungarian_gradients import Blackbox, Perturbed, StraightThrough
from mghp.matching.identity import Identity
from mghp.matching.linear_program import LinearProgram
from mghp.matching.matcher import Matcher
from mghp.matching.one_projection import Projection
from mghp.matching.pgd_dykstra import PGDDykstra
from mghp.matching.sinkhorn import UnbalancedSinkhorn
from mghp.matching.soft_max import SoftMax

MATCHERS: dict[str, type[Matcher]] = {
    "pgd_dykstra": PGDDykstra,
    "sinkhorn": UnbalancedSinkhorn,
    "projection": Projection,
    "linear_program": LinearProgram,
    "hungarian": Hungarian,
    "greedy": Greedy,
    "identity": Identity,
    "softmax": SoftMax,
    "straight_through": StraightThrough,
    "blackbox": Blackbox,
    "perturbed": Perturbed,
}


def make_matcher(name: str, **options: object) -> Matcher:
    """Build a matcher: `make_matcher("pgd_dykstra", num_steps=10)`.

    Raises:
        ValueError: if no matcher has this name, or an option's value has no meaning.
        TypeError: if the matcher has no such option.
    """
    if name not in MATCHERS:
        raise ValueError(f"no matcher {name!r}; there are {', '.join(MATCHERS)}")
    return MATCHERS[name](**options)  # type: ignore[arg-type]
