"""Comparing two runs on the same pictures: persons that only one gets right, or gets clearly better."""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from mghp.errors import InputError
from mghp.gallery.cases import Case, CaseSet

CLOSER = 0.1
"""The least difference of scores by which one of two runs that get a person wrong comes closer."""


class Pair(NamedTuple):
    """A person's cases in two runs."""

    first: Case
    second: Case

    @property
    def is_first_better(self) -> bool:
        """True if the first alone is right, or else has the larger score."""
        first, second = ((is_right(case), case["score"]) for case in self)
        return bool(first > second)

    @property
    def worse(self) -> Case:
        """The case of the run that does worse."""
        return self.second if self.is_first_better else self.first


@dataclass(frozen=True)
class Comparison:
    """The cases of two runs, joined by their ids.

    Attributes:
        first: the cases of one run.
        second: the cases of another.
        differing: pairs of which exactly one is right.
        closer: pairs of which none is right, and one is closer by at least `CLOSER`.
        both_right: number of persons that both get right.
        both_wrong: number of persons that neither gets right.
        unpaired: number of true persons with a case in only one run.
        spurious: number of spurious persons of each run; their ids are the run's own, so that they cannot be joined.
    """

    first: CaseSet
    second: CaseSet
    differing: list[Pair]
    closer: list[Pair]
    both_right: int
    both_wrong: int
    unpaired: int
    spurious: tuple[int, int]


def compare(first: CaseSet, second: CaseSet) -> Comparison:
    """Join the cases of two runs.

    Raises:
        InputError: if they show different picture sets.
    """
    if first.about["set"] != second.about["set"]:
        raise InputError(
            f"{first.run} and {second.run} show different picture sets: expected one set, "
            f"got {first.about['set']} and {second.about['set']}"
        )
    by_id = [{case["id"]: case for case in cases.cases if case["true_person"] is not None} for cases in (first, second)]
    pairs = [Pair(case, by_id[1][key]) for key, case in by_id[0].items() if key in by_id[1]]
    rights = Counter((is_right(one), is_right(other)) for one, other in pairs)
    return Comparison(
        first,
        second,
        differing=[pair for pair in pairs if is_right(pair.first) != is_right(pair.second)],
        closer=[pair for pair in pairs if _is_closer(*pair)],
        both_right=rights[True, True],
        both_wrong=rights[False, False],
        unpaired=len(by_id[0].keys() ^ by_id[1].keys()),
        spurious=(_spurious(first), _spurious(second)),
    )


def is_right(case: Case) -> bool:
    """Return True if nothing is wrong with a case."""
    return bool(case["kind"] == "right")


def _is_closer(one: Case, other: Case) -> bool:
    return not is_right(one) and not is_right(other) and abs(one["score"] - other["score"]) >= CLOSER


def _spurious(cases: CaseSet) -> int:
    return sum(case["kind"] == "spurious" for case in cases.cases)
