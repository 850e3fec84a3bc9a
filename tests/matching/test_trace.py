import dataclasses

import pytest
import torch
from affinities import padded, random_affinity

from mghp.matching import PGDDykstra, UnbalancedSinkhorn, objective, optimality_gap, raw_signed_gap, violation

MATCHERS = [
    PGDDykstra(7, 4, 0.5),
    PGDDykstra(7, 4, 0.5, average=False, warm_start=True),
    PGDDykstra(7, 4, 0.5, initial="uniform", projection="as_printed"),
    UnbalancedSinkhorn(0.3, num_iterations=7),
    UnbalancedSinkhorn(0.3, num_iterations=7, marginal="kl"),
    UnbalancedSinkhorn(0.3, num_iterations=7, marginal="dustbin"),
]

every_matcher = pytest.mark.parametrize("matcher", MATCHERS, ids=repr)


def fields(trace):
    return [getattr(trace, field.name) for field in dataclasses.fields(trace)]


def assert_ends_at(trace, affinity, assignment):
    expected = (
        objective(affinity, assignment),
        optimality_gap(affinity, assignment),
        raw_signed_gap(affinity, assignment),
        violation(assignment),
        torch.zeros(affinity.shape[:-2], dtype=affinity.dtype),
    )
    for measured, value in zip(fields(trace), expected, strict=True):
        torch.testing.assert_close(measured[-1], value, rtol=0, atol=1e-12)


@every_matcher
def test_ends_where_forward_does(matcher):
    affinity = torch.stack([random_affinity(4, 5, seed) for seed in range(6)]).reshape(2, 3, 4, 5)
    trace = matcher.trace(affinity)
    assert len(trace) == 7
    for measured in fields(trace):
        assert measured.shape == (7, 2, 3)
        assert not measured.requires_grad
    assert_ends_at(trace, affinity, matcher(affinity).detach())


@every_matcher
def test_each_entry_is_what_stopping_there_returns(matcher):
    affinity = random_affinity(4, 5, 0)
    trace = matcher.trace(affinity)
    steps = "num_steps" if hasattr(matcher.config, "num_steps") else "num_iterations"
    for count in (1, 3, 7):
        stopped = type(matcher)(**{**vars(matcher.config), steps: count})
        assert trace.objective[count - 1].item() == pytest.approx(objective(affinity, stopped(affinity)).item())
        distance = (stopped(affinity) - matcher(affinity)).abs().max().item()
        assert trace.distance_to_last[count - 1].item() == pytest.approx(distance, abs=1e-12)


@every_matcher
def test_masks(matcher):
    problems = [random_affinity(3, 4, 0), random_affinity(2, 2, 1), random_affinity(0, 3, 2)]
    affinity, sources, destinations = padded(problems, 3)
    trace = matcher.trace(affinity, sources, destinations)
    assert trace.gap.shape == (7, 3)
    for position, problem in enumerate(problems[:2]):
        for together, alone in zip(fields(trace), fields(matcher.trace(problem)), strict=True):
            torch.testing.assert_close(together[:, position], alone, rtol=0, atol=1e-12)
    assert all((measured[:, 2] == 0).all() for measured in fields(trace))


@every_matcher
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (2, 0, 3), (0, 2, 3), (2, 0, 3, 4)])
def test_nothing_to_trace(matcher, shape):
    for measured in fields(matcher.trace(torch.zeros(shape))):
        assert measured.shape == (7, *shape[:-2])
        assert (measured == 0).all()


def test_takes_gradients_off_and_checks_its_input():
    trace = PGDDykstra(2, 2).trace(torch.rand(2, 3, requires_grad=True))
    assert not trace.objective.requires_grad
    with pytest.raises(TypeError, match="floating point"):
        PGDDykstra().trace(torch.ones(2, 3, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"affinity\[1, 2\] is nan"):
        PGDDykstra().trace(torch.tensor([[0.0, 0, 0], [0, 0, float("nan")]]))


def test_converges():
    affinity = torch.stack([random_affinity(5, 6, seed, "uniform") for seed in range(5)])
    trace = PGDDykstra(200, 40, 0.3, average=False).trace(affinity)
    assert (trace.gap[-1] < 0.01).all()
    assert (trace.gap[0] > 0.1).all()
    assert (trace.distance_to_last[0] > trace.distance_to_last[100]).all()
