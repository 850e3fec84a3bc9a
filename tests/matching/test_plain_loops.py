"""The kernels' loops as plain Python, as NUMBA_DISABLE_JIT=1 would run them: every line, on tiny problems."""

import importlib.util

import numba
import pytest
import torch
from affinities import random_affinity

from mghp.matching import PGDDykstra, kernel_loops, kernels


@pytest.fixture(scope="module")
def plain_loops():
    """A second copy of the module, compiled by nobody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba.config, "DISABLE_JIT", True)
        spec = importlib.util.spec_from_file_location("plain_kernel_loops", kernel_loops.__file__)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


@pytest.fixture
def in_python(plain_loops, monkeypatch):
    """Counts the calls of the plain loops, which stand in the place of the compiled ones."""
    calls = []

    def counted(name):
        def run(*arguments):
            calls.append(name)
            return getattr(plain_loops, name)(*arguments)

        monkeypatch.setattr(kernels, name, run)

    for name in ("solve_batch", "differentiate_batch"):
        counted(name)
    return calls


@pytest.mark.parametrize("size", [(1, 1), (3, 4), (5, 2)])
@pytest.mark.parametrize(
    "options",
    [
        {"num_steps": 3, "num_cycles": 2, "step_size": 0.7},
        {"num_steps": 2, "num_cycles": 9, "step_size": 5.0},  # a second byte of signs, and bounds that are reached
        {"num_steps": 2, "num_cycles": 3, "step_size": 1.0, "warm_start": True},
        {"num_steps": 3, "num_cycles": 2, "step_size": 2.0, "projection": "as_printed"},
    ],
    ids=["few", "many_cycles", "warm_start", "as_printed"],
)
def test_plain_loops_solve_and_differentiate_as_torch_does(in_python, size, options):
    affinity = random_affinity(*size, 0)[None].double()
    weight = random_affinity(*size, 1)[None].double()
    results = []
    for backend in ("numba", "torch"):
        given = affinity.clone().requires_grad_()
        assignment = PGDDykstra(**options, backend=backend)(given)
        (assignment * weight).sum().backward()
        results.append((assignment.detach(), given.grad))
    assert in_python == ["solve_batch", "differentiate_batch"]
    for python, reference in zip(*results, strict=True):
        torch.testing.assert_close(python, reference, rtol=1e-9, atol=1e-9)


def test_without_a_gradient_nothing_is_recorded_and_problems_without_candidates_are_left_out(in_python):
    affinity = torch.stack([random_affinity(3, 4, seed) for seed in range(2)]).double()
    mask = torch.tensor([[True] * 3, [False] * 3])
    solvers = [PGDDykstra(num_steps=3, num_cycles=2, step_size=0.7, backend=name) for name in ("numba", "torch")]
    one, two = (solver(affinity, mask) for solver in solvers)
    assert in_python == ["solve_batch"]
    torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-9)
    assert not one[1].any()
