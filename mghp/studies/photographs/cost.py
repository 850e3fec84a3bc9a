"""What a further person in a photograph costs: seconds and scores by the number of persons, bottom-up and top-down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import linregress

from mghp.pictures.style import COLOURS, MARKERS, PAGE_INCHES, Drawings
from mghp.report.comparison import NO_EFFECT_IN_PHOTOS
from mghp.report.seeds import Family, Variant, verdicts
from mghp.report.statistics import PairedDifference, interval
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run
from mghp.studies.photographs.pooled import (
    Subject,
    compared_columns,
    pictures,
    variant_columns,
)
from mghp.studies.variants import label_of

STUDY = "top_down"
"""What the experiments are called after their subject's prefix."""

FILE = "parsing/photographs_top_down.yaml"
"""The experiment file of the ways, with their words, in the order of the table."""

BASELINE = "bottom_up"
OWNERS = "val/owner_accuracy"

PERSONS = {"1": (1, 1), "2": (2, 2), "3": (3, 3), "4 to 5": (4, 5), "6 or more": (6, np.inf)}
"""Numbers of persons in a picture that stand in one row: least, most."""

SECONDS = ("seconds", "seconds_network", "seconds_assembly")


def ways(runs: Iterable[Run], subject: Subject) -> Family:
    """Return the timed scores of the subject's networks by the way in which they find persons."""
    return subject.scored_variants((run for run in runs if _is_timed(run)), STUDY, FILE, BASELINE, _variant)


def _variant(run: Run) -> str:
    evaluation = run.config["evaluation"]
    return BASELINE if evaluation["way"] == BASELINE else f"top_down_{evaluation['top_down']['longest_side']}"


def _is_timed(run: Run) -> bool:
    return bool(run.config["evaluation"]["timing_repeats"])


@dataclass(frozen=True)
class Milliseconds:
    """The seconds of a further person with their 95 % interval over pictures, in milliseconds when printed."""

    slope: PairedDifference

    def __float__(self) -> float:
        return self.slope.mean

    def __format__(self, form: str) -> str:
        mean, low, high = (f"{1000 * number:z{form}}" for number in self.slope[:3])
        return f"{mean} [{low}, {high}]"

    def columns(self) -> dict[str, float]:
        """Return what a file of numbers gets, in seconds, by what is added to the column's name."""
        return {"": self.slope.mean, " low": self.slope.low, " high": self.slope.high}


def further_person(variant: Variant) -> Milliseconds | None:
    """Return what a further person costs: the slope of a line through the pictures' times, means over networks.

    None where all pictures have as many persons, or three are not there.
    """
    rows = pictures(variant.runs, ["persons", "seconds"]).groupby(level=0).mean()
    if len(rows) < 3 or rows["persons"].nunique() < 2:
        return None
    line = linregress(rows["persons"], rows["seconds"])
    return Milliseconds(interval(float(line.slope), float(line.stderr), len(rows) - 2, 0))


def answer(subject: Subject, runs: Sequence[Run]) -> str:
    """Return what a further person costs bottom-up, and top-down at an accuracy that is no worse."""
    family = ways(runs, subject)
    owners = family.compared(OWNERS)
    costs = {variant.name: cost for variant in family.variants if (cost := further_person(variant)) is not None}
    rivals = [name for name in owners if name in costs]
    if not rivals or BASELINE not in costs:
        return ""
    equal = [name for name in rivals if owners[name].verdict != "worse"]
    if equal:
        rival, why = min(equal, key=lambda name: float(costs[name])), "cheapest whose owner accuracy is not worse"
    else:
        rival, why = (
            max(rivals, key=lambda name: owners[name].difference.mean),
            "best, though its owner accuracy is worse",
        )
    return (
        f"A further person costs {costs[BASELINE]:.0f} ms bottom-up; {label_of(FILE, rival)}, {why} "
        f"({owners[rival].interval()}): {costs[rival]:.0f} ms."
    )


@dataclass(frozen=True)
class _Counted:
    """The photographs with some number of persons, under one way."""

    variant: Variant
    persons: str
    rows: pd.DataFrame

    def seconds(self, name: str) -> float:
        """Return the mean over networks and pictures."""
        return float(self.rows[name].mean())

    def share(self, counted: str, of: str) -> float:
        """Return the share of pixels, in percent; NaN without any."""
        whole = self.rows[of].sum()
        return 100 * float(self.rows[counted].sum() / whole) if whole else float("nan")


def _counted(family: Family) -> list[_Counted]:
    columns = ["persons", "right", "labelled", "human", *SECONDS]
    found = []
    for variant in family.variants:
        rows = pictures(variant.runs, columns)
        for name, ends in PERSONS.items():
            chosen = rows[rows["persons"].between(*ends)]
            found += [_Counted(variant, name, chosen)] if len(chosen) else []
    return found


def tables_of(subject: Subject) -> tuple[TableOf[Variant], TableOf[_Counted]]:
    """Return the table of the ways, and that of seconds and owners by the number of persons."""
    return _ways_of(subject), _cost_of(subject)


def _ways_of(subject: Subject) -> TableOf[Variant]:
    return TableOf(
        f"{subject.prefix}_{STUDY}",
        "Photographs parsed as a whole (bottom-up), and person by person in crops of the true boxes (top-down), which "
        "no detector had to find, by the same networks. Seconds are of a picture parsed alone, medians of its repeats, "
        "on one machine; a further person: slope of a line through the pictures' seconds, with a 95 % interval. Scores "
        f"are of crowds. {subject.intervals} {verdicts(NO_EFFECT_IN_PHOTOS)}",
        *variant_columns(FILE),
        Column(
            "seconds a picture", lambda variant: float(pictures(variant.runs, ["seconds"])["seconds"].mean()), ".3f"
        ),
        Column("a further person [ms]", further_person, ".0f"),
        *compared_columns(subject),
        rows=lambda runs: ways(runs, subject).variants,
        sources=lambda variant: variant.own_runs,
    )


def _cost_of(subject: Subject) -> TableOf[_Counted]:
    return TableOf(
        f"{subject.prefix}_cost",
        "Seconds and owners by the number of persons with a pixel: means over pictures and networks; within the "
        "seconds, those of the network and of the assembly. Owner accuracy: share of the labelled human pixels that "
        "are given to the right person; owner grouping: share of all human pixels.",
        Column("way", lambda row: label_of(FILE, row.variant.name)),
        Column("persons", lambda row: row.persons),
        Column("pictures", lambda row: row.rows.index.nunique(), "d"),
        Column("seconds", lambda row: row.seconds("seconds"), ".3f"),
        Column("network", lambda row: row.seconds("seconds_network"), ".3f"),
        Column("assembly", lambda row: row.seconds("seconds_assembly"), ".3f"),
        Column("owner accuracy [%]", lambda row: row.share("right", "labelled"), ".1f"),
        Column("owner grouping [%]", lambda row: row.share("right", "human"), ".1f"),
        rows=lambda runs: _counted(ways(runs, subject)),
        sources=lambda row: row.variant.own_runs,
    )


def cost_drawings(subject: Subject, runs: Sequence[Run]) -> Drawings:
    """Return the figure of seconds and accuracy by the number of persons, where photographs were timed."""
    rows = _counted(ways(runs, subject))
    return {f"{subject.prefix}_cost": lambda: cost_figure(rows)} if rows else {}


def cost_figure(rows: Sequence[_Counted]) -> Figure:
    """Draw seconds a picture, and beside them owner accuracy, against the number of persons: a line per way."""
    figure, axes = plt.subplots(1, 2, figsize=(PAGE_INCHES, 2.4))
    for place, name in enumerate(dict.fromkeys(row.variant.name for row in rows)):
        own = [row for row in rows if row.variant.name == name]
        persons = [row.rows["persons"].mean() for row in own]
        style = {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}
        axes[0].plot(persons, [row.seconds("seconds") for row in own], label=label_of(FILE, name), **style)
        axes[1].plot(persons, [row.share("right", "labelled") for row in own], **style)
    axes[0].set(xlabel="persons in the picture", ylabel="seconds a picture", ylim=(0, None))
    axes[1].set(xlabel="persons in the picture", ylabel="owner accuracy [%]")
    axes[0].legend()
    return figure
