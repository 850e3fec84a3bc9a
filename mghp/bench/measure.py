"""Seconds of a piece of work, and bytes that it keeps for the backward pass."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor
from torch.autograd.graph import Node


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Median over repeats, after one run that is not counted."""
    work()
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def import_seconds(module: str, after: str = "sys") -> float:
    """Seconds to import a module in a fresh Python that has imported `after`."""
    code = f"import time, {after}; begin = time.perf_counter(); import {module}; print(time.perf_counter() - begin)"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def saved_bytes(solve: Callable[[Tensor], Tensor], affinity: Tensor) -> int:
    """Bytes that a solver keeps between forward and backward, as `kept_bytes` counts them."""
    return kept_bytes(lambda: solve(affinity.clone().requires_grad_()))


def kept_bytes(compute: Callable[[], Tensor], besides: Iterable[Tensor] = ()) -> int:
    """Bytes kept between forward and backward: saved tensors, each storage once, and what nodes keep beside them.

    Args:
        compute: the forward pass.
        besides: what is there anyway, such as parameters, and does not count.
    """
    storages: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = compute()
    lists = 0
    for node in _nodes(result.grad_fn):
        for value in vars(node).values() if hasattr(node, "__dict__") else ():
            for part in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(part, Tensor):
                    note(part)
            lists += sys.getsizeof(value) if isinstance(value, list) else 0
    for tensor in (result, *besides):  # the result is kept by whoever asked for it
        storages.pop(tensor.untyped_storage().data_ptr(), None)
    return sum(storages.values()) + lists


def _nodes(last: Node | None) -> Iterator[Node]:
    """All nodes of a graph; custom functions keep tensors and lists as attributes of theirs."""
    waiting, seen = [last], {last}
    while waiting:
        node = waiting.pop()
        if node is not None:
            yield node
            following = {before for before, _ in node.next_functions} - seen
            waiting += following
            seen |= following
