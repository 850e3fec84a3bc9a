from math import isnan, nan

import pytest

from mghp.report.comparison import NO_EFFECT_ON_SCORES, Bound, Comparison, compare
from mghp.report.statistics import PairedDifference, paired_seeds

POINT = Bound(0.01)


def difference(mean, reach, p=0.5, seeds=3):
    return PairedDifference(mean, mean - reach, mean + reach, p, seeds)


def verdict(found, bound=POINT, baseline=0.8):
    return compare({"ours": found}, bound, baseline)["ours"].verdict


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (difference(0.02, 0.01, p=0.01), "better"),
        (difference(-0.02, 0.01, p=0.01), "worse"),
        (difference(0.001, 0.005), "no effect"),
        (difference(0.001, 0.02), "undecided"),
        (difference(0.02, 0.015), "undecided"),
        (difference(0.001, 0.0005, p=0.01), "better"),  # by however little
        (difference(0.005, 0.005), "no effect"),  # the bound itself is within it
        (difference(0.02, 0.01, p=0.05), "undecided"),
        (difference(0.5, nan, p=nan, seeds=1), "one seed"),
        (difference(0.0, 0.001, p=0.001, seeds=1), "one seed"),  # whatever its images say
        (difference(nan, nan, p=nan), "undecided"),
    ],
)
def test_a_difference_has_one_verdict(found, expected):
    assert verdict(found) == expected


def test_what_is_better_may_be_so_by_little():
    better = compare({"ours": difference(0.004, 0.002, p=0.01)}, POINT, 0.8)["ours"]
    assert (better.verdict, better.is_small) == ("better", True)
    assert not compare({"ours": difference(0.04, 0.002, p=0.01)}, POINT, 0.8)["ours"].is_small


def test_a_family_is_corrected_together():
    found = compare(
        {"first": difference(0.02, 0.01, p=0.01), "second": difference(0.02, 0.015, p=0.03), "none": None}, POINT
    )
    assert {name: cell.p for name, cell in found.items()} == {"first": 0.02, "second": 0.03}
    assert [cell.verdict for cell in found.values()] == ["better", "better"]
    third = compare({name: difference(0.02, 0.015, p=0.03) for name in "abc"}, POINT)
    assert [cell.p for cell in third.values()] == pytest.approx([0.09] * 3)
    assert {cell.verdict for cell in third.values()} == {"undecided"}


def test_what_was_not_tested_counts_for_nobody():
    """One seed has no p, and is no member of the family."""
    found = compare({"one": paired_seeds([0.5]), "ours": difference(0.02, 0.01, p=0.03)}, POINT)
    assert isnan(found["one"].p)
    assert (found["one"].verdict, found["ours"].verdict) == ("one seed", "better")
    assert compare({}, POINT) == compare({"none": None}, POINT) == {}


@pytest.mark.parametrize(
    ("baseline", "bound"), [(0.8, 0.01), (0.2, 0.01), (0.1, 0.005), (-0.1, 0.005), (0.0, 0.0), (nan, nan)]
)
def test_of_two_bounds_the_smaller_one_counts(baseline, bound):
    assert POINT.at(baseline) == pytest.approx(bound, nan_ok=True)
    assert Bound(0.02).at(baseline) == pytest.approx(2 * bound, nan_ok=True)


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [(0.8, "no effect"), (0.13, "undecided"), (0.0, "undecided"), (nan, "undecided")],
)
def test_near_the_floor_a_point_is_an_effect(baseline, expected):
    """The whole interval must lie within both bounds, so that without a score nothing has no effect."""
    found = difference(0.001, 0.0075)
    assert verdict(found, NO_EFFECT_ON_SCORES, baseline) == expected


def test_a_mean_within_the_bound_is_not_enough():
    assert verdict(difference(0.004, 0.003), NO_EFFECT_ON_SCORES, 0.13) == "undecided"
    assert verdict(difference(0.003, 0.003), NO_EFFECT_ON_SCORES, 0.13) == "no effect"


def test_bounds_are_told_in_words():
    assert str(Bound(0.005)) == "0.5 points and 2.5 % of the baseline's score"
    assert str(POINT) == "1 point and 5 % of the baseline's score"


def test_a_cell_prints_its_interval_and_verdict_and_a_file_gets_all_numbers():
    cell = Comparison(difference(0.02, 0.01, p=0.01), 0.02, 0.01)
    assert f"{cell:.1f}" == "+2.0 [+1.0, +3.0] better"
    assert cell.interval(".2f") == "+2.00 [+1.00, +3.00]"
    assert cell.columns() == pytest.approx({"": 0.02, " low": 0.01, " high": 0.03, " p": 0.02, " verdict": "better"})
    assert f"{Comparison(paired_seeds([-0.0004]), nan, 0.01):.1f}" == "+0.0 one seed"
