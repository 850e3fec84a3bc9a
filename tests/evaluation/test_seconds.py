from types import SimpleNamespace

import pytest
from torch import nn

from mghp.evaluation.seconds import parsing_seconds


@pytest.fixture
def parser():
    return SimpleNamespace(network=nn.Identity(), assembler=nn.Identity())


def is_untouched(module):
    return not module._forward_hooks and not module._forward_pre_hooks


def test_a_picture_is_parsed_once_more_than_counts_and_leaves_no_trace(parser):
    calls = []

    def parse():
        calls.append(len(parser.network._forward_hooks))
        parser.assembler(parser.network(parser.network(0)))

    seconds = parsing_seconds(parser, parse, 3)
    assert calls == [1] * 4
    assert list(seconds) == ["seconds", "seconds_network", "seconds_assembly"]
    assert is_untouched(parser.network)
    assert is_untouched(parser.assembler)


def test_of_several_calls_the_seconds_add_up(parser, monkeypatch):
    """By a clock that ticks once whenever it is read."""
    ticks = iter(range(1000))
    monkeypatch.setattr("mghp.evaluation.seconds.time.perf_counter", lambda: float(next(ticks)))

    def parse():
        for _ in range(3):
            parser.network(0)
        parser.assembler(0)

    assert parsing_seconds(parser, parse, 2) == {"seconds": 9, "seconds_network": 3, "seconds_assembly": 1}


def test_a_parse_that_fails_leaves_no_trace_either(parser):
    with pytest.raises(ZeroDivisionError):
        parsing_seconds(parser, lambda: 1 / 0, 1)
    assert is_untouched(parser.network)
