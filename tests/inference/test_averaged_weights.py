"""analysis/averaged_weights.py: the mean of two checkpoints' weights."""

import pytest
import torch

from mghp.config.load import to_yaml
from mghp.errors import InputError
from mghp.parsing.build import read_trained
from mghp.parsing.checkpoints import write_checkpoint


@pytest.fixture
def make(small_config, tmp_path):
    """Writes a checkpoint with given weights."""

    def write(name, weights):
        config = to_yaml(small_config(f"experiment={name}"))
        content = {"mghp_config": config, "mghp_anatomy": "", "state_dict": weights}
        write_checkpoint(content, tmp_path / f"{name}.ckpt")
        return tmp_path / f"{name}.ckpt"

    return write


@pytest.fixture
def averaged(script):
    return script("averaged_weights").averaged


def test_weights_are_averaged_and_integers_are_the_second_s(make, averaged, tmp_path):
    one = make("one", {"weight": torch.tensor([1.0, 3.0]).half(), "links": torch.tensor([1, 2])})
    other = make("other", {"weight": torch.tensor([2.0, 1.0]), "links": torch.tensor([1, 4])})
    write_checkpoint(averaged(one, other), tmp_path / "mean.ckpt")
    mean = read_trained(tmp_path / "mean.ckpt")
    assert (mean.config.experiment, mean.config.variant) == ("other", "averaged")
    assert mean.weights["weight"].tolist() == [1.5, 2.0]
    assert mean.weights["weight"].dtype == torch.float32
    assert mean.weights["links"].tolist() == [1, 4]


@pytest.mark.parametrize("weights", [{"weight": torch.zeros(3)}, {"bias": torch.zeros(2)}, {}], ids=str)
def test_other_networks_are_refused_in_a_line(make, averaged, weights):
    one, other = make("one", weights), make("other", {"weight": torch.zeros(2)})
    with pytest.raises(InputError, match=r"one\.ckpt: its weights do not fit"):
        averaged(one, other)
