"""Matchers under torch.func and torch.compile: what they give is what a plain call gives."""

import pytest
import torch
from affinities import random_affinity

from mghp.matching import make_matcher
from mghp.matching.solvers import SOLVERS

DIFFERENTIABLE = sorted(SOLVERS.where(lambda solver: solver.differentiable))
ROWS = torch.tensor([[True, True, False], [True, True, True]])
COLUMNS = torch.tensor([[True, True, True, True], [True, False, True, True]])


@pytest.fixture
def affinity():
    return torch.stack([random_affinity(3, 4, seed) for seed in range(2)])


@pytest.mark.parametrize("name", SOLVERS.names)
def test_vmap_solves_each_problem_as_if_alone(name, affinity):
    matcher = make_matcher(name)
    alone = [matcher(*problem) for problem in zip(affinity, ROWS, COLUMNS, strict=True)]
    torch.testing.assert_close(torch.func.vmap(matcher)(affinity, ROWS, COLUMNS), torch.stack(alone))
    one_mask = torch.func.vmap(matcher, in_dims=(0, None))(affinity, ROWS[0])
    torch.testing.assert_close(one_mask, torch.stack([matcher(problem, ROWS[0]) for problem in affinity]))


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_and_jacobians_are_those_of_autograd(name, affinity):
    matcher, weight = make_matcher(name), torch.randn(3, 4, dtype=torch.float64)
    leaf = affinity.clone().requires_grad_()
    (matcher(leaf, ROWS, COLUMNS) * weight).sum().backward()
    found = torch.func.grad(lambda given: (matcher(given, ROWS, COLUMNS) * weight).sum())(affinity)
    torch.testing.assert_close(found, leaf.grad)
    expected = torch.autograd.functional.jacobian(matcher, affinity[0])
    torch.testing.assert_close(torch.func.jacrev(matcher)(affinity[0]), expected)
    assert expected.any()


@pytest.fixture
def compiling():
    """So many compiled ones would count against the limit of those that come later."""
    yield torch.compile
    torch.compiler.reset()


@pytest.mark.parametrize("name", ["linear_program", "hungarian", "straight_through", "blackbox", "perturbed"])
def test_compiled_it_gives_the_same(name, affinity, compiling):
    matcher = make_matcher(name)
    compiled = compiling(matcher, backend="eager")
    torch.testing.assert_close(compiled(affinity, ROWS, COLUMNS), matcher(affinity, ROWS, COLUMNS))
