"""Does a parser that knows photographs learn new labels faster? Scores over the steps of short trainings."""

import math
from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from mghp.config.metric_names import METRICS
from mghp.pictures.style import COLOURS, COLUMN_INCHES, MARKERS, Drawings
from mghp.report.seeds import SEEDS, Family, OverSeeds, Variant, about_seeds
from mghp.report.table import Column, TableOf
from mghp.runs.read import BySeed, Run
from mghp.studies.variants import label_of, trained_variants

EXPERIMENT = "ccp_finetuning"
FILE = f"parsing/{EXPERIMENT}.yaml"
"""The experiment file of the variants, with their words, in the order of the table."""

BASELINE = "imagenet"
"""The variant that whoever has no trained parser would use."""

SCORE = "mean_iou"
SHARES = (0.125, 0.25, 0.5, 1.0)
"""The shares of the training after which the table tells the scores."""


def starts(runs: Iterable[Run]) -> Family:
    """Return the finished trainings by what they began with, in the order of the experiment file."""
    return trained_variants(runs, EXPERIMENT, FILE, BASELINE)


def curve(run: Run) -> pd.Series:
    """Return the score of the validation pictures by the number of steps before."""
    column = f"val/{SCORE}"
    rows = run.steps
    if column not in rows:
        return pd.Series(dtype=float)
    found = rows[["step", column]].dropna()
    # On the way the step of a row counts from 0; the weights at the end are validated once more, after all steps.
    steps = (found["step"].astype(int) + 1).clip(upper=int(run.metric("train/steps")))
    return found.groupby(steps)[column].last()


def steps_to_reach(group: BySeed, score: float) -> float:
    """Return the mean over seeds of the first validated step with this score; NaN if one of them never has it."""
    reached = [path[path >= score].index for path in map(curve, group.values())]
    first = [steps.min() if len(steps) else math.nan for steps in reached]
    return sum(first) / len(first)


def answer(runs: Sequence[Run]) -> str:
    """Return how many steps weights from photographs need for what ImageNet's reach at the end."""
    family = starts(runs)
    if not {"photographs", BASELINE} <= family.runs.keys():
        return ""
    final = OverSeeds.of(curve(run).iloc[-1] for run in family.runs[BASELINE].values()).mean
    length = max(curve(run).index.max() for run in family.runs[BASELINE].values())
    needed = steps_to_reach(family.runs["photographs"], final)
    told = f"{length} steps from ImageNet's weights reach a mean IoU of {100 * final:.1f} %; weights from photographs "
    return told + ("do not reach it." if math.isnan(needed) else f"reach it after {needed:.0f}.")


def _after(share: float) -> Column[Variant]:
    def score(variant: Variant) -> OverSeeds:
        paths = [curve(run) for run in variant.runs.values()]
        return OverSeeds.of(path.get(round(share * path.index.max()), math.nan) for path in paths)

    return Column(f"after {100 * share:g} % of the steps", score, ".1f")


TABLE = TableOf(
    "photographs_finetuning",
    lambda rows: (
        f"Six parts by what the training begins with: {METRICS[SCORE].label}, in percent, mean and standard deviation "
        "over seeds. The borders of the parts are people's labels of clothing; which part it is chose a model. "
        f"{about_seeds(row.runs for row in rows)}"
    ),
    Column("begins with", lambda variant: label_of(FILE, variant.name)),
    SEEDS,
    *map(_after, SHARES),
    rows=lambda runs: starts(runs).variants,
    sources=lambda variant: variant.own_runs,
)


def finetuning_drawings(runs: Sequence[Run]) -> Drawings:
    """Return the curves over steps, if a training is there."""
    family = starts(runs)
    return {"photographs_finetuning": lambda: curves(family)} if family.runs else {}


def curves(family: Family) -> Figure:
    """Draw the score over steps: the mean over seeds, and a thin line a seed."""
    figure, axis = plt.subplots(figsize=(COLUMN_INCHES, 2.4))
    for place, variant in enumerate(family.variants):
        paths = pd.concat([100 * curve(run) for run in variant.own_runs], axis=1)
        colour = COLOURS[place % len(COLOURS)]
        axis.plot(paths.index, paths.to_numpy(), color=colour, linewidth=0.5, alpha=0.6)
        label = label_of(FILE, variant.name)
        axis.plot(paths.index, paths.mean(axis=1), color=colour, marker=MARKERS[place % len(MARKERS)], label=label)
    axis.set(xlabel="step", ylabel=f"{METRICS[SCORE].label}, %", xlim=(0, None), ylim=(0, None))
    axis.legend(loc="lower right")
    return figure
