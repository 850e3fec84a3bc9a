import pytest
import torch
from affinities import padded, random_affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.matching import (
    Greedy,
    Hungarian,
    Identity,
    LinearProgram,
    PGDDykstra,
    Projection,
    UnbalancedSinkhorn,
    coupling,
    make_matcher,
)


def by_jacrev(matcher, affinity):
    entries = affinity.numel()
    jacobian = torch.func.jacrev(matcher)(affinity).reshape(entries, entries)
    share = (jacobian - torch.diag(jacobian.diagonal())).norm() / jacobian.norm()
    return share.nan_to_num()  # 0 where the Jacobian is


@pytest.mark.parametrize(
    "matcher",
    [PGDDykstra(5, 4, 0.5), UnbalancedSinkhorn(0.3, num_iterations=5), Projection(2.0, 10, "unrolled")],
    ids=repr,
)
@given(source=st.integers(1, 5), destination=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=12)
def test_equals_the_jacobian_s(matcher, source, destination, seed):
    affinity = random_affinity(source, destination, seed, "uniform") + 0.1
    torch.testing.assert_close(coupling(matcher, affinity), by_jacrev(matcher, affinity), rtol=0, atol=1e-12)


def test_identity_couples_nothing():
    assert coupling(Identity(), torch.rand(3, 4)).item() == 0
    scaling = make_matcher("pgd_dykstra")  # whose bounds are not reached by such small affinities
    assert coupling(scaling, 0.1 * random_affinity(3, 4, 0, "uniform")).item() == 0
    assert coupling(scaling, random_affinity(3, 4, 0, "negative")).item() == 0  # all of the Jacobian is 0


def test_two_candidates_that_share_one_place_by_hand():
    """Y = A - (A1 + A2 - 1) / 2 has the Jacobian [[1/2, -1/2], [-1/2, 1/2]]: half of its square is off-diagonal."""
    affinity = torch.tensor([[0.9, 0.8]], dtype=torch.float64)
    assert coupling(Projection(tau=1.0), affinity).item() == pytest.approx(0.5**0.5)


def test_paper_defaults_couple_large_problems_only():
    small, large = (
        coupling(
            make_matcher("pgd_dykstra"), torch.stack([random_affinity(*size, seed, "uniform") for seed in range(20)])
        ).mean()
        for size in ((2, 3), (6, 6))
    )
    assert small < 0.1
    assert large > 0.2


def test_masks_and_leading_dimensions():
    problems = [random_affinity(3, 4, 0, "uniform"), random_affinity(2, 2, 1, "uniform")]
    affinity, sources, destinations = padded(problems, 2)
    matcher = PGDDykstra(5, 5, 1.0)
    together = coupling(matcher, affinity[None], sources[None], destinations[None])
    assert together.shape == (1, 2)
    for position, problem in enumerate(problems):
        torch.testing.assert_close(together[0, position], coupling(matcher, problem), rtol=0, atol=1e-12)


def test_needs_no_grad_mode():
    with torch.no_grad():
        assert coupling(PGDDykstra(5, 5, 1.0), torch.rand(3, 3)).item() > 0


@pytest.mark.parametrize("shape", [(0, 3), (2, 3, 0), (0, 0), (0, 2, 3)])
def test_nothing_to_couple(shape):
    result = coupling(PGDDykstra(2, 2), torch.zeros(shape))
    assert result.shape == shape[:-2]
    assert (result == 0).all()


@pytest.mark.parametrize("matcher", [Hungarian(), Greedy(), LinearProgram()], ids=repr)
def test_needs_a_jacobian(matcher):
    with pytest.raises(ValueError, match=f"{type(matcher).__name__} is not differentiable"):
        coupling(matcher, torch.rand(2, 3))
