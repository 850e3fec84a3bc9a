"""Measuring the seconds of a piece of work, and the bytes that it keeps for the backward pass."""

import statistics
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import Node

from mghp.evaluation.seconds import await_gpu
from mghp.matching import Matcher


def seconds_of(work: Callable[..., object], *arguments: object) -> float:
    """Return the seconds that a piece of work takes, what it leaves to a GPU included."""
    await_gpu()
    began = time.perf_counter()
    work(*arguments)
    await_gpu()
    return time.perf_counter() - began


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median seconds over repeats, after one run that does not count."""
    work()
    return statistics.median(seconds_of(work) for _ in range(repeats))


def solve_seconds(solve: Callable[[Tensor], Tensor], affinity: Tensor, repeats: int) -> tuple[float, float]:
    """Return the seconds of forward, and of forward + backward (NaN where there is no backward)."""

    def forward() -> None:
        with torch.no_grad():
            solve(affinity)

    def both() -> None:
        result = solve(affinity.clone().requires_grad_())
        torch.autograd.backward(result, torch.ones_like(result))

    seconds = median_seconds(forward, repeats)
    if isinstance(solve, Matcher) and not solve.differentiable:
        return seconds, float("nan")
    return seconds, median_seconds(both, repeats)


def import_seconds(module: str, after: str = "sys") -> float:
    """Return the seconds to import a module in a fresh Python that has imported `after`."""
    code = f"import time, {after}; begin = time.perf_counter(); import {module}; print(time.perf_counter() - begin)"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def saved_bytes(solve: Callable[[Tensor], Tensor], affinity: Tensor) -> int:
    """Return the bytes that a solver keeps between forward and backward, as `kept_bytes` counts them."""
    return kept_bytes(lambda: solve(affinity.clone().requires_grad_()))


def kept_bytes(compute: Callable[[], Tensor], besides: Iterable[Tensor] = ()) -> int:
    """Return the bytes kept between forward and backward.

    These are saved tensors, each storage once, and what the nodes of the graph keep beside them.

    Args:
        compute: forward pass.
        besides: tensors that are there anyway, such as parameters, and do not count.
    """
    alive: weakref.WeakSet[_Kept] = weakref.WeakSet()

    def pack(tensor: Tensor) -> _Kept:
        kept = _Kept(tensor.detach())
        alive.add(kept)
        return kept

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept.tensor):
        result = compute()
    tensors = [kept.tensor for kept in alive]  # what the graph has let go of meanwhile is not among them
    lists = 0
    for node in _nodes(result.grad_fn):
        for value in vars(node).values() if hasattr(node, "__dict__") else ():
            parts = value if isinstance(value, (list, tuple)) else [value]
            tensors += [part for part in parts if isinstance(part, Tensor)]
            lists += sys.getsizeof(value) if isinstance(value, list) else 0
    storages = {storage.data_ptr(): storage.nbytes() for storage in map(Tensor.untyped_storage, tensors)}
    for tensor in (result, *besides):  # the result is kept by whoever asked for it
        storages.pop(tensor.untyped_storage().data_ptr(), None)
    return sum(storages.values()) + lists


@dataclass(eq=False)
class _Kept:
    """A saved tensor, for as long as its node lives."""

    tensor: Tensor


def _nodes(last: Node | None) -> Iterator[Node]:
    """Yield all nodes of a graph; custom functions keep tensors and lists as their attributes."""
    waiting, seen = [last], {last}
    while waiting:
        node = waiting.pop()
        if node is not None:
            yield node
            following = {before for before, _ in node.next_functions} - seen
            waiting += following
            seen |= following
