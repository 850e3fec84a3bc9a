from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.matching import Hungarian
from mghp.problems.matching_batch import MatchingBatch, contested, evenly, unpadded
from mghp.problems.problem_set import MatchingProblem
from mghp.problems.size_buckets import size_buckets

SIZES = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=40)


def make_problems(sizes, seed=0, features=3):
    """One problem an image, with everything that a problem may have."""
    rng = np.random.default_rng(seed)
    return [
        MatchingProblem(
            rng.normal(size=size), rng.random(size) < 0.5, image, image % 3,
            rng.normal(size=(*size, features)).astype(np.float32), rng.integers(1, 99, size[0]),
            rng.integers(1, 99, size[1]),
        )
        for image, size in enumerate(sizes)
    ]  # fmt: skip


def random_problems(seed, number=30, largest=4, ties=True):
    """One problem an image. With ties, affinities are quarters from -0.5 to 1, so that many optima are shared."""
    rng = np.random.default_rng(seed)
    problems = []
    for image in range(number):
        shape = tuple(rng.integers(1, largest + 1, 2))
        affinity = rng.integers(-2, 5, shape) / 4 if ties else rng.uniform(-0.5, 1, shape)
        problems.append(MatchingProblem(affinity, rng.random(shape) < 0.3, image, 0))
    return problems


def padding(batches):
    return 1 - sum(batch.is_pair.sum() for batch in batches) / sum(batch.affinity.numel() for batch in batches)


def assert_holds(batch, problems):
    """Every problem stands in its batch's corner, and nothing is outside it."""
    for row, index in enumerate(batch.index.tolist()):
        problem = problems[index]
        sources, destinations = problem.affinity.shape
        for name in ("affinity", "truth", "features"):
            corner = getattr(batch, name)[row, :sources, :destinations].numpy()
            assert corner.dtype == getattr(problem, name).dtype
            assert (corner == getattr(problem, name)).all()
        assert (batch.source_candidate[row, :sources].numpy() == problem.source_candidate).all()
        assert (batch.destination_candidate[row, :destinations].numpy() == problem.destination_candidate).all()
        assert (int(batch.image[row]), int(batch.limb[row])) == (problem.image, problem.limb)
        assert batch.source_mask[row].tolist() == [k < sources for k in range(batch.source_mask.shape[1])]
        assert batch.destination_mask[row].tolist() == [
            k < destinations for k in range(batch.destination_mask.shape[1])
        ]
        assert batch.is_contested[row] == (min(sources, destinations) > 1)
    for name in ("affinity", "truth", "features"):
        assert not getattr(batch, name)[~batch.is_pair].any()
    assert not batch.source_candidate[~batch.source_mask].any()
    assert not batch.destination_candidate[~batch.destination_mask].any()


def tensors(batch):
    return {name: value for name, value in vars(batch).items() if isinstance(value, torch.Tensor)}


def assert_same(one, other):
    assert tensors(one).keys() == tensors(other).keys()
    for name, value in tensors(one).items():
        assert torch.equal(value, getattr(other, name)), name


@given(sizes=SIZES, data=st.data())
@settings(deadline=None, max_examples=50)
def test_padding_keeps_every_problem(sizes, data):
    problems = make_problems(sizes)
    index = data.draw(st.lists(st.integers(0, len(sizes) - 1), min_size=1, max_size=10))
    batch = MatchingBatch.pad(problems, index)
    assert batch.index.tolist() == index
    assert len(batch) == len(index)
    assert tuple(batch.affinity.shape[1:]) == tuple(np.max([sizes[i] for i in index], axis=0))
    assert_holds(batch, problems)


def test_what_no_problem_has_the_batch_has_not():
    batch = MatchingBatch.pad(random_problems(0))
    assert batch.features is batch.source_candidate is batch.destination_candidate is batch.assignment is None
    assert batch.index.tolist() == batch.image.tolist() == list(range(30))
    assert_same(batch[:], batch)


@given(sizes=SIZES, max_waste=st.sampled_from([0.0, 0.1, 0.3, 0.9]), max_batch=st.sampled_from([1, 3, 1000]))
@settings(deadline=None, max_examples=50)
def test_buckets_hold_each_problem_once_and_little_padding(sizes, max_waste, max_batch):
    problems = make_problems(sizes)
    batches = MatchingBatch.bucket(problems, max_waste, max_batch)
    assert sorted(index for batch in batches for index in batch.index.tolist()) == list(range(len(problems)))
    assert all(len(batch) <= max_batch for batch in batches)
    assert padding(batches) <= max_waste + 1e-6
    for batch in batches:
        assert_holds(batch, problems)


@given(sizes=SIZES)
@settings(deadline=None, max_examples=25)
def test_no_waste_is_one_bucket_a_size(sizes):
    assert len(MatchingBatch.bucket(make_problems(sizes), max_waste=0.0)) == len(set(sizes))


def test_equal_sizes_share_a_bucket():
    (batch,) = MatchingBatch.bucket(make_problems([(4, 5)] * 7))
    assert batch.affinity.shape == (7, 4, 5)
    assert batch.is_pair.all()


def test_no_problems_no_buckets():
    assert MatchingBatch.bucket([]) == []


def test_batches_go_from_small_to_large():
    batches = MatchingBatch.bucket(make_problems([(9, 9), (1, 1), (1, 2)] * 3), 0.0)
    sizes = [batch.affinity[0].numel() for batch in batches]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(("max_waste", "max_batch"), [(-0.1, 1), (1.0, 1), (0.3, 0)])
def test_bucket_options_are_checked(max_waste, max_batch):
    with pytest.raises(ValueError, match="max_waste"):
        size_buckets(np.ones((1, 2), int), max_waste, max_batch)


def test_padding_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one problem"):
        MatchingBatch.pad(make_problems([(1, 1)]), [])


@given(sizes=SIZES, data=st.data())
@settings(deadline=None, max_examples=25)
def test_selecting_and_joining_are_padding(sizes, data):
    """Problems that are chosen from batches and joined again are those padded together, however wide the parts."""
    problems = make_problems(sizes)
    batches = MatchingBatch.bucket(problems, max_waste=0.0)
    taken = [batch[data.draw(st.permutations(range(len(batch))))] for batch in batches]
    joined = MatchingBatch.cat(taken)
    assert_same(joined, MatchingBatch.pad(problems, joined.index.tolist()))


def test_a_selection_may_be_a_slice_a_mask_positions_or_one():
    problems = make_problems([(2, 3), (3, 2), (1, 1)])
    batch = MatchingBatch.pad(problems)
    for chosen in (slice(1, 3), torch.tensor([False, True, True]), [1, 2], np.array([1, 2])):
        assert batch[chosen].image.tolist() == [1, 2]
    assert batch[1].affinity.shape == (3, 3)
    assert batch[1].image == 1


def test_a_type_is_that_of_floating_point_tensors_alone():
    batch = MatchingBatch.pad(make_problems([(2, 3), (1, 1)]))
    single = batch.to(dtype=torch.float32)
    assert (batch.affinity.dtype, single.affinity.dtype) == (torch.float64, torch.float32)
    assert (single.truth.dtype, single.image.dtype) == (torch.bool, torch.int64)
    assert (batch.to("meta").limb.device.type, batch.to("meta").affinity.dtype) == ("meta", torch.float64)
    assert_same(batch.to("cpu"), batch)


def test_a_matcher_takes_a_batch_by_its_masks():
    problems = make_problems([(2, 3), (3, 1)])
    batch = MatchingBatch.pad(problems)
    assigned = replace(batch, assignment=Hungarian()(batch.affinity, *batch.masks))
    assert torch.equal(assigned.assignment.bool(), batch.best)
    assert assigned[1:].assignment.shape == (1, 3, 3)


@given(sizes=SIZES)
@settings(deadline=None, max_examples=25)
def test_without_padding_the_problems_are_as_they_were(sizes):
    problems = make_problems(sizes)
    batches = MatchingBatch.bucket(problems)
    for name in ("affinity", "truth"):
        values = unpadded(batches, [getattr(batch, name) for batch in batches])
        assert len(values) == len(problems)
        for value, problem in zip(values, problems, strict=True):
            assert (value.numpy() == getattr(problem, name).ravel()).all()


# The exact solutions


def matchings(affinity):
    """Every set of pairs of positive affinity without a shared row or column."""
    rows, columns = affinity.shape
    for size in range(min(rows, columns) + 1):
        for chosen_rows in combinations(range(rows), size):
            for chosen_columns in permutations(range(columns), size):
                pairs = np.zeros(affinity.shape, dtype=bool)
                pairs[list(chosen_rows), list(chosen_columns)] = True
                if (affinity[pairs] > 0).all():
                    yield pairs


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=10)
def test_best_matching_optimum_and_uniqueness_are_those_of_trying_all(seed):
    problems = random_problems(seed)
    for batch in MatchingBatch.bucket(problems):
        for row, image in enumerate(batch.image.tolist()):
            affinity = problems[image].affinity
            values = [(affinity[pairs].sum(), pairs) for pairs in matchings(affinity)]
            optimum = max(value for value, _ in values)
            best = [pairs for value, pairs in values if value == optimum]
            found = batch.best[row][: affinity.shape[0], : affinity.shape[1]]
            assert batch.optimum[row] == optimum
            assert any((found.numpy() == pairs).all() for pairs in best)
            assert batch.best[row].sum() == found.sum()
            assert batch.is_unique[row] == (len(best) == 1)


def test_such_problems_have_one_best_matching_or_several():
    batches = MatchingBatch.bucket(random_problems(0))
    assert {bool(unique) for batch in batches for unique in batch.is_unique} == {True, False}


def test_a_unique_optimum_is_not_spoilt_by_a_pair_worth_nothing():
    """A pair of affinity 0 or less is in no best matching, so it cannot make another one."""
    affinities = [[[1.0, 0.0], [0.0, 0.0]], [[0.5, 0.5], [-1.0, -1.0]], [[-1.0]], [[0.7]], [[0.6, 0.6 - 1e-4]]]
    problems = [MatchingProblem(np.array(a), np.zeros(np.shape(a), bool), 0, 0) for a in affinities]
    assert MatchingBatch.pad(problems).is_unique.tolist() == [True, False, True, True, True]


def test_the_optimum_is_of_the_affinity_s_type():
    batch = MatchingBatch.pad(random_problems(0)).to(dtype=torch.float32)
    assert batch.optimum.dtype == torch.float32
    assert batch.best is batch.best  # found once


# Some of many


@given(seed=st.integers(0, 2**32 - 1), number=st.integers(0, 40))
@settings(deadline=None, max_examples=30)
def test_contested_problems_are_picked_evenly_and_whole(seed, number):
    problems = random_problems(seed, number=20, ties=False)
    batches = MatchingBatch.bucket(problems)
    in_order = [image for batch in batches for image in batch.image[batch.is_contested].tolist()]
    picked = contested(batches, number)
    if number == 0 or not in_order:
        assert picked is None
        return
    images = picked.image.tolist()
    assert len(set(images)) == len(images) == min(number, len(in_order))
    assert images == [image for image in in_order if image in images]
    assert picked.is_contested.all()
    assert_same(picked, MatchingBatch.pad(problems, images))
    if number > 1:
        assert (images[0], images[-1]) == (in_order[0], in_order[-1])


def test_no_contested_problem_means_none():
    assert contested([MatchingBatch.pad(make_problems([(1, 3)]))], 4) is None


@given(length=st.integers(0, 50), number=st.integers(0, 60))
def test_evenly_is_in_steps_that_differ_by_one_at_most(length, number):
    chosen = evenly(10 * np.arange(length), number)
    assert len(chosen) == min(length, number)
    if len(chosen) > 1:
        assert (chosen[0], chosen[-1]) == (0, 10 * (length - 1))
        assert np.ptp(np.diff(chosen)) <= 10
