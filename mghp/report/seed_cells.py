"""Cells of a table that say what several seeds found: a mean and its spread, or a difference and its interval."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mghp.report.statistics import PairedDifference

NO_EFFECT = 0.01
"""An effect is absent if the whole interval of the difference lies within one point: fixed before anything was run."""

AFTER_HOLM = "†"


@dataclass(frozen=True)
class OverSeeds:
    """Mean and standard deviation over seeds, in percent when printed."""

    mean: float
    deviation: float
    """NaN of one seed."""

    @classmethod
    def of(cls, values: Iterable[float]) -> "OverSeeds":
        """Of one value a seed; NaN without any, or where one is NaN."""
        numbers = np.array(list(values), dtype=np.float64)
        mean = float(numbers.mean()) if len(numbers) else math.nan
        return cls(mean, float(numbers.std(ddof=1)) if len(numbers) > 1 else math.nan)

    def __float__(self) -> float:
        return self.mean

    def __format__(self, form: str) -> str:
        if math.isnan(self.mean):
            return ""
        spread = "" if math.isnan(self.deviation) else f" ± {100 * self.deviation:{form}}"
        return f"{100 * self.mean:{form}}{spread}"

    def columns(self) -> dict[str, float]:
        """What a file of numbers gets, by what is added to the column's name."""
        return {"": self.mean, " sd": self.deviation}


@dataclass(frozen=True)
class Compared:
    """A difference from the baseline over the same seeds, in points when printed."""

    difference: PairedDifference
    is_after_holm: bool = False
    """Whether it is still told from 0 when all comparisons of its column are counted."""

    @property
    def verdict(self) -> str:
        """What the interval says."""
        if self.difference.seeds < 2:
            return "one seed"
        if self.difference.low > 0:
            return "better"
        if self.difference.high < 0:
            return "worse"
        inside = self.difference.low >= -NO_EFFECT and self.difference.high <= NO_EFFECT
        return "no effect" if inside else "undecided"

    @property
    def interval(self) -> str:
        """The difference, and the interval where there is one, in points."""
        mean, low, high = (100 * number for number in self.difference[:3])
        return f"{mean:+z.1f}" if math.isnan(low) else f"{mean:+z.1f} [{low:+z.1f}, {high:+z.1f}]"

    def __format__(self, form: str) -> str:
        return f"{self.interval} {self.verdict}{AFTER_HOLM if self.is_after_holm else ''}"

    def columns(self) -> dict[str, float | str]:
        """What a file of numbers gets, by what is added to the column's name."""
        low, high, p = self.difference.low, self.difference.high, self.difference.p
        return {"": self.difference.mean, " low": low, " high": high, " p": p, " verdict": self.verdict}
