import pytest
import timm
import torch

from mghp.config.network import BackboneConfig
from mghp.parsing.network.backbone import make_backbone


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """A whole ResNet-18, as ImageNet weights come: with the classifier that a pyramid lacks."""
    torch.manual_seed(0)
    model = timm.create_model("resnet18", pretrained=False)
    file = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(model.state_dict(), file)
    return model.state_dict(), file


def test_a_file_of_weights_is_loaded_whole(classifier):
    weights, file = classifier
    torch.manual_seed(1)
    loaded = make_backbone(BackboneConfig("resnet18", str(file))).model.state_dict()
    assert set(weights) - set(loaded) == {"fc.weight", "fc.bias"}
    assert all(torch.equal(weights[name], value) for name, value in loaded.items())


def test_what_cannot_be_loaded_is_told(classifier, tmp_path):
    _, file = classifier
    (tmp_path / "none.pth").write_bytes(b"no weights")
    for name, weights, says in (
        ("resnet18", str(tmp_path / "nowhere.pth"), "neither imagenet nor a file"),
        ("resnet18", str(tmp_path / "none.pth"), "timm cannot build"),
        ("resnet50", str(file), "timm cannot build"),
        ("slim", str(file), "slim has none"),
    ):
        with pytest.raises(ValueError, match=says):
            make_backbone(BackboneConfig(name, weights))
