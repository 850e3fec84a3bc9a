"""The study of rotation: does augmentation trade upright persons for upside-down ones?"""

from collections.abc import Sequence

from mghp.report.comparison import Comparison
from mghp.report.seeds import ONE_SEED
from mghp.report.study import Question, Study
from mghp.runs.read import Run
from mghp.studies.rotation.figures import rotation_drawings
from mghp.studies.rotation.tables import DIFFERENCES, EXPERIMENT, PERSON_IOU, ROTATION, SCORES, angles


def answer(runs: Sequence[Run]) -> str:
    """Return whether the largest angle trades as the supplement reports: better upside-down, worse overall."""
    family = angles(runs)
    if not family.runs:
        return ""
    largest = list(family.runs)[-1]
    upside_down, plain = (family.compared(PERSON_IOU[test_set]).get(largest) for test_set in ("upside-down", "plain"))
    if upside_down is None or plain is None:
        return ""
    seeds = plain.difference.seeds
    # The interval of one seed is no verdict's, and the answer has said so already.
    changes = [f"{cell:.1f}" if seeds > 1 else cell.interval() for cell in (upside_down, plain)]
    return (
        f"{_trade(upside_down, plain)}. Rotating by up to {largest}° changes person IoU by {changes[0]} upside-down, "
        f"by {changes[1]} overall ({seeds} seed{'s' if seeds > 1 else ''})."
    )


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
    ),
    rotation_drawings,
    (EXPERIMENT,),
)
