import pytest
import torch
from affinities import padded, random_affinity

from mghp.matching import make_matcher, project_to_assignments
from mghp.matching.solvers import SOLVERS

every_matcher = pytest.mark.parametrize("name", SOLVERS.names)


@every_matcher
@pytest.mark.parametrize("shape", [(), (3,)])
def test_too_few_dimensions(name, shape):
    with pytest.raises(ValueError, match=rf"\(\.\.\., source, destination\), got shape \({shape[0] if shape else ''}"):
        make_matcher(name)(torch.rand(shape))


@every_matcher
@pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.bool, torch.complex64])
def test_no_floating_point(name, dtype):
    with pytest.raises(TypeError, match=f"affinity must be floating point, got {dtype}"):
        make_matcher(name)(torch.ones(2, 3, dtype=dtype))


@every_matcher
def test_no_tensor(name):
    with pytest.raises(TypeError, match=r"affinity must be a torch\.Tensor, got list"):
        make_matcher(name)([[1.0, 2.0]])
    with pytest.raises(TypeError, match=r"affinity must be a torch\.Tensor, got ndarray"):
        make_matcher(name)(torch.rand(2, 3).numpy())


@every_matcher
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_real_entries_must_be_finite(name, value):
    affinity = torch.rand(2, 3, 4)
    affinity[1, 0, 2] = affinity[1, 2, 3] = value
    with pytest.raises(ValueError, match=rf"affinity\[1, 0, 2\] is {value} \(2 such entries\)"):
        make_matcher(name)(affinity)
    rows = torch.tensor([[True, True, True], [False, True, True]])
    with pytest.raises(ValueError, match=rf"affinity\[1, 2, 3\] is {value} \(1 such entries\)"):
        make_matcher(name)(affinity, source_mask=rows)
    columns = torch.tensor([[True] * 4, [True, True, True, False]])
    assert make_matcher(name)(affinity, rows, columns).isfinite().all()


@every_matcher
def test_masks_of_another_shape(name):
    matcher, affinity = make_matcher(name), torch.rand(2, 3, 4)
    for rows in (torch.ones(3), torch.ones(2, 4), torch.ones(2, 3, 1), torch.ones(1, 3)):
        with pytest.raises(ValueError, match=r"source_mask must have shape \(2, 3\) for affinity \(2, 3, 4\), got"):
            matcher(affinity, source_mask=rows.bool())
    with pytest.raises(ValueError, match=r"destination_mask must have shape \(2, 4\) .* got \(2, 3\)"):
        matcher(affinity, destination_mask=torch.ones(2, 3, dtype=torch.bool))


@every_matcher
def test_masks_of_another_type(name):
    matcher, affinity = make_matcher(name), torch.rand(2, 3)
    with pytest.raises(TypeError, match=r"source_mask must be a boolean tensor .* got torch\.float32"):
        matcher(affinity, source_mask=torch.ones(2))
    with pytest.raises(TypeError, match=r"destination_mask must be a boolean tensor .* got torch\.int64"):
        matcher(affinity, destination_mask=torch.ones(3, dtype=torch.int64))
    with pytest.raises(TypeError, match=r"source_mask must be a boolean tensor .* got list"):
        matcher(affinity, source_mask=[True, True])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("pgd_dykstra", {"num_steps": -1}, "num_steps must be at least 1, got -1"),
        ("pgd_dykstra", {"num_cycles": -5}, "num_cycles must be at least 1, got -5"),
        ("pgd_dykstra", {"step_size": -0.01}, "step_size must be positive and finite, got -0.01"),
        ("projection", {"num_cycles": -1}, "num_cycles must be at least 1, got -1"),
        ("sinkhorn", {"num_iterations": -1}, "num_iterations must be at least 1, got -1"),
    ],
)
def test_negative_steps(name, options, message):
    with pytest.raises(ValueError, match=message):
        make_matcher(name, **options)


def test_the_projection_checks_too():
    with pytest.raises(ValueError, match="num_cycles must be at least 1, got 0"):
        project_to_assignments(torch.rand(2, 3), num_cycles=0)
    with pytest.raises(TypeError, match="floating point"):
        project_to_assignments(torch.ones(2, 3, dtype=torch.int32))


@every_matcher
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (2, 0, 4), (2, 4, 0), (0, 3, 4), (2, 0, 3, 4)])
def test_no_candidates_and_no_problems(name, dtype, shape):
    matcher = make_matcher(name)
    affinity = torch.zeros(shape, dtype=dtype, requires_grad=True)
    masks = (torch.ones(shape[:-1], dtype=torch.bool), torch.ones((*shape[:-2], shape[-1]), dtype=torch.bool))
    for assignment in (matcher(affinity), matcher(affinity, *masks)):
        assert assignment.shape == shape
        assert assignment.dtype == dtype
        assert assignment.requires_grad == matcher.differentiable
        if matcher.differentiable:
            assignment.sum().backward()
            assert affinity.grad.shape == shape


@every_matcher
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_shape_and_type_are_kept_and_nothing_is_outside_the_masks(name, dtype):
    matcher = make_matcher(name)
    problems = [random_affinity(3, 4, 0), random_affinity(2, 2, 1), random_affinity(0, 3, 2), random_affinity(1, 0, 3)]
    affinity, sources, destinations = (part.unflatten(0, (2, 2)) for part in padded(problems, 4))
    affinity = affinity.to(dtype).requires_grad_()
    kept = affinity.detach().clone()
    assignment = matcher(affinity, sources, destinations)
    assert torch.equal(affinity.nan_to_num(), kept.nan_to_num())
    assert assignment.shape == affinity.shape
    assert assignment.dtype == dtype
    assert assignment.requires_grad == matcher.differentiable
    real = sources.unsqueeze(-1) & destinations.unsqueeze(-2)
    assert (assignment[~real] == 0).all()
    assert assignment[real].abs().max() > 0
    if matcher.differentiable:
        assignment.sum().backward()
        assert affinity.grad.dtype == dtype
        assert (affinity.grad[~real] == 0).all()
        assert affinity.grad.isfinite().all()
    if name == "perturbed":  # which draws anew
        return
    alone = matcher(kept[0, 0][sources[0, 0]][:, destinations[0, 0]])
    here = assignment.detach()[0, 0][sources[0, 0]][:, destinations[0, 0]]
    torch.testing.assert_close(here, alone, rtol=0, atol=1e-6)


@every_matcher
def test_nothing_real(name):
    affinity = torch.full((2, 3, 4), float("nan"), requires_grad=True)
    nothing = torch.zeros(2, 3, dtype=torch.bool), torch.zeros(2, 4, dtype=torch.bool)
    matcher = make_matcher(name)
    assignment = matcher(affinity, *nothing)
    assert (assignment == 0).all()
    if matcher.differentiable:
        assignment.sum().backward()
        assert (affinity.grad == 0).all()
