"""The compiled loops of `mghp.matching.newton`, whose docstring says what they solve. Arrays only, nothing is checked.

One problem a thread, in float64. Of a projection, rows are the smaller side. They are widened to a multiple of `LANES`;
the added columns have c = inf, so that relu turns them into zeros. Rows added below are in products alone.
"""

from functools import partial

import numpy as np
from numba import njit, prange

from mghp.matching.kernel_loops import _FAST, _real
from mghp.matching.newton import (
    MAX_EVALUATIONS,
    REACH,
    RIDGE,
    ROUNDING,
    SHORTER,
    SHORTEST,
    STAGE,
    STAGE_ACCURACY,
)

LANES = 8
"""Entries that rows are widened to a multiple of: one 512-bit register of float64."""

BLOCK = 4
"""Rows that the products below take at once, each written out; zeros are added up to a multiple of it."""

FORCING = 0.1
"""Accuracy of a direction relative to the gradient, in units of the residual."""

# Positions of the vectors in a problem's workspace; those of columns begin at _C.
_R, _ROW_SUMS, _ROW_DEGREES, _ROW_STEP, _ROW_BASE, _RESIDUAL, _DIRECTION, _PRODUCT = range(8)
_C, _COLUMN_SUMS, _COLUMN_DEGREES, _COLUMN_STEP, _COLUMN_BASE, _SLOPE, _INVERSE, _SCRATCH = range(8, 16)
_VECTORS = 16

# No look for a division by zero before each one: it is all compiled in less time.
compiled = partial(njit, cache=True, fastmath=_FAST, error_model="numpy")

# A call passes every array as seven words, which takes as long as a row of a small problem.
_inlined = partial(compiled, forceinline=True)


@compiled(parallel=True)
def project_batch(x, source_mask, destination_mask, sizes, tolerance, is_warm, result, last_r, last_c, evaluations):
    for problem in prange(len(x)):
        if sizes[problem].min() > 0:
            evaluations[problem] = _project(  # an int64, since prange counts in uint64, for which all is compiled anew
                np.int64(problem), x, source_mask, destination_mask, sizes, tolerance, is_warm, result, last_r, last_c
            )


@compiled()
def _project(problem, x, source_mask, destination_mask, sizes, tolerance, is_warm, projected, last_r, last_c):
    """Project one problem, stage by stage: sets its projection and corrections, returns the number of evaluations."""
    n, m = sizes[problem]
    sources, destinations = _real(source_mask[problem], n), _real(destination_mask[problem], m)
    is_turned = n > m
    rows, columns = (destinations, sources) if is_turned else (sources, destinations)
    start_r, start_c = (last_c[problem], last_r[problem]) if is_turned else (last_r[problem], last_c[problem])
    n, m = len(rows), len(columns)
    width, height = _widened(m, LANES), _widened(n, BLOCK)
    size, longest = height * width, max(height, width)
    space = np.zeros(2 * size + _VECTORS * longest)  # one allocation: several take longer than a small problem
    point, support = space[:size].reshape((height, width)), space[size : 2 * size].reshape((height, width))
    work = space[2 * size :].reshape((_VECTORS, longest))
    r, c = work[_R, :n], work[_C, :width]
    _gather(x[problem], rows, columns, is_turned, point)
    c[:] = np.inf
    top = 0.0
    for i in range(n):
        r[i] = start_r[rows[i]]
        for j in range(width):
            top = max(top, point[i, j])
    for j in range(m):
        c[j] = start_c[columns[j]]
    scale = 1.0
    while not is_warm and scale * top > REACH:
        scale /= STAGE
    if scale < 1:
        point *= scale
    evaluations = 0
    while True:
        accuracy = STAGE_ACCURACY if scale < 1 else tolerance * (1 + top)
        evaluations += _descend(point, support, m, r, c, work, accuracy)
        if scale == 1:
            break
        scale *= STAGE
        point *= STAGE  # exactly, since it is a power of 2
        r *= STAGE
        c[:m] *= STAGE
    for i in range(n):
        start_r[rows[i]] = r[i]
        for j in range(width):
            point[i, j] = max(point[i, j] - r[i] - c[j], 0.0)
    for j in range(m):
        start_c[columns[j]] = c[j]
    _scatter(point, rows, columns, is_turned, projected[problem])
    return evaluations


@_inlined()
def _widened(count, unit):
    """Return the least multiple of a unit that holds a count."""
    return (count + unit - 1) // unit * unit


@_inlined()
def _gather(x, rows, columns, is_turned, point):
    """Copy the real entries of a matrix, or of its transpose."""
    for i in range(len(rows)):
        if is_turned:
            for j in range(len(columns)):
                point[i, j] = x[columns[j], rows[i]]
        else:
            row = x[rows[i]]
            for j in range(len(columns)):
                point[i, j] = row[columns[j]]


@_inlined()
def _scatter(point, rows, columns, is_turned, result):
    """Copy entries to where those of a matrix, or of its transpose, are real."""
    for i in range(len(rows)):
        if is_turned:
            for j in range(len(columns)):
                result[columns[j], rows[i]] = point[i, j]
        else:
            row = result[rows[i]]
            for j in range(len(columns)):
                row[columns[j]] = point[i, j]


@compiled()
def _descend(point, support, m, r, c, work, tolerance):
    """Move r and c until the dual's residual is within the tolerance; returns the evaluations taken."""
    n, width = len(r), len(c)
    row_sums, row_step, row_base = work[_ROW_SUMS, :n], work[_ROW_STEP, :n], work[_ROW_BASE, :n]
    column_sums, column_step = work[_COLUMN_SUMS, :width], work[_COLUMN_STEP, :width]
    column_base = work[_COLUMN_BASE, :width]
    _fill_rows(point, r, c)
    value, expected, length = np.inf, 0.0, 1.0
    for evaluation in range(MAX_EVALUATIONS):
        here = _evaluate(point, m, r, c, support, work)
        residual = max(_residual(r, row_sums, n), _residual(c, column_sums, m))
        if residual <= tolerance:
            return evaluation + 1
        if evaluation > 0:
            slope = _slope(r, row_base, row_sums, n) + _slope(c, column_base, column_sums, m)
            noise = ROUNDING * abs(value)
            if not (here < value - noise or (here <= value + noise and slope <= 0.5 * abs(expected))):
                length *= SHORTER
                if length < SHORTEST:
                    break
                _move(r, row_base, row_step, length, n)
                _move(c, column_base, column_step, length, m)
                continue
        value, length = here, 1.0
        _find_direction(point, m, r, c, support, work, residual)
        row_base[:] = r
        column_base[:m] = c[:m]
        _move(r, row_base, row_step, length, n)
        _move(c, column_base, column_step, length, m)
        expected = _slope(r, row_base, row_sums, n) + _slope(c, column_base, column_sums, m)
    r[:] = row_base
    c[:m] = column_base[:m]
    return MAX_EVALUATIONS


@_inlined()
def _fill_rows(point, r, c):
    """Take three of Newton's steps in each r alone: a start from where most of the other side is within its bounds."""
    n, width = len(r), len(c)
    for i in range(n):
        for _ in range(3):
            total, count, r_i = 0.0, 0.0, r[i]
            for j in range(width):
                left = point[i, j] - r_i - c[j]
                total += max(left, 0.0)
                count += 1.0 if left > 0 else 0.0
            if count == 0:
                break
            r[i] = max(r[i] + (total - 1) / count, 0.0)


@_inlined()
def _evaluate(point, m, r, c, support, work):
    """Return the dual value |relu(X - r - c)|^2 / 2 + sum(r) + sum(c); sets support, sums and degrees."""
    n, width = len(r), len(c)
    column_sums, column_degrees = work[_COLUMN_SUMS, :width], work[_COLUMN_DEGREES, :width]
    column_sums[:] = 0
    column_degrees[:] = 0
    value = 0.0
    for i in range(n):
        total, squares, degree, r_i = 0.0, 0.0, 0.0, r[i]
        for j in range(width):
            left = point[i, j] - r_i - c[j]
            is_positive = 1.0 if left > 0 else 0.0
            left = max(left, 0.0)
            support[i, j] = is_positive
            total += left
            squares += left * left
            degree += is_positive
            column_sums[j] += left
            column_degrees[j] += is_positive
        work[_ROW_SUMS, i], work[_ROW_DEGREES, i] = total, degree
        value += squares / 2 + r_i
    for j in range(m):
        value += c[j]
    return value


@_inlined()
def _residual(corrections, sums, size):
    """Return the largest |min(correction, 1 - sum)|, which is 0 at the solution alone."""
    largest = 0.0
    for k in range(size):
        largest = max(largest, abs(min(corrections[k], 1 - sums[k])))
    return largest


@_inlined()
def _slope(corrections, base, sums, size):
    """Return the share of one side in the dual's slope along a step."""
    slope = 0.0
    for k in range(size):
        slope += (corrections[k] - base[k]) * (1 - sums[k])
    return slope


@_inlined()
def _move(corrections, base, step, length, size):
    for k in range(size):
        corrections[k] = max(base[k] + length * step[k], 0.0)


@_inlined()
def _find_direction(point, m, r, c, support, work, residual):
    """Set the steps of r and c: Newton's where a correction is free, up to their bound where nothing is taken."""
    n, width = len(r), len(c)
    row_sums, degrees, row_step = work[_ROW_SUMS, :n], work[_ROW_DEGREES, :n], work[_ROW_STEP, :n]
    column_sums, column_degrees = work[_COLUMN_SUMS, :width], work[_COLUMN_DEGREES, :width]
    column_step, slope, inverse = work[_COLUMN_STEP, :width], work[_SLOPE, :width], work[_INVERSE, :width]
    scratch, left = work[_SCRATCH, :width], work[_RESIDUAL]
    ridge = RIDGE * min(residual, 1.0)
    slope[:] = 0
    inverse[:] = 0
    for j in range(m):
        if (c[j] > 0 or column_sums[j] > 1) and column_degrees[j] > 0:
            slope[j] = column_sums[j] - 1
            inverse[j] = 1 / (column_degrees[j] + ridge)
    for j in range(width):
        scratch[j] = slope[j] * inverse[j]
    _times(support, scratch, left)
    for i in range(n):
        if (r[i] > 0 or row_sums[i] > 1) and degrees[i] > 0:
            degrees[i] += ridge
            left[i] = row_sums[i] - 1 - left[i]
        else:
            degrees[i] = 0
    _solve_rows(support, degrees, inverse, FORCING * min(1.0, residual), work)
    _transposed_times(support, work[_ROW_STEP], scratch)
    for j in range(m):
        column_step[j] = (slope[j] - scratch[j]) * inverse[j]
        if c[j] > 0 and column_degrees[j] == 0:
            top = 1.0
            for i in range(n):
                top = max(top, point[i, j] - r[i])
            column_step[j] = top - 1 - c[j]
    for i in range(n):
        if r[i] > 0 and degrees[i] == 0:
            top = 1.0
            for j in range(width):
                top = max(top, point[i, j] - c[j])
            row_step[i] = top - 1 - r[i]


@_inlined()
def _solve_rows(support, degrees, inverse, accuracy, work):
    """Solve (diag(degrees) - S diag(inverse) S^T) u = left by conjugate gradients; rows of degree 0 stay out.

    Reads `left` from the workspace and writes u to the row steps.
    """
    n, width = len(degrees), len(inverse)
    step, left, direction = work[_ROW_STEP], work[_RESIDUAL], work[_DIRECTION]
    product, scratch = work[_PRODUCT], work[_SCRATCH, :width]
    size = 0.0
    for i in range(n):
        step[i] = 0
        direction[i] = 0
        if degrees[i] > 0:
            direction[i] = left[i] / degrees[i]
            size += left[i] * direction[i]
    enough = max(size * accuracy * accuracy, 1e-32)
    for _ in range(2 * n + 2):
        if size <= enough:
            break
        _transposed_times(support, direction, scratch)
        for j in range(width):
            scratch[j] *= inverse[j]
        _times(support, scratch, product)
        curvature = 0.0
        for i in range(n):
            product[i] = degrees[i] * direction[i] - product[i]
            curvature += product[i] * direction[i]
        if curvature <= 0:
            break
        length = size / curvature
        new_size = 0.0
        for i in range(n):
            if degrees[i] > 0:
                step[i] += length * direction[i]
                left[i] -= length * product[i]
                new_size += left[i] * left[i] / degrees[i]
        for i in range(n):
            if degrees[i] > 0:
                direction[i] = left[i] / degrees[i] + new_size / size * direction[i]
        size = new_size


@_inlined()
def _times(matrix, vector, product):
    """Set a matrix's product with a vector."""
    height, width = matrix.shape
    for i in range(0, height, BLOCK):
        first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
        for j in range(width):
            first += matrix[i, j] * vector[j]
            second += matrix[i + 1, j] * vector[j]
            third += matrix[i + 2, j] * vector[j]
            fourth += matrix[i + 3, j] * vector[j]
        product[i], product[i + 1], product[i + 2], product[i + 3] = first, second, third, fourth


@_inlined()
def _transposed_times(matrix, vector, product):
    """Set the product of a matrix's transpose with a vector."""
    height, width = matrix.shape
    product[:] = 0
    for i in range(0, height, BLOCK):
        first, second, third, fourth = vector[i], vector[i + 1], vector[i + 2], vector[i + 3]
        for j in range(width):
            product[j] += (
                first * matrix[i, j] + second * matrix[i + 1, j] + third * matrix[i + 2, j] + fourth * matrix[i + 3, j]
            )


@compiled(parallel=True)
def project_on_face_batch(gradient, weights, row_scales, column_scales, result):
    for problem in prange(len(gradient)):
        _project_on_face(np.int64(problem), gradient, weights, row_scales, column_scales, result)


@compiled()
def _project_on_face(problem, gradient, weights, row_scales, column_scales, result):
    """Set W * (G - u 1^T - 1 v^T) of one problem, as `mghp.matching.newton.project_on_face` defines it."""
    n, m = gradient[problem].shape
    width, height = _widened(m, LANES), _widened(n, BLOCK)
    face, work = np.zeros((height, width)), np.zeros((_VECTORS, max(height, width)))
    degrees, left, step = work[_ROW_DEGREES, :n], work[_RESIDUAL, :n], work[_ROW_STEP]
    excess, inverse, scratch = work[_SLOPE, :width], work[_INVERSE, :width], work[_SCRATCH, :width]
    for i in range(n):
        for j in range(m):
            face[i, j] = weights[problem, i, j]
            inverse[j] += face[i, j] * column_scales[problem, j]
            excess[j] += face[i, j] * gradient[problem, i, j]
    for j in range(width):
        inverse[j] = 1 / inverse[j] if inverse[j] > 0 else 0.0
        scratch[j] = excess[j] * inverse[j]
    for i in range(n):
        degree, total = 0.0, 0.0
        for j in range(m):
            degree += face[i, j] * row_scales[problem, i]
            total += face[i, j] * (gradient[problem, i, j] - scratch[j])
        degrees[i], left[i] = degree, total
    _solve_rows(face, degrees, inverse, 1e-15, work)
    _transposed_times(face, step, scratch)
    for j in range(width):
        scratch[j] = (excess[j] - scratch[j]) * inverse[j]
    for i in range(n):
        for j in range(m):
            result[problem, i, j] = face[i, j] * (gradient[problem, i, j] - step[i] - scratch[j])
