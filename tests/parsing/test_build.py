import pytest
import torch

from mghp.config.load import to_yaml
from mghp.errors import InputError
from mghp.parsing.build import build_parser, load_parser

MATCHERS = {
    "hungarian": ["matcher.name=hungarian"],
    "perturbed": ["matcher.name=perturbed"],
    "dustbin": ["matcher.name=sinkhorn", "matcher.sinkhorn.marginal=dustbin"],
}


@pytest.fixture
def saved(small_config, tmp_path):
    """A checkpoint of a parser with the named matcher, whose learned price is 7."""

    def save(name):
        config = small_config(*MATCHERS[name])
        parser = build_parser(config)
        with torch.no_grad():
            parser.assembler.affinity.price.fill_(7.0)
            for value in parser.assembler.matcher.state_dict().values():
                value.fill_(3)
        file = tmp_path / f"{name}.ckpt"
        torch.save({"mghp_config": to_yaml(config), "state_dict": parser.state_dict()}, file)
        return file

    return save


@pytest.mark.parametrize("trained", MATCHERS)
@pytest.mark.parametrize("asked", MATCHERS)
def test_a_parser_is_loaded_with_any_matcher(saved, trained, asked):
    """What a matcher keeps comes back to the same matcher, and is nothing to another one."""
    parser, config = load_parser(saved(trained), MATCHERS[asked])
    assert config.matcher.name == MATCHERS[asked][0].partition("=")[2]
    assert parser.assembler.affinity.price == 7
    kept = parser.assembler.matcher.state_dict()
    assert all(value == 3 for value in kept.values()) == (trained == asked or not kept)
    assert not parser.training


def test_another_network_is_still_refused(saved):
    with pytest.raises(InputError, match=r"hungarian\.ckpt: its weights do not fit the network"):
        load_parser(saved("hungarian"), ["network.width=12"])
