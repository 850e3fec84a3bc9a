"""What the failures say: which kinds are frequent, and what mends them."""

from collections.abc import Sequence

from mghp.report.failures.tables import FAILURES, count, failure_groups
from mghp.report.gallery.cases import CAUSES, KINDS
from mghp.report.runs import Run


def failure_readings(runs: Sequence[Run]) -> list[str]:
    """A sentence a parser, computed from its runs' counts."""
    sentences = []
    for experiment, variant, some in failure_groups(runs):
        persons, right = count(some, "persons"), count(some, "right")
        kinds = {kind: count(some, kind) for kind in FAILURES}
        failures = sum(kinds.values())
        seeds = f"{len(some)} seed{'s' if len(some) > 1 else ''}"
        sentence = f"{experiment} {variant} ({seeds}): {right} of {persons} true persons are right"
        if failures:
            causes = {cause: sum(count(some, f"{kind}/{cause}") for kind in FAILURES) for cause in CAUSES}
            kind, cause = max(kinds, key=kinds.__getitem__), max(causes, key=causes.__getitem__)
            sentence += (
                f"; of {failures} failures the most frequent kind is '{KINDS[kind]}' "
                f"({_share(kinds[kind], failures)}), and what mends most is '{CAUSES[cause]}' "
                f"({_share(causes[cause], failures)})"
            )
        sentences.append(f"{sentence}.")
    return sentences


def _share(number: int, total: int) -> str:
    return f"{number}, {100 * number / total:.0f} %"
