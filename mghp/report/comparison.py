"""The one rule that tells better, worse, no effect and undecided apart, for every table, figure and answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, isnan, nan

from mghp.report.statistics import PairedDifference, holm

SIGNIFICANCE = 0.05
"""Largest p, corrected by Holm within the family, at which a difference counts as better or worse."""

LOW_SCORE = 0.2
"""The baseline's score below which bounds shrink in proportion to it: a point of 13 % is more than a point of 80 %."""


@dataclass(frozen=True)
class Bound:
    """The size below which an effect counts as none, fixed before anything was run.

    Attributes:
        absolute: a fraction, e.g. 0.01 for one point; it counts beside baselines from `LOW_SCORE` up.
    """

    absolute: float

    @property
    def relative(self) -> float:
        """The share of the baseline's score that counts below `LOW_SCORE`."""
        return self.absolute / LOW_SCORE

    def at(self, score: float) -> float:
        """Return the smaller bound beside a baseline with this score; NaN, which nothing is within, if that is NaN."""
        return nan if isnan(score) else min(self.absolute, self.relative * abs(score))

    def __str__(self) -> str:
        points = f"{100 * self.absolute:g} point{'' if self.absolute == 0.01 else 's'}"
        return f"{points} and {100 * self.relative:g} % of the baseline's score"


NO_EFFECT_ON_SCORES = Bound(0.01)
"""The bound for scores of parsers: fixed before anything was run."""
NO_EFFECT_ON_F1 = Bound(0.005)
"""The bound for F1 of matchings: fixed before anything was run."""
NO_EFFECT_IN_PHOTOS = Bound(0.02)
"""The bound for scores on photographs: docs/explanation/protocol.md fixed it before anything was run."""
NO_EFFECT_ON_PREDICTED_PAIRS = Bound(0.01)
"""The bound for F1 of limb pairs on predicted candidates, of the same page."""


@dataclass(frozen=True)
class Comparison:
    """The difference of ours from a baseline, as one cell of a table.

    Attributes:
        difference: mean, interval, and the p of no difference.
        p: the same p, corrected by Holm over the family.
        bound: largest effect that counts as none, a fraction; NaN where it is not known.
    """

    difference: PairedDifference
    p: float
    bound: float

    @property
    def verdict(self) -> str:
        """The verdict: better, worse, no effect, undecided; "one seed" where the interval is of no evidence."""
        if self.difference.seeds == 1:
            return "one seed"
        if self.p < SIGNIFICANCE:
            return "better" if self.difference.mean > 0 else "worse"
        return "no effect" if self.is_small else "undecided"

    @property
    def is_small(self) -> bool:
        """True if the whole interval lies within the bound; what is better may be so by that little."""
        return self.difference.low >= -self.bound and self.difference.high <= self.bound

    def interval(self, form: str = ".1f") -> str:
        """Return the difference, and its interval where there is one, in points."""
        mean, low, high = (f"{100 * number:+z{form}}" for number in self.difference[:3])
        return mean if isnan(self.difference.low) else f"{mean} [{low}, {high}]"

    def __format__(self, form: str) -> str:
        return f"{self.interval(form)} {self.verdict}"

    def columns(self) -> dict[str, float | str]:
        """Return what a file of numbers gets, by what is added to the column's name."""
        difference = self.difference
        return {
            "": difference.mean, " low": difference.low, " high": difference.high, " p": self.p,
            " verdict": self.verdict,
        }  # fmt: skip


def compare(
    differences: Mapping[str, PairedDifference | None], bound: Bound, baseline: float = nan
) -> dict[str, Comparison]:
    """Return one comparison per difference that is known; all of them together are the family that Holm corrects.

    Args:
        differences: by name; None where nothing can be compared.
        bound: size below which an effect counts as none.
        baseline: score of the baseline, a fraction, which the bound depends on: without it nothing has no effect.
    """
    known = {name: difference for name, difference in differences.items() if difference is not None}
    tested = {name: difference.p for name, difference in known.items() if isfinite(difference.p)}
    p = dict(zip(tested, holm(list(tested.values())), strict=True))
    return {name: Comparison(found, p.get(name, nan), bound.at(baseline)) for name, found in known.items()}
