import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.problems.padded import MatchingProblem, MatchingProblems, pad_problems, size_buckets

SIZES = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=40)


def make_problems(sizes, seed=0):
    rng = np.random.default_rng(seed)
    problems = tuple(
        MatchingProblem(rng.normal(size=size), rng.random(size) < 0.5, image, 0) for image, size in enumerate(sizes)
    )
    return MatchingProblems(problems, len(problems), "made-up")


def padding(batches):
    real = sum(batch.pair_mask.sum() for batch in batches)
    return 1 - real / sum(batch.affinity.size for batch in batches)


def assert_holds(batch, problems):
    """Every problem stands in its batch's corner, and nothing is outside it."""
    for row, index in enumerate(batch.index):
        problem = problems[index]
        sources, destinations = problem.affinity.shape
        assert (batch.affinity[row, :sources, :destinations] == problem.affinity).all()
        assert (batch.truth[row, :sources, :destinations] == problem.truth).all()
        assert batch.source_mask[row].sum() == sources == batch.source_mask[row, :sources].sum()
        assert batch.destination_mask[row].sum() == destinations
        assert batch.destination_mask[row, :destinations].all()
    assert (batch.affinity[~batch.pair_mask] == 0).all()
    assert not batch.truth[~batch.pair_mask].any()


@given(sizes=SIZES, data=st.data())
@settings(deadline=None, max_examples=50)
def test_padding_keeps_every_problem(sizes, data):
    problems = make_problems(sizes)
    index = data.draw(st.lists(st.integers(0, len(sizes) - 1), min_size=1, max_size=10))
    batch = pad_problems(problems.problems, index)
    assert batch.index.tolist() == index
    assert batch.affinity.shape[1:] == tuple(np.max([sizes[i] for i in index], axis=0))
    assert_holds(batch, problems)


@given(sizes=SIZES, max_waste=st.sampled_from([0.0, 0.1, 0.3, 0.9]), max_batch=st.sampled_from([1, 3, 1000]))
@settings(deadline=None, max_examples=50)
def test_buckets_hold_each_problem_once_and_little_padding(sizes, max_waste, max_batch):
    problems = make_problems(sizes)
    batches = size_buckets(problems, max_waste, max_batch)
    assert sorted(index for batch in batches for index in batch.index) == list(range(len(problems)))
    assert all(len(batch.index) <= max_batch for batch in batches)
    assert padding(batches) <= max_waste + 1e-12
    for batch in batches:
        assert_holds(batch, problems)


@given(sizes=SIZES)
@settings(deadline=None, max_examples=25)
def test_no_waste_is_one_bucket_a_size(sizes):
    assert len(size_buckets(make_problems(sizes), max_waste=0.0)) == len(set(sizes))


def test_equal_sizes_share_a_bucket():
    (batch,) = size_buckets(make_problems([(4, 5)] * 7))
    assert batch.affinity.shape == (7, 4, 5)
    assert batch.pair_mask.all()


def test_no_problems_no_buckets():
    assert size_buckets(make_problems([])) == []


def test_batches_go_from_small_to_large():
    sizes = [batch.affinity[0].size for batch in size_buckets(make_problems([(9, 9), (1, 1), (1, 2)] * 3), 0.0)]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(("max_waste", "max_batch"), [(-0.1, 1), (1.0, 1), (0.3, 0)])
def test_bucket_options_are_checked(max_waste, max_batch):
    with pytest.raises(ValueError, match="max_waste"):
        size_buckets(make_problems([(1, 1)]), max_waste, max_batch)


def test_padding_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one problem"):
        pad_problems(make_problems([(1, 1)]).problems, [])


@pytest.mark.parametrize(("affinity", "truth"), [((2, 3), (3, 2)), ((0, 3), (0, 3)), ((4,), (4,))])
def test_problem_shapes_are_checked(affinity, truth):
    with pytest.raises(ValueError, match="affinity and truth"):
        MatchingProblem(np.zeros(affinity), np.zeros(truth, dtype=bool), 0, 0)


def test_problems_are_a_sequence():
    problems = make_problems([(1, 2), (3, 4)])
    assert len(problems) == 2
    assert [problem.affinity.shape for problem in problems] == [(1, 2), (3, 4)]
    assert problems[1].image == 1
