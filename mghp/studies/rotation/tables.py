"""Table P3: rotation augmentation against upright, upside-down and other scenes (the supplement's section 3)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from mghp.report.seeds import (
    BEST,
    MEANS,
    PICTURE_INTERVALS,
    PICTURE_MEANS,
    SET_INTERVALS,
    VERDICTS,
    Family,
    PictureScore,
    Score,
    Variant,
    about_seeds,
    differences_table,
    of_one_budget,
    over_seeds,
    scores_table,
)
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run, by_seed
from mghp.studies.parsing.tables import SET_SCORES

EXPERIMENT = "rotation"
BASELINE = "0"
"""The angle that the others are compared with."""

TEST_SETS = {
    "": "plain",
    "upright": "upright",
    "upside_down": "upside-down",
    "dim_human_like": "dim, human-like",
    "small_dim": "small, dim",
    "crossing": "crossing",
}
"""Scenes that are tested on; "" is the one trained on."""

_WHAT = (
    "Rotation augmentation: training pictures are rotated by up to the angle, to both sides. Tested on the scene "
    "trained on (plain), on upright persons alone, on persons on their hands (upside-down), before human-like objects "
    "in dim light, small in dim light, and with crossing limbs."
)


def angles(runs: Iterable[Run]) -> Family:
    """Return the finished trainings of the rotation experiment by their largest angle in degrees, ascending."""
    trained = of_one_budget(runs, EXPERIMENT)
    found = sorted({_angle(run) for run in trained})
    return Family({f"{angle:g}": by_seed(run for run in trained if _angle(run) == angle) for angle in found}, BASELINE)


def set_score(scene: str, name: str) -> str:
    """Return a score of a test set by its name in a run's metrics."""
    return f"scene/{scene}/{name}" if scene else f"val/{name}"


AP_P: dict[str, Score] = {label: set_score(scene, "ap_p_vol") for scene, label in TEST_SETS.items()}
PERSON_IOU: dict[str, Score] = {label: PictureScore("person_iou", scene) for scene, label in TEST_SETS.items()}

_ANGLE: Column[Variant] = Column("rotation up to", lambda angle: f"{angle.name}°")


def _seeds(rows: Sequence[Variant]) -> str:
    return about_seeds(variant.runs for variant in rows)


ROTATION = scores_table(
    "P3", lambda rows: f"{_WHAT} AP^p averaged. {MEANS} {BEST} {_seeds(rows)}", _ANGLE, AP_P, angles
)

DIFFERENCES = differences_table(
    "P3_differences",
    lambda rows: (
        f"Rotation augmentation: person IoU, difference from no rotation. {_seeds(rows)} {PICTURE_INTERVALS} {VERDICTS}"
    ),
    _ANGLE,
    PERSON_IOU,
    angles,
)


@dataclass(frozen=True)
class _Tested:
    """One angle on one test set."""

    scene: str
    angle: Variant


def _tested(runs: Iterable[Run]) -> Iterable[_Tested]:
    family = angles(runs)
    return (_Tested(scene, angle) for scene in TEST_SETS for angle in family.variants)


def _score(name: str, of_scene: Callable[[str], Score]) -> Column[_Tested]:
    return Column(
        name,
        lambda row: over_seeds(row.angle.runs, of_scene(row.scene)),
        ".1f",
        lambda row: row.angle.name in row.angle.family.best(of_scene(row.scene)),
    )


def _difference(name: str, of_scene: Callable[[str], Score]) -> Column[_Tested]:
    return Column(name, lambda row: row.angle.family.compared(of_scene(row.scene)).get(row.angle.name), ".1f")


SCORES = TableOf(
    "P3_scores",
    lambda rows: (
        f"{_WHAT} {MEANS} {BEST} {_seeds([row.angle for row in rows])} {PICTURE_MEANS} Differences are from no "
        f"rotation. {PICTURE_INTERVALS} {SET_INTERVALS} {VERDICTS}"
    ),
    Column("tested on", lambda row: TEST_SETS[row.scene]),
    Column("rotation up to", lambda row: f"{row.angle.name}°"),
    Column("seeds", lambda row: len(row.angle.runs), "d"),
    *(_score(text, partial(set_score, name=name)) for name, text in SET_SCORES.items()),
    _score("grouping", lambda scene: PictureScore("grouping", scene)),
    _score("person IoU", lambda scene: PictureScore("person_iou", scene)),
    _difference("AP^p averaged, difference", lambda scene: set_score(scene, "ap_p_vol")),
    _difference("grouping, difference", lambda scene: PictureScore("grouping", scene)),
    rows=_tested,
    sources=lambda row: row.angle.own_runs,
)


def _angle(run: Run) -> float:
    return float(run.config["data"]["augmentation"]["rotation"])
