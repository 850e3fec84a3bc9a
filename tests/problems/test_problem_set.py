from itertools import combinations, permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.config.data import DataConfig
from mghp.problems.load import validation_images
from mghp.problems.padded import MatchingProblem, MatchingProblems
from mghp.problems.problem_set import build_problem_set
from mghp.studies.solvers.example import LARGEST, pick_example, picture


def random_problems(seed, number=30, largest=4, ties=True):
    """One problem an image. With ties, affinities are quarters from -0.5 to 1, so that many optima are shared."""
    rng = np.random.default_rng(seed)
    problems = []
    for image in range(number):
        shape = tuple(rng.integers(1, largest + 1, 2))
        affinity = rng.integers(-2, 5, shape) / 4 if ties else rng.uniform(-0.5, 1, shape)
        problems.append(MatchingProblem(affinity, rng.random(shape) < 0.3, image, 0))
    return MatchingProblems(tuple(problems), number + 2, f"random {seed}")


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


def unpadded(problem_set, problems):
    """Each problem of the set beside the one that it was made from."""
    for batch in problem_set:
        for k, image in enumerate(batch.image.tolist()):
            yield {key: value[k] for key, value in vars(batch).items()}, problems[image]


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=10)
def test_best_matching_optimum_and_uniqueness_are_those_of_trying_all(seed):
    problems = random_problems(seed)
    problem_set = build_problem_set(problems, DataConfig(), torch.float64)
    for found, problem in unpadded(problem_set, problems):
        rows, columns = problem.affinity.shape
        values = [(problem.affinity[pairs].sum(), pairs) for pairs in matchings(problem.affinity)]
        optimum = max(value for value, _ in values)
        best = [pairs for value, pairs in values if value == optimum]
        assert found["optimum"] == optimum
        assert any((found["best"][:rows, :columns].numpy() == pairs).all() for pairs in best)
        assert found["best"].sum() == found["best"][:rows, :columns].sum()
        assert found["is_unique"] == (len(best) == 1)


def test_such_problems_have_one_best_matching_or_several():
    problem_set = build_problem_set(random_problems(0), DataConfig(), torch.float64)
    assert {bool(unique) for batch in problem_set for unique in batch.is_unique} == {True, False}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_problem_is_in_the_set_once_and_padded_with_zeros(dtype):
    problems = random_problems(0, ties=False)
    problem_set = build_problem_set(problems, DataConfig(), dtype)
    assert len(problem_set) == len(problems)
    assert (problem_set.num_images, problem_set.fingerprint) == (32, "random 0")
    images = []
    for found, problem in unpadded(problem_set, problems):
        rows, columns = problem.affinity.shape
        images.append(problem.image)
        assert found["affinity"].dtype == found["optimum"].dtype == dtype
        assert found["source_mask"].tolist() == [k < rows for k in range(len(found["source_mask"]))]
        assert found["destination_mask"].tolist() == [k < columns for k in range(len(found["destination_mask"]))]
        assert (
            found["affinity"][:rows, :columns].numpy() == problem.affinity.astype(found["affinity"].numpy().dtype)
        ).all()
        assert (found["truth"][:rows, :columns].numpy() == problem.truth).all()
        for key in ("affinity", "truth"):
            assert found[key].count_nonzero() == found[key][:rows, :columns].count_nonzero()
        assert found["is_contested"] == (rows > 1 and columns > 1)
    assert sorted(images) == list(range(30))


def test_a_unique_optimum_is_not_spoilt_by_a_pair_worth_nothing():
    """A pair of affinity 0 or less is in no best matching, so it cannot make another one."""
    affinities = [[[1.0, 0.0], [0.0, 0.0]], [[0.5, 0.5], [-1.0, -1.0]], [[-1.0]], [[0.7]], [[0.6, 0.6 - 1e-4]]]
    expected = [True, False, True, True, True]
    problems = MatchingProblems(
        tuple(
            MatchingProblem(np.array(affinity), np.zeros(np.shape(affinity), bool), image, 0)
            for image, affinity in enumerate(affinities)
        ),
        5,
        "planted",
    )
    for found, problem in unpadded(build_problem_set(problems, DataConfig(), torch.float64), problems):
        assert found["is_unique"] == expected[problem.image]


def test_images_for_tuning_are_those_of_the_data_config():
    problem_set = build_problem_set(random_problems(0), DataConfig(validation_share=0.4, seed=5), torch.float32)
    assert (problem_set.validation == validation_images(32, 0.4, 5)).all()


@given(seed=st.integers(0, 2**32 - 1), number=st.integers(0, 40))
@settings(deadline=None, max_examples=30)
def test_contested_problems_are_picked_evenly_and_whole(seed, number):
    problems = random_problems(seed, number=20, ties=False)
    problem_set = build_problem_set(problems, DataConfig(), torch.float64)
    contested = [problem.image for problem in problems if min(problem.affinity.shape) > 1]
    picked = problem_set.contested(number)
    if number == 0 or not contested:
        assert picked is None
        return
    assert len(picked) == min(number, len(contested))
    assert len(set(picked.image.tolist())) == len(picked)
    assert set(picked.image.tolist()) <= set(contested)
    assert picked.is_contested.all()
    for k, image in enumerate(picked.image.tolist()):
        rows, columns = problems[image].affinity.shape
        assert picked.source_mask[k].sum() == rows
        assert picked.destination_mask[k].sum() == columns
        assert (picked.affinity[k, :rows, :columns].numpy() == problems[image].affinity).all()
        assert picked.affinity[k].count_nonzero() == problems[image].affinity.size
    if number > 1:
        sizes = [len(batch) for batch in problem_set if batch.is_contested.any()]
        first, last = (
            [image for batch in problem_set for image in batch.image[batch.is_contested].tolist()][k] for k in (0, -1)
        )
        assert sizes
        assert picked.image[0] == first
        assert picked.image[-1] == last


def test_no_contested_problem_means_none():
    problems = MatchingProblems((MatchingProblem(np.ones((1, 3)), np.zeros((1, 3), bool), 0, 0),), 1, "one")
    problem_set = build_problem_set(problems, DataConfig(), torch.float32)
    assert problem_set.contested(4) is None
    assert pick_example(problem_set) is None


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_the_example_is_the_largest_contested_problem_that_can_be_shown(seed):
    problems = random_problems(seed, number=12, largest=LARGEST + 3, ties=False)
    example = pick_example(build_problem_set(problems, DataConfig(), torch.float64))
    shapes = [problem.affinity.shape for problem in problems]
    shown = [shape for shape in shapes if min(shape) > 1 and max(shape) <= LARGEST]
    if not shown:
        assert example is None
        return
    shape = (int(example.source_mask.sum()), int(example.destination_mask.sum()))
    assert len(example) == 1
    assert shape in shown
    assert shape[0] * shape[1] == max(rows * columns for rows, columns in shown)
    assert problems[int(example.image)].affinity.shape == shape


def test_a_picture_is_uint8_of_three_panels():
    arrays = {
        "affinity": np.array([[-1.0, 2.0]]),
        "assignment": np.array([[0.0, 0.5]]),
        "truth": np.array([[0.0, 1.0]]),
    }
    image = picture(arrays, pixels=2)
    assert image.dtype == np.uint8
    assert image.shape == (2, 3 * 4 + 2, 3)
    assert image[0, :, 0].tolist() == [0, 0, 255, 255, 128, 0, 0, 128, 128, 128, 0, 0, 255, 255]
