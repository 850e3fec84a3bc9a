from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.config.data import RandomProblemsConfig
from mghp.problems.random_problems import random_problems

KINDS = st.sampled_from(["uniform", "normal", "block"])


@given(kind=KINDS, source=st.integers(1, 6), destination=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_problems_are_well_formed(kind, source, destination, seed):
    problems = random_problems(RandomProblemsConfig(kind, 3, source, destination), seed)
    assert [(problem.image, problem.limb) for problem in problems] == [(0, 0), (1, 0), (2, 0)]
    for problem in problems:
        assert problem.affinity.shape == (source, destination)
        assert problem.truth.sum(axis=0).max() <= 1
        assert problem.truth.sum(axis=1).max() <= 1
        assert (problem.affinity[problem.truth] > 0).all()


@given(kind=st.sampled_from(["uniform", "normal"]), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_truth_is_the_best_of_all_matchings(kind, seed):
    (problem,) = random_problems(RandomProblemsConfig(kind, 1, 3, 4), seed)
    gain = np.maximum(problem.affinity, 0)
    best = max(sum(gain[row, column] for row, column in enumerate(chosen)) for chosen in permutations(range(4), 3))
    assert problem.affinity[problem.truth].sum() == pytest.approx(best)


def test_ranges():
    uniform, normal, block = (
        np.stack([problem.affinity for problem in random_problems(RandomProblemsConfig(kind, 50), 0)])
        for kind in ("uniform", "normal", "block")
    )
    assert 0 <= uniform.min() < uniform.max() <= 1
    assert np.mean(normal < 0) == pytest.approx(0.5, abs=0.03)
    assert 0 <= block.min() < block.max() <= 1


def test_planted_pairs_stand_out_and_have_rivals():
    problems = random_problems(RandomProblemsConfig("block", 50, 12, 15), 0)
    planted = np.concatenate([problem.affinity[problem.truth] for problem in problems])
    others = np.concatenate([problem.affinity[~problem.truth] for problem in problems])
    assert planted.min() >= 0.6
    assert len(planted) / (50 * 12) == pytest.approx(0.8, abs=0.05)
    assert np.mean(others > 0.6) > 0.02
    assert np.mean(others < 0.3) > 0.6


@given(kind=KINDS)
@settings(deadline=None)
def test_a_problem_does_not_depend_on_how_many_are_made(kind):
    many, few = (random_problems(RandomProblemsConfig(kind, number), 7) for number in (5, 2))
    for a, b in zip(few, many, strict=False):
        assert (a.affinity == b.affinity).all()
    assert many.fingerprint != few.fingerprint
    assert many.fingerprint == random_problems(RandomProblemsConfig(kind, 5), 7).fingerprint
