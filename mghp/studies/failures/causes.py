"""Why a person failed: the first branch whose ground truth, swapped in, mends the case."""

from collections.abc import Sequence
from dataclasses import dataclass

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.evaluation.oracles import with_oracle
from mghp.metrics.failure_kinds import PersonKind, person_kinds
from mghp.metrics.person_pairs import person_pairs
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.fields import Fields

_ORACLES = {
    "parts": "true_parts",
    "keypoints": "true_keypoints",
    "limbs": "true_limbs",
    "field": "true_field",
    "several": "all_true",
}
"""The oracles by cause, tried in this order; `several`: no branch alone mends the case, all of them together do."""


@dataclass
class Diagnosis:
    """One person's verdict and its cause.

    Attributes:
        verdict: with the predicted fields.
        cause: one of `mghp.gallery.cases.CAUSES`; None for a person that is right. It is `other` where not even true
            fields mend the case: the assembly, or a field's resolution, forbids it.
        mended_score: the person's score with the cause mended; None where nothing mends it, or there is no true person.
    """

    verdict: PersonKind
    cause: str | None = None
    mended_score: float | None = None


def diagnose(
    fields: Fields,
    exact: Fields,
    assembler: Assembler,
    found: Sequence[PredictedPersons],
    true: Sequence[TruePersons],
) -> list[list[Diagnosis]]:
    """Find the kind and the cause of every person's failure in a batch.

    A true person is mended when it is right, a spurious one when it is gone.

    Args:
        fields: predicted fields.
        exact: true fields of the same strides.
        assembler: assembler that made persons of the predicted fields.
        found: predicted persons per picture.
        true: true persons per picture.

    Returns:
        Diagnoses per picture, one per person.
    """
    anatomy = assembler.anatomy
    diagnoses = [
        [Diagnosis(verdict) for verdict in person_kinds(*pair, anatomy)] for pair in zip(found, true, strict=True)
    ]
    open_cases = [
        (picture, case) for picture, cases in enumerate(diagnoses) for case in cases if case.verdict.kind != "right"
    ]
    for cause, oracle in _ORACLES.items():
        if not open_cases:
            break
        with_truth = assembler(with_oracle(fields, exact, oracle))
        verdicts = {p: person_kinds(with_truth[p], true[p], anatomy) for p in {picture for picture, _ in open_cases}}
        for picture, case in open_cases:
            if _is_mended(case, verdicts[picture], found[picture], with_truth[picture], anatomy):
                case.cause = cause
        open_cases = [(picture, case) for picture, case in open_cases if case.cause is None]
    for _, case in open_cases:
        case.cause = "other"
    return diagnoses


def _is_mended(
    case: Diagnosis,
    verdicts: Sequence[PersonKind],
    found: PredictedPersons,
    with_truth: PredictedPersons,
    anatomy: Anatomy,
) -> bool:
    """Return whether an oracle's verdicts clear a case; note the mended score if so."""
    if case.verdict.kind == "spurious":
        as_true = TruePersons(found.parts, found.person_ids, found.keypoints)
        still = person_pairs(with_truth, as_true, anatomy).is_found[case.verdict.predicted_person]
        return not any(other.kind == "spurious" and still[other.predicted_person] for other in verdicts)
    after = next(other for other in verdicts if other.true_person == case.verdict.true_person)
    if after.kind != "right":
        return False
    case.mended_score = after.score
    return True
