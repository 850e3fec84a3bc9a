"""Tables P2: what each component of the parser brings, over seeds."""

from collections.abc import Callable, Iterable, Sequence

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
    scores_table,
)
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run
from mghp.studies.parsing.tables import SET_SCORES
from mghp.studies.variants import label_of, trained_variants

EXPERIMENT = "components"
LONGER = "matching_long"
"""The experiment in which two of the variants are trained for more steps."""

BASELINE = "full"
WITHOUT_LOSS = "without_matching_loss"

FILE = "parsing/ablation/components.yaml"
"""Experiment file of the variants, with their words, in the order of the table; others come after them."""

RIVALS = ("nearest_keypoint", "person_center")
"""Variants that group pixels without a projection field."""

PERSON_IOU = PictureScore("person_iou")
GROUPING = PictureScore("grouping")
TRUE_PARTS = PictureScore("grouping", scene="hard", oracle="true_parts")
"""The score that tells whether the field helps: the grouping of true parts, where persons are many."""

OVERLAP = PictureScore("grouping", tag="overlap")

DIFFERENCES: dict[str, Score] = {
    "AP^p averaged": "val/ap_p_vol",
    "person IoU": PERSON_IOU,
    "grouping": GROUPING,
    "grouping, true parts, hard": TRUE_PARTS,
    "where persons overlap": OVERLAP,
}
"""Scores whose differences are shown."""

COLUMNS: dict[str, Score] = {
    **{label: f"val/{name}" for name, label in SET_SCORES.items()},
    "grouping": GROUPING,
    **DIFFERENCES,
}
"""Scores of a variant, in the order of the table."""


def components(runs: Iterable[Run], experiment: str = EXPERIMENT) -> Family:
    """Return the finished trainings of the components' ablation, or of the longer one, in the order of the table."""
    return trained_variants(runs, experiment, FILE, BASELINE)


def matchers_trained_through(runs: Iterable[Run], experiment: str = EXPERIMENT) -> Family:
    """Return the trainings through a matcher, compared with those without matching loss."""
    groups = components(runs, experiment).runs
    names = [name for name in groups if name in (BASELINE, WITHOUT_LOSS) or name.startswith("matching_")]
    return Family({name: groups[name] for name in names}, WITHOUT_LOSS)


_VARIANT: Column[Variant] = Column("variant", lambda variant: label_of(FILE, variant.name))


def _scores(name: str, experiment: str) -> TableOf[Variant]:
    return scores_table(
        name,
        lambda rows: (
            "Components of the parser on rendered crowds; each variant differs from the full model in one choice. "
            f"{MEANS} {BEST} {about_seeds(row.runs for row in rows)} {PICTURE_MEANS} 'True parts': with true parts in "
            "the place of predicted ones, on scene hard."
        ),
        _VARIANT,
        COLUMNS,
        lambda runs: components(runs, experiment),
    )


def _differences(name: str, what: str, family: Callable[[Sequence[Run]], Family]) -> TableOf[Variant]:
    return differences_table(
        name,
        lambda rows: f"{what}. {about_seeds(row.runs for row in rows)} {PICTURE_INTERVALS} {SET_INTERVALS} {VERDICTS}",
        _VARIANT,
        DIFFERENCES,
        family,
    )


_FROM_FULL = "Components of the parser: differences from the full model"

P2 = _scores("P2", EXPERIMENT)
P2_DIFFERENCES = _differences("P2_differences", _FROM_FULL, components)
P2_THROUGH = _differences(
    "P2_through",
    "Training through a matcher, and with the loss that belongs to it: differences from training without matching loss",
    matchers_trained_through,
)
P2_LONG = _scores("P2_long", LONGER)
P2_LONG_DIFFERENCES = _differences("P2_long_differences", _FROM_FULL, lambda runs: components(runs, LONGER))
