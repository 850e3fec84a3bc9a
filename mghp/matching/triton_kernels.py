"""Algorithm 1 in its two-vector form, fused for the GPU: one problem a Triton program, forward and backward.

These kernels have been run in Triton's interpreter only, and compiled (by Triton 3.2 to 3.9); on a GPU they have not
been run yet. There, `mghp bench matcher --device cuda` checks their values and gradients and measures them.

The arithmetic is that of `mghp.matching.pgd_dykstra` (see there for the equations); what differs is how it runs:

* A program holds its whole problem, and runs all T x N cycles without writing any of it to memory. The block that it
  holds has each side rounded up to a power of two, so that few kernels are compiled for all sizes; masks say which of
  its rows and columns are real.
* The backward pass needs the signs of r, c and X of each cycle and nothing else. They are kept on a tape, one bit an
  entry: a byte holds eight cycles, which are gathered in registers and written together.

Triton is imported here and in `triton_loops` and nowhere else, and these modules only at the first call that takes
them. With TRITON_INTERPRET=1 in the environment before that, Triton interprets them on tensors of the CPU.
"""

import os
import shutil
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from triton import JITFunction, next_power_of_2

from mghp.matching import triton_loops
from mghp.matching.pgd_dykstra import first_differentiated
from mghp.matching.solvers import PGDDykstraConfig

LARGEST_BLOCK = 128 * 128
"""The most entries that a program holds, sides rounded up to powers of two: 128x128, or 32x512."""

_SHORTEST_SIDE = 8
"""The shortest side of a block: 8x8 entries are two a thread of the one warp that a program has at least."""

_ENTRIES_OF_A_WARP = 512
"""Entries of a block per warp: 16 a thread. Compiled so for compute capability 9.0, all float32 stay in registers up to
64x64 candidates; with twice as many a thread they do not."""

_MOST_WARPS = 16

_OLDEST_GPU = (7, 0)
"""The compute capability that Triton needs at least."""

IS_INTERPRETED = not isinstance(triton_loops.solve, JITFunction)
"""True where Triton interprets the kernels, on tensors of any device."""

Tape = tuple[Tensor, Tensor, Tensor]
"""Signs of X (batch, chunk, source, destination), of r (batch, chunk, source), of c (batch, chunk, destination)."""


class Solution(NamedTuple):
    """The result of `forward`."""

    assignment: Tensor
    """Shape (batch, source, destination)."""
    r: Tensor
    """Row corrections after the last cycle, shape (batch, source)."""
    c: Tensor
    """Column corrections after the last cycle, shape (batch, destination)."""
    tape: Tape
    """Signs of every cycle, a byte per eight; empty where nothing was recorded."""


def why_not(affinity: Tensor) -> str:
    """Return why the kernels can't take a batch (batch, source, destination) on its device; empty if they can."""
    rows, columns = _block(affinity)
    if rows * columns > LARGEST_BLOCK:
        sides = f"{affinity.shape[1]}x{affinity.shape[2]}"
        return f"takes problems of at most {LARGEST_BLOCK} entries, sides rounded up to powers of two; got {sides}"
    if IS_INTERPRETED:
        return ""
    if affinity.device.type != "cuda":
        return f"takes tensors on a GPU, elsewhere only with TRITON_INTERPRET=1; got one on {affinity.device}"
    if torch.version.hip is None and torch.cuda.get_device_capability(affinity.device) < _OLDEST_GPU:
        return f"takes newer GPUs than {torch.cuda.get_device_name(affinity.device)}"
    if not (os.environ.get("CC") or shutil.which("gcc") or shutil.which("clang")):
        return "needs a C compiler, gcc or clang, and none was found"
    return ""


def ascend(affinity: Tensor, source_mask: Tensor, destination_mask: Tensor, config: PGDDykstraConfig) -> Tensor:
    """Run Algorithm 1 on a checked batch, differentiable once.

    Args:
        affinity: shape (batch, source, destination), float32 or float64, 0 outside the masks.
        source_mask: shape (batch, source).
        destination_mask: shape (batch, destination).
        config: all options.

    Returns:
        The assignment, shape (batch, source, destination).
    """
    return _Ascent.apply(affinity, source_mask, destination_mask, config)  # type: ignore[no-any-return]


def forward(
    affinity: Tensor, source_mask: Tensor, destination_mask: Tensor, config: PGDDykstraConfig, record: bool
) -> Solution:
    """Solve a batch of problems.

    Args:
        affinity: shape (batch, source, destination), float32 or float64.
        source_mask: shape (batch, source).
        destination_mask: shape (batch, destination).
        config: all options but the gradient's.
        record: keep the sign tape for `backward`; without it the tape is empty.

    Returns:
        The solution and what `backward` needs to know of its making.
    """
    batch, source, destination = affinity.shape
    ascent = (config.step_size * affinity).contiguous()
    assignment = torch.empty_like(ascent)
    r, c = (torch.empty_like(mask, dtype=affinity.dtype) for mask in (source_mask, destination_mask))
    chunks = -(-_cycles(config) // 8) if record else 0
    shapes = ((source, destination), (source,), (destination,))
    tape_x, tape_r, tape_c = (ascent.new_empty((batch, chunks, *shape), dtype=torch.uint8) for shape in shapes)
    with torch.cuda.device_of(ascent):  # type: ignore[no-untyped-call]
        triton_loops.solve[(batch,)](
            ascent, source_mask.view(torch.uint8), destination_mask.view(torch.uint8),
            assignment, r, c, tape_x, tape_r, tape_c,
            source, destination, config.num_steps, config.num_cycles, chunks,
            AVERAGE=config.average, WARM_START=config.warm_start, UNIFORM=config.initial == "uniform",
            AS_PRINTED=config.projection == "as_printed", RECORD=record, **_shape_of_programs(affinity),
        )  # fmt: skip
    return Solution(assignment, r, c, (tape_x, tape_r, tape_c))


def backward(
    gradient: Tensor, source_mask: Tensor, destination_mask: Tensor, tape: Tape, config: PGDDykstraConfig
) -> Tensor:
    """Return the gradient with respect to the affinity, from that with respect to the assignment.

    Args:
        gradient: dL/d assignment, shape (batch, source, destination).
        source_mask: as given to `forward`, as are the others.
        destination_mask: see `forward`.
        tape: what `forward` returned with record=True.
        config: all options.

    Returns:
        dL/d affinity, shape (batch, source, destination), 0 outside the masks.
    """
    batch, source, destination = gradient.shape
    gradient = gradient.contiguous()
    result = torch.empty_like(gradient)
    with torch.cuda.device_of(gradient):  # type: ignore[no-untyped-call]
        triton_loops.differentiate[(batch,)](
            gradient, source_mask.view(torch.uint8), destination_mask.view(torch.uint8), *tape, result,
            source, destination, config.num_steps, config.num_cycles, first_differentiated(config), tape[0].shape[1],
            AVERAGE=config.average, WARM_START=config.warm_start, **_shape_of_programs(gradient),
        )  # fmt: skip
    return result.mul_(config.step_size)


def _cycles(config: PGDDykstraConfig) -> int:
    """Return how many cycles the tape has room for; a warm start counts as one."""
    return config.num_steps * (config.num_cycles + config.warm_start)


def _block(affinity: Tensor) -> tuple[int, int]:
    """Return the sides of the block that a program holds."""
    source, destination = affinity.shape[1:]
    return max(next_power_of_2(source), _SHORTEST_SIDE), max(next_power_of_2(destination), _SHORTEST_SIDE)


def _shape_of_programs(affinity: Tensor) -> dict[str, int]:
    rows, columns = _block(affinity)
    warps = min(max(rows * columns // _ENTRIES_OF_A_WARP, 1), _MOST_WARPS)
    return {"ROWS": rows, "COLUMNS": columns, "num_warps": warps}


class _Ascent(torch.autograd.Function):
    """Algorithm 1 in the Triton kernels."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        affinity: Tensor,
        source_mask: Tensor,
        destination_mask: Tensor,
        config: PGDDykstraConfig,
    ) -> Tensor:
        solution = forward(affinity, source_mask, destination_mask, config, record=ctx.needs_input_grad[0])
        ctx.save_for_backward(source_mask, destination_mask, *solution.tape)
        ctx.config = config
        return solution.assignment

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        source_mask, destination_mask, *tape = ctx.saved_tensors
        return backward(gradient, source_mask, destination_mask, tuple(tape), ctx.config), None, None, None
