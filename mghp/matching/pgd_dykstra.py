r"""The paper's differentiable matcher: projected gradient ascent whose projection is Dykstra's algorithm.

Source: Zhou, Wang, Liu, Yang, Van Gool, CVPR 2021, supplement, section 1, Eq. (3)-(5) and Algorithm 1. The objective
<A, Y> is linear, its gradient is A, and a step is

    Y_t = P_C(Y_{t-1} + alpha A),    Y_0 = 0,    result (1/T) sum_t Y_t,

with P_C the projection onto {Y >= 0, Y 1 <= 1, Y^T 1 <= 1} by N of Dykstra's cycles. The cycles are those of
`mghp.matching.projections`, in the two vectors r and c; they equal Algorithm 1 to rounding.

The backward pass needs the signs of r, c and X of every cycle and no other activation. With G = dL/dX', the adjoint
of one cycle, from its result back to what it was given, is

    P = G * [X' > 0],    dL/dZ0 += P,    dL/dr' -= rowsum(P),    dL/dc' -= colsum(P)
    q = dL/dc' * [c' > 0] / n,    p = (dL/dr' - sum(q)) * [r' > 0] / m
    dL/dX = p 1^T + 1 q^T,    dL/dr = m p + sum(q),    dL/dc = n q.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from typing_extensions import override

from mghp.matching.backends import backend_of
from mghp.matching.far import with_near_affinities
from mghp.matching.matcher import IterativeMatcher, has_values, is_traced
from mghp.matching.projections import KEEP, Corrections, Sizes, cap_columns, cap_rows, clip
from mghp.matching.sign_tape import SignTape
from mghp.matching.solvers import PGDDykstraConfig

if TYPE_CHECKING:
    from mghp.matching import kernels

REACH = 100.0
"""Largest alpha A that is ascended as it is."""

_MARGIN = 2.0
"""What prices keep of a problem out of reach, see `mghp.matching.far`: a step then makes 4 of an entry at most."""


class PGDDykstra(IterativeMatcher):
    """The paper's matcher (supplement, Algorithm 1), differentiable.

    Problems with alpha A above 100 are solved as equal ones whose affinities are near (`mghp.matching.far`): no few
    cycles undo such a step. Just within that, with N = 5 and a warm start, the mean gap to the optimum of 40 problems
    of uniform affinities was under 2 % for 2x2, 5x6 and 12x15 candidates; 30x30 ask for more cycles from alpha A = 10
    on. Without a warm start few cycles leave sums above 1, in proportion to alpha A. With `projection="as_printed"`
    alpha A above 100 is refused.

    Args:
        num_steps: T, outer gradient steps.
        num_cycles: N, Dykstra cycles a step. Few leave the constraints violated, the more so the larger the step.
        step_size: alpha, assignment mass moved a step per unit of affinity. T and alpha act almost only through
            tau = T alpha, and affinities only as alpha A: c A with alpha is A with c alpha.
        average: return the mean of Y_1 .. Y_T, as the paper does, or the last, Y_T.
        warm_start: each step but the first starts its cycles from X = relu(Z0 - r - c) with the r and c of the step
            before. That is dual ascent from a better point; its limit is still the projection of Z0.
        initial: Y_0, "uniform" (1 / max(sources, destinations) on real entries, from where negative affinities get a
            gradient too) or "zeros" (the paper, and the default of configs and `make_matcher`).
        projection: "halfspace" (row by row, the projection), or "as_printed" (see `mghp.matching.projections`).
        backward: "replay" keeps one bit an entry and cycle, "autograd" records every operation: same gradients, but
            only autograd's can be differentiated again.
        backend: "numba" runs fused kernels on the CPU, "triton" on a GPU, "torch" runs anywhere. "auto" takes Numba
            for CPU tensors outside torch.compile, export, tracing, data-loading workers and forked processes, and
            Triton for CUDA tensors outside the first three, where it is installed and problems have at most 128x128
            candidates. So far the Triton kernels have been run in Triton's interpreter only, not on a GPU.
        gradient_steps: only the last so many steps are differentiated; 0 for all.

    Raises:
        ValueError: if an option has no meaning; on solving, if an affinity is out of reach of "as_printed".

    Example:
        >>> import torch
        >>> from mghp.matching import PGDDykstra
        >>> affinity = torch.tensor([[3.0, 2.0], [2.0, 0.0]], requires_grad=True)
        >>> assignment = PGDDykstra(step_size=0.1)(affinity)
        >>> assignment.detach().round(decimals=2)
        tensor([[0.1000, 0.9000],
                [0.9000, 0.0900]])
        >>> assignment[0, 1].backward()
        >>> affinity.grad[0].round(decimals=2)  # the competitor in its row counts against the pair
        tensor([-0.1100,  0.1100])
    """

    differentiable = True
    config: PGDDykstraConfig

    def __init__(
        self,
        num_steps: int = 50,
        num_cycles: int = 5,
        step_size: float = 0.01,
        average: bool = True,
        warm_start: bool = False,
        initial: Literal["zeros", "uniform"] = "uniform",
        projection: Literal["halfspace", "as_printed"] = "halfspace",
        backward: Literal["replay", "autograd"] = "replay",
        backend: Literal["auto", "numba", "torch", "triton"] = "auto",
        gradient_steps: int = 0,
    ) -> None:
        super().__init__(
            PGDDykstraConfig(
                num_steps, num_cycles, step_size, average, warm_start, initial, projection, backward, backend,
                gradient_steps,
            )
        )  # fmt: skip

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        affinity = self._within_reach(affinity, source_mask, destination_mask)
        return ascend(affinity, source_mask, destination_mask, self.config)

    def _within_reach(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        scale = self.config.step_size
        if self.config.projection == "halfspace":
            return with_near_affinities(
                affinity, source_mask, destination_mask, scale=scale, reach=REACH, margin=_MARGIN
            )
        if has_values(affinity) and bool(affinity.amax() > REACH / scale):
            raise ValueError(
                f"projection='as_printed' takes affinities of at most {REACH:g} / step_size = {REACH / scale:g}, "
                f"got {float(affinity.amax()):g}"
            )
        return affinity

    @override
    def iterates(
        self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None
    ) -> Iterator[Tensor]:
        affinity = self._within_reach(affinity, source_mask, destination_mask)
        total = torch.zeros_like(affinity)
        steps = steps_of(affinity, measure(affinity, source_mask, destination_mask), self.config)
        for count, (assignment, _) in enumerate(steps, start=1):
            total = total + assignment
            yield total / count if self.config.average else assignment


def ascend(
    affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None, config: PGDDykstraConfig
) -> Tensor:
    """Run Algorithm 1 on a checked batch (batch, source, destination), by the backend and backward of `config`."""
    backend = backend_of(affinity, config)
    if backend == "numba":
        return _FusedAscent.apply(affinity, source_mask, destination_mask, config)  # type: ignore[no-any-return]
    if backend == "triton":
        from mghp.matching import triton_kernels

        return triton_kernels.ascend(affinity, *_full_masks(affinity, source_mask, destination_mask), config)
    sizes = measure(affinity, source_mask, destination_mask)
    if config.backward == "replay" and affinity.requires_grad and torch.is_grad_enabled() and not is_traced():
        return _Ascent.apply(affinity, sizes, config)  # type: ignore[no-any-return]
    return _result(affinity, sizes, config, None)


@torch.no_grad()
def project_with_corrections(
    x: Tensor,
    source_mask: Tensor | None,
    destination_mask: Tensor | None,
    num_cycles: int,
    backend: Literal["auto", "numba", "torch", "triton"] = "auto",
) -> tuple[Tensor, Corrections]:
    """Return one projection of a checked batch, and the r and c that led there; detached."""
    config = PGDDykstraConfig(1, num_cycles, 1.0, average=False, backend=backend)
    chosen = backend_of(x, config)
    if chosen == "numba":
        solution = _fused(x, *_full_masks(x, source_mask, destination_mask), config, record=False)
        r, c = torch.from_numpy(solution.r), torch.from_numpy(solution.c)
        return torch.from_numpy(solution.assignment), Corrections(r.unsqueeze(-1), c.unsqueeze(-2))
    if chosen == "triton":
        from mghp.matching import triton_kernels

        masks = _full_masks(x, source_mask, destination_mask)
        projected, r, c, _ = triton_kernels.forward(x, *masks, config, record=False)
        return projected, Corrections(r.unsqueeze(-1), c.unsqueeze(-2))
    ((projected, corrections),) = steps_of(x, measure(x, source_mask, destination_mask), config)
    return projected, corrections


def steps_of(
    affinity: Tensor, sizes: Sizes, config: PGDDykstraConfig, tape: SignTape | None = None
) -> Iterator[tuple[Tensor, Corrections]]:
    """Yield Y_1 .. Y_T (batch, source, destination) with their r and c, in torch operations; fills the tape."""
    keep = KEEP[config.projection]
    ascent = config.step_size * affinity
    x = _initial(affinity, sizes, config)
    nothing = Corrections(torch.zeros_like(affinity[:, :, :1]), torch.zeros_like(affinity[:, :1, :]))
    corrections = nothing
    for step in range(config.num_steps):
        if step < first_differentiated(config):  # recorded by autograd, these steps are constants
            x, corrections = x.detach(), Corrections(*(vector.detach() for vector in corrections))
            start = x + ascent.detach()
        else:
            start = x + ascent
        if config.warm_start and step > 0:
            x = clip(start, corrections, sizes, keep)
            if tape is not None:
                tape.push(x > 0)
        else:
            x, corrections = start, nothing
        for _ in range(config.num_cycles):
            r, kept_r = cap_rows(x, corrections, sizes, keep)
            c, kept_c = cap_columns(x, corrections, r, sizes, keep)
            corrections = Corrections(r, c)
            x = clip(start, corrections, sizes, keep)
            if tape is not None:
                tape.push(kept_r, kept_c, x > 0)
        yield x, corrections


def first_differentiated(config: PGDDykstraConfig) -> int:
    """Return the first step, from 0, that the gradient flows through."""
    return max(0, config.num_steps - config.gradient_steps) if config.gradient_steps else 0


def measure(affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Sizes:
    """Return the true sizes of a batch's problems."""
    if source_mask is None and destination_mask is None:
        return Sizes(affinity.shape[1], affinity.shape[2])
    rows = torch.ones_like(affinity[:, :, :1], dtype=torch.bool)
    columns = torch.ones_like(affinity[:, :1, :], dtype=torch.bool)
    if source_mask is not None:
        rows = source_mask.unsqueeze(-1)
    if destination_mask is not None:
        columns = destination_mask.unsqueeze(-2)
    return Sizes(
        rows.sum(-2, keepdim=True).clamp(min=1).to(affinity.dtype),
        columns.sum(-1, keepdim=True).clamp(min=1).to(affinity.dtype),
        rows,
        columns,
    )


def _initial(affinity: Tensor, sizes: Sizes, config: PGDDykstraConfig) -> Tensor:
    if config.initial == "zeros":
        return torch.zeros_like(affinity)
    larger = torch.maximum(
        torch.as_tensor(sizes.sources, device=affinity.device),
        torch.as_tensor(sizes.destinations, device=affinity.device),
    )
    uniform = torch.ones_like(affinity) / larger.to(affinity.dtype)
    if sizes.source_mask is None or sizes.destination_mask is None:
        return uniform
    return torch.where(sizes.source_mask & sizes.destination_mask, uniform, 0)


def _result(affinity: Tensor, sizes: Sizes, config: PGDDykstraConfig, tape: SignTape | None) -> Tensor:
    total = assignment = torch.zeros_like(affinity)
    for assignment, _ in steps_of(affinity, sizes, config, tape):
        if config.average:
            total = total + assignment
    return total / config.num_steps if config.average else assignment


def _replay(gradient: Tensor, sizes: Sizes, config: PGDDykstraConfig, tape: SignTape) -> Tensor:
    """Return dL/dA from dL/d result: the adjoint of `steps_of`, read off the tape from its end."""
    per_step = gradient / config.num_steps if config.average else gradient
    flow = per_step
    total = torch.zeros_like(gradient)
    nothing = Corrections(torch.zeros_like(gradient[:, :, :1]), torch.zeros_like(gradient[:, :1, :]))
    r, c = nothing
    signs = tape.backwards()
    for step in reversed(range(first_differentiated(config), config.num_steps)):
        start = torch.zeros_like(gradient)
        for _ in range(config.num_cycles):
            clipped = torch.where(next(signs), flow, 0)
            start += clipped
            c = torch.where(next(signs), c - clipped.sum(-2, keepdim=True), 0)
            q = c / sizes.sources
            moved = q.sum(-1, keepdim=True)
            kept = torch.where(next(signs), r - clipped.sum(-1, keepdim=True) - moved, 0)
            r = kept + moved
            flow = kept / sizes.destinations + q
        if config.warm_start and step > 0:
            flow = torch.where(next(signs), flow, 0)
            r = r - flow.sum(-1, keepdim=True)
            c = c - flow.sum(-2, keepdim=True)
        else:
            r, c = nothing
        start += flow
        total += start
        flow = start + per_step if config.average else start
    return config.step_size * total


def _full_masks(affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> tuple[Tensor, Tensor]:
    batch, source, destination = affinity.shape
    full = partial(torch.ones, dtype=torch.bool, device=affinity.device)
    rows = full(batch, source) if source_mask is None else source_mask
    columns = full(batch, destination) if destination_mask is None else destination_mask
    return rows.contiguous(), columns.contiguous()


@contextmanager
def thread_count_kept() -> Iterator[int]:
    """Keep torch's thread count, which Numba's first launch would set to its own: they share one OpenMP runtime."""
    num_threads = torch.get_num_threads()
    try:
        yield num_threads
    finally:
        if torch.get_num_threads() != num_threads:
            torch.set_num_threads(num_threads)


def _fused(
    affinity: Tensor, rows: Tensor, columns: Tensor, config: PGDDykstraConfig, record: bool
) -> "kernels.Solution":
    from mghp.matching import kernels

    with thread_count_kept() as num_threads:
        return kernels.forward(
            affinity.detach().contiguous().numpy(),
            rows.numpy(),
            columns.numpy(),
            num_steps=config.num_steps,
            num_cycles=config.num_cycles,
            step_size=config.step_size,
            average=config.average,
            warm_start=config.warm_start,
            uniform=config.initial == "uniform",
            as_printed=config.projection == "as_printed",
            record=record,
            num_threads=num_threads,
        )


class _Ascent(torch.autograd.Function):
    """Algorithm 1 in torch operations; keeps sign bits for the backward pass."""

    @staticmethod
    def forward(ctx: Any, affinity: Tensor, sizes: Sizes, config: PGDDykstraConfig) -> Tensor:  # noqa: ANN401
        tape = SignTape()
        result = _result(affinity, sizes, config, tape)
        ctx.save_for_backward(*tape.bytes)
        ctx.tape, ctx.sizes, ctx.config = tape.layout(), sizes, config
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        tape = SignTape.restore(ctx.tape, ctx.saved_tensors)
        return _replay(gradient, ctx.sizes, ctx.config, tape), None, None


class _FusedAscent(torch.autograd.Function):
    """Algorithm 1 in the Numba kernels."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        affinity: Tensor,
        source_mask: Tensor | None,
        destination_mask: Tensor | None,
        config: PGDDykstraConfig,
    ) -> Tensor:
        rows, columns = _full_masks(affinity, source_mask, destination_mask)
        solution = _fused(affinity, rows, columns, config, record=ctx.needs_input_grad[0])
        ctx.save_for_backward(rows, columns, torch.from_numpy(solution.tape), torch.from_numpy(solution.cycles_run))
        ctx.config = config
        return torch.from_numpy(solution.assignment)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        from mghp.matching import kernels

        rows, columns, tape, cycles_run = (saved.numpy() for saved in ctx.saved_tensors)
        config: PGDDykstraConfig = ctx.config
        with thread_count_kept() as num_threads:
            affinity_gradient = kernels.backward(
                gradient.detach().contiguous().numpy(),
                rows,
                columns,
                tape,
                cycles_run,
                num_cycles=config.num_cycles,
                step_size=config.step_size,
                average=config.average,
                warm_start=config.warm_start,
                first_step=first_differentiated(config),
                num_threads=num_threads,
            )
        return torch.from_numpy(affinity_gradient), None, None, None
