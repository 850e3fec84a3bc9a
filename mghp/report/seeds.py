"""Trainings that differ in one choice, each with several seeds, compared with a baseline over the same seeds."""

import functools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mghp.config.metric_names import METRICS
from mghp.report.comparison import NO_EFFECT_ON_SCORES, Bound, Comparison, compare
from mghp.report.statistics import PairedDifference, paired_pictures, paired_seeds
from mghp.report.study import span
from mghp.report.table import Column, TableOf
from mghp.runs.read import BySeed, Run

MEANS = "Mean ± standard deviation over seeds, in percent."
BEST = "Bold: the best of a column and those that its seeds do not tell from it; nothing where they tell nobody."
PICTURE_MEANS = (
    "Person IoU and grouping are means over pictures: grouping is the share of a picture's human pixels that are given "
    "to the right person."
)
PICTURE_INTERVALS = (
    "Person IoU and grouping have a score per picture: difference of the means over pictures, in points, with a 95 % "
    "interval by a paired cluster bootstrap over pictures and seeds with Student's quantiles, for seeds are few."
)
SET_INTERVALS = "Scores of a whole set: mean of the seeds' paired differences, in points, with Student's 95 % interval."
"""Sentences for captions: what is shown."""


def verdicts(bound: Bound) -> str:
    """Return the sentences for captions that tell how differences are compared by a bound."""
    return (
        "Better or worse if p < 0.05 by Holm's correction over the column; 'no effect' if the whole interval lies "
        f"within {bound}, fixed beforehand; else undecided. Intervals are not widened for the number of comparisons."
    )


VERDICTS = verdicts(NO_EFFECT_ON_SCORES)
"""The sentences for captions of tables of parsers' scores."""

ONE_SEED = "Undecided: one seed is no evidence"
"""The answer where every training was done with one seed."""


@dataclass(frozen=True)
class OverSeeds:
    """Mean and standard deviation over seeds, in percent when printed."""

    mean: float
    deviation: float
    """The standard deviation; NaN for one seed."""

    @classmethod
    def of(cls, values: Iterable[float]) -> "OverSeeds":
        """Return the mean and deviation of one value per seed; NaN without any, or where one is NaN."""
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
        """Return what a file of numbers gets, by what is added to the column's name."""
        return {"": self.mean, " sd": self.deviation}


@dataclass(frozen=True)
class PictureScore:
    """A score that every picture has, in a run's media/per_picture.csv or media/scenes.csv.

    Attributes:
        column: of the file, e.g. person_iou.
        scene: "" for the validation pictures, else a further scene.
        oracle: under which a further scene was scored.
        tag: only pictures with it; "" for all.
    """

    column: str
    scene: str = ""
    oracle: str = "predicted"
    tag: str = ""

    def of(self, run: Run) -> pd.Series:
        """Return the score by the picture's name; empty where the run has not been scored so.

        Raises:
            InputError: if the file lacks a column.
        """
        name = "media/scenes.csv" if self.scene else "media/per_picture.csv"
        if not run.has(name):
            return pd.Series(dtype=float)
        words = ("name", "tags", *(("scene", "oracle") if self.scene else ()))
        rows = run.rows(name, {self.column, *words}, words)
        if self.scene:
            rows = rows[(rows["scene"] == self.scene) & (rows["oracle"] == self.oracle)]
        if self.tag:
            rows = rows[rows["tags"].fillna("").str.split().map(lambda tags: self.tag in tags)]
        scores: pd.Series = rows.set_index("name")[self.column]
        return scores

    def mean(self, run: Run) -> float:
        """Return the mean over the pictures; NaN without any."""
        scores = self.of(run)
        return float(scores.mean()) if len(scores) else math.nan


Score = str | PictureScore
"""A metric of the whole set by its name in a run, or a score that pictures have."""


def is_best_small(score: Score) -> bool:
    """Return whether smaller values of a score are better, as its entry in `METRICS` says; False without an entry."""
    name = score.rpartition("/")[2] if isinstance(score, str) else score.column
    return name in METRICS and not METRICS[name].larger_is_better


def over_seeds(runs: BySeed, score: Score) -> OverSeeds:
    """Return the mean and standard deviation of a score over the seeds."""
    return OverSeeds.of(_value(run, score) for run in runs.values())


def paired_difference(ours: BySeed, baseline: BySeed, score: Score) -> PairedDifference | None:
    """Return ours minus the baseline's over the seeds that both have; None where nothing can be compared."""
    seeds = sorted(ours.keys() & baseline.keys())
    if isinstance(score, str):
        differences = [ours[seed].metric(score) - baseline[seed].metric(score) for seed in seeds]
        return paired_seeds(differences) if differences and np.isfinite(differences).all() else None
    of_seeds = [score.of(ours[seed]) - score.of(baseline[seed]) for seed in seeds]
    cells = pd.concat(of_seeds, axis=1).dropna() if of_seeds else pd.DataFrame()
    return paired_pictures(cells.to_numpy(dtype=float).T) if cells.size else None


Difference = Callable[[BySeed, BySeed, Score], PairedDifference | None]
"""A function that returns ours minus the baseline's, as `paired_difference` does."""


class Family:
    """Variants that are compared with one baseline, each trained with several seeds.

    Args:
        runs: of each variant, by its name, in the order of the tables.
        baseline: name of the variant that the others are compared with.
        bound: size below which an effect counts as none.
        difference: returns the difference of two variants; another one where scores are not means over pictures.
    """

    def __init__(
        self,
        runs: Mapping[str, BySeed],
        baseline: str,
        bound: Bound = NO_EFFECT_ON_SCORES,
        difference: Difference = paired_difference,
    ) -> None:
        self.runs = runs
        self.baseline = baseline
        self.bound = bound
        self.difference = difference
        # A table asks for the comparisons of a column once per row.
        self.compared = functools.cache(self._compared)
        self.best = functools.cache(self._best)

    @property
    def variants(self) -> list["Variant"]:
        """The variants in order."""
        return [Variant(name, group, self) for name, group in self.runs.items()]

    def others(self, scores: Iterable[Score]) -> list["Variant"]:
        """Return the variants that can be compared with the baseline in one of the scores."""
        known = {name for score in scores for name in self.compared(score)}
        return [variant for variant in self.variants if variant.name in known]

    def between(self, ours: str, other: str, score: Score) -> Comparison | None:
        """Return the comparison of two variants alone; None where they cannot be compared."""
        if ours not in self.runs or other not in self.runs:
            return None
        both = {name: self.runs[name] for name in (ours, other)}
        return Family(both, other, self.bound, self.difference).compared(score).get(ours)

    def _compared(self, score: Score) -> dict[str, Comparison]:
        """Return the comparison of each variant with the baseline, a family that Holm corrects."""
        if self.baseline not in self.runs:
            return {}
        baseline = self.runs[self.baseline]
        differences = {
            name: self.difference(group, baseline, score) for name, group in self.runs.items() if name != self.baseline
        }
        return compare(differences, self.bound, over_seeds(baseline, score).mean)

    def _best(self, score: Score) -> set[str]:
        """Return the names of the variants that stand in bold, as `told_best`."""
        means = {name: over_seeds(group, score).mean for name, group in self.runs.items()}
        if is_best_small(score):
            means = {name: -mean for name, mean in means.items()}
            return told_best(means, lambda ours, first: self.difference(self.runs[first], self.runs[ours], score))
        return told_best(means, lambda ours, first: self.difference(self.runs[ours], self.runs[first], score))


@dataclass(frozen=True)
class Variant:
    """One way to train with its runs.

    Attributes:
        name: as experiments call it.
        runs: one per seed.
        family: that it is compared in.
    """

    name: str
    runs: BySeed
    family: Family

    @property
    def own_runs(self) -> list[Run]:
        """The runs behind its scores."""
        return list(self.runs.values())

    @property
    def compared_runs(self) -> list[Run]:
        """The runs behind its differences: its own, then the baseline's."""
        return [*self.own_runs, *self.family.runs[self.family.baseline].values()]

    def compared(self, score: Score) -> Comparison | None:
        """Return the comparison with the baseline; None for the baseline itself, or where nothing can be compared."""
        return self.family.compared(score).get(self.name)


def told_best(means: Mapping[str, float], difference: Callable[[str, str], PairedDifference | None]) -> set[str]:
    """Return the names that stand in bold: the largest mean, and those not told from it; none if all are not.

    Args:
        means: by name; NaN where nothing was measured.
        difference: of one name from another, over their seeds; None where they cannot be compared.
    """
    known = {name: mean for name, mean in means.items() if mean == mean}
    if not known:
        return set()
    first = max(known, key=known.__getitem__)
    others = compare({name: difference(name, first) for name in known if name != first}, NO_EFFECT_ON_SCORES)
    worse = {name for name, cell in others.items() if cell.verdict == "worse"}
    return {first, *others} - worse if worse else set()


def score_columns(scores: Mapping[str, Score]) -> list[Column[Variant]]:
    """Return a column per score: mean and deviation over seeds, the best in bold."""
    return [_score_column(name, score) for name, score in scores.items()]


def _score_column(name: str, score: Score) -> Column[Variant]:
    return Column(
        name,
        lambda variant: over_seeds(variant.runs, score),
        ".1f",
        lambda variant: variant.name in variant.family.best(score),
    )


def difference_columns(scores: Mapping[str, Score]) -> list[Column[Variant]]:
    """Return a column per score: the comparison with the baseline."""
    return [_difference_column(name, score) for name, score in scores.items()]


def _difference_column(name: str, score: Score) -> Column[Variant]:
    return Column(name, lambda variant: variant.compared(score), ".1f")


def seeds_compared(scores: Iterable[Score]) -> Column[Variant]:
    """Return the column that tells how many seeds the differences are over."""

    def number(variant: Variant) -> int:
        found = [variant.compared(score) for score in scores]
        return max(cell.difference.seeds for cell in found if cell is not None)

    return Column("seeds", number, "d")


SEEDS: Column[Variant] = Column("seeds", lambda variant: len(variant.runs), "d")
"""The column that tells how many seeds the scores are over."""


Variants = Callable[[Sequence[Run]], Family]
"""A function that returns the variants among runs."""

Caption = Callable[[Sequence[Variant]], str]
"""A function that returns a table's caption, given its rows."""


def scores_table(
    name: str, caption: Caption, head: Column[Variant], scores: Mapping[str, Score], family: Variants
) -> TableOf[Variant]:
    """Return the table of each variant's scores, a row a variant."""
    return TableOf(
        name,
        caption,
        head,
        SEEDS,
        *score_columns(scores),
        rows=lambda runs: family(runs).variants,
        sources=lambda variant: variant.own_runs,
    )


def differences_table(
    name: str, caption: Caption, head: Column[Variant], scores: Mapping[str, Score], family: Variants
) -> TableOf[Variant]:
    """Return the table of each variant's differences from the baseline, a row a variant that can be compared."""
    return TableOf(
        name,
        caption,
        head,
        seeds_compared(scores.values()),
        *difference_columns(scores),
        rows=lambda runs: family(runs).others(scores.values()),
        sources=lambda variant: variant.compared_runs,
    )


def of_one_budget(runs: Iterable[Run], experiment: str) -> list[Run]:
    """Return the finished trainings of an experiment that took the usual number of steps: others are not comparable."""
    trained = [run for run in runs if run.experiment == experiment and "train/steps" in run.result["metrics"]]
    if not trained:
        return []
    steps = Counter(run.metric("train/steps") for run in trained)
    usual = max(steps, key=lambda number: (steps[number], number))
    return [run for run in trained if run.metric("train/steps") == usual]


def about_seeds(groups: Iterable[BySeed]) -> str:
    """Return what a caption must say about the number of seeds and steps."""
    present = [group for group in groups if group]
    if not present:
        return "No training is here."
    numbers = [len(group) for group in present]
    steps = f" of {next(iter(present[0].values())).metric('train/steps'):,.0f} steps"
    if max(numbers) == 1:
        return f"Trainings{steps} with one seed: a demonstration and no evidence."
    return f"Trainings{steps}, seeds: {span(numbers)}."


def _value(run: Run, score: Score) -> float:
    return run.metric(score) if isinstance(score, str) else score.mean(run)
