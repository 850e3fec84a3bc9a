"""The study of rotation: does augmentation trade upright persons for upside-down ones?"""

from collections.abc import Sequence
from functools import partial

from mghp.report.comparison import Comparison
from mghp.report.seeds import ONE_SEED
from mghp.report.study import Question, Study
from mghp.runs.read import Run
from mghp.studies.rotation.figures import rotation_drawings
from mghp.studies.rotation.tables import DIFFERENCES, PLAIN, ROTATION, SCORES, UPRIGHT, Rotations


def answer_of(rotations: Rotations, runs: Sequence[Run], overall: str = "overall") -> str:
    """Return whether the largest angle trades as the supplement reports: better upside-down, worse overall.

    Args:
        rotations: experiment that is told of.
        runs: any.
        overall: the scene trained on, in words.
    """
    family, of_sets = rotations.angles(runs), rotations.person_iou
    if not family.runs:
        return ""
    largest = list(family.runs)[-1]
    scores = of_sets["upside-down"], of_sets[rotations.test_sets[""]]
    upside_down, plain = (family.compared(score).get(largest) for score in scores)
    if upside_down is None or plain is None:
        return ""
    seeds = plain.difference.seeds
    # The interval of one seed is no verdict's, and the answer has said so already.
    changes = [f"{cell:.1f}" if seeds > 1 else cell.interval() for cell in (upside_down, plain)]
    return (
        f"{_trade(upside_down, plain)}. Rotating by up to {largest}° changes person IoU by {changes[0]} upside-down, "
        f"by {changes[1]} {overall} ({seeds} seed{'s' if seeds > 1 else ''})."
    )


answer = partial(answer_of, PLAIN)
"""The answer where training shows persons who lie or stand on their hands."""


def _trade(upside_down: Comparison, plain: Comparison) -> str:
    told = upside_down.verdict, plain.verdict
    if "one seed" in told:
        return ONE_SEED
    if told == ("better", "worse"):
        return "Yes"
    # Whatever is undecided of the two, the trade is refuted if the other one goes the other way.
    return (
        "No"
        if upside_down.verdict in ("worse", "no effect") or plain.verdict in ("better", "no effect")
        else "Undecided"
    )


STUDY = Study(
    (
        Question(
            "Does rotation augmentation trade upright persons for upside-down ones?",
            answer,
            (ROTATION, DIFFERENCES, SCORES),
            {"rotation": "Scores against the largest angle by which training pictures are rotated"},
        ),
        Question(
            "Does rotation augmentation mend upside-down poses that training never shows?",
            partial(answer_of, UPRIGHT, overall="upright"),
            UPRIGHT.tables,
            {"upright_rotation": "Scores against the largest angle, trained on upright persons alone"},
        ),
    ),
    rotation_drawings,
    (PLAIN.experiment, UPRIGHT.experiment),
)
