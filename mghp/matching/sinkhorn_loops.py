"""The compiled loops of `mghp.matching.sinkhorn`: factors instead of potentials, in float64, one problem a thread."""

import numpy as np
from numba import prange

from mghp.matching.kernel_loops import _real
from mghp.matching.newton_loops import LANES, compiled


@compiled(parallel=True)
def balance_batch(
    scores, row_marginals, column_marginals, sizes, power, is_bound, num_rounds, tolerance, plan, row_factors,
    column_factors,
):  # fmt: skip
    for problem in prange(len(scores)):
        if sizes[problem].min() > 0:
            _balance(
                np.int64(problem), scores, row_marginals, column_marginals, sizes, power, is_bound, num_rounds,
                tolerance, plan, row_factors, column_factors,
            )  # fmt: skip


@compiled()
def _balance(
    problem, scores, row_marginals, column_marginals, sizes, power, is_bound, num_rounds, tolerance, plan, row_factors,
    column_factors,
):  # fmt: skip
    """Set the plan of one problem, K_ij u_i v_j with K = exp(scores), and its factors u and v."""
    n, m = sizes[problem]
    rows, columns = _real(row_marginals[problem] > 0, n), _real(column_marginals[problem] > 0, m)
    width = (m + LANES - 1) // LANES * LANES
    kernel = np.zeros((n, width))
    sums, u, v = np.zeros(width), np.ones(n), np.zeros(width)
    for i in range(n):
        for j in range(m):
            kernel[i, j] = np.exp(scores[problem, rows[i], columns[j]])
    v[:m] = 1
    for _ in range(num_rounds):
        change = 0.0
        sums[:] = 0
        for i in range(n):
            total = 0.0
            for j in range(width):
                total += kernel[i, j] * v[j]
            factor = _factor(row_marginals[problem, rows[i]], total, power, is_bound)
            change = max(change, abs(factor / u[i] - 1))
            u[i] = factor
            for j in range(width):
                sums[j] += kernel[i, j] * factor
        for j in range(m):
            factor = _factor(column_marginals[problem, columns[j]], sums[j], power, is_bound)
            change = max(change, abs(factor / v[j] - 1))
            v[j] = factor
        if change <= tolerance:
            break
    for i in range(n):
        row_factors[problem, rows[i]] = u[i]
        for j in range(m):
            plan[problem, rows[i], columns[j]] = kernel[i, j] * u[i] * v[j]
    for j in range(m):
        column_factors[problem, columns[j]] = v[j]


@compiled()
def _factor(marginal, total, power, is_bound):
    if is_bound:
        return 1 / total if total > 1 else 1.0
    if power == 1:
        return marginal / total
    return (marginal / total) ** power
