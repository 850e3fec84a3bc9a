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
    told = {pictures: some for pictures, some in reversed(first.items()) if _failures(some)}
    if len(told) < 2:
        return next(map(_answer, (told or first).values()), "")
    most = (f"{pictures}: {_frequent(some)}, mended by {CAUSES[_cause(some)[0]]}" for pictures, some in told.items())
    return f"Most frequent on {'; '.join(most)}."


def _answer(some: Sequence[Run]) -> str:
    """Return the answer of the runs of one parser on one set of pictures."""
    told = f"{count(some, 'right')} of {count(some, 'persons')} persons are right"
    if failures := _failures(some):
        cause, mended = _cause(some)
        told += f"; most failures are {_frequent(some)}; most are mended by {CAUSES[cause]}"
        told += f" ({100 * mended / failures:.0f} %)"
    return f"{told} ({len(some)} seeds)." if len(some) > 1 else f"{told} (one seed: no evidence)."


def _failures(some: Sequence[Run]) -> int:
    return sum(count(some, kind) for kind in FAILURES)


def _frequent(some: Sequence[Run]) -> str:
    """Return the most frequent kind of failure, with its share of all."""
    kind = max(FAILURES, key=lambda kind: count(some, kind))
    return f"'{KINDS[kind]}' ({100 * count(some, kind) / _failures(some):.0f} %)"


def _cause(some: Sequence[Run]) -> tuple[str, int]:
    """Return what mends most failures, and how many."""
    causes = {cause: sum(count(some, f"{kind}/{cause}") for kind in FAILURES) for cause in CAUSES}
    return max(causes.items(), key=lambda item: item[1])


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
