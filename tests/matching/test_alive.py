"""What gets a gradient, from any scores: the settings and losses that Python users are given."""

import warnings

import pytest
import torch
from affinities import random_affinity

from mghp.config.matcher import MatcherConfig
from mghp.matching import (
    Identity,
    PGDDykstra,
    Projection,
    UnbalancedSinkhorn,
    balanced_cross_entropy,
    coupling,
    cross_entropy,
    fenchel_young,
    make_matcher,
)
from mghp.matching.solvers import PGDDykstraConfig

RANGES = [(0, 1), (-0.5, 0.5), (-1.5, -0.5), (-3, 3), (-10, -5), (-30, -10), (5, 10), (10, 30)]
"""Of raw scores: small, signed, all negative, far to either side."""


def problems(low, high, seed=0, batch=64):
    generator = torch.Generator().manual_seed(seed)
    affinity = low + (high - low) * torch.rand(batch, 5, 6, generator=generator)
    order = torch.rand(batch, 6, generator=generator).argsort(-1)[:, :5]
    truth = torch.zeros(batch, 5, 6, dtype=torch.bool).scatter_(-1, order.unsqueeze(-1), True)
    return affinity.requires_grad_(), truth, torch.ones_like(truth)


@pytest.mark.parametrize(("low", "high"), RANGES)
@pytest.mark.parametrize("loss", [cross_entropy, balanced_cross_entropy, fenchel_young])
def test_every_problem_gets_a_gradient_whatever_its_scores_are(loss, low, high):
    affinity, truth, is_pair = problems(low, high)
    assignment = PGDDykstra()(affinity)
    given = (affinity, assignment) if loss is fenchel_young else (assignment,)
    loss(*given, truth, is_pair).backward()
    assert affinity.grad.abs().amax((1, 2)).min() > 0


@pytest.mark.parametrize("matcher", [Projection(), Projection(method="newton"), UnbalancedSinkhorn(), Identity()])
def test_fenchel_young_needs_no_derivative_of_any_matcher(matcher):
    affinity, truth, is_pair = problems(-10, -5)
    with torch.no_grad():
        assignment = matcher(affinity)
    fenchel_young(affinity, assignment, truth, is_pair).backward()
    assert affinity.grad.abs().amax((1, 2)).min() > 0


def test_from_zero_negative_scores_get_none_as_the_paper_has_it():
    affinity, truth, is_pair = problems(-1.5, -0.5)
    with pytest.warns(RuntimeWarning, match="PGDDykstra: no affinity of a whole batch gets a gradient"):
        cross_entropy(PGDDykstra(initial="zeros")(affinity), truth, is_pair).backward()
    assert not affinity.grad.any()


def test_measuring_the_coupling_says_nothing_and_leaves_it_to_be_said(recwarn):
    affinity, truth, is_pair = problems(-1.5, -0.5)
    matcher = PGDDykstra(initial="zeros")
    assert not coupling(matcher, affinity).any()
    assert not recwarn.list
    with pytest.warns(RuntimeWarning, match="no affinity of a whole batch"):
        cross_entropy(matcher(affinity), truth, is_pair).backward()


def test_it_is_said_once_a_matcher_and_not_where_some_get_one():
    matcher = PGDDykstra(initial="zeros")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for low, high in [(-0.5, 0.5), (0, 1)]:
            affinity, truth, is_pair = problems(low, high)
            cross_entropy(matcher(affinity), truth, is_pair).backward()
        nothing = torch.zeros(2, 3, dtype=torch.bool)
        matcher(torch.rand(2, 3, 4, requires_grad=True), nothing).sum().backward()
        assert not said
        for _ in range(3):
            affinity, truth, is_pair = problems(-1.5, -0.5)
            cross_entropy(matcher(affinity), truth, is_pair).backward()
    assert len(said) == 1


def test_what_is_given_keeps_no_hook_and_the_gradient_stays():
    affinity = random_affinity(3, 4, 0).requires_grad_()
    for _ in range(2):
        PGDDykstra()(affinity).sum().backward()
    assert not affinity._backward_hooks
    expected = torch.autograd.functional.jacobian(PGDDykstra(backend="torch"), affinity.detach()).sum((0, 1))
    torch.testing.assert_close(affinity.grad, 2 * expected)


def test_configs_and_names_keep_the_paper_s_start():
    assert PGDDykstra().config == PGDDykstraConfig(initial="uniform")
    assert make_matcher("pgd_dykstra").config == PGDDykstraConfig()
    assert PGDDykstraConfig().initial == "zeros"
    from_config = make_matcher("pgd_dykstra", **MatcherConfig().options())
    affinity = random_affinity(5, 6, 0)
    assert torch.equal(from_config(affinity), PGDDykstra(initial="zeros")(affinity))
    assert not torch.equal(from_config(affinity), PGDDykstra()(affinity))


def learned_share(loss, low, high, seed):
    """Train a linear map of features, its scores in a range at first; the share of rows whose best pair is true."""
    _, truth, is_pair = problems(low, high, seed, batch=16)
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(16, 5, 6, 8, generator=generator)
    features[..., 0] += 3 * truth
    layer = torch.nn.Linear(8, 1)
    with torch.no_grad():
        layer.weight.copy_(0.3 * torch.randn(1, 8, generator=generator))
        layer.bias.zero_()
    matcher = PGDDykstra()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    offset = (low + high) / 2
    for _ in range(60):
        affinity = layer(features).squeeze(-1) * (high - low) / 2 + offset
        assignment = matcher(affinity)
        given = (affinity, assignment) if loss is fenchel_young else (assignment,)
        optimizer.zero_grad()
        loss(*given, truth, is_pair).backward()
        optimizer.step()
    best = affinity.argmax(-1, keepdim=True)
    return float(truth.gather(-1, best).float().mean())


@pytest.mark.parametrize(("low", "high"), RANGES[:3])
@pytest.mark.parametrize("loss", [fenchel_young, cross_entropy])
def test_no_seed_of_twenty_dies(loss, low, high):
    shares = [learned_share(loss, low, high, seed) for seed in range(20)]
    assert min(shares) > 0.8, shares
