"""The study of learned limb scores: does training through the matcher beat training without it?"""

from collections.abc import Iterable, Sequence

from mghp.report.comparison import Comparison
from mghp.report.seeds import ONE_SEED, Score
from mghp.report.study import Question, Study
from mghp.runs.read import Run
from mghp.studies.learned.figures import learned_drawings, rounding_and_training
from mghp.studies.learned.tables import LEARNED, TUNING
from mghp.studies.learned.variants import (
    CONTROL,
    CONTROLS,
    LIMBS,
    PERSONS,
    Trained,
    trained,
)

PASSED = "passed"


def gain(runs: Sequence[Run]) -> str:
    """Return whether a variant through the matching gains where it must, and whether any does on people."""
    variants = trained(runs)
    if not any(variant.is_compared and variant.is_through_the_matching for variant in variants):
        return ""
    control = control_in_words(variants)
    people = [variant for variant in _matchers(variants) if not variant.is_on_the_control]
    return f"The positive control {control}. On people, {_on_people(people, control == PASSED)}."


def _matchers(variants: Iterable[Trained]) -> list[Trained]:
    """Return those that gain through the matching if they gain; what a control gains is not gained so."""
    through = [variant for variant in variants if variant.is_compared and variant.is_through_the_matching]
    return [variant for variant in through if variant.name not in CONTROLS]


def control_in_words(variants: Sequence[Trained]) -> str:
    """Return what came of the positive control, where competition must help; `PASSED` where it did."""
    verdicts = {_cell(variant, LIMBS).verdict for variant in _matchers(variants) if variant.condition == CONTROL}
    if not any(variant.condition == CONTROL for variant in variants):
        return "was not run"
    if not verdicts:
        return "says nothing"
    if verdicts == {"one seed"}:
        return "has one seed"
    return PASSED if "better" in verdicts else "has not passed"


def _on_people(matchers: Sequence[Trained], control_passed: bool) -> str:
    if not matchers:
        return "no matcher was tested"
    told = [variant for variant in matchers if _cell(variant, LIMBS).verdict != "one seed"]
    if not told:
        return ONE_SEED.lower()
    pairs, persons = (
        _verdict([_cell(variant, score) for variant in matchers], control_passed) for score in (LIMBS, PERSONS)
    )
    gaining = [variant for variant in told if _cell(variant, LIMBS).verdict == "better"]
    first = max(gaining or told, key=lambda variant: _cell(variant, LIMBS).difference.mean)
    largest = _cell(first, LIMBS)
    return (
        f"{pairs} for pairs: {_number(gaining)} of {_number(matchers)} variants gain "
        f"{'somewhere' if gaining else 'anywhere'}, at most {largest.interval('.2f')} points "
        f"({first.name}, {largest.difference.seeds} seeds); {persons} for persons"
    )


def _verdict(cells: Sequence[Comparison], control_passed: bool) -> str:
    """Return "yes" if any is better, "barely" if each of these is so within the bound, else "no" or "undecided"."""
    better = [cell for cell in cells if cell.verdict == "better"]
    if better:
        return "barely" if all(cell.is_small for cell in better) else "yes"
    # Where the control has not passed, nothing may have been findable.
    is_no = control_passed and all(cell.verdict in ("no effect", "worse") for cell in cells)
    return "no" if is_no else "undecided"


def _cell(variant: Trained, score: Score) -> Comparison:
    return variant.family.compared(score)[variant.name]


def _number(variants: Iterable[Trained]) -> int:
    return len({variant.name for variant in variants})


def rounding(runs: Sequence[Run]) -> str:
    """Return what rounding by a projection gains, and what training through one gains over that."""
    found = rounding_and_training(trained(runs))
    return _gains(*found) if found else ""


def _gains(rounded: Comparison, over: Comparison, condition: str) -> str:
    verdicts = {"the rounding": rounded.verdict, "the training": over.verdict}
    if "one seed" in verdicts.values():
        return f"{ONE_SEED}."
    better = [what for what, verdict in verdicts.items() if verdict == "better"]
    none = "undecided" if "undecided" in verdicts.values() else "neither"
    return (
        f"{(' and '.join(better) or none).capitalize()}. On {condition}, rounding by projection alone: {rounded:.2f}; "
        f"Fenchel-Young training over it: {over:.2f} (points of pairs, {over.difference.seeds} seeds)."
    )


STUDY = Study(
    (
        Question(
            "Does training through the matcher beat training without it?",
            gain,
            (LEARNED,),
            {
                "learned_control": "Positive control: what training through the matcher gains where it must",
                "learned_matching": "What training through the matcher gains",
                "learned_conditions": "The same where a pair's own evidence is weak, misleading or rare",
                "learned_example": "One test problem: the scores that each way to train learns, and its assignment",
                "learned_losses": "Training losses",
            },
        ),
        Question(
            "Is it the training that gains, or the rounding?",
            rounding,
            (TUNING,),
            {"rounding_or_training": "What rounding by a projection gains, and training through one over that"},
        ),
    ),
    learned_drawings,
)
