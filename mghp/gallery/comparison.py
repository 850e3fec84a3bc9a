"""Two runs on the same pictures: whom one gets right and the other wrong, and whom one comes closer to."""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from mghp.errors import InputError
from mghp.gallery.cases import Case, CaseSet

CLOSER = 0.1
"""Of two runs that get a person wrong, the one whose score is larger by this much comes closer."""


class Pair(NamedTuple):
    """A person, as two runs have it."""

    first: Case
    second: Case

    @property
    def is_first_better(self) -> bool:
        """Whether the first alone is right, or else has the larger score."""
        first, second = ((is_right(case), case["score"]) for case in self)
        return bool(first > second)

    @property
    def worse(self) -> Case:
        """The case that the other run does better."""
        return self.second if self.is_first_better else self.first


@dataclass(frozen=True)
class Comparison:
    """Cases of two runs, joined by their ids.

    Attributes:
        first: a run.
        second: another.
        differing: the pairs of cases of which exactly one is right.
        closer: those of which none is right, and one is closer by at least `CLOSER`.
        both_right: number of persons that both get right.
        both_wrong: number of persons that neither gets right.
        unpaired: true persons that only one of the two has a case of.
        spurious: persons that are not there, of each run; they cannot be joined, since their ids are the run's own.
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
        InputError: if they are of different pictures.
    """
    if first.about["set"] != second.about["set"]:
        raise InputError(
            f"{first.run} and {second.run} are of different picture sets: expected one set, "
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
    """Whether nothing is wrong with a case."""
    return bool(case["kind"] == "right")


def _is_closer(one: Case, other: Case) -> bool:
    return not is_right(one) and not is_right(other) and abs(one["score"] - other["score"]) >= CLOSER


def _spurious(cases: CaseSet) -> int:
    return sum(case["kind"] == "spurious" for case in cases.cases)
