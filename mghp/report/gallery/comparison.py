"""Two runs on the same pictures: whom one gets right and the other wrong."""

from collections import Counter
from dataclasses import dataclass

from mghp.errors import InputError
from mghp.report.gallery.cases import Case, CaseSet


@dataclass(frozen=True)
class Comparison:
    """Cases of two runs, joined by their ids.

    Attributes:
        first: a run.
        second: another.
        differing: the pairs of cases of which exactly one is right.
        both_right: number of persons that both get right.
        both_wrong: number of persons that neither gets right.
        unpaired: true persons that only one of the two has a case of.
        spurious: persons that are not there, of each run; they cannot be joined, since their ids are the run's own.
    """

    first: CaseSet
    second: CaseSet
    differing: list[tuple[Case, Case]]
    both_right: int
    both_wrong: int
    unpaired: int
    spurious: tuple[int, int]

    @property
    def first_right(self) -> int:
        """Number of persons that the first alone gets right."""
        return sum(is_right(case) for case, _ in self.differing)

    @property
    def second_right(self) -> int:
        """Number of persons that the second alone gets right."""
        return len(self.differing) - self.first_right


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
    pairs = [(case, by_id[1][key]) for key, case in by_id[0].items() if key in by_id[1]]
    rights = Counter((is_right(one), is_right(other)) for one, other in pairs)
    return Comparison(
        first,
        second,
        differing=[(one, other) for one, other in pairs if is_right(one) != is_right(other)],
        both_right=rights[True, True],
        both_wrong=rights[False, False],
        unpaired=len(by_id[0].keys() ^ by_id[1].keys()),
        spurious=(_spurious(first), _spurious(second)),
    )


def is_right(case: Case) -> bool:
    """Whether nothing is wrong with a case."""
    return bool(case["kind"] == "right")


def _spurious(cases: CaseSet) -> int:
    return sum(case["kind"] == "spurious" for case in cases.cases)
