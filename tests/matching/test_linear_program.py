import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import cvxpy as cp
import pytest
import torch
from affinities import outside, random_affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.matching import Hungarian, LinearProgram, objective, optimum, violation
from mghp.matching.linear_program import _program

SOLVERS = {"HIGHS": (300, 1e-6), "CLARABEL": (40, 1e-6), "SCS": (40, 1e-3)}
"""Of each solver: problems, and how far its optimum may be from the exact one, relative."""


def random_problem(seed):
    """A signed, rectangular problem of which some candidates are masked; nonsense stands in the masked entries."""
    generator = torch.Generator().manual_seed(seed)
    source, destination = torch.randint(1, 9, (2,), generator=generator).tolist()
    affinity = random_affinity(source, destination, seed, ["normal", "uniform", "negative"][seed % 3])
    masks = [torch.rand(size, generator=generator) < 0.8 for size in (source, destination)]
    affinity[~(masks[0].unsqueeze(1) & masks[1])] = float("nan")
    return affinity, *masks


@pytest.mark.parametrize("solver", SOLVERS)
def test_optimum_equals_the_hungarian_algorithm_s(solver):
    number, tolerance = SOLVERS[solver]
    linear_program, hungarian = LinearProgram(solver), Hungarian()
    positive = 0
    for seed in range(number):
        problem = random_problem(seed)
        relaxed, matching = linear_program(*problem), hungarian(*problem)
        affinity = problem[0].nan_to_num()
        best = objective(affinity, matching)
        assert objective(affinity, relaxed).item() == pytest.approx(best.item(), rel=tolerance, abs=tolerance)
        assert optimum(affinity) == best
        assert violation(relaxed) <= tolerance
        assert violation(matching) == 0
        assert (outside(relaxed.unsqueeze(0), *(mask.unsqueeze(0) for mask in problem[1:])) == 0).all()
        positive += bool(best > 0)
    assert positive > number / 2


@given(source=st.integers(1, 6), destination=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_simplex_returns_the_best_matching(source, destination, seed):
    affinity = random_affinity(source, destination, seed)
    torch.testing.assert_close(LinearProgram()(affinity), Hungarian()(affinity), rtol=0, atol=1e-9)


def test_compiled_once_for_each_true_size(monkeypatch):
    compiled = []
    construct_chain = cp.Problem._construct_chain

    def counted(problem, *args, **kwargs):
        compiled.append(problem)
        return construct_chain(problem, *args, **kwargs)

    monkeypatch.setattr(cp.Problem, "_construct_chain", counted)
    _program.cache_clear()
    matcher = LinearProgram()
    mask = torch.tensor([[True, True], [True, False], [False, True]])
    for seed in range(4):
        matcher(torch.stack([random_affinity(2, 3, seed + k) for k in range(3)]), source_mask=mask)
    assert len(compiled) == 2  # 2x3 and 1x3
    assert all(problem.is_dpp() for problem in compiled)


def test_other_status_than_optimal_raises_with_it(monkeypatch):
    monkeypatch.setattr(cp.Problem, "solve", lambda self, **options: None)
    monkeypatch.setattr(cp.Problem, "status", property(lambda self: "optimal_inaccurate"))
    with pytest.raises(RuntimeError, match=r"HIGHS ended with status 'optimal_inaccurate', expected 'optimal'.*2x3"):
        LinearProgram()(torch.rand(2, 3))


def test_is_not_differentiable():
    assert not LinearProgram.differentiable
    assignment = LinearProgram()(torch.rand(2, 3, requires_grad=True))
    assert not assignment.requires_grad
    assert assignment.dtype == torch.float32


def test_threads_get_the_answers_to_their_own_problems():
    matcher, problems = LinearProgram(), [random_affinity(4, 5, seed) for seed in range(60)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(matcher, problems))
    for problem, assignment in zip(problems, found, strict=True):
        torch.testing.assert_close(assignment, Hungarian()(problem), rtol=0, atol=1e-9)


def test_it_can_be_copied_and_pickled_after_use():
    matcher, affinity = LinearProgram("CLARABEL"), random_affinity(3, 4, 0)
    expected = matcher(affinity)
    for other in (copy.copy(matcher), copy.deepcopy(matcher), pickle.loads(pickle.dumps(matcher))):
        assert torch.equal(other(affinity), expected)


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_was_solved_before_does_not_change_an_answer(solver):
    tied = torch.ones(4, 5, dtype=torch.float64)  # all matchings are optimal
    _program.cache_clear()
    first = LinearProgram(solver)(tied)
    LinearProgram(solver)(random_affinity(4, 5, 0))
    assert torch.equal(LinearProgram(solver)(tied), first)
