import pytest
import torch

from mghp.errors import InputError
from mghp.parsing.build import build_parser
from mghp.parsing.transfer import take_weights


@pytest.fixture(scope="module")
def source(small_config):
    torch.manual_seed(1)
    parser = build_parser(small_config())
    with torch.no_grad():
        parser.assembler.affinity.price.fill_(7.0)
    return parser.state_dict()


@pytest.fixture
def write(tmp_path):
    def to(weights):
        torch.save({"mghp_config": "", "state_dict": weights}, tmp_path / "source.ckpt")
        return tmp_path / "source.ckpt"

    return to


def fresh(small_config, *overrides):
    torch.manual_seed(0)
    return build_parser(small_config(*overrides))


def taken(state, source):
    return {name for name, value in state.items() if torch.equal(value, source[name].to(value.dtype))}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_all_of_the_same_network_is_taken_and_cast(small_config, source, write, dtype):
    half = {name: value.to(dtype) if value.is_floating_point() else value for name, value in source.items()}
    parser = fresh(small_config)
    file = write(half)
    own = [name for name in source if name.startswith(("network.", "assembler.affinity."))]
    assert take_weights(parser, file) == f"network.weights: took {len(own)} of {len(own)} tensors from {file}"
    assert set(own) <= taken(parser.state_dict(), half)
    assert all(value.dtype == source[name].dtype for name, value in parser.state_dict().items())


def test_of_other_parts_and_keypoints_what_fits_is_taken_and_the_rest_told(small_config, source, write):
    parser = fresh(small_config, "data.name=pascal_person_part")
    before = {name: value.clone() for name, value in parser.state_dict().items()}
    line = take_weights(parser, write(source))
    state = parser.state_dict()
    assert "parts.output.weight (60x16x1x1, here 28x16x1x1)" in line
    own = [name for name in state if name.startswith(("network.", "assembler.affinity."))]
    others = [name for name in own if name not in source or state[name].shape != source[name].shape]
    assert "network.parts.output.weight" in others
    assert "network.backbone.stages.0.0.0.weight" not in others
    assert all(torch.equal(state[name], before[name]) for name in others)
    assert all(torch.equal(state[name], source[name]) for name in own if name not in others)
    told = [text.split(" (")[0] for text in line.partition("; not: ")[2].split("), ")]
    assert told == [name.removeprefix("network.") for name in others]


def test_labels_are_balanced_by_the_new_data_alone(small_config, source, write):
    counted = {name: value + 5 if name.startswith("label_balance.") else value for name, value in source.items()}
    parser = fresh(small_config)
    before = {name: value.clone() for name, value in parser.label_balance.state_dict().items()}
    take_weights(parser, write(counted))
    assert all(torch.equal(value, before[name]) for name, value in parser.label_balance.state_dict().items())


def test_of_another_network_nothing_fits(small_config, write):
    with pytest.raises(InputError, match=r"network\.weights: .*source\.ckpt: none of its tensors fits"):
        take_weights(fresh(small_config), write({"network.other": torch.zeros(3), "network.normalised": 3}))


def test_a_finer_head_begins_as_the_coarser_one_repeated(small_config, source, write):
    coarse = fresh(small_config).eval()
    coarse.load_state_dict(source)
    finer = fresh(small_config, "network.strides.keypoints=2").eval()
    file = write(source)
    line = take_weights(finer, file)
    own = [name for name in source if name.startswith(("network.", "assembler.affinity."))]
    assert line == f"network.weights: took {len(own)} of {len(own)} tensors from {file}"
    picture = torch.randint(0, 255, (1, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        before, after = (parser.fields(picture).heatmaps for parser in (coarse, finer))
    assert after.shape[2] == 2 * before.shape[2]
    assert torch.allclose(after, before.repeat_interleave(2, 2).repeat_interleave(2, 3), atol=1e-6)
