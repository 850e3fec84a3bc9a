import math

import pytest
import torch
from torch import nn

from mghp.config.network import BackboneConfig
from mghp.config.training import CandidatesConfig, OptimizerConfig, TrainingConfig
from mghp.parsing.network.backbone import make_backbone
from mghp.training.optimization import make_optimizer, rate_factor


def rates(max_steps=100, **options):
    factor = rate_factor(OptimizerConfig(**options), max_steps)
    return [factor(step) for step in range(max_steps + 1)]


def test_the_rate_warms_up_linearly():
    assert rates(schedule="constant", warmup_steps=10)[:12] == pytest.approx([*(k / 10 for k in range(1, 11)), 1, 1])


def test_cosine_and_polynomial_fall_from_one_to_zero():
    cosine = rates(schedule="cosine", warmup_steps=20)
    assert cosine[20] == 1
    assert cosine[60] == pytest.approx(0.5)
    assert cosine[100] == pytest.approx(0)
    polynomial = rates(schedule="polynomial", warmup_steps=0)
    assert polynomial[50] == pytest.approx(0.5**0.9)
    assert polynomial[100] == 0


def test_until_the_decay_begins_a_longer_run_has_the_same_rates():
    short = rates(100, schedule="linear_decay", warmup_steps=10, decay_share=0.2)
    long = rates(300, schedule="linear_decay", warmup_steps=10, decay_share=0.2)
    assert short[:81] == long[:81]
    assert short[90] == pytest.approx(0.5)
    assert short[100] == 0
    assert long[240] == 1


@pytest.mark.parametrize(("name", "kind"), [("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)])
def test_weight_decay_leaves_norms_and_biases_alone(name, kind):
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    optimizer = make_optimizer(OptimizerConfig(name=name, learning_rate=0.05, weight_decay=0.1), module)
    assert isinstance(optimizer, kind)
    decay = {p.ndim: group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert decay == {4: 0.1, 1: 0}
    assert sum(len(group["params"]) for group in optimizer.param_groups) == 4
    if name == "sgd":
        assert optimizer.defaults["nesterov"]


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_weights_whose_first_gradient_comes_later_are_trained_too(name):
    """As the matching's, which has a loss at every second step."""
    module = nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)])
    optimizer = make_optimizer(OptimizerConfig(name=name, learning_rate=0.1), module, fused=True)
    before = module[1].weight.detach().clone()
    for layers in (1, 2, 2):
        optimizer.zero_grad()
        sum(layer(torch.ones(1)) for layer in module[:layers]).sum().backward()
        optimizer.step()
    assert not torch.equal(module[1].weight, before)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: OptimizerConfig(learning_rate=0), "learning_rate must be positive"),
        (lambda: OptimizerConfig(learning_rate=math.nan), "learning_rate must be positive"),
        (lambda: OptimizerConfig(warmup_steps=-1), "warmup_steps must not be negative"),
        (lambda: OptimizerConfig(decay_share=0), "decay_share is a share"),
        (lambda: OptimizerConfig(weight_decay=-1), "weight_decay must not be negative"),
        (lambda: CandidatesConfig(max_per_type=0), "max_per_type must be at least 1"),
        (lambda: CandidatesConfig(true_share_end=2), "true_share_end is a probability"),
        (lambda: CandidatesConfig(jitter=-1), "jitter must not be negative"),
        (lambda: TrainingConfig(ema_decay=1.0), "ema_decay must lie between 0 and 1"),
    ],
)
def test_ranges_are_checked(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()


def rates_of(parameters, optimizer):
    groups = optimizer.param_groups
    return {group["lr"] for group in groups for p in group["params"] if any(p is other for other in parameters)}


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_a_backbone_learns_at_its_own_rate_and_the_pyramid_on_it_does_not(name):
    kwargs = {"depth": 1, "embed_dim": 32, "num_heads": 4}
    module = nn.ModuleList([make_backbone(BackboneConfig("vit_small_patch16_dinov3", kwargs=kwargs)), nn.Linear(1, 1)])
    config = OptimizerConfig(name=name, learning_rate=0.5, backbone_rate=0.1)
    optimizer = make_optimizer(config, module)
    body = list(module[0].body.parameters())
    new = [*module[0].levels.parameters(), *module[1].parameters()]
    assert rates_of(body, optimizer) == {0.05}
    assert rates_of(new, optimizer) == {0.5}
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(list(module.parameters()))
    decays = {p.ndim > 1: group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert decays == {True: config.weight_decay, False: 0}


def test_at_one_rate_the_groups_are_those_of_earlier_checkpoints():
    backbone = make_backbone(BackboneConfig(kwargs={"channels": [4, 4], "blocks": [0, 0]}))
    state = torch.optim.AdamW(
        [
            {"params": [p for p in backbone.parameters() if p.ndim > 1], "weight_decay": 0.01},
            {"params": [p for p in backbone.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=2e-3,
        fused=False,
    ).state_dict()
    optimizer = make_optimizer(OptimizerConfig(), backbone)
    assert optimizer.state_dict()["param_groups"] == state["param_groups"]
