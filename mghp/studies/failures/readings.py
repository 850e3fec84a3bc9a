"""What the failures say: which kinds are frequent, and what mends them."""

from collections.abc import Sequence

from mghp.gallery.cases import CAUSES, KINDS
from mghp.runs.read import Run
from mghp.studies.failures.tables import FAILURES, count, failure_groups

_REMAINDERS = ("several", "other")
"""Causes that no single field is."""


def failure_readings(runs: Sequence[Run]) -> list[str]:
    """A sentence a parser, computed from its runs' counts."""
    sentences = []
    for group in failure_groups(runs):
        some = group.runs
        persons, right = count(some, "persons"), count(some, "right")
        kinds = {kind: count(some, kind) for kind in FAILURES}
        failures = sum(kinds.values())
        seeds = f"{len(some)} seeds" if len(some) > 1 else "one seed: a demonstration and no evidence"
        sentence = f"{group.name.replace('_', ' ')} ({seeds}): {right} of {persons} true persons are right"
        if failures:
            causes = {cause: sum(count(some, f"{kind}/{cause}") for kind in FAILURES) for cause in CAUSES}
            kind = max(kinds, key=kinds.__getitem__)
            single = max((cause for cause in CAUSES if cause not in _REMAINDERS), key=causes.__getitem__)
            sentence += (
                f"; of {failures} failures the most frequent kind is '{KINDS[kind]}' "
                f"({_share(kinds[kind], failures)}). All true fields together are needed for "
                f"{_share(causes['several'], failures)}, and do not mend {_share(causes['other'], failures)}; "
            )
            sentence += (
                "of single ones, tried in the order of the table's columns, most often the first that mends is "
                f"'{CAUSES[single]}' ({_share(causes[single], failures)})"
                if causes[single]
                else "no single field mends any"
            )
        sentences.append(f"{sentence}.")
    return sentences


def _share(number: int, total: int) -> str:
    return f"{number}, {100 * number / total:.0f} %"
