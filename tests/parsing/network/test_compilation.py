import pytest
from torch import nn

import mghp.parsing.network.compilation
from mghp.errors import InputError
from mghp.parsing.network.compilation import compile_network, missing_compiler


def test_a_network_keeps_the_names_of_its_weights(monkeypatch):
    monkeypatch.setattr(mghp.parsing.network.compilation, "missing_compiler", lambda: None)
    network = nn.Sequential(nn.Conv2d(1, 1, 1))
    names = list(network.state_dict())
    compile_network(network)
    assert network._compiled_call_impl is not None
    assert list(network.state_dict()) == names


def test_without_a_compiler_it_is_refused_in_a_line(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert missing_compiler() == "no C++ compiler (no-such-compiler)"
    with pytest.raises(InputError, match=r"training\.compile: no C"):
        compile_network(nn.Conv2d(1, 1, 1))
