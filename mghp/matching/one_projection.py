r"""One projection onto the assignments: the quadratically regularised linear program.

P_C(tau A) = argmin_Y ||Y - tau A||^2 / 2 over C = argmax_Y <A, Y> - ||Y||^2 / (2 tau) over C. It is what the outer
loop of the paper's matcher must be compared with at equal cost: T exact steps of size alpha stay close to it with
tau = T alpha. Elsewhere it goes by the names of SparseMAP over matchings (Niculae, Martins, Blondel, Cardie, ICML 2018)
and of quadratically regularised optimal transport, here with marginals of at most one (Blondel, Seguy, Rolet, AISTATS
2018; Lorenz, Manns, Meyer, Appl. Math. Optim. 2021).

At the solution Y = relu(tau A - r 1^T - 1 c^T) with r, c >= 0 that are positive only where a sum is at its bound.
Differentiating with the support S = [Y > 0] and the active rows and columns held fixed gives the orthogonal
projection onto {D: D = 0 off S, rowsum(D) = 0 on active rows, colsum(D) = 0 on active columns}:

    dL/d(tau A) = S * (G - u 1^T - 1 v^T),    u, v on active rows and columns such that those sums vanish.
"""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from typing_extensions import override

from mghp.matching.far import with_near_affinities
from mghp.matching.matcher import Matcher
from mghp.matching.newton import face_by_cholesky, project_by_newton, project_on_face
from mghp.matching.pgd_dykstra import ascend, project_with_corrections
from mghp.matching.solvers import PGDDykstraConfig, ProjectionConfig

REACH = 500.0
"""Largest tau A that is projected as it is."""


class Projection(Matcher):
    """The projection P_C(tau A), differentiable: SparseMAP over matchings, or quadratically regularised transport.

    tau A above 500 is projected as a nearer point of the same projection (`mghp.matching.far`): from afar cycles take
    long, and 1 is lost to rounding beside it.

    Args:
        tau: scale of the affinity; the ridge of the regularised program is 1 / tau.
        num_cycles: Dykstra cycles, with method="dykstra".
        gradient: "implicit" differentiates the active set at the solution and needs the cycles to have converged;
            "unrolled" differentiates the cycles, whatever they reached.
        method: "dykstra" runs the cycles, whose error falls slowly where candidates are many or tau A is large;
            "newton" is exact, to 1e-10 in float64, see `mghp.matching.newton`.

    Raises:
        ValueError: if an option has no meaning.

    Example:
        >>> import torch
        >>> from mghp.matching import Projection
        >>> Projection(tau=0.5)(torch.tensor([[3.0, 2.0], [2.0, 0.0]])).round(decimals=2)
        tensor([[0.5000, 0.5000],
                [0.5000, 0.0000]])
    """

    differentiable = True
    config: ProjectionConfig

    def __init__(
        self,
        tau: float = 0.5,
        num_cycles: int = 250,
        gradient: Literal["implicit", "unrolled"] = "implicit",
        method: Literal["dykstra", "newton"] = "dykstra",
    ) -> None:
        super().__init__(ProjectionConfig(tau, num_cycles, gradient, method))

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        margin = 2.0 * (affinity.shape[-2] + affinity.shape[-1])  # with which the projection stays the same
        affinity = with_near_affinities(
            affinity, source_mask, destination_mask, scale=self.config.tau, reach=REACH, margin=margin
        )
        if self.config.gradient == "implicit":
            return _ImplicitProjection.apply(  # type: ignore[no-any-return]
                self.config.tau * affinity, source_mask, destination_mask, self.config
            )[0]
        unrolled = PGDDykstraConfig(1, self.config.num_cycles, self.config.tau, average=False)
        return ascend(affinity, source_mask, destination_mask, unrolled)


def project_to_assignments(
    x: Tensor,
    num_cycles: int = 100,
    source_mask: Tensor | None = None,
    destination_mask: Tensor | None = None,
) -> Tensor:
    """Project onto {Y >= 0, Y 1 <= 1, Y^T 1 <= 1} in the Euclidean norm, by Dykstra's cycles (supplement, Eq. 4-5).

    Args:
        x: any point, shape (..., source, destination).
        num_cycles: cycles; more come closer. The gradient is that of the cycles that were run.
        source_mask: True where a source is real, shape (..., source).
        destination_mask: True where a destination is real, shape (..., destination).

    Returns:
        The projection, same shape, 0 outside the masks.

    Raises:
        TypeError: if x is not floating point, or a mask not boolean.
        ValueError: if a shape does not fit, an entry is not finite, or num_cycles is not positive.

    Example:
        >>> import torch
        >>> from mghp.matching import project_to_assignments
        >>> project_to_assignments(torch.tensor([[3.0, 2.0], [2.0, 0.0]])).round(decimals=2)
        tensor([[0.3300, 0.6700],
                [0.6700, 0.0000]])
    """
    return Projection(tau=1.0, num_cycles=num_cycles, gradient="unrolled")(x, source_mask, destination_mask)


class _ImplicitProjection(torch.autograd.Function):
    """P_C(X) whose gradient comes from the active set at the solution: returned beside it, the tight rows, columns."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        x: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None, config: ProjectionConfig
    ) -> tuple[Tensor, Tensor, Tensor]:
        if config.method == "newton":
            projected, corrections = project_by_newton(x, source_mask, destination_mask)
        else:
            projected, corrections = project_with_corrections(x, source_mask, destination_mask, config.num_cycles)
        return projected, corrections.r > 0, corrections.c > 0

    @staticmethod
    def setup_context(
        ctx: Any,  # noqa: ANN401
        inputs: tuple[Tensor, Tensor | None, Tensor | None, ProjectionConfig],
        output: tuple[Tensor, Tensor, Tensor],
    ) -> None:
        projected, *tight = output
        ctx.mark_non_differentiable(*tight)
        ctx.save_for_backward(projected > 0, *tight)
        ctx.on_face = project_on_face if inputs[-1].method == "newton" else face_by_cholesky

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        support, *tight = ctx.saved_tensors
        return ctx.on_face(gradient, support, *(side.double() for side in tight)), None, None, None
