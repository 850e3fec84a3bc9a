"""Which backend solves a batch by PGD-Dykstra: Numba's or Triton's fused kernels, or torch operations."""

from importlib.util import find_spec
from typing import Literal

from torch import Tensor
from torch.utils.data import get_worker_info

from mghp.matching.matcher import is_traced
from mghp.matching.solvers import PGDDykstraConfig

Backend = Literal["numba", "triton", "torch"]


def backend_of(affinity: Tensor, config: PGDDykstraConfig) -> Backend:
    """Return which backend a checked batch goes to.

    Raises:
        ValueError: if the config insists on kernels that cannot take it.
    """
    if config.backend == "torch" or config.backward == "autograd":
        return "torch"
    if config.backend == "auto":
        return _fastest(affinity)
    refusal = _WHY_NOT[config.backend](affinity)
    if refusal:
        raise ValueError(f"backend={config.backend!r} {refusal}. Use backend='auto'.")
    return config.backend


def _fastest(affinity: Tensor) -> Backend:
    if affinity.device.type == "cpu":
        return "numba" if suits_numba(affinity) else "torch"
    return "torch" if affinity.device.type != "cuda" or why_not_triton(affinity) else "triton"


def suits_numba(batch: Tensor) -> bool:
    """Return whether Numba's kernels can take a batch."""
    return not _why_not_numba(batch)


def _why_not_numba(affinity: Tensor) -> str:
    suits = affinity.device.type == "cpu" and _is_eager(affinity) and get_worker_info() is None
    if suits:
        from mghp.matching import kernels  # numba is imported at the first call only

        suits = kernels.usable()
    if suits:
        return ""
    return (
        "takes CPU tensors outside torch.compile, export, data-loading workers and forked processes; "
        f"got a {type(affinity).__name__} on {affinity.device}"
    )


def why_not_triton(affinity: Tensor) -> str:
    """Return why the Triton kernels cannot take a batch (batch, source, destination); empty if they can."""
    if not _is_eager(affinity):
        return f"takes tensors outside torch.compile and export; got a {type(affinity).__name__} on {affinity.device}"
    if find_spec("triton") is None:
        return "needs the package triton, which is not installed"
    from mghp.matching import triton_kernels  # triton is imported at the first call only

    return triton_kernels.why_not(affinity)


def _is_eager(affinity: Tensor) -> bool:
    return not is_traced() and type(affinity) is Tensor


_WHY_NOT = {"numba": _why_not_numba, "triton": why_not_triton}
