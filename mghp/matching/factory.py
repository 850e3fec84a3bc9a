"""Matchers by the names that configs use."""

from mghp.matching.configs import SOLVERS
from mghp.matching.matcher import Matcher


def make_matcher(name: str, **options: object) -> Matcher:
    """Build a matcher: `make_matcher("pgd_dykstra", num_steps=10)`.

    Raises:
        InputError: if no solver has this name.
        ValueError: if an option's value has no meaning.
        TypeError: if the matcher has no such option.
    """
    matcher: Matcher = SOLVERS[name].load()(**options)
    return matcher
