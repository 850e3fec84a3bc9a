"""Depthwise convolutions under autocast on the CPU."""

import copy

import pytest
import torch
from torch import nn

from mghp.parsing.network.depthwise import keep_depthwise_single
from mghp.parsing.network.timm_backbone import TimmBackbone


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 5, padding=2, groups=8), nn.Conv2d(8, 4, 1))


def kinds_computed_in(network, features):
    """Return the types that each convolution computes in, under autocast."""
    seen = []

    def note(function):
        def noted(inputs, weight, *others, **options):
            autocast = torch.is_autocast_enabled("cpu")
            seen.append(torch.bfloat16 if autocast else inputs.dtype)
            return function(inputs, weight, *others, **options)

        return noted

    with pytest.MonkeyPatch.context() as patch, torch.autocast("cpu", torch.bfloat16):
        patch.setattr(nn.functional, "conv2d", note(nn.functional.conv2d))
        network(features)
    return seen


def test_only_depthwise_convolutions_compute_in_single_precision(network):
    features = torch.randn(2, 3, 9, 9)
    keep_depthwise_single(network)
    assert kinds_computed_in(network, features) == [torch.bfloat16, torch.float32, torch.bfloat16]


def test_weights_names_and_numbers_outside_autocast_stay(network):
    features = torch.randn(2, 3, 9, 9)
    names, before = list(network.state_dict()), network(features)
    keep_depthwise_single(network)
    assert list(network.state_dict()) == names
    assert torch.equal(network(features), before)


def test_a_copy_computes_with_its_own_weights(network):
    keep_depthwise_single(network)
    copied = copy.deepcopy(network)
    with torch.no_grad():
        copied[1].weight.zero_()
        copied[1].bias.zero_()
    features = torch.randn(1, 3, 5, 5)
    with torch.autocast("cpu", torch.bfloat16):
        assert not copied[:2](features).any()
        assert network[:2](features).any()


def test_gradients_are_those_of_single_precision(network):
    depthwise = network[1:2]
    features = torch.randn(2, 8, 7, 7, requires_grad=True)
    depthwise(features).square().sum().backward()
    expected = depthwise[0].weight.grad.clone(), features.grad.clone()
    depthwise[0].weight.grad = features.grad = None
    keep_depthwise_single(depthwise)
    with torch.autocast("cpu", torch.bfloat16):
        depthwise(features).square().sum().backward()
    torch.testing.assert_close((depthwise[0].weight.grad, features.grad), expected)


def test_models_of_timm_have_it():
    backbone = TimmBackbone("tf_efficientnet_lite0", None, {})
    features = torch.randn(1, 3, 64, 64)
    assert torch.float32 in kinds_computed_in(backbone, features)
