"""Does the projection field tell whose a pixel is better than what is simpler? Heads on one trunk, and heads apart."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product, starmap
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mghp.errors import InputError
from mghp.metrics.owners import OWNER_SHARES
from mghp.pictures.style import COLOURS, Drawings
from mghp.report.comparison import NO_EFFECT_IN_PHOTOS, Comparison, compare
from mghp.report.seed_figures import difference_figure
from mghp.report.seeds import OverSeeds
from mghp.report.statistics import PairedCounts, ratios_over_starts
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run
from mghp.studies.variants import label_of

STARTS = "photographs_starts_evaluation"
"""Evaluations of the starts, whose heads share a trunk: one a start and way to group pixels."""

APART = "photographs_groupings"
"""Trainings of one head alone, from the trunks of the starts."""

FILE = f"parsing/{APART}.yaml"

WAYS = {
    "field_1": "field at 1 level",
    "field_2": "field over 2 levels",
    "field_3": "field over 3 levels",
    "nearest": "nearest keypoint",
    "center": "person centre and offset",
    "hybrid": "regressed keypoints, field",
    "field alone": "",
    "center alone": "",
}
"""The ways to group pixels in words, in the order of the table; those apart have theirs in the experiment file."""

ORACLES = {"predicted": "end to end", "true_poses": "true persons", "true_projection": "true field"}
"""What is true in the place of what is predicted, in the tables' words."""

_DRAWN = ("predicted", "true_poses")
"""The oracles that the figure shows."""

SHARES = {name.replace("_", " "): share for name, share in OWNER_SHARES.items()}
"""The columns of an evaluation's oracles.csv that each score is pooled from."""

REFINED = "field_3"

PAIRS = (
    (REFINED, "nearest"),
    (REFINED, "field_1"),
    (REFINED, "field_2"),
    (REFINED, "center"),
    (REFINED, "hybrid"),
    ("field alone", "center alone"),
)
"""The ways that are compared, each with its baseline."""

ROWS = "media/oracles.csv"

ByStart = Mapping[str, Run]
"""Runs of one way to group pixels, by the start that they read or begin from."""


@dataclass(frozen=True)
class Way:
    """One way to group pixels with its runs."""

    name: str
    runs: ByStart

    @property
    def label(self) -> str:
        """The way in words."""
        return WAYS[self.name] or label_of(FILE, self.name.removesuffix(" alone"))

    def counts(self, start: str, score: str, oracle: str) -> tuple[list[str], NDArray[np.float64]]:
        """Return names of a start's crowds, and numerators and denominators of a score on each, under an oracle."""
        rows = self.runs[start].rows(ROWS, {"name", *SHARES[score]}, {"name", "oracle", "group"})
        rows = rows[(rows["oracle"] == oracle) & (rows["group"] == "crowds")].sort_values("name")
        return rows["name"].tolist(), rows[list(SHARES[score])].to_numpy(dtype=float)

    def score(self, score: str, oracle: str) -> OverSeeds:
        """Return mean and deviation over starts of a score that is pooled over each start's crowds."""
        name = f"oracle/{oracle}/{score.replace(' ', '_')}"
        return OverSeeds.of(run.metric(name) for run in self.runs.values())


@dataclass(frozen=True)
class Pair:
    """A way to group pixels beside the one that it is compared with, over the starts that both have."""

    ours: Way
    baseline: Way

    @property
    def starts(self) -> list[str]:
        """The starts that both have."""
        return sorted(self.ours.runs.keys() & self.baseline.runs.keys())

    @property
    def runs(self) -> list[Run]:
        """The runs of both."""
        return [way.runs[start] for way in (self.ours, self.baseline) for start in self.starts]

    @property
    def label(self) -> str:
        """The two ways in words."""
        return f"{self.ours.label}, against {self.baseline.label}"

    def compared(self, score: str, oracle: str) -> Comparison:
        """Return the comparison in a score under an oracle."""
        difference = ratios_over_starts([self._counts(start, score, oracle) for start in self.starts])
        return compare({"": difference}, NO_EFFECT_IN_PHOTOS, self.baseline.score(score, oracle).mean)[""]

    def _counts(self, start: str, score: str, oracle: str) -> PairedCounts:
        (pictures, ours), (others, baseline) = (way.counts(start, score, oracle) for way in (self.ours, self.baseline))
        if pictures != others:
            raise InputError(f"{self.ours.runs[start].path} and {self.baseline.runs[start].path}: other pictures")
        return PairedCounts(pictures, ours, baseline)


def ways(runs: Iterable[Run]) -> dict[str, Way]:
    """Return the ways to group pixels that runs have, in the order of the table.

    Raises:
        InputError: if two runs are of one way and one start.
    """
    found: dict[str, dict[str, Run]] = defaultdict(dict)
    for run in runs:
        if run.experiment in (STARTS, APART) and run.has(ROWS):
            name, start = _way_and_start(run)
            other = found[name].setdefault(start, run)
            if other is not run:
                raise InputError(f"{other.path} and {run.path}: both of {name} from {start}; expected one of them")
    return {name: Way(name, found[name]) for name in WAYS if name in found}


def _way_and_start(run: Run) -> tuple[str, str]:
    if run.experiment == APART:
        return f"{run.variant} alone", f"{Path(str(run.config['network']['weights'])).name} {run.seed}"
    grouping, levels = (run.config["assembly"].get(key) for key in ("grouping", "levels"))
    name = f"field_{levels or run.config['network']['levels']}" if grouping == "field" else str(grouping)
    return name, f"{run.variant} {run.seed}"


def pairs(runs: Iterable[Run]) -> list[Pair]:
    """Return the comparisons that runs allow, those of heads on one trunk first."""
    found = ways(runs)
    known = [Pair(found[ours], found[other]) for ours, other in PAIRS if ours in found and other in found]
    return [pair for pair in known if pair.starts]


def _answer(runs: Sequence[Run], baselines: Sequence[str]) -> str:
    known = [pair for pair in pairs(runs) if pair.baseline.name in baselines]
    told = [f"{pair.baseline.label} {pair.compared('contested owner accuracy', 'predicted'):.1f}" for pair in known]
    return f"Contested pixels, end to end, against {'; '.join(told)}." if told else ""


def answer_on_refinement(runs: Sequence[Run]) -> str:
    """Return what the field brings against none and against one level, in contested owner accuracy."""
    return _answer(runs, ("nearest", "field_1"))


def answer_on_centers(runs: Sequence[Run]) -> str:
    """Return what the field brings against centres and regressed keypoints, in contested owner accuracy."""
    return _answer(runs, ("center", "hybrid"))


def grouping_drawings(runs: Sequence[Run]) -> Drawings:
    """Return the figure of the differences in contested owner accuracy, where some ways are compared."""
    score = "contested owner accuracy"
    found = pairs(runs)
    if not found:
        return {}

    def draw() -> Figure:
        cells = {f"{pair.label}, {ORACLES[name]}": pair.compared(score, name) for pair in found for name in _DRAWN}
        colours = [colour for _ in found for colour in COLOURS[: len(_DRAWN)]]
        return difference_figure(cells, colours, f"{score}, difference")

    return {"groupings": draw}


def _score(score: str, oracle: str) -> Column[Way]:
    return Column(f"{score}, {ORACLES[oracle]}", lambda way: way.score(score, oracle), ".1f")


def _difference(score: str, oracle: str) -> Column[Pair]:
    return Column(f"{score}, {ORACLES[oracle]}", lambda pair: pair.compared(score, oracle), ".1f")


_COLUMNS = list(product(("contested owner accuracy", "owner accuracy"), ORACLES))
"""The scores that the tables show, each under every oracle."""


_ABOUT = (
    "With true persons each pixel goes to one of them by the network's own field (centres: true ones; regressed "
    "keypoints: those at true centres); with a true field to one of the persons found."
)

GROUPINGS = TableOf(
    "photographs_groupings",
    f"Whose is a pixel in crowds of photographs, by way to group pixels. Mean ± standard deviation over starts, in "
    f"percent, pooled over the pixels of each start's crowds. {_ABOUT}",
    Column("way", lambda way: way.label),
    Column("starts", lambda way: len(way.runs), "d"),
    *starmap(_score, _COLUMNS),
    Column("coverage", lambda way: way.score("coverage", "predicted"), ".1f"),
    rows=lambda runs: ways(runs).values(),
    sources=lambda way: way.runs.values(),
)

DIFFERENCES = TableOf(
    "photographs_groupings_differences",
    "Ways to group pixels in crowds of photographs: differences in points, paired by start, with the wider of two 95 % "
    "intervals, by Student's t over starts and by bootstrap over starts and pictures. Better or worse if it lies on "
    f"one side of 0; 'no effect' if it lies within {NO_EFFECT_IN_PHOTOS}, fixed beforehand; else undecided. {_ABOUT}",
    Column("field", lambda pair: pair.ours.label),
    Column("against", lambda pair: pair.baseline.label),
    Column("starts", lambda pair: len(pair.starts), "d"),
    *starmap(_difference, _COLUMNS),
    rows=pairs,
    sources=lambda pair: pair.runs,
)
