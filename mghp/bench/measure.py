"""Seconds of a piece of work, and bytes that it keeps for the backward pass."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor


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
    """Bytes kept between forward and backward: saved tensors, each storage once, and what nodes keep beside them."""
    storages: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = solve(affinity.clone().requires_grad_())
    storages.pop(result.untyped_storage().data_ptr(), None)  # the result is kept by whoever asked for it
    return sum(storages.values()) + _kept_on_nodes(result.grad_fn)


def _kept_on_nodes(node: object) -> int:
    """Tensors and lists that custom functions keep as attributes of their context."""
    kept = 0
    for value in vars(node).values() if hasattr(node, "__dict__") else ():
        parts = value if isinstance(value, (list, tuple)) else [value]
        kept += sum(part.untyped_storage().nbytes() for part in parts if isinstance(part, Tensor))
        kept += sys.getsizeof(value) if isinstance(value, list) else 0
    return kept
