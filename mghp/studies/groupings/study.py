"""The study of whose a pixel is: does the projection field tell it better than what is simpler?"""

from collections.abc import Sequence
from functools import partial
from itertools import product, starmap

from matplotlib.figure import Figure

from mghp.pictures.style import COLOURS, Drawings
from mghp.report.comparison import NO_EFFECT_IN_PHOTOS
from mghp.report.seed_figures import difference_figure
from mghp.report.study import Question, Study
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run
from mghp.studies.groupings.ways import (
    CROWDS,
    DECIDES,
    EXPERIMENTS,
    ORACLES,
    PHOTOGRAPHS,
    RENDERED,
    Crowds,
    Pair,
    Way,
    pairs,
    ways,
)

NO_FIELD, CENTERS = ("nearest", "field_1"), ("center", "hybrid")
"""The ways that tell what field and refinement bring, and those that do without finding a pose."""

_DRAWN = ("predicted", "true_poses")
"""The oracles that the figure shows."""


def answer(crowds: Crowds, baselines: Sequence[str], runs: Sequence[Run]) -> str:
    """Return what the field brings to contested owner accuracy, end to end.

    Args:
        crowds: on which.
        baselines: names of the ways that it is compared with.
        runs: any.
    """
    known = [pair for pair in pairs(runs, crowds) if pair.baseline.name in baselines]
    told = [f"{pair.baseline.label} {pair.compared(DECIDES, 'predicted'):.1f}" for pair in known]
    return f"Contested pixels, end to end, against {'; '.join(told)}." if told else ""


def drawings(runs: Sequence[Run]) -> Drawings:
    """Return a figure of the differences in the score that decides for each crowds on which some ways are compared."""
    return {crowds.figure: partial(_figure, found) for crowds in CROWDS if (found := pairs(runs, crowds))}


def _figure(compared: Sequence[Pair]) -> Figure:
    cells = {f"{pair.label}, {ORACLES[name]}": pair.compared(DECIDES, name) for pair in compared for name in _DRAWN}
    colours = [colour for _ in compared for colour in COLOURS[: len(_DRAWN)]]
    return difference_figure(cells, colours, f"{DECIDES}, difference")


def _score(score: str, oracle: str) -> Column[Way]:
    return Column(f"{score}, {ORACLES[oracle]}", lambda way: way.score(score, oracle), ".1f")


def _difference(score: str, oracle: str) -> Column[Pair]:
    return Column(f"{score}, {ORACLES[oracle]}", lambda pair: pair.compared(score, oracle), ".1f")


_COLUMNS = list(product((DECIDES, "owner accuracy"), ORACLES))
"""The scores that the tables show, each under every oracle."""


_ABOUT = (
    "With true persons each pixel goes to one of them by the network's own field (centres: true ones; regressed "
    "keypoints: those at true centres); with a true field to one of the persons found."
)

GROUPINGS = TableOf(
    "groupings",
    f"Whose is a pixel in crowds, by way to group pixels. Mean ± standard deviation over starts, in "
    f"percent, pooled over the pixels of each start's crowds. {_ABOUT}",
    Column("pictures", lambda way: way.crowds.pictures),
    Column("way", lambda way: way.label),
    Column("starts", lambda way: len(way.runs), "d"),
    *starmap(_score, _COLUMNS),
    Column("coverage", lambda way: way.score("coverage", "predicted"), ".1f"),
    rows=lambda runs: [way for crowds in CROWDS for way in ways(runs, crowds).values()],
    sources=lambda way: way.runs.values(),
)

DIFFERENCES = TableOf(
    "groupings_differences",
    "Ways to group pixels in crowds: differences in points, paired by start, with the wider of two 95 % "
    "intervals, by Student's t over starts and by bootstrap over starts and pictures. Better or worse if it lies on "
    f"one side of 0; 'no effect' if it lies within {NO_EFFECT_IN_PHOTOS}, fixed beforehand; else undecided. {_ABOUT}",
    Column("pictures", lambda pair: pair.ours.crowds.pictures),
    Column("field", lambda pair: pair.ours.label),
    Column("against", lambda pair: pair.baseline.label),
    Column("starts", lambda pair: len(pair.starts), "d"),
    *starmap(_difference, _COLUMNS),
    rows=lambda runs: [pair for crowds in CROWDS for pair in pairs(runs, crowds)],
    sources=lambda pair: pair.runs,
)


STUDY = Study(
    (
        Question(
            "Does the projection field tell whose a pixel of rendered crowds is, and does its refinement?",
            partial(answer, RENDERED, NO_FIELD),
            (GROUPINGS, DIFFERENCES),
            {RENDERED.figure: "What the projection field brings on rendered crowds against other ways to group pixels"},
        ),
        Question(
            "Does the projection field beat persons' centres and offsets, on rendered crowds?",
            partial(answer, RENDERED, CENTERS),
        ),
        Question(
            "Does the projection field tell whose a pixel of a photograph is, and does its refinement?",
            partial(answer, PHOTOGRAPHS, NO_FIELD),
            figures={
                PHOTOGRAPHS.figure: "What the projection field brings on photographs against other ways to group pixels"
            },
        ),
        Question(
            "Does the projection field beat persons' centres and offsets, on photographs?",
            partial(answer, PHOTOGRAPHS, CENTERS),
        ),
    ),
    drawings,
    EXPERIMENTS,
)
