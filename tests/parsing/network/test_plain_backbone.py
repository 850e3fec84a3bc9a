import pytest
import torch

from mghp.config.network import BackboneConfig, NetworkConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.parsing.network.backbone import make_backbone
from mghp.parsing.network.parser import ParsingNetwork

TINY = {"depth": 2, "embed_dim": 32, "num_heads": 4}
NAMES = ["vit_small_patch14_dinov2", "vit_small_patch16_dinov3"]


def backbone(name, **kwargs):
    torch.manual_seed(0)
    return make_backbone(BackboneConfig(name, kwargs=TINY | kwargs)).eval()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(64, 96), (160, 32)])
@torch.no_grad()
def test_features_of_one_stride_become_a_pyramid(name, size):
    made = backbone(name)
    features = made(torch.zeros(2, 3, *size))
    assert made.strides == (4, 8, 16, 32)
    assert made.channels == (8, 16, 32, 32)
    for level, channels, stride in zip(features, made.channels, made.strides, strict=True):
        assert level.shape == (2, channels, size[0] // stride, size[1] // stride)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_parses_pictures_of_any_size_and_learns_through_the_pyramid(name):
    torch.manual_seed(0)
    network = ParsingNetwork(NetworkConfig(backbone=BackboneConfig(name, kwargs=TINY), width=8), DENSEPOSE_COCO)
    predicted = network(torch.randint(0, 256, (2, 3, 75, 101), dtype=torch.uint8))
    assert predicted.part_logits.shape[2:] == (38, 51)
    sum(value.sum() for value in (predicted.part_logits, predicted.heatmap_logits)).backward()
    untrained = [
        key for key, value in network.backbone.named_parameters() if value.grad is None or not value.grad.any()
    ]
    # The mask token is for pretraining; a softmax does not see what all keys share.
    assert [key for key in untrained if "mask_token" not in key and "k_bias" not in key] == []


@torch.no_grad()
def test_what_a_patch_shows_arrives_where_it_lies_at_every_stride():
    """A picture that is black but for one corner changes the features of that corner the most."""
    made = backbone("vit_small_patch14_dinov2", depth=1)
    picture = torch.zeros(1, 3, 128, 128)
    picture[:, :, 96:, :32] = 5
    for level, blank in zip(made(picture), made(torch.zeros(1, 3, 128, 128)), strict=True):
        change = (level - blank).abs().sum((0, 1))
        side = len(change)
        row, column = divmod(int(change.argmax()), side)
        assert row >= 3 * side // 4
        assert column < max(side // 4, 1)


def test_a_convolutional_model_keeps_the_strides_that_are_asked_of_it():
    assert make_backbone(BackboneConfig("resnet10t", kwargs={"out_indices": [3]})).strides == (16,)
