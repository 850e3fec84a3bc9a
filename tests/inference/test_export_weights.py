"""Weights alone, in half precision: what is parsed and fine-tuned with them."""

import numpy as np
import pytest
import torch

from mghp import HumanParser
from mghp.errors import InputError
from mghp.inference.export_weights import weights_alone
from mghp.parsing import checkpoint_places
from mghp.parsing.build import build_parser
from mghp.parsing.checkpoints import write_checkpoint
from mghp.parsing.transfer import take_weights

FEW_PEAKS = ("assembly.max_peaks=3", "assembly.peak_threshold=0")  # an untrained network sees candidates everywhere


@pytest.fixture
def source(small_config, tmp_path):
    """A checkpoint of a training: weights, and what only a training needs."""
    from mghp.training.build import build_module

    torch.manual_seed(0)
    module = build_module(small_config())
    content = {"state_dict": module.state_dict(), "optimizer_states": [torch.zeros(1000)]}
    module.on_save_checkpoint(content)
    torch.save(content, tmp_path / "last.ckpt")
    return tmp_path / "last.ckpt"


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)


@pytest.fixture
def export(source, tmp_path, mghp):
    def written(*overrides):
        process = mghp("export", source, "--out", "small.ckpt", *overrides, folder=tmp_path)
        assert process.returncode == 0, process.stderr
        assert process.stdout == "small.ckpt\n"
        return tmp_path / "small.ckpt"

    return written


def test_pictures_are_parsed_as_by_the_whole_checkpoint(source, export, picture):
    small = export()
    content = torch.load(small, weights_only=True)
    assert set(content) == {"mghp_config", "mghp_anatomy", "state_dict"}  # and no optimiser
    assert {value.dtype for value in content["state_dict"].values()} <= {torch.float16, torch.float64, torch.int64}
    assert content["state_dict"]["label_balance.pixels"].dtype == torch.float64  # numbers beyond those of float16
    whole, half = (HumanParser(file, *FEW_PEAKS).predict(picture) for file in (source, small))
    assert (whole.parts == half.parts).mean() > 0.99
    assert whole.keypoints.shape == half.keypoints.shape
    np.testing.assert_allclose(half.keypoints, whole.keypoints, atol=0.1)


def test_settings_stay_and_the_parser_of_the_package_is_the_default(export, picture, monkeypatch):
    monkeypatch.setattr(checkpoint_places, "SHIPPED_FILE", export("inference.own_size_up_to=40", *FEW_PEAKS))
    found = HumanParser()(picture)
    assert found.parsed_size == (30, 40)
    own = HumanParser("shipped", "inference.own_size_up_to=80")(picture)
    assert own.parsed_size == (60, 80)


def test_the_network_of_a_training_begins_with_them(source, export, small_config):
    parser = build_parser(small_config())
    told = take_weights(parser, export())
    number = sum(name.startswith(("network.", "assembler.affinity.")) for name in parser.state_dict())
    assert f"took {number} of {number} tensors" in told
    trained = torch.load(source, weights_only=True)["state_dict"]
    for name, value in parser.state_dict().items():
        if name.startswith("network."):
            torch.testing.assert_close(value, trained[name], rtol=1e-3, atol=1e-6)


def test_a_weight_beyond_half_precision_is_told(source):
    content = torch.load(source, weights_only=True)
    name = next(name for name in content["state_dict"] if name.startswith("network.") and name.endswith("weight"))
    content["state_dict"][name].view(-1)[0] = 1e6
    torch.save(content, source)
    with pytest.raises(InputError, match=rf"last\.ckpt: {name} holds numbers that half precision has none for: 1e\+06"):
        weights_alone(source)


def test_an_earlier_file_is_kept_where_the_new_one_cannot_be_written(source, tmp_path, monkeypatch):
    target = tmp_path / "small.ckpt"
    weights = weights_alone(source)
    write_checkpoint(weights, target)
    before = target.read_bytes()
    monkeypatch.setattr("pathlib.Path.replace", _full)
    with pytest.raises(InputError):
        write_checkpoint(weights, target)
    assert target.read_bytes() == before


def _full(*_):
    raise OSError(28, "No space left on device")
