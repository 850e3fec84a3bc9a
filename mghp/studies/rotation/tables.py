"""Table P3: rotation augmentation against upright, upside-down and other scenes (the supplement's section 3)."""

from collections.abc import Iterable, Mapping, Sequence

from mghp.report.comparison import (
    BEST,
    MEANS,
    PICTURE_INTERVALS,
    PICTURE_MEANS,
    SET_INTERVALS,
    VERDICTS,
    PictureScore,
    Score,
    about_seeds,
    best_of,
    compared,
    of_one_budget,
    over_seeds,
)
from mghp.report.table import Table
from mghp.runs.read import BySeed, Run, by_seed
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
    "trained on (plain), on upright people alone, on people on their hands (upside-down), before human-like objects in "
    "dim light, small in dim light, and with crossing limbs."
)


def rotation_tables(runs: Sequence[Run]) -> list[Table]:
    """P3, its differences, and all scores; those without a run stay empty."""
    angles = by_angle(runs)
    return [rotation_table(angles), rotation_differences(angles), rotation_scores(angles)]


def by_angle(runs: Iterable[Run]) -> dict[str, BySeed]:
    """The finished trainings of the rotation experiment by their largest angle in degrees, ascending."""
    trained = of_one_budget(runs, EXPERIMENT)
    angles = sorted({_angle(run) for run in trained})
    return {f"{angle:g}": by_seed(run for run in trained if _angle(run) == angle) for angle in angles}


def set_score(scene: str, name: str) -> str:
    """A score of a test set by its name in a run's metrics."""
    return f"scene/{scene}/{name}" if scene else f"val/{name}"


def rotation_table(angles: Mapping[str, BySeed]) -> Table:
    """P3: AP^p averaged of every test set."""
    table = Table(
        "P3",
        f"{_WHAT} AP^p averaged. {MEANS} {BEST} {about_seeds(angles.values())}",
        {"rotation up to": "", "seeds": "d", **dict.fromkeys(TEST_SETS.values(), ".1f")},
    )
    best = {label: best_of(angles, set_score(scene, "ap_p_vol")) for scene, label in TEST_SETS.items()}
    for angle, group in angles.items():
        table.best |= {(len(table.rows), label) for label, names in best.items() if angle in names}
        scores = {label: over_seeds(group, set_score(scene, "ap_p_vol")) for scene, label in TEST_SETS.items()}
        table.add({"rotation up to": degrees(angle), "seeds": len(group), **scores}, *group.values())
    return table


def rotation_differences(angles: Mapping[str, BySeed]) -> Table:
    """P3, continued: person IoU of every test set against no rotation."""
    columns = {
        label: compared(angles, BASELINE, PictureScore("person_iou", scene)) for scene, label in TEST_SETS.items()
    }
    others = {angle: group for angle, group in angles.items() if any(angle in column for column in columns.values())}
    table = Table(
        "P3_differences",
        f"Rotation augmentation: person IoU, difference from no rotation. {about_seeds(others.values())} "
        f"{PICTURE_INTERVALS} {VERDICTS}",
        {"rotation up to": "", "seeds": "d", **dict.fromkeys(TEST_SETS.values(), ".1f")},
    )
    for angle, group in others.items():
        told = {label: column.get(angle) for label, column in columns.items()}
        seeds = max(cell.difference.seeds for cell in told.values() if cell is not None)
        table.add(
            {"rotation up to": degrees(angle), "seeds": seeds, **told}, *group.values(), *angles[BASELINE].values()
        )
    return table


def rotation_scores(angles: Mapping[str, BySeed]) -> Table:
    """P3 in full: all scores of every test set, and the difference in the two that P3 does not compare."""
    gains = dict.fromkeys(("AP^p averaged, difference", "grouping, difference"), ".1f")
    shown = [*SET_SCORES.values(), "grouping", "person IoU"]
    table = Table(
        "P3_scores",
        f"{_WHAT} {MEANS} {BEST} {about_seeds(angles.values())} {PICTURE_MEANS} Differences are from no "
        f"rotation. {PICTURE_INTERVALS} {SET_INTERVALS} {VERDICTS}",
        {"tested on": "", "rotation up to": "", "seeds": "d", **dict.fromkeys(shown, ".1f"), **gains},
    )
    for scene, label in TEST_SETS.items():
        grouping, person_iou = (PictureScore(column, scene) for column in ("grouping", "person_iou"))
        compare: dict[str, Score] = {
            "AP^p averaged, difference": set_score(scene, "ap_p_vol"), "grouping, difference": grouping,
        }  # fmt: skip
        differences = {column: compared(angles, BASELINE, score) for column, score in compare.items()}
        columns: dict[str, Score] = {text: set_score(scene, name) for name, text in SET_SCORES.items()}
        columns |= {"grouping": grouping, "person IoU": person_iou}
        best = {column: best_of(angles, score) for column, score in columns.items()}
        for angle, group in angles.items():
            table.best |= {(len(table.rows), column) for column, names in best.items() if angle in names}
            table.add(
                {
                    "tested on": label, "rotation up to": degrees(angle), "seeds": len(group),
                    **{column: over_seeds(group, score) for column, score in columns.items()},
                    **{column: of_angle.get(angle) for column, of_angle in differences.items()},
                },
                *group.values(),
            )  # fmt: skip
    return table


def degrees(angle: str) -> str:
    """As it is printed."""
    return f"{angle}°"


def _angle(run: Run) -> float:
    return float(run.config["data"]["augmentation"]["rotation"])
