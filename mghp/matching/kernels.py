"""Algorithm 1 in its two-vector form, fused for the CPU: one problem a thread, forward and backward.

The arithmetic is that of `mghp.matching.pgd_dykstra` (see there for the equations); what differs is how it runs:

* A problem is gathered out of the padded batch first, so that padding costs nothing and masks need no thought.
  Its rows are then widened to a multiple of `LANES`, the added columns having c = inf, which relu turns into zeros:
  every inner loop is a plain loop over whole vector registers.
* A cycle is one pass over the matrix: X = relu(Z0 - r - c) with its row and column sums.
* The backward pass needs the signs of r, c and X of each cycle and nothing else. They are kept on a tape, one bit
  an entry: a byte holds eight cycles, so that setting or reading a bit is the same operation for a whole row.
* When a cycle returns the r and c that it was given, all later cycles of the step would repeat it exactly. They
  are not run, only counted, and the backward pass repeats that cycle's adjoint as often. Where the bounds are not
  reached (small problems at the paper's defaults) a step therefore costs one or two cycles instead of N.
* The adjoint of X has rank two after the first cycle: dL/dX_ij = p_i + q_j. Two vectors suffice again.

Numba is imported here and nowhere else, and this module only at the first call that takes it. What that call compiles
is kept on disk, beside the sources or, where nobody may write, in the user's cache; later processes load it from there.
Arrays of other strides are copied first: to the compiler they are another type, for which it would compile anew.
"""

import os
import threading
from typing import Any, NamedTuple

import numpy as np
from numba import config, set_num_threads
from numpy.typing import NDArray

from mghp.matching.compile_notice import announce_compiling
from mghp.matching.kernel_loops import LANES, differentiate_batch, solve_batch
from mghp.matching.newton_loops import project_batch, project_on_face_batch
from mghp.matching.sinkhorn_loops import balance_batch

_MAX_THREADS: int = config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]

_WORK_OF_A_THREAD = 2**20
"""Entries times cycles from which on one more thread pays: about a millisecond."""

_PASSES = 50
"""Passes over the matrix that a projection by Newton's method takes, roughly."""

announce_compiling()

# Numba's thread pool takes one caller at a time.
_pool = threading.Lock()

_is_forked = False


def _mark_forked() -> None:
    global _is_forked
    _is_forked = True


os.register_at_fork(after_in_child=_mark_forked)


def usable() -> bool:
    """Return False in a process forked from one that may have started the thread pool: OpenMP would abort it."""
    return not _is_forked


class Solution(NamedTuple):
    """The result of `forward`."""

    assignment: NDArray[np.floating]
    """Shape (batch, source, destination)."""
    r: NDArray[np.floating]
    """Row corrections after the last cycle, shape (batch, source)."""
    c: NDArray[np.floating]
    """Column corrections after the last cycle, shape (batch, destination)."""
    tape: NDArray[np.uint8]
    """Signs of every cycle, all problems one after the other; empty where nothing was recorded."""
    cycles_run: NDArray[np.int32]
    """Cycles that were run for each problem and step, shape (batch, num_steps)."""


def forward(
    affinity: NDArray[np.floating],
    source_mask: NDArray[np.bool_],
    destination_mask: NDArray[np.bool_],
    *,
    num_steps: int,
    num_cycles: int,
    step_size: float,
    average: bool,
    warm_start: bool,
    uniform: bool,
    as_printed: bool,
    record: bool,
    num_threads: int,
) -> Solution:
    """Solve a batch of problems.

    Args:
        affinity: shape (batch, source, destination), float32 or float64, any strides.
        source_mask: shape (batch, source).
        destination_mask: shape (batch, destination).
        num_steps: T.
        num_cycles: N.
        step_size: alpha.
        average: return the mean of the steps' assignments instead of the last.
        warm_start: start a step's cycles from the r and c of the step before.
        uniform: start at 1 / max(sources, destinations) instead of 0.
        as_printed: read the projections as the supplement prints them.
        record: keep the sign tape for `backward`; without it the tape is empty.
        num_threads: threads to use at most.

    Returns:
        The solution and what `backward` needs to know of its making.
    """
    affinity = np.ascontiguousarray(affinity)
    source_mask, destination_mask = map(np.ascontiguousarray, (source_mask, destination_mask))
    sizes, offsets = _tape_layout(source_mask, destination_mask, num_steps * (num_cycles + warm_start))
    tape = np.empty(offsets[-1] if record else 0, np.uint8)
    cycles_run = np.zeros((len(affinity), num_steps), np.int32)
    assignment = np.zeros(affinity.shape, affinity.dtype)
    r = np.zeros(source_mask.shape, affinity.dtype)
    c = np.zeros(destination_mask.shape, affinity.dtype)
    with _pool:
        set_num_threads(_useful_threads(num_threads, sizes, num_steps * num_cycles))
        solve_batch(
            affinity, source_mask, destination_mask, sizes, offsets,
            num_steps, num_cycles, affinity.dtype.type(step_size),
            average, warm_start, uniform, as_printed, record,
            assignment, r, c, tape, cycles_run,
        )  # fmt: skip
    return Solution(assignment, r, c, tape, cycles_run)


def backward(
    gradient: NDArray[np.floating],
    source_mask: NDArray[np.bool_],
    destination_mask: NDArray[np.bool_],
    tape: NDArray[np.uint8],
    cycles_run: NDArray[np.int32],
    *,
    num_cycles: int,
    step_size: float,
    average: bool,
    warm_start: bool,
    first_step: int,
    num_threads: int,
) -> NDArray[np.floating]:
    """Return the gradient with respect to the affinity, from that with respect to the assignment.

    Args:
        gradient: dL/d assignment, shape (batch, source, destination).
        source_mask: as given to `forward`, as are the others.
        destination_mask: see `forward`.
        tape: what `forward` returned with record=True.
        cycles_run: what `forward` returned.
        num_cycles: N.
        step_size: alpha.
        average: see `forward`.
        warm_start: see `forward`.
        first_step: from 0, the first that is differentiated; those before it count as constants.
        num_threads: threads to use at most.

    Returns:
        dL/d affinity, shape (batch, source, destination).
    """
    gradient = np.ascontiguousarray(gradient)
    source_mask, destination_mask = map(np.ascontiguousarray, (source_mask, destination_mask))
    sizes, offsets = _tape_layout(source_mask, destination_mask, cycles_run.shape[1] * (num_cycles + warm_start))
    result = np.zeros(gradient.shape, gradient.dtype)
    with _pool:
        set_num_threads(_useful_threads(num_threads, sizes, cycles_run.shape[1] * num_cycles))
        differentiate_batch(
            gradient, source_mask, destination_mask, sizes, offsets, tape, cycles_run,
            num_cycles, gradient.dtype.type(step_size), average, warm_start, first_step, result,
        )  # fmt: skip
    return result


def project(
    x: NDArray[np.floating],
    source_mask: NDArray[np.bool_],
    destination_mask: NDArray[np.bool_],
    start: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    *,
    tolerance: float,
    num_threads: int,
) -> tuple[NDArray[np.floating], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Project a batch of points by Newton's method on the dual (`mghp.matching.newton`).

    Args:
        x: shape (batch, source, destination), float32 or float64, any strides; computed in float64.
        source_mask: shape (batch, source).
        destination_mask: shape (batch, destination).
        start: r (batch, source) and c (batch, destination) to begin with, or None.
        tolerance: largest residual of the dual, relative to 1 plus the largest entry of a point.
        num_threads: threads to use at most.

    Returns:
        The projection in the type of `x`, r and c at it, and how often the dual was evaluated for each problem.
    """
    source_mask, destination_mask = map(np.ascontiguousarray, (source_mask, destination_mask))
    sizes = np.stack([source_mask.sum(1), destination_mask.sum(1)], axis=1).astype(np.int64)
    points, projected = _in_double(x), np.zeros(x.shape)
    r, c = (np.zeros(mask.shape) for mask in (source_mask, destination_mask))
    if start is not None:
        r[:], c[:] = start
    evaluations = np.zeros(len(x), np.int64)
    with _pool:
        set_num_threads(_useful_threads(num_threads, sizes, _PASSES))
        project_batch(
            points, source_mask, destination_mask, sizes, tolerance, start is not None, projected, r, c, evaluations
        )
    return projected.astype(x.dtype), r, c, evaluations


def project_on_face(
    gradient: NDArray[np.floating],
    weights: NDArray[np.floating],
    row_scales: NDArray[np.float64],
    column_scales: NDArray[np.float64],
    *,
    num_threads: int,
) -> NDArray[np.floating]:
    """Return what `mghp.matching.newton.project_on_face` defines, in the type of `gradient`.

    Args:
        gradient: G, shape (batch, source, destination).
        weights: W, the same shape.
        row_scales: shape (batch, source).
        column_scales: shape (batch, destination).
        num_threads: threads to use at most.
    """
    flow, face, result = _in_double(gradient), _in_double(weights), np.empty(gradient.shape)
    scales = _in_double(row_scales), _in_double(column_scales)
    sizes = np.tile(np.array(gradient.shape[1:], np.int64), (len(gradient), 1))
    with _pool:
        set_num_threads(_useful_threads(num_threads, sizes, _PASSES))
        project_on_face_batch(flow, face, *scales, result)
    return result.astype(gradient.dtype)


def balance(
    scores: NDArray[np.floating],
    marginals: tuple[NDArray[np.float64], NDArray[np.float64]],
    power: float,
    is_bound: bool,
    *,
    num_rounds: int,
    tolerance: float,
    num_threads: int,
) -> tuple[NDArray[np.floating], NDArray[np.float64], NDArray[np.float64]]:
    """Run Sinkhorn's rounds on a batch, without logarithms (`mghp.matching.sinkhorn`).

    Args:
        scores: A / epsilon, at most 500, shape (batch, source, destination); what is not there is at most -1000.
        marginals: what rows (batch, source) and columns (batch, destination) sum to; 0 where there is none.
        power: a factor becomes (marginal / sum) ** power.
        is_bound: factors are at most 1.
        num_rounds: most rounds.
        tolerance: relative change of factors in a round that ends the rounds.
        num_threads: threads to use at most.

    Returns:
        The plan in the type of `scores`, and the factors of its rows and columns.
    """
    near, sums = _in_double(scores), (_in_double(marginals[0]), _in_double(marginals[1]))
    plan, rows, columns = np.zeros(near.shape), *(np.ones(marginal.shape) for marginal in marginals)
    sizes = np.stack([(marginal > 0).sum(1) for marginal in marginals], axis=1).astype(np.int64)
    with _pool:
        set_num_threads(_useful_threads(num_threads, sizes, num_rounds))
        balance_batch(near, *sums, sizes, power, is_bound, num_rounds, tolerance, plan, rows, columns)
    return plan.astype(scores.dtype), rows, columns


def _in_double(array: NDArray[Any]) -> NDArray[np.float64]:
    return np.ascontiguousarray(array, np.float64)


def _useful_threads(most: int, sizes: NDArray[np.int64], cycles: int) -> int:
    """Return how many threads are worth waking: idle ones spin for a while and slow down whatever runs next."""
    work = int(sizes.prod(1).sum()) * cycles
    return max(1, min(most, _MAX_THREADS, work // _WORK_OF_A_THREAD))


def _tape_layout(
    source_mask: NDArray[np.bool_], destination_mask: NDArray[np.bool_], max_cycles: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return true sizes (batch, 2), and where each problem's tape begins and the last one ends (batch + 1,)."""
    sizes = np.stack([source_mask.sum(1), destination_mask.sum(1)], axis=1).astype(np.int64)
    width = -(-sizes[:, 1] // LANES) * LANES
    eight_cycles = (sizes[:, 0] + 1) * width + sizes[:, 0]
    lengths = eight_cycles * -(-max_cycles // 8)
    return sizes, np.concatenate([[0], np.cumsum(lengths)])
