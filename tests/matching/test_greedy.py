import torch
from affinities import padded, random_affinity, unpadded
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.matching import Greedy, objective, optimum

SEEDS = st.integers(0, 2**32 - 2)
SIZES = st.integers(1, 7)


def literal_greedy(affinity):
    """All positive entries from the largest down, each taken where its row and column are free."""
    matching = torch.zeros_like(affinity)
    entries = [(-value, i, j) for i, row in enumerate(affinity.tolist()) for j, value in enumerate(row) if value > 0]
    for _, i, j in sorted(entries):
        if matching[i].sum() == matching[:, j].sum() == 0:
            matching[i, j] = 1
    return matching


@given(source=SIZES, destination=SIZES, seed=SEEDS, levels=st.sampled_from([2, 1000]))
@settings(deadline=None, max_examples=150)
def test_equals_a_literal_loop(source, destination, seed, levels):
    affinity = (levels * random_affinity(source, destination, seed)).round() / levels  # few levels: many ties
    assert torch.equal(Greedy()(affinity), literal_greedy(affinity))


@given(source=SIZES, destination=SIZES, seed=SEEDS)
@settings(deadline=None, max_examples=100)
def test_reaches_at_least_half_the_optimum(source, destination, seed):
    affinity = random_affinity(source, destination, seed)
    assert objective(affinity, Greedy()(affinity)) >= optimum(affinity) / 2 - 1e-12


def test_largest_first_is_not_the_best():
    affinity = torch.tensor([[1.0, 0.9], [0.9, 0.0]])
    assert Greedy()(affinity).tolist() == [[1, 0], [0, 0]]
    assert objective(affinity, Greedy()(affinity)) < optimum(affinity)


@given(sizes=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=5), seed=SEEDS)
@settings(deadline=None, max_examples=40)
def test_padding_changes_nothing(sizes, seed):
    problems = [random_affinity(*size, seed + k) for k, size in enumerate(sizes)]
    affinity, sources, destinations = padded(problems, seed)
    together = unpadded(Greedy()(affinity, sources, destinations), sources, destinations)
    for matching, problem in zip(together, problems, strict=True):
        assert torch.equal(matching, Greedy()(problem))


def test_is_not_differentiable():
    assert not Greedy.differentiable
    assert not Greedy()(torch.rand(2, 3, requires_grad=True)).requires_grad
