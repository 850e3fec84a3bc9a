"""The compiled loops of `mghp.matching.kernels`, whose docstring says how they work. Arrays only, nothing checked."""

from functools import partial

import numpy as np
from numba import njit, prange

LANES = 16
"""Entries that rows are widened to a multiple of: one 512-bit register of float32."""

# Sums may be reordered, so that they vectorise; infinities and NaN keep their meaning.
_FAST = {"reassoc", "nsz", "contract"}

# A call passes every array as seven words and hides from the compiler that they do not overlap.
_inlined = partial(njit, cache=True, fastmath=_FAST, forceinline=True)


@_inlined()
def _real(mask, count):
    """Return the positions of the real candidates."""
    positions = np.empty(count, np.int64)
    found = 0
    for k in range(len(mask)):
        if mask[k]:
            positions[found] = k
            found += 1
    return positions


@_inlined()
def _real_pairs(source_mask, destination_mask, sizes):
    """Return the positions of a problem's sources and destinations, and the width that its rows are widened to."""
    n, m = sizes
    return _real(source_mask, n), _real(destination_mask, m), (m + LANES - 1) // LANES * LANES


@_inlined()
def _tape_of(tape, begin, end, n, width):
    """Return views of one problem's tape: signs of X (chunk, n, width), of c (chunk, width) and of r (chunk, n)."""
    chunks = (end - begin) // ((n + 1) * width + n)
    of_x = begin + chunks * n * width
    of_c = of_x + chunks * width
    return (
        tape[begin:of_x].reshape((chunks, n, width)),
        tape[of_x:of_c].reshape((chunks, width)),
        tape[of_c:end].reshape((chunks, n)),
    )


@_inlined()
def _clip(start, r, c, x, row_sums, column_sums, signs, bit, record):
    """Compute X = relu(Z0 - r - c) with its sums; sets this cycle's bit of the signs."""
    n, width = start.shape
    zero = start.dtype.type(0)
    column_sums[:] = 0
    for i in range(n):
        row_sum = zero
        r_i = r[i]
        # Twice the same loop: with the test inside it would not vectorise.
        if record:
            for j in range(width):
                value = max(start[i, j] - r_i - c[j], zero)
                signs[i, j] |= bit if value > 0 else np.uint8(0)
                x[i, j] = value
                column_sums[j] += value
                row_sum += value
        else:
            for j in range(width):
                value = max(start[i, j] - r_i - c[j], zero)
                x[i, j] = value
                column_sums[j] += value
                row_sum += value
        row_sums[i] = row_sum


@_inlined()
def _correct(corrections, sums, shift, size, as_printed, signs, bit, record):
    """Compute one update, r' = relu(r + (rowsum + shift - 1) / m), or that of c; returns sum(r - r') and r' == r.

    As printed, one positive entry lets all entries keep their value and none sets all to 0.
    """
    zero = corrections.dtype.type(0)
    share = corrections.dtype.type(1) / size
    lowest = zero
    if as_printed:
        highest = zero
        for k in range(len(sums)):
            highest = max(highest, corrections[k] + (sums[k] + shift - 1) * share)
        if highest > 0:
            lowest = corrections.dtype.type(-np.inf)
    moved = zero
    distance = zero
    for k in range(len(sums)):
        value = max(corrections[k] + (sums[k] + shift - 1) * share, lowest)
        if as_printed and lowest == 0:
            value = zero
        moved += corrections[k] - value
        distance += abs(corrections[k] - value)
        corrections[k] = value
    if record:
        for k in range(len(sums)):
            kept = corrections[k] > 0 or (as_printed and lowest < 0)
            signs[k] |= bit if kept else np.uint8(0)
    return moved, distance == 0


@njit(cache=True, fastmath=_FAST, parallel=True)
def solve_batch(
    affinity, source_mask, destination_mask, sizes, offsets,
    num_steps, num_cycles, step_size, average, warm_start, uniform, as_printed, record,
    assignment, last_r, last_c, tape, cycles_run,
):  # fmt: skip
    dtype = affinity.dtype
    for problem in prange(len(affinity)):
        n, m = sizes[problem]
        if n == 0 or m == 0:
            continue
        rows, columns, width = _real_pairs(source_mask[problem], destination_mask[problem], sizes[problem])
        ascent = np.zeros((n, width), dtype)  # alpha A
        x = np.zeros((n, width), dtype)
        for i in range(n):
            for j in range(m):
                ascent[i, j] = step_size * affinity[problem, rows[i], columns[j]]
                if uniform:
                    x[i, j] = dtype.type(1) / max(n, m)
        start = np.empty((n, width), dtype)  # Z0
        total = np.zeros((n, width), dtype)
        r = np.zeros(n, dtype)
        c = np.full(width, np.inf, dtype)
        c[:m] = 0
        row_sums = np.empty(n, dtype)
        column_sums = np.empty(width, dtype)
        begin, end = (offsets[problem], offsets[problem + 1]) if record else (0, 0)
        signs_x, signs_c, signs_r = _tape_of(tape, begin, end, n, width)
        bits_x = np.empty((n, width), np.uint8)
        bits_c = np.empty(width, np.uint8)
        bits_r = np.empty(n, np.uint8)
        cycle = 0  # position on the tape
        for step in range(num_steps):
            is_warm = warm_start and step > 0
            negative = dtype.type(0)  # twice the negative part of Z0
            column_sums[:] = 0
            for i in range(n):
                row_sum = dtype.type(0)
                for j in range(width):
                    value = x[i, j] + ascent[i, j]
                    start[i, j] = value
                    column_sums[j] += value
                    row_sum += value
                    negative += abs(value) - value
                row_sums[i] = row_sum
            if not is_warm:
                r[:] = 0
                c[:m] = 0
            for k in range(-1 if is_warm else 0, num_cycles):
                bit = np.uint8(1 << (cycle % 8))
                if record:
                    at = cycle // 8
                    bits_x, bits_c, bits_r = signs_x[at], signs_c[at], signs_r[at]
                    if cycle % 8 == 0:
                        bits_x[:] = 0
                        bits_c[:] = 0
                        bits_r[:] = 0
                cycle += 1
                if k < 0:  # the warm start: X = relu(Z0 - r - c) with the r and c of the step before
                    _clip(start, r, c, x, row_sums, column_sums, bits_x, bit, record)
                    continue
                moved, same_r = _correct(r, row_sums, dtype.type(0), m, as_printed, bits_r, bit, record)
                _, same_c = _correct(c[:m], column_sums[:m], moved, n, as_printed, bits_c, bit, record)
                _clip(start, r, c, x, row_sums, column_sums, bits_x, bit, record)
                cycles_run[problem, step] = k + 1
                # X was relu(Z0 - r - c) before this cycle too, unless it was a cold Z0 with negative entries.
                if same_r and same_c and (k > 0 or is_warm or negative == 0):
                    break
            if average:
                for i in range(n):
                    for j in range(width):
                        total[i, j] += x[i, j]
        for i in range(n):
            last_r[problem, rows[i]] = r[i]
            for j in range(m):
                value = total[i, j] / num_steps if average else x[i, j]
                assignment[problem, rows[i], columns[j]] = value
        for j in range(m):
            last_c[problem, columns[j]] = c[j]


@_inlined()
def _clip_adjoint(p, q, signs, bit, start_adjoint, row_sums, column_sums):
    """Apply the adjoint of `_clip` where dL/dX_ij = p_i + q_j: adds dL/dZ0, sets its row and column sums."""
    n, width = start_adjoint.shape
    zero = start_adjoint.dtype.type(0)
    column_sums[:] = 0
    for i in range(n):
        row_sum = zero
        p_i = p[i]
        for j in range(width):
            value = p_i + q[j] if signs[i, j] & bit else zero
            start_adjoint[i, j] += value
            column_sums[j] += value
            row_sum += value
        row_sums[i] = row_sum


@_inlined()
def _correct_adjoint(r_adjoint, c_adjoint, row_sums, column_sums, signs_r, signs_c, bit, m, p, q):
    """Apply the adjoint of a cycle's two `_correct`: updates dL/dr and dL/dc, sets p and q; False if all is 0."""
    zero = r_adjoint.dtype.type(0)
    n = len(r_adjoint)
    row_share = r_adjoint.dtype.type(1) / m
    column_share = r_adjoint.dtype.type(1) / n
    shift = zero
    size = zero
    for j in range(len(c_adjoint)):
        value = c_adjoint[j] - column_sums[j] if signs_c[j] & bit else zero
        c_adjoint[j] = value
        q[j] = value * column_share
        shift += value
        size += abs(value)
    shift *= column_share
    for i in range(n):
        value = r_adjoint[i] - row_sums[i] - shift if signs_r[i] & bit else zero
        r_adjoint[i] = value + shift
        p[i] = value * row_share
        size += abs(value)
    return size > 0


@njit(cache=True, fastmath=_FAST, parallel=True)
def differentiate_batch(
    gradient, source_mask, destination_mask, sizes, offsets, tape, cycles_run,
    num_cycles, step_size, average, warm_start, first_step, result,
):  # fmt: skip
    dtype = gradient.dtype
    num_steps = cycles_run.shape[1]
    for problem in prange(len(gradient)):
        n, m = sizes[problem]
        if n == 0 or m == 0:
            continue
        rows, columns, width = _real_pairs(source_mask[problem], destination_mask[problem], sizes[problem])
        signs_x, signs_c, signs_r = _tape_of(tape, offsets[problem], offsets[problem + 1], n, width)
        outer = np.zeros((n, width), dtype)  # what every step's assignment receives from the result
        x_adjoint = np.zeros((n, width), dtype)
        for i in range(n):
            for j in range(m):
                value = gradient[problem, rows[i], columns[j]]
                x_adjoint[i, j] = value
                if average:
                    x_adjoint[i, j] /= num_steps
                    outer[i, j] = x_adjoint[i, j]
        total = np.zeros((n, width), dtype)
        start_adjoint = np.empty((n, width), dtype)
        r_adjoint, c_adjoint = np.zeros(n, dtype), np.zeros(width, dtype)
        row_sums, column_sums = np.empty(n, dtype), np.empty(width, dtype)
        p, q = np.empty(n, dtype), np.zeros(width, dtype)
        cycle = np.sum(cycles_run[problem]) + (num_steps - 1 if warm_start else 0)
        for step in range(num_steps - 1, first_step - 1, -1):
            is_warm = warm_start and step > 0
            # The last cycle's X has a dense adjoint.
            cycle -= 1
            bit = np.uint8(1 << (cycle % 8))
            bits_x = signs_x[cycle // 8]
            column_sums[:] = 0
            for i in range(n):
                row_sum = dtype.type(0)
                for j in range(width):
                    value = x_adjoint[i, j] if bits_x[i, j] & bit else dtype.type(0)
                    start_adjoint[i, j] = value
                    column_sums[j] += value
                    row_sum += value
                row_sums[i] = row_sum
            runs = cycles_run[problem, step]
            first = cycle - runs + 1
            for k in range(num_cycles):
                bits_r, bits_c = signs_r[cycle // 8], signs_c[cycle // 8]
                alive = _correct_adjoint(r_adjoint, c_adjoint, row_sums, column_sums, bits_r, bits_c, bit, m, p, q)
                if not alive or k == num_cycles - 1:
                    cycle = first
                    break
                if k >= num_cycles - runs:  # before that, the repeats that were not run: the same signs again
                    cycle -= 1
                    bit = np.uint8(1 << (cycle % 8))
                _clip_adjoint(p, q, signs_x[cycle // 8], bit, start_adjoint, row_sums, column_sums)
            if is_warm:
                cycle -= 1
                bit = np.uint8(1 << (cycle % 8))
                _clip_adjoint(p, q, signs_x[cycle // 8], bit, start_adjoint, row_sums, column_sums)
                for i in range(n):
                    r_adjoint[i] -= row_sums[i]
                for j in range(width):
                    c_adjoint[j] -= column_sums[j]
            else:
                for i in range(n):
                    for j in range(width):
                        start_adjoint[i, j] += p[i] + q[j]
                r_adjoint[:] = 0
                c_adjoint[:] = 0
            for i in range(n):
                for j in range(width):
                    total[i, j] += start_adjoint[i, j]
                    x_adjoint[i, j] = start_adjoint[i, j] + outer[i, j]
        for i in range(n):
            for j in range(m):
                result[problem, rows[i], columns[j]] = step_size * total[i, j]
