"""Tables P3: rotation augmentation against upright, upside-down and other scenes (the supplement's section 3)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

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

BASELINE = "0"
"""The angle that the others are compared with."""


@dataclass(frozen=True)
class Rotations:
    """An experiment that crosses the largest angle of rotation with seeds.

    Attributes:
        experiment: its name.
        table: what the names of its tables begin with.
        test_sets: scenes that are tested on, in words; "" is the one trained on.
        what: sentences on them, for captions.
    """

    experiment: str
    table: str
    test_sets: Mapping[str, str]
    what: str

    def angles(self, runs: Iterable[Run]) -> Family:
        """Return the finished trainings by their largest angle in degrees, ascending."""
        trained = of_one_budget(runs, self.experiment)
        found = sorted({_angle(run) for run in trained})
        groups = {f"{angle:g}": by_seed(run for run in trained if _angle(run) == angle) for angle in found}
        return Family(groups, BASELINE)

    @property
    def ap_p(self) -> dict[str, Score]:
        """The score AP^p averaged on each test set."""
        return {label: set_score(scene, "ap_p_vol") for scene, label in self.test_sets.items()}

    @property
    def person_iou(self) -> dict[str, Score]:
        """The score person IoU on each test set."""
        return {label: PictureScore("person_iou", scene) for scene, label in self.test_sets.items()}

    @property
    def tables(self) -> tuple[TableOf[Any], ...]:
        """The tables of AP^p averaged, of differences in person IoU, and of all scores."""
        return self._of_ap_p(), self._of_differences(), self._of_scores()

    def _of_ap_p(self) -> TableOf[Variant]:
        def caption(rows: Sequence[Variant]) -> str:
            return f"{self.what} AP^p averaged. {MEANS} {BEST} {_seeds(rows)}"

        return scores_table(self.table, caption, _ANGLE, self.ap_p, self.angles)

    def _of_differences(self) -> TableOf[Variant]:
        def caption(rows: Sequence[Variant]) -> str:
            about = "Rotation augmentation: person IoU, difference from no rotation."
            return f"{about} {_seeds(rows)} {PICTURE_INTERVALS} {VERDICTS}"

        return differences_table(f"{self.table}_differences", caption, _ANGLE, self.person_iou, self.angles)

    def _of_scores(self) -> TableOf["_Tested"]:
        return TableOf(
            f"{self.table}_scores",
            lambda rows: (
                f"{self.what} {MEANS} {BEST} {_seeds([row.angle for row in rows])} {PICTURE_MEANS} Differences are "
                f"from no rotation. {PICTURE_INTERVALS} {SET_INTERVALS} {VERDICTS}"
            ),
            Column("tested on", lambda row: self.test_sets[row.scene]),
            Column("rotation up to", lambda row: f"{row.angle.name}°"),
            Column("seeds", lambda row: len(row.angle.runs), "d"),
            *(_score(text, partial(set_score, name=name)) for name, text in SET_SCORES.items()),
            _score("grouping", lambda scene: PictureScore("grouping", scene)),
            _score("person IoU", lambda scene: PictureScore("person_iou", scene)),
            _difference("AP^p averaged, difference", lambda scene: set_score(scene, "ap_p_vol")),
            _difference("grouping, difference", lambda scene: PictureScore("grouping", scene)),
            rows=self._tested,
            sources=lambda row: row.angle.own_runs,
        )

    def _tested(self, runs: Iterable[Run]) -> Iterable["_Tested"]:
        family = self.angles(runs)
        return (_Tested(scene, angle) for scene in self.test_sets for angle in family.variants)


@dataclass(frozen=True)
class _Tested:
    """One angle on one test set."""

    scene: str
    angle: Variant


def set_score(scene: str, name: str) -> str:
    """Return a score of a test set by its name in a run's metrics."""
    return f"scene/{scene}/{name}" if scene else f"val/{name}"


_ANGLE: Column[Variant] = Column("rotation up to", lambda angle: f"{angle.name}°")


def _seeds(rows: Sequence[Variant]) -> str:
    return about_seeds(variant.runs for variant in rows)


def _score(name: str, of_scene: Callable[[str], Score]) -> Column[_Tested]:
    return Column(
        name,
        lambda row: over_seeds(row.angle.runs, of_scene(row.scene)),
        ".1f",
        lambda row: row.angle.name in row.angle.family.best(of_scene(row.scene)),
    )


def _difference(name: str, of_scene: Callable[[str], Score]) -> Column[_Tested]:
    return Column(name, lambda row: row.angle.family.compared(of_scene(row.scene)).get(row.angle.name), ".1f")


def _angle(run: Run) -> float:
    return float(run.config["data"]["augmentation"]["rotation"])


TEST_SETS = {
    "": "plain",
    "upright": "upright",
    "upside_down": "upside-down",
    "dim_human_like": "dim, human-like",
    "small_dim": "small, dim",
    "crossing": "crossing",
}

PLAIN = Rotations(
    "rotation",
    "P3",
    TEST_SETS,
    "Rotation augmentation: training pictures are rotated by up to the angle, to both sides. Tested on the scene "
    "trained on (plain), on upright persons alone, on persons on their hands (upside-down), before human-like objects "
    "in dim light, small in dim light, and with crossing limbs.",
)
"""Trained on scene `default`, of whose persons 18 % lie or stand on their hands."""

UPRIGHT = Rotations(
    "rotation_upright",
    "P3_upright",
    {"": "upright", "upside_down": "upside-down", "default": "mixed"},
    "Rotation augmentation where all persons of the training pictures are upright: pictures are rotated by up to the "
    "angle, to both sides. Tested on upright persons, as trained on, on persons on their hands (upside-down), and on "
    "scene default, where 18 % lie or stand on their hands (mixed).",
)
"""Trained on scene `upright`, as in the supplement."""

ROTATION, DIFFERENCES, SCORES = PLAIN.tables
