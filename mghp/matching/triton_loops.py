"""The loops of `mghp.matching.triton_kernels`, whose docstring says how they work. Pointers only, nothing checked.

Vectors along rows have shape (ROWS, 1), those along columns (1, COLUMNS), as in `mghp.matching.pgd_dykstra`, whose
lines these are.
"""

import triton
import triton.language as tl

_COUNTS = ["source", "destination", "num_steps", "num_cycles", "first_step", "chunks"]
"""Numbers for whose values no kernel of its own is compiled."""


@triton.jit
def _sum_rows(x):
    return tl.sum(x, axis=1, keep_dims=True)


@triton.jit
def _sum_columns(x):
    return tl.sum(x, axis=0, keep_dims=True)


@triton.jit
def _load_masks(source_mask, destination_mask, problem, source, destination, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    """Return a problem's real rows and columns, and where its entries, rows and columns lie in one problem's memory."""
    i = tl.arange(0, ROWS)[:, None]
    j = tl.arange(0, COLUMNS)[None, :]
    is_row = tl.load(source_mask + problem * source + i, mask=i < source, other=0) != 0
    is_column = tl.load(destination_mask + problem * destination + j, mask=j < destination, other=0) != 0
    return is_row, is_column, i * destination + j, i, j


@triton.jit
def _count(is_real):
    """Return the number of real candidates, and 1 where there is none."""
    return tl.maximum(tl.sum(is_real.to(tl.int32)), 1)


@triton.jit
def _kept(values, is_real, AS_PRINTED: tl.constexpr):
    """Return which corrections stay: the positive ones; as printed, all of them if one is positive."""
    kept = is_real & (values > 0)
    if AS_PRINTED:
        kept = is_real & (tl.max(kept.to(tl.int32)) > 0)
    return kept


@triton.jit
def _push(tape, places, is_real, length, bits, signs, position, last):
    """Set a cycle's bit of the bytes in registers; they are written once full, and return empty."""
    bits = bits | (signs.to(tl.int32) << (position % 8))
    if (position % 8 == 7) | (position == last):
        tl.store(tape + (position // 8) * length + places, bits.to(tl.uint8), mask=is_real)
        bits = tl.zeros_like(bits)
    return bits


@triton.jit
def _read(tape, places, is_real, length, position):
    """Return a cycle's signs."""
    bits = tl.load(tape + (position // 8) * length + places, mask=is_real, other=0).to(tl.int32)
    return ((bits >> (position % 8)) & 1) != 0


@triton.jit(do_not_specialize=_COUNTS)
def solve(
    ascent, source_mask, destination_mask, assignment, last_r, last_c, tape_x, tape_r, tape_c,
    source, destination, num_steps, num_cycles, chunks,
    AVERAGE: tl.constexpr, WARM_START: tl.constexpr, UNIFORM: tl.constexpr, AS_PRINTED: tl.constexpr,
    RECORD: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    problem = tl.program_id(0).to(tl.int64)
    length = source * destination
    is_row, is_column, places, row_places, column_places = _load_masks(
        source_mask, destination_mask, problem, source, destination, ROWS, COLUMNS
    )
    is_real = is_row & is_column
    a = tl.load(ascent + problem * length + places, mask=is_real, other=0)  # alpha A
    n = _count(is_row).to(a.dtype)
    m = _count(is_column).to(a.dtype)
    x = tl.zeros_like(a)
    if UNIFORM:
        x = tl.where(is_real, 1 / tl.maximum(n, m), x)
    total = tl.zeros_like(a)
    r = tl.zeros([ROWS, 1], a.dtype)
    c = tl.zeros([1, COLUMNS], a.dtype)
    tape_x += problem * chunks * length
    tape_r += problem * chunks * source
    tape_c += problem * chunks * destination
    bits_x = tl.zeros([ROWS, COLUMNS], tl.int32)
    bits_r = tl.zeros([ROWS, 1], tl.int32)
    bits_c = tl.zeros([1, COLUMNS], tl.int32)
    position = 0
    last = num_steps * (num_cycles + WARM_START) - 1
    for step in range(num_steps):
        start = x + a  # Z0
        if WARM_START:  # X = relu(Z0 - r - c) with the r and c of the step before; the first step is cold
            x = tl.where(step > 0, tl.where(is_real, tl.maximum(start - r - c, 0), 0), start)
            if RECORD:  # of r and c nothing is read here, but a byte may be full
                bits_x = _push(tape_x, places, is_real, length, bits_x, x > 0, position, last)
                bits_r = _push(tape_r, row_places, is_row, source, bits_r, r > 0, position, last)
                bits_c = _push(tape_c, column_places, is_column, destination, bits_c, c > 0, position, last)
            position += 1
        else:
            x = start
            r = tl.zeros([ROWS, 1], a.dtype)
            c = tl.zeros([1, COLUMNS], a.dtype)
        for _ in range(num_cycles):
            values = r + (_sum_rows(x) - 1) / m
            kept_r = _kept(values, is_row, AS_PRINTED)
            new_r = tl.where(kept_r, values, 0)
            values = c + (_sum_columns(x) + tl.sum(r - new_r) - 1) / n
            kept_c = _kept(values, is_column, AS_PRINTED)
            r = new_r
            c = tl.where(kept_c, values, 0)
            x = tl.where(is_real, tl.maximum(start - r - c, 0), 0)
            if RECORD:
                bits_x = _push(tape_x, places, is_real, length, bits_x, x > 0, position, last)
                bits_r = _push(tape_r, row_places, is_row, source, bits_r, kept_r, position, last)
                bits_c = _push(tape_c, column_places, is_column, destination, bits_c, kept_c, position, last)
            position += 1
        if AVERAGE:
            total += x
    if AVERAGE:
        x = total / num_steps
    is_there = (row_places < source) & (column_places < destination)
    tl.store(assignment + problem * length + places, x, mask=is_there)
    tl.store(last_r + problem * source + row_places, r, mask=row_places < source)
    tl.store(last_c + problem * destination + column_places, c, mask=column_places < destination)


@triton.jit(do_not_specialize=_COUNTS)
def differentiate(
    gradient, source_mask, destination_mask, tape_x, tape_r, tape_c, result,
    source, destination, num_steps, num_cycles, first_step, chunks,
    AVERAGE: tl.constexpr, WARM_START: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    problem = tl.program_id(0).to(tl.int64)
    length = source * destination
    is_row, is_column, places, row_places, column_places = _load_masks(
        source_mask, destination_mask, problem, source, destination, ROWS, COLUMNS
    )
    is_real = is_row & is_column
    flow = tl.load(gradient + problem * length + places, mask=is_real, other=0)
    n = _count(is_row).to(flow.dtype)
    m = _count(is_column).to(flow.dtype)
    if AVERAGE:
        flow = flow / num_steps
    per_step = flow  # what every step's assignment receives from the result
    total = tl.zeros_like(flow)
    r = tl.zeros([ROWS, 1], flow.dtype)
    c = tl.zeros([1, COLUMNS], flow.dtype)
    tape_x += problem * chunks * length
    tape_r += problem * chunks * source
    tape_c += problem * chunks * destination
    position = num_steps * (num_cycles + WARM_START)
    for back in range(num_steps - first_step):
        start = tl.zeros_like(total)
        for _ in range(num_cycles):
            position -= 1
            clipped = tl.where(_read(tape_x, places, is_real, length, position), flow, 0)
            start += clipped
            kept_c = _read(tape_c, column_places, is_column, destination, position)
            c = tl.where(kept_c, c - _sum_columns(clipped), 0)
            q = c / n
            moved = tl.sum(q)
            kept_r = _read(tape_r, row_places, is_row, source, position)
            kept = tl.where(kept_r, r - _sum_rows(clipped) - moved, 0)
            r = kept + moved
            flow = kept / m + q
        if WARM_START:
            position -= 1
            is_cold = back == num_steps - 1  # the first step
            flow = tl.where(is_cold | _read(tape_x, places, is_real, length, position), flow, 0)
            r = r - _sum_rows(flow)
            c = c - _sum_columns(flow)
        else:
            r = tl.zeros([ROWS, 1], flow.dtype)
            c = tl.zeros([1, COLUMNS], flow.dtype)
        start += flow
        total += start
        flow = start + per_step if AVERAGE else start
    is_there = (row_places < source) & (column_places < destination)
    tl.store(result + problem * length + places, tl.where(is_real, total, 0), mask=is_there)
