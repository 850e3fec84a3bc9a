"""Trainings that differ in one choice, compared with a baseline over the same seeds."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mghp.report.seed_cells import AFTER_HOLM, NO_EFFECT, Compared, OverSeeds
from mghp.report.statistics import PairedDifference, holm, paired_pictures, paired_seeds
from mghp.runs.files import read_rows
from mghp.runs.read import BySeed, Run

MEANS = "Mean ± standard deviation over seeds, in percent."
BEST = "Bold: the best of a column and those that its seeds do not tell from it; nothing where they tell nobody."
PICTURE_MEANS = (
    "Person IoU and grouping are means over pictures: grouping is the share of a picture's human pixels that are given "
    "to the right person."
)
PICTURE_INTERVALS = (
    "Person IoU and grouping have a score a picture: difference of the means over pictures, in points, with a 95 % "
    "interval by a paired cluster bootstrap over pictures and seeds with Student's quantiles, for seeds are few."
)
SET_INTERVALS = "Scores of a whole set: mean of the seeds' paired differences, in points, with Student's 95 % interval."
VERDICTS = (
    f"'no effect' if the whole interval lies within {100 * NO_EFFECT:g} point, fixed beforehand; intervals are not "
    f"widened for the number of comparisons: {AFTER_HOLM} better or worse also after Holm's correction over the column."
)
"""What is shown and how differences are compared, for captions."""


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
        """The score by the picture's name; empty where the run has not been scored so.

        Raises:
            InputError: if the file lacks a column.
        """
        file = run.path / "media" / ("scenes.csv" if self.scene else "per_picture.csv")
        if not file.exists():
            return pd.Series(dtype=float)
        words = ("name", "tags", *(("scene", "oracle") if self.scene else ()))
        rows = read_rows(file, {self.column, *words}, words)
        if self.scene:
            rows = rows[(rows["scene"] == self.scene) & (rows["oracle"] == self.oracle)]
        if self.tag:
            rows = rows[rows["tags"].fillna("").str.split().map(lambda tags: self.tag in tags)]
        scores: pd.Series = rows.set_index("name")[self.column]
        return scores

    def mean(self, run: Run) -> float:
        """Over the pictures; NaN without any."""
        scores = self.of(run)
        return float(scores.mean()) if len(scores) else float("nan")


Score = str | PictureScore
"""A metric of the whole set by its name in a run, or a score that pictures have."""


def over_seeds(runs: BySeed, score: Score) -> OverSeeds:
    """Mean and standard deviation of a score over the seeds."""
    return OverSeeds.of(_value(run, score) for run in runs.values())


def paired_difference(ours: BySeed, baseline: BySeed, score: Score) -> PairedDifference | None:
    """Ours minus the baseline's over the seeds that both have; None where nothing can be compared."""
    seeds = sorted(ours.keys() & baseline.keys())
    if isinstance(score, str):
        differences = [ours[seed].metric(score) - baseline[seed].metric(score) for seed in seeds]
        return paired_seeds(differences) if differences and np.isfinite(differences).all() else None
    of_seeds = [score.of(ours[seed]) - score.of(baseline[seed]) for seed in seeds]
    cells = pd.concat(of_seeds, axis=1).dropna() if of_seeds else pd.DataFrame()
    return paired_pictures(cells.to_numpy(dtype=float).T) if cells.size else None


def compared(named: Mapping[str, BySeed], baseline: str, score: Score) -> dict[str, Compared]:
    """Everyone's difference from the baseline, those that survive Holm's correction marked."""
    return corrected(
        {
            name: paired_difference(runs, named[baseline], score)
            for name, runs in named.items()
            if name != baseline and baseline in named
        }
    )


def corrected(differences: Mapping[str, PairedDifference | None]) -> dict[str, Compared]:
    """The differences there are, those that survive Holm's correction marked."""
    known = {name: difference for name, difference in differences.items() if difference is not None}
    tested = {name: difference.p for name, difference in known.items() if np.isfinite(difference.p)}
    p = dict(zip(tested, holm(list(tested.values())), strict=True))
    return {name: Compared(difference, p.get(name, 1.0) < 0.05) for name, difference in known.items()}


def told_best(means: Mapping[str, float], difference: Callable[[str, str], PairedDifference | None]) -> set[str]:
    """Return the name of the largest mean, and those that are not told from it; empty where nobody is told from it.

    Args:
        means: by name; NaN where nothing was measured.
        difference: of one name from another, over their seeds; None where they cannot be compared.
    """
    known = {name: mean for name, mean in means.items() if mean == mean}
    if not known:
        return set()
    first = max(known, key=known.__getitem__)
    others = corrected({name: difference(name, first) for name in known if name != first})
    worse = {name for name, cell in others.items() if cell.verdict == "worse"}
    return {first, *others} - worse if worse else set()


def best_of(named: Mapping[str, BySeed], score: Score) -> set[str]:
    """Return the names with the largest score, as `told_best`."""
    means = {name: over_seeds(runs, score).mean for name, runs in named.items()}
    return told_best(means, lambda ours, theirs: paired_difference(named[ours], named[theirs], score))


def of_one_budget(runs: Iterable[Run], experiment: str) -> list[Run]:
    """The finished trainings of an experiment that took the usual number of steps: others cannot be compared."""
    trained = [run for run in runs if run.experiment == experiment and "train/steps" in run.result["metrics"]]
    if not trained:
        return []
    steps = Counter(run.metric("train/steps") for run in trained)
    usual = max(steps, key=lambda number: (steps[number], number))
    return [run for run in trained if run.metric("train/steps") == usual]


def about_seeds(groups: Iterable[BySeed]) -> str:
    """What a caption must say about the number of seeds and steps."""
    present = [group for group in groups if group]
    if not present:
        return "No training is here."
    numbers = sorted({len(group) for group in present})
    steps = f" of {next(iter(present[0].values())).metric('train/steps'):,.0f} steps"
    if numbers[-1] == 1:
        return f"Trainings{steps} with one seed: a demonstration and no evidence."
    return f"Trainings{steps}, seeds: {' to '.join(map(str, dict.fromkeys([numbers[0], numbers[-1]])))}."


def _value(run: Run, score: Score) -> float:
    return run.metric(score) if isinstance(score, str) else score.mean(run)
