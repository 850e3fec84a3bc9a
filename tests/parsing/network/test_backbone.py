import pytest
import torch
from torch import nn

from mghp.config.network import BackboneConfig
from mghp.parsing.network.backbone import make_backbone

SLIM = BackboneConfig(kwargs={"channels": [4, 6, 8], "blocks": [1, 1, 0]})
RESNET = BackboneConfig("resnet10t")
TRANSFORMER = BackboneConfig("vit_small_patch16_dinov3", kwargs={"depth": 2, "embed_dim": 32, "num_heads": 4})


def made(config, **options):
    torch.manual_seed(0)
    return make_backbone(BackboneConfig(**(vars(config) | options)))


def picture():
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def total(backbone):
    return sum((level**2).mean() for level in backbone(picture()))


@pytest.mark.parametrize("config", [SLIM, RESNET])
def test_frozen_norms_stay_as_they_were_loaded_in_training_too(config):
    backbone = made(config, frozen_norm=True)
    norms = [module for module in backbone.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.running_mean.fill_(-0.5)
        nn.init.ones_(norm.weight)  # 0 would let nothing through to what is to be trained
    optimizer = torch.optim.SGD([p for p in backbone.parameters() if p.requires_grad], lr=0.1)
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    backbone.eval()
    backbone.train()
    total(backbone).backward()
    optimizer.step()
    changed = {name for name, value in backbone.state_dict().items() if not torch.equal(value, before[name])}
    of_norms = {id(value) for norm in norms for value in norm.state_dict(keep_vars=True).values()}
    expected = {name for name, value in backbone.state_dict(keep_vars=True).items() if id(value) not in of_norms}
    assert changed == expected
    assert backbone.training


@pytest.mark.parametrize("config", [SLIM, RESNET, BackboneConfig("tf_efficientnet_lite0"), TRANSFORMER])
def test_checkpointing_gives_the_same_gradients_and_keeps_less(config):
    gradients, kept = [], []
    for checkpointing in (False, True):
        backbone = made(config, checkpointing=checkpointing)
        saved = []
        with torch.autograd.graph.saved_tensors_hooks(lambda value, saved=saved: saved.append(1) or value, lambda v: v):
            loss = total(backbone)
        kept.append(len(saved))
        loss.backward()
        gradients.append([parameter.grad for parameter in backbone.parameters()])
    assert kept[1] < kept[0] / 2
    assert all(torch.equal(plain, again) for plain, again in zip(*gradients, strict=True))


def test_a_model_that_cannot_checkpoint_is_one_line():
    with pytest.raises(ValueError, match=r"network\.backbone\.checkpointing: hrnet_w18_small cannot; expected false"):
        made(BackboneConfig("hrnet_w18_small"), checkpointing=True)
