r"""The projection onto the assignments, exactly: semi-smooth Newton on its dual.

P_C(X) = argmin_Y |Y - X|^2 / 2 over C = {Y >= 0, Y 1 <= 1, Y^T 1 <= 1} is relu(X - r 1^T - 1 c^T), where r, c >= 0
minimise the convex dual

    phi(r, c) = |relu(X - r 1^T - 1 c^T)|^2 / 2 + sum(r) + sum(c),    dphi/dr = 1 - rowsum,  dphi/dc = 1 - colsum.

Between kinks phi is quadratic. With S the support of Y, its Hessian is [diag(rowsum(S)), S; S^T, diag(colsum(S))], and
a step of Newton's method on the corrections that are free (positive, or of a sum above its bound) ends exactly once
support and free corrections are those of the solution. Around it:

* a ridge in proportion to the residual, since the Hessian is singular along r + t, c - t on closed components, and
  smaller for points that are far;
* a step that does not make phi smaller is cut to a quarter, the corrections kept at 0 or above;
* points with entries above 128 are approached by those of a quarter, a sixteenth, ... of their size, each of which
  starts from four times the corrections of the one before.

The columns are eliminated from the system. On the CPU (`mghp.matching.newton_loops`) the rest is solved by conjugate
gradients, no more exactly than the residual asks; in torch operations by Cholesky's factors, a batch at once.

References: Blondel, Seguy, Rolet, AISTATS 2018, and Lorenz, Manns, Meyer, Appl. Math. Optim. 2021 (quadratically
regularised optimal transport, the latter by semi-smooth Newton); Niculae, Martins, Blondel, Cardie, ICML 2018
(SparseMAP, of which this is the case of matchings).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mghp.matching.backends import suits_numba
from mghp.matching.matcher import has_values
from mghp.matching.pgd_dykstra import thread_count_kept
from mghp.matching.projections import Corrections

TOLERANCE = {torch.float32: 1e-9, torch.float64: 3e-14}
"""Largest residual |min(r, 1 - rowsum)| by default, in units of 1 plus the point's largest entry."""

REACH = 128.0
"""Largest entry of a point that is projected at once; farther ones are approached in stages."""

STAGE = 4.0
"""Factor between a stage's point and that of the next, which starts from the stage's corrections."""

STAGE_ACCURACY = 0.1
"""Largest residual that a stage before the last leaves."""

RIDGE = 0.1
"""Most that is added to the Hessian's diagonal, in units of the residual: closed components make it singular."""

RIDGE_FAR = 3.0
"""Most that is added, in units of the residual over 1 plus a point's largest entry: r + t, c - t have as far to go."""

SHORTER = 0.25
"""Factor of a step that did not descend."""

SHORTEST = 1e-9
"""Step, relative to Newton's, below which rounding leaves nothing to gain."""

ROUNDING = 1e-13
"""Relative difference of two dual values that says nothing."""

MAX_EVALUATIONS = 1000
"""Most evaluations of a stage, some ten times the most that was seen."""


def project_by_newton(
    x: Tensor,
    source_mask: Tensor | None = None,
    destination_mask: Tensor | None = None,
    start: Corrections | None = None,
    tolerance: float | None = None,
) -> tuple[Tensor, Corrections]:
    """Return the projection of a batch of points, and the corrections at it; no gradient passes.

    Args:
        x: points, float32 or float64 (computed in float64), 0 outside the masks, shape (batch, source, destination).
        source_mask: True where a source is real, shape (batch, source).
        destination_mask: True where a destination is real, shape (batch, destination).
        start: r (batch, source, 1) and c (batch, 1, destination) to begin with, such as those of a nearby point.
        tolerance: largest residual |min(r, 1 - rowsum)| that is left, in units of 1 plus the largest entry of a point;
            None for 3e-14, and 1e-9 in float32.

    Returns:
        P_C(X), 0 outside the masks; with r and c in float64, to 1e-10 where X is float64.

    Example:
        >>> import torch
        >>> from mghp.matching.newton import project_by_newton
        >>> projected, (r, c) = project_by_newton(torch.tensor([[[3.0, 2.0], [2.0, 0.0]]]))
        >>> projected.round(decimals=4)
        tensor([[[0.3333, 0.6667],
                 [0.6667, 0.0000]]])
    """
    rows = torch.ones_like(x[:, :, 0], dtype=torch.bool) if source_mask is None else source_mask
    columns = torch.ones_like(x[:, 0], dtype=torch.bool) if destination_mask is None else destination_mask
    r = None if start is None else start.r.squeeze(-1).double()
    c = None if start is None else start.c.squeeze(-2).double()
    x = x.detach()
    project = _project if has_values(x) and type(x) is Tensor else _project_op
    tolerance = TOLERANCE[x.dtype] if tolerance is None else tolerance
    projected, r, c = project(x, rows, columns, r, c, tolerance)
    return projected, Corrections(r.unsqueeze(-1), c.unsqueeze(-2))


def project_on_face(gradient: Tensor, weights: Tensor, row_scales: Tensor, column_scales: Tensor) -> Tensor:
    """Return W * (G - u 1^T - 1 v^T), the implicit gradient of a program whose solution has the derivative W.

    u and v are 0 where their scale is 0; elsewhere they solve

        scale_i rowsum(W)_i u_i + (W v)_i = rowsum(W * G)_i,    scale_j colsum(W)_j v_j + (W^T u)_j = colsum(W * G)_j.

    Of the projection W is the support [Y > 0], and the scales are 1 where a sum is at its bound: sums vanish there.

    Args:
        gradient: G, dL/dY, shape (batch, source, destination).
        weights: W, the same shape.
        row_scales: shape (batch, source, 1), float64.
        column_scales: shape (batch, 1, destination), float64.
    """
    on_face = _project_on_face if has_values(gradient) and type(gradient) is Tensor else _project_on_face_op
    result: Tensor = on_face(gradient, weights, row_scales.squeeze(-1), column_scales.squeeze(-2))
    return result


def _project(
    x: Tensor, rows: Tensor, columns: Tensor, r: Tensor | None, c: Tensor | None, tolerance: float
) -> tuple[Tensor, Tensor, Tensor]:
    if not suits_numba(x):
        return _project_in_torch(x, rows, columns, r, c, tolerance)
    from mghp.matching import kernels

    start = None if r is None or c is None else (r.numpy(), c.numpy())
    with thread_count_kept() as num_threads:
        projected, r_found, c_found, _ = kernels.project(
            x.numpy(), rows.numpy(), columns.numpy(), start, tolerance=tolerance, num_threads=num_threads
        )
    return torch.from_numpy(projected), torch.from_numpy(r_found), torch.from_numpy(c_found)


def _project_on_face(gradient: Tensor, weights: Tensor, row_scales: Tensor, column_scales: Tensor) -> Tensor:
    if not suits_numba(gradient):
        return face_by_cholesky(gradient, weights, row_scales.unsqueeze(-1), column_scales.unsqueeze(-2))
    from mghp.matching import kernels

    arrays = (part.detach().numpy() for part in (gradient, weights, row_scales, column_scales))
    with thread_count_kept() as num_threads:
        return torch.from_numpy(kernels.project_on_face(*arrays, num_threads=num_threads))


def _project_in_torch(
    x: Tensor, rows: Tensor, columns: Tensor, r: Tensor | None, c: Tensor | None, tolerance: float
) -> tuple[Tensor, Tensor, Tensor]:
    point = torch.where(rows.unsqueeze(-1) & columns.unsqueeze(-2), x.double(), -torch.inf)
    enough = tolerance * (1 + x.amax((-2, -1)).double().clamp(min=0))
    at = Corrections(
        torch.zeros_like(point[:, :, :1]) if r is None else r.unsqueeze(-1),
        torch.zeros_like(point[:, :1]) if c is None else c.unsqueeze(-2),
    )
    scale = 1.0
    while r is None and scale * float(x.amax()) > REACH:
        scale /= STAGE
    while scale < 1:
        at = Corrections(
            *(STAGE * vector for vector in _descend(scale * point, at, torch.full_like(enough, STAGE_ACCURACY)))
        )
        scale *= STAGE
    at = _descend(point, at, enough)
    projected = torch.relu(point - at.r - at.c).to(x.dtype)
    return projected, at.r.squeeze(-1), at.c.squeeze(-2)


def _descend(point: Tensor, at: Corrections, tolerance: Tensor) -> Corrections:
    """Return the corrections at which each dual is least, found from others; all at once, until the slowest is."""
    base, step = at, Corrections(*(torch.zeros_like(vector) for vector in at))
    ridge = (RIDGE_FAR / (1 + point.amax((-2, -1)).clamp(min=0))).clamp(max=RIDGE)
    value = torch.full_like(tolerance, torch.inf)
    expected, length = torch.zeros_like(value), torch.ones_like(value)
    for _ in range(MAX_EVALUATIONS):
        y = torch.relu(point - at.r - at.c)
        slopes = Corrections(1 - y.sum(-1, keepdim=True), 1 - y.sum(-2, keepdim=True))
        here = y.square().sum((-2, -1)) / 2 + at.r.sum((-2, -1)) + at.c.sum((-2, -1))
        residual = torch.stack([torch.minimum(*pair).abs().amax((-2, -1)) for pair in zip(at, slopes, strict=True)])
        residual = residual.amax(0)
        is_there = residual <= tolerance
        if bool((is_there | (length < SHORTEST)).all()):
            break
        noise = ROUNDING * value.abs().nan_to_num(posinf=0)
        is_lower = here < value - noise
        is_flat = (here <= value + noise) & (_along(at, base, slopes) <= expected.abs() / 2)
        accepted = is_there | is_lower | is_flat
        taken = accepted[:, None, None]
        value = torch.where(accepted, here, value)
        length = torch.where(is_there, 0, torch.where(accepted, 1, SHORTER * length))
        newest = _direction(point, y, at, slopes, (ridge * residual.clamp(max=1) + 1e-12)[:, None, None])
        base = Corrections(*(torch.where(taken, new, old) for new, old in zip(at, base, strict=True)))
        step = Corrections(*(torch.where(taken, new, old) for new, old in zip(newest, step, strict=True)))
        moved = (part + length[:, None, None] * by for part, by in zip(base, step, strict=True))
        at = Corrections(*(vector.clamp(min=0) for vector in moved))
        expected = torch.where(accepted, _along(at, base, slopes), expected)
    return at


def _along(at: Corrections, base: Corrections, slopes: Corrections) -> Tensor:
    """Return the dual's slope along a step of each problem."""
    return ((at.r - base.r) * slopes.r).sum((-2, -1)) + ((at.c - base.c) * slopes.c).sum((-2, -1))


def _direction(point: Tensor, y: Tensor, at: Corrections, slopes: Corrections, ridge: Tensor) -> Corrections:
    """Return the steps of r and c: Newton's where they are free, up to their bound where nothing is taken."""
    support = (y > 0).double()
    degrees = support.sum(-1, keepdim=True), support.sum(-2, keepdim=True)
    free_r, free_c = (
        (degree > 0) & ((value > 0) | (slope < 0)) for degree, value, slope in zip(degrees, at, slopes, strict=True)
    )
    inverse = torch.where(free_c, 1 / (degrees[1] + ridge), 0)
    coupled = support * free_r
    system = torch.diag_embed(torch.where(free_r, degrees[0] + ridge, 1).squeeze(-1))
    system = system - (coupled * inverse) @ coupled.mT
    right = torch.where(free_r, -slopes.r, 0) + (coupled * (inverse * slopes.c)).sum(-1, keepdim=True)
    r = torch.cholesky_solve(right, torch.linalg.cholesky_ex(system)[0])
    c = inverse * (-slopes.c - (coupled * r).sum(-2, keepdim=True))
    above_r = (point - at.c).amax(-1, keepdim=True).clamp(min=1) - 1 - at.r
    above_c = (point - at.r).amax(-2, keepdim=True).clamp(min=1) - 1 - at.c
    return Corrections(
        torch.where((degrees[0] == 0) & (at.r > 0), above_r, r), torch.where((degrees[1] == 0) & (at.c > 0), above_c, c)
    )


def face_by_cholesky(gradient: Tensor, weights: Tensor, row_scales: Tensor, column_scales: Tensor) -> Tensor:
    """Return what `project_on_face` does, by normal equations with a weighted graph's signless Laplacian."""
    edges = weights.double()
    flow = edges * gradient.double()
    rows, columns = (row_scales > 0).double(), (column_scales > 0).double()
    coupled = edges * rows * columns
    row_degrees = (edges.sum(-1, keepdim=True) * row_scales).squeeze(-1)
    column_degrees = (edges.sum(-2, keepdim=True) * column_scales).squeeze(-2)
    system = torch.diag_embed(torch.cat([row_degrees, column_degrees], dim=-1))
    n = edges.shape[-2]
    system[..., :n, n:] = coupled
    system[..., n:, :n] = coupled.mT
    excess = torch.cat([(flow * rows).sum(-1), (flow * columns).sum(-2)], dim=-1).unsqueeze(-1)
    shifts = _solve_semidefinite(system, excess)
    u, v = shifts[..., :n, :], shifts[..., n:, :].mT
    return (flow - edges * (u * rows + v * columns)).to(gradient.dtype)


def _solve_semidefinite(system: Tensor, right: Tensor) -> Tensor:
    """Solve a consistent system that is singular along the shifts u + t, v - t of closed components.

    A ridge makes Cholesky possible; two rounds of refinement take its effect out again. (Batched torch.linalg.solve
    is avoided: with several threads it has returned wrong results for 160 and more unknowns.)
    """
    ridge = 1e-7 * torch.eye(system.shape[-1], dtype=system.dtype, device=system.device)
    factor = torch.linalg.cholesky(system + ridge)
    solution = torch.cholesky_solve(right, factor)
    for _ in range(2):
        solution = solution + torch.cholesky_solve(right - system @ solution, factor)
    return solution


# Operators of their own: torch.compile, export and torch.func need not look into the loops.
@torch.library.custom_op("mghp::project_by_newton", mutates_args=())
def _project_op(
    x: Tensor, rows: Tensor, columns: Tensor, r: Tensor | None, c: Tensor | None, tolerance: float
) -> tuple[Tensor, Tensor, Tensor]:
    return _project(x, rows, columns, r, c, tolerance)


@_project_op.register_fake
def _(
    x: Tensor, rows: Tensor, columns: Tensor, r: Tensor | None, c: Tensor | None, tolerance: float
) -> tuple[Tensor, Tensor, Tensor]:
    double = x.new_empty((), dtype=torch.float64)
    return torch.empty_like(x), double.new_empty(rows.shape), double.new_empty(columns.shape)


@_project_op.register_vmap
def _(
    info: Any,  # noqa: ANN401
    axes: tuple[int | None, ...],
    *given: Any,  # noqa: ANN401
) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
    *parts, tolerance = given
    found = _project_op(*_flattened(info.batch_size, axes[:-1], parts), tolerance)
    return tuple(part.unflatten(0, (info.batch_size, -1)) for part in found), (0, 0, 0)


@torch.library.custom_op("mghp::project_on_face", mutates_args=())
def _project_on_face_op(gradient: Tensor, weights: Tensor, row_scales: Tensor, column_scales: Tensor) -> Tensor:
    return _project_on_face(gradient, weights, row_scales, column_scales)


@_project_on_face_op.register_fake
def _(gradient: Tensor, weights: Tensor, row_scales: Tensor, column_scales: Tensor) -> Tensor:
    return torch.empty_like(gradient)


@_project_on_face_op.register_vmap
def _(info: Any, axes: tuple[int | None, ...], *parts: Tensor) -> tuple[Tensor, int]:  # noqa: ANN401
    found = _project_on_face_op(*_flattened(info.batch_size, axes, parts))
    return found.unflatten(0, (info.batch_size, -1)), 0


def _flattened(number: int, axes: Sequence[int | None], parts: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Return each part with vmap's axis merged into the batch; one that has none is repeated."""
    laid = (
        part if part is None else part.expand(number, *part.shape) if axis is None else part.movedim(axis, 0)
        for part, axis in zip(parts, axes, strict=True)
    )
    return [None if part is None else part.flatten(0, 1) for part in laid]
