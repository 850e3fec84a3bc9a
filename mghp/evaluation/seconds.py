"""The seconds that a picture takes: all of them, and those of the network and the assembly within."""

import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from mghp.parsing.parser import Parser


def await_gpu() -> None:
    """Wait until a GPU, where one is used, has done what it was given."""
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.synchronize()


def parsing_seconds(module: Parser, parse: Callable[[], object], repeats: int) -> dict[str, float]:
    """Return the median over repeats of `seconds`, and of `seconds_network` and `seconds_assembly` within them.

    Args:
        module: the parser.
        parse: parses one picture by it, in as many crops as it likes.
        repeats: number of times that count, at least 1; one more, the first, does not.
    """
    parts = {"seconds_network": _Watch(module.network), "seconds_assembly": _Watch(module.assembler)}
    try:
        parse()
        rounds = [_round(parse, parts) for _ in range(repeats)]
    finally:
        for watch in parts.values():
            watch.remove()
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def _round(parse: Callable[[], object], parts: dict[str, "_Watch"]) -> dict[str, float]:
    for watch in parts.values():
        watch.seconds = 0.0
    await_gpu()
    began = time.perf_counter()
    parse()
    await_gpu()
    whole = time.perf_counter() - began
    return {"seconds": whole, **{name: watch.seconds for name, watch in parts.items()}}


class _Watch:
    """The seconds spent in the calls of a module, until it is removed."""

    def __init__(self, module: nn.Module) -> None:
        self.seconds = 0.0
        self._began = 0.0
        self._hooks = module.register_forward_pre_hook(self._begin), module.register_forward_hook(self._end)

    def remove(self) -> None:
        """Leave the module as it was."""
        for hook in self._hooks:
            hook.remove()

    def _begin(self, *_: object) -> None:
        await_gpu()
        self._began = time.perf_counter()

    def _end(self, *_: object) -> None:
        await_gpu()
        self.seconds += time.perf_counter() - self._began
