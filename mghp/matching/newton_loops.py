"""The compiled loops of `mghp.matching.newton`, whose docstring says what they solve. Arrays only, nothing is checked.

One problem a thread, in float64. Of a projection, rows are the smaller side. They are widened to a multiple of `LANES`;
the added columns have c = inf, so that relu turns them into zeros. Zero rows are added below up to the same multiple:
loops over either side then fill registers, and take no branch.
"""

from functools import partial

import numpy as np
from numba import njit, prange

from mghp.matching.kernel_loops import _FAST, _real
from mghp.matching.newton import (
    MAX_EVALUATIONS,
    REACH,
    RIDGE,
    RIDGE_FAR,
    ROUNDING,
    SHORTER,
    SHORTEST,
    STAGE,
    STAGE_ACCURACY,
)

LANES = 8
"""Entries that either side is widened to a multiple of: one 512-bit register of float64."""

BLOCK = 4
"""Rows that the products below take at once, each written out; divides `LANES`."""

FORCING = 0.3
"""Accuracy of a direction relative to the gradient, in units of the residual."""

# The vectors of a problem's workspace: those of rows, then those of columns. Loops index the workspace: references to
# an array for each vector would be counted, by calls that take as long as a row of a small problem.
_R, _ROW_SUMS, _ROW_DEGREES, _ROW_STEP, _ROW_BASE, _LEFT, _DIRECTION, _PRODUCT, _PRECONDITIONER = range(9)
_C, _COLUMN_SUMS, _COLUMN_DEGREES, _COLUMN_STEP, _COLUMN_BASE, _SLOPE, _INVERSE, _SCRATCH = range(9, 17)
_VECTORS = 17

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
    is_turned = n > m
    rows, columns = _real(source_mask[problem], n), _real(destination_mask[problem], m)
    start_r, start_c = last_r[problem], last_c[problem]
    if is_turned:
        rows, columns, start_r, start_c, n, m = columns, rows, start_c, start_r, m, n
    width, height = _widened(m), _widened(n)
    size = height * width
    space = np.zeros(2 * size + _VECTORS * width)  # one allocation: several take longer than a small problem
    point, support = space[:size].reshape((height, width)), space[size : 2 * size].reshape((height, width))
    work = space[2 * size :].reshape((_VECTORS, width))
    _gather(x[problem], rows, columns, is_turned, point)
    for i in range(n):
        work[_R, i] = start_r[rows[i]]
        for j in range(width):  # of each column: a single one over all entries would not be vectorised
            work[_SCRATCH, j] = max(work[_SCRATCH, j], point[i, j])
    top = 0.0
    for j in range(m):
        work[_C, j] = start_c[columns[j]]
        top = max(top, work[_SCRATCH, j])
    for j in range(m, width):
        work[_C, j] = np.inf
    scale = 1.0
    while not is_warm and scale * top > REACH:
        scale /= STAGE
    if scale < 1:
        point *= scale
    evaluations = 0
    while True:
        accuracy = STAGE_ACCURACY if scale < 1 else tolerance * (1 + top)
        evaluations += _descend(point, support, work, n, m, accuracy, min(RIDGE, RIDGE_FAR / (1 + scale * top)))
        if scale == 1:
            break
        scale *= STAGE
        point *= STAGE  # exactly, since it is a power of 2
        for k in range(width):
            work[_R, k] *= STAGE
            work[_C, k] *= STAGE
    for i in range(n):
        start_r[rows[i]] = work[_R, i]
        for j in range(width):
            point[i, j] = max(point[i, j] - work[_R, i] - work[_C, j], 0.0)
    for j in range(m):
        start_c[columns[j]] = work[_C, j]
    _scatter(point, rows, columns, is_turned, projected[problem])
    return evaluations


@_inlined()
def _widened(count):
    """Return the least multiple of `LANES` that holds a count."""
    return (count + LANES - 1) // LANES * LANES


@_inlined()
def _gather(x, rows, columns, is_turned, point):
    """Copy the real entries of a matrix, or of its transpose."""
    n, m = len(rows), len(columns)
    is_whole = columns[-1] < m  # the first ones, in order: these loops are vectorised
    for i in range(n):
        row = rows[i]
        if is_turned:
            for j in range(m):
                point[i, j] = x[columns[j], row]
        elif is_whole:
            for j in range(m):
                point[i, j] = x[row, j]
        else:
            for j in range(m):
                point[i, j] = x[row, columns[j]]


@_inlined()
def _scatter(point, rows, columns, is_turned, result):
    """Copy entries to where those of a matrix, or of its transpose, are real."""
    n, m = len(rows), len(columns)
    is_whole = columns[-1] < m
    for i in range(n):
        row = rows[i]
        if is_turned:
            for j in range(m):
                result[columns[j], row] = point[i, j]
        elif is_whole:
            for j in range(m):
                result[row, j] = point[i, j]
        else:
            for j in range(m):
                result[row, columns[j]] = point[i, j]


@compiled()
def _descend(point, support, work, n, m, tolerance, ridge):
    """Move r and c until the dual's residual is within the tolerance; returns the evaluations taken.

    The ridge is in units of the residual.
    """
    _fill_rows(point, work, n)
    value, expected, length = np.inf, 0.0, 1.0
    for evaluation in range(MAX_EVALUATIONS):
        here = _evaluate(point, support, work, n, m)
        residual = max(_residual(work, _R, _ROW_SUMS, n), _residual(work, _C, _COLUMN_SUMS, m))
        if residual <= tolerance:
            return evaluation + 1
        if evaluation > 0:
            noise = ROUNDING * abs(value)
            if not (here < value - noise or (here <= value + noise and _slope(work, n, m) <= 0.5 * abs(expected))):
                length *= SHORTER
                if length < SHORTEST:
                    break
                _move(work, length)
                continue
        value, length = here, 1.0
        _find_direction(point, support, work, n, m, min(residual, 1.0), ridge)
        for k in range(work.shape[1]):
            work[_ROW_BASE, k] = work[_R, k]
            work[_COLUMN_BASE, k] = work[_C, k]
        _move(work, length)
        expected = _slope(work, n, m)
    _move(work, 0.0)
    return MAX_EVALUATIONS


@_inlined()
def _fill_rows(point, work, n):
    """Take a step of Newton's in each r alone: a start from where most of the other side is within its bounds."""
    for i in range(n):
        total, count, r_i = 0.0, 0.0, work[_R, i]
        for j in range(point.shape[1]):
            left = point[i, j] - r_i - work[_C, j]
            total += max(left, 0.0)
            count += 1.0 if left > 0 else 0.0
        if count > 0:
            work[_R, i] = max(r_i + (total - 1) / count, 0.0)


@_inlined()
def _evaluate(point, support, work, n, m):
    """Return the dual value |relu(X - r - c)|^2 / 2 + sum(r) + sum(c); sets support, sums and degrees."""
    width = point.shape[1]
    for j in range(width):
        work[_COLUMN_SUMS, j] = 0
        work[_COLUMN_DEGREES, j] = 0
    value = 0.0
    for i in range(n):
        total, squares, degree, r_i = 0.0, 0.0, 0.0, work[_R, i]
        for j in range(width):
            left = point[i, j] - r_i - work[_C, j]
            is_positive = 1.0 if left > 0 else 0.0
            left = max(left, 0.0)
            support[i, j] = is_positive
            total += left
            squares += left * left
            degree += is_positive
            work[_COLUMN_SUMS, j] += left
            work[_COLUMN_DEGREES, j] += is_positive
        work[_ROW_SUMS, i], work[_ROW_DEGREES, i] = total, degree
        value += squares / 2 + r_i
    for j in range(m):
        value += work[_C, j]
    return value


@_inlined()
def _residual(work, corrections, sums, size):
    """Return the largest |min(correction, 1 - sum)|, which is 0 at the solution alone."""
    largest = 0.0
    for k in range(size):
        largest = max(largest, abs(min(work[corrections, k], 1 - work[sums, k])))
    return largest


@_inlined()
def _slope(work, n, m):
    """Return the dual's slope along the step that was taken."""
    slope = 0.0
    for i in range(n):
        slope += (work[_R, i] - work[_ROW_BASE, i]) * (1 - work[_ROW_SUMS, i])
    for j in range(m):
        slope += (work[_C, j] - work[_COLUMN_BASE, j]) * (1 - work[_COLUMN_SUMS, j])
    return slope


@_inlined()
def _move(work, length):
    """Set r and c to their bases plus a step of a length, at 0 or above."""
    for k in range(work.shape[1]):
        work[_R, k] = max(work[_ROW_BASE, k] + length * work[_ROW_STEP, k], 0.0)
        work[_C, k] = max(work[_COLUMN_BASE, k] + length * work[_COLUMN_STEP, k], 0.0)


@_inlined()
def _find_direction(point, support, work, n, m, residual, ridge):
    """Set the steps of r and c: Newton's where a correction is free, up to their bound where nothing is taken."""
    height, width = point.shape
    ridge *= residual
    for j in range(width):
        degree, excess = work[_COLUMN_DEGREES, j], work[_COLUMN_SUMS, j] - 1
        is_free = (work[_C, j] > 0 or excess > 0) and degree > 0
        work[_SLOPE, j] = excess if is_free else 0.0
        work[_INVERSE, j] = 1 / (degree + ridge) if is_free else 0.0
        work[_SCRATCH, j] = work[_SLOPE, j] * work[_INVERSE, j]
    _times(support, work, _SCRATCH, _LEFT)
    for i in range(height):
        degree, excess = work[_ROW_DEGREES, i], work[_ROW_SUMS, i] - 1
        is_free = (work[_R, i] > 0 or excess > 0) and degree > 0
        work[_ROW_DEGREES, i] = degree + ridge if is_free else 0.0
        work[_LEFT, i] = excess - work[_LEFT, i]
    _solve_rows(support, work, FORCING * residual)
    _transposed_times(support, work, _ROW_STEP, _SCRATCH)
    for j in range(width):
        work[_COLUMN_STEP, j] = (work[_SLOPE, j] - work[_SCRATCH, j]) * work[_INVERSE, j]
    for j in range(m):
        if work[_C, j] > 0 and work[_COLUMN_DEGREES, j] == 0:
            top = 1.0
            for i in range(n):
                top = max(top, point[i, j] - work[_R, i])
            work[_COLUMN_STEP, j] = top - 1 - work[_C, j]
    for i in range(n):
        if work[_R, i] > 0 and work[_ROW_DEGREES, i] == 0:
            top = 1.0
            for j in range(width):
                top = max(top, point[i, j] - work[_C, j])
            work[_ROW_STEP, i] = top - 1 - work[_R, i]


@_inlined()
def _solve_rows(support, work, accuracy):
    """Solve (diag(degrees) - S diag(inverse) S^T) u = left by conjugate gradients; rows of degree 0 stay out.

    Takes the degrees of rows, `left` and the inverses of columns' degrees from the workspace; u are the row steps.
    """
    height, width = support.shape
    size = 0.0
    for i in range(height):
        degree = work[_ROW_DEGREES, i]
        work[_PRECONDITIONER, i] = 1 / degree if degree > 0 else 0.0
        work[_ROW_STEP, i] = 0
        work[_DIRECTION, i] = work[_LEFT, i] * work[_PRECONDITIONER, i]
        size += work[_LEFT, i] * work[_DIRECTION, i]
    enough = max(size * accuracy * accuracy, 1e-32)
    for _ in range(2 * height + 2):
        if size <= enough:
            break
        _transposed_times(support, work, _DIRECTION, _SCRATCH)
        for j in range(width):
            work[_SCRATCH, j] *= work[_INVERSE, j]
        _times(support, work, _SCRATCH, _PRODUCT)
        curvature = 0.0
        for i in range(height):
            work[_PRODUCT, i] = work[_ROW_DEGREES, i] * work[_DIRECTION, i] - work[_PRODUCT, i]
            curvature += work[_PRODUCT, i] * work[_DIRECTION, i]
        if curvature <= 0:
            break
        length = size / curvature
        new_size = 0.0
        for i in range(height):
            work[_ROW_STEP, i] += length * work[_DIRECTION, i]
            work[_LEFT, i] -= length * work[_PRODUCT, i]
            new_size += work[_LEFT, i] * work[_LEFT, i] * work[_PRECONDITIONER, i]
        for i in range(height):
            work[_DIRECTION, i] = work[_LEFT, i] * work[_PRECONDITIONER, i] + new_size / size * work[_DIRECTION, i]
        size = new_size


@_inlined()
def _times(matrix, work, vector, product):
    """Set a matrix's product with a vector of columns."""
    height, width = matrix.shape
    for i in range(0, height, BLOCK):
        first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
        for j in range(width):
            value = work[vector, j]
            first += matrix[i, j] * value
            second += matrix[i + 1, j] * value
            third += matrix[i + 2, j] * value
            fourth += matrix[i + 3, j] * value
        work[product, i], work[product, i + 1] = first, second
        work[product, i + 2], work[product, i + 3] = third, fourth


@_inlined()
def _transposed_times(matrix, work, vector, product):
    """Set the product of a matrix's transpose with a vector of rows."""
    height, width = matrix.shape
    first, second, third, fourth = work[vector, 0], work[vector, 1], work[vector, 2], work[vector, 3]
    for j in range(width):  # sets what the other blocks add to
        work[product, j] = first * matrix[0, j] + second * matrix[1, j] + third * matrix[2, j] + fourth * matrix[3, j]
    for i in range(BLOCK, height, BLOCK):
        first, second = work[vector, i], work[vector, i + 1]
        third, fourth = work[vector, i + 2], work[vector, i + 3]
        for j in range(width):
            work[product, j] += (
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
    width, height = _widened(m), _widened(n)
    face, work = np.zeros((height, width)), np.zeros((_VECTORS, max(height, width)))
    for i in range(n):
        for j in range(m):
            face[i, j] = weights[problem, i, j]
            work[_INVERSE, j] += face[i, j] * column_scales[problem, j]
            work[_SLOPE, j] += face[i, j] * gradient[problem, i, j]
    for j in range(width):
        work[_INVERSE, j] = 1 / work[_INVERSE, j] if work[_INVERSE, j] > 0 else 0.0
        work[_SCRATCH, j] = work[_SLOPE, j] * work[_INVERSE, j]
    for i in range(n):
        degree, total = 0.0, 0.0
        for j in range(m):
            degree += face[i, j] * row_scales[problem, i]
            total += face[i, j] * (gradient[problem, i, j] - work[_SCRATCH, j])
        work[_ROW_DEGREES, i], work[_LEFT, i] = degree, total
    _solve_rows(face, work, 1e-15)
    _transposed_times(face, work, _ROW_STEP, _SCRATCH)
    for j in range(width):
        work[_SCRATCH, j] = (work[_SLOPE, j] - work[_SCRATCH, j]) * work[_INVERSE, j]
    for i in range(n):
        for j in range(m):
            result[problem, i, j] = face[i, j] * (gradient[problem, i, j] - work[_ROW_STEP, i] - work[_SCRATCH, j])
