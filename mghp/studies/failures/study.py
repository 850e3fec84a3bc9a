"""The study of failures: what fails, and why?"""

from collections.abc import Sequence

from mghp.gallery.cases import CAUSES, KINDS
from mghp.report.study import Question, Study
from mghp.runs.read import Run
from mghp.studies.failures.figures import failure_drawings
from mghp.studies.failures.tables import FAILURES, KINDS_AND_CAUSES, KINDS_AND_TAGS, count, failure_groups


def answer(runs: Sequence[Run]) -> str:
    """Return the first parser's most frequent kind of failure, and what mends most, for each set of pictures."""
    first = {group.pictures: group.runs for group in reversed(failure_groups(runs))}
    told = {pictures: _answer(some) for pictures, some in reversed(first.items())}
    return " ".join(f"On {pictures}: {words}" if len(told) > 1 else words for pictures, words in told.items())


def _answer(some: Sequence[Run]) -> str:
    """Return the answer of the runs of one parser on one set of pictures."""
    persons, kinds = count(some, "persons"), {kind: count(some, kind) for kind in FAILURES}
    failures = sum(kinds.values())
    told = f"{count(some, 'right')} of {persons} persons are right"
    if failures:
        kind = max(kinds, key=kinds.__getitem__)
        causes = {cause: sum(count(some, f"{kind}/{cause}") for kind in FAILURES) for cause in CAUSES}
        cause = max(causes, key=causes.__getitem__)
        told += (
            f"; most failures are '{KINDS[kind]}' ({100 * kinds[kind] / failures:.0f} %); most are mended by "
            f"{CAUSES[cause]} ({100 * causes[cause] / failures:.0f} %)"
        )
    return f"{told} ({len(some)} seeds)." if len(some) > 1 else f"{told} (one seed: no evidence)."


STUDY = Study(
    (
        Question(
            "What fails, and why?",
            answer,
            (KINDS_AND_CAUSES, KINDS_AND_TAGS),
            {"failures_": "Persons by kind of failure and by what mends it"},
            ("gallery/",),
        ),
    ),
    failure_drawings,
)
