import pytest
import torch
from affinities import padded, random_affinity, unpadded
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.matching import Hungarian

SEEDS = st.integers(0, 2**32 - 2)


def best_of_all_matchings(rows, taken=frozenset()):
    """The largest sum over all partial matchings, by trying each."""
    if not rows:
        return 0.0
    first, *others = rows
    matched = (
        value + best_of_all_matchings(others, taken | {column})
        for column, value in enumerate(first)
        if column not in taken
    )
    return max([best_of_all_matchings(others, taken), *matched])


@given(source=st.integers(1, 4), destination=st.integers(1, 4), seed=SEEDS, shift=st.sampled_from([-1.0, 0.0, 1.0]))
@settings(deadline=None, max_examples=200)
def test_equals_brute_force(source, destination, seed, shift):
    affinity = random_affinity(source, destination, seed) + shift
    matching = Hungarian()(affinity)
    assert matching.unique().tolist() in ([0.0], [1.0], [0.0, 1.0])
    assert matching.sum(0).max() <= 1
    assert matching.sum(1).max() <= 1
    assert (affinity[matching == 1] > 0).all()
    assert (affinity * matching).sum().item() == pytest.approx(best_of_all_matchings(affinity.tolist()), abs=1e-12)


def test_pairs_are_dropped_before_the_matching_not_after():
    """On the signed matrix both rows would have to be matched: -1 + 2 on one diagonal, 1.5 - 1 on the other."""
    affinity = torch.tensor([[-1.0, 1.9], [-3.0, 2.0]])
    assert Hungarian()(affinity).tolist() == [[0, 0], [0, 1]]
    assert Hungarian()(torch.zeros(2, 2)).sum() == 0
    assert Hungarian()(-torch.ones(2, 3)).sum() == 0


@given(sizes=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=5), seed=SEEDS)
@settings(deadline=None, max_examples=40)
def test_padding_changes_nothing(sizes, seed):
    problems = [random_affinity(*size, seed + k) for k, size in enumerate(sizes)]
    affinity, sources, destinations = padded(problems, seed)
    together = unpadded(Hungarian()(affinity, sources, destinations), sources, destinations)
    for matching, problem in zip(together, problems, strict=True):
        assert torch.equal(matching, Hungarian()(problem))


def test_is_not_differentiable():
    assert not Hungarian.differentiable
    assert not Hungarian()(torch.rand(2, 3, requires_grad=True)).requires_grad
