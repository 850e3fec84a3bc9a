from itertools import pairwise

import pytest
import torch
from affinities import random_affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.matching import Greedy, Hungarian, round_assignment
from mghp.matching.choices import ROUNDINGS

SOFT = torch.tensor([[0.9, 0.8, 0.0], [0.8, 0.1, 0.0], [0.0, 0.3, 0.2]])
WAYS = ROUNDINGS.names
SIZES = st.integers(1, 6)
SEEDS = st.integers(0, 2**32 - 2)

every_way = pytest.mark.parametrize("by", WAYS)


def pairs(kept):
    return [tuple(pair) for pair in kept.nonzero().tolist()]


def test_by_hand():
    assert pairs(round_assignment(SOFT)) == [(0, 1), (1, 0), (2, 2)]  # 0.8 + 0.8 + 0.2
    assert pairs(round_assignment(SOFT, by="mutual")) == [(0, 0)]
    assert pairs(round_assignment(SOFT, by="greedy")) == [(0, 0), (2, 1)]  # (1, 2) is not positive


def test_threshold_is_on_the_affinity_where_one_is_given():
    affinity = torch.zeros(3, 3)
    affinity[0, 1], affinity[1, 0], affinity[2, 2] = 0.5, 0.1, 0.3
    assert pairs(round_assignment(SOFT, affinity, min_affinity=0.3)) == [(0, 1), (2, 2)]
    assert pairs(round_assignment(SOFT, affinity, min_affinity=-1.0)) == [(0, 1), (1, 0), (2, 2)]
    assert pairs(round_assignment(SOFT, min_affinity=0.5)) == [(0, 1), (1, 0)]


@every_way
def test_pairs_are_dropped_after_the_matching(by):
    """The weak pair that a strong one displaced does not come back, whatever the threshold."""
    soft = torch.tensor([[0.9, 0.6]])
    affinity = torch.tensor([[0.1, 0.8]])
    assert not round_assignment(soft, affinity, min_affinity=0.5, by=by).any()


def test_mutual_ties_go_to_the_first():
    assert pairs(round_assignment(torch.full((2, 2), 0.5), by="mutual")) == [(0, 0)]
    assert pairs(round_assignment(torch.tensor([[0.2, 0.5], [0.5, 0.5]]), by="mutual")) == [(0, 1), (1, 0)]
    assert pairs(round_assignment(torch.full((1, 3), 0.5), by="mutual")) == [(0, 0)]
    assert pairs(round_assignment(torch.full((3, 1), 0.5), by="mutual")) == [(0, 0)]


@every_way
@given(source=SIZES, destination=SIZES, seed=SEEDS, levels=st.sampled_from([2, 1000]))
@settings(deadline=None, max_examples=50)
def test_at_most_one_a_row_and_column(by, source, destination, seed, levels):
    soft = (levels * random_affinity(source, destination, seed)).round() / levels
    kept = round_assignment(soft, by=by)
    assert kept.dtype == torch.bool
    assert kept.sum(0).max() <= 1
    assert kept.sum(1).max() <= 1
    assert (soft[kept] > 0).all()


@every_way
@given(source=SIZES, destination=SIZES, seed=SEEDS)
@settings(deadline=None, max_examples=30)
def test_lowering_the_threshold_only_adds_pairs(by, source, destination, seed):
    soft, affinity = (random_affinity(source, destination, seed + k) for k in range(2))
    for scores in (None, affinity):
        kept = [round_assignment(soft, scores, threshold, by) for threshold in (1.0, 0.5, 0.0, -0.5)]
        for higher, lower in pairwise(kept):
            assert (higher <= lower).all()


@given(source=SIZES, destination=SIZES, seed=SEEDS)
@settings(deadline=None, max_examples=30)
def test_a_hard_assignment_is_kept(source, destination, seed):
    hard = Hungarian()(random_affinity(source, destination, seed))
    for by in WAYS:
        assert torch.equal(round_assignment(hard, by=by), hard > 0)


@given(source=SIZES, destination=SIZES, seed=SEEDS)
@settings(deadline=None, max_examples=30)
def test_rounding_the_affinity_is_the_matcher_of_that_name(source, destination, seed):
    affinity = random_affinity(source, destination, seed)
    assert torch.equal(round_assignment(affinity, by="hungarian"), Hungarian()(affinity) > 0)
    assert torch.equal(round_assignment(affinity, by="greedy"), Greedy()(affinity) > 0)


@every_way
def test_leading_dimensions(by):
    soft = random_affinity(24, 5, 0).reshape(2, 3, 4, 5)
    kept = round_assignment(soft, by=by)
    assert kept.shape == soft.shape
    assert torch.equal(kept[1, 2], round_assignment(soft[1, 2], by=by))


@every_way
@pytest.mark.parametrize("shape", [(0, 3), (2, 3, 0), (0, 0), (0, 2, 3)])
def test_nothing_to_round(by, shape):
    kept = round_assignment(torch.zeros(shape), by=by)
    assert kept.shape == shape
    assert kept.dtype == torch.bool


def test_bad_input():
    with pytest.raises(ValueError, match="no rounding 'best'; there are hungarian, mutual, greedy"):
        round_assignment(SOFT, by="best")
    with pytest.raises(ValueError, match=r"shape of soft \(3, 3\), got \(2, 3\)"):
        round_assignment(SOFT, torch.zeros(2, 3))
