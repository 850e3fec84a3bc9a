"""How much of a matcher's gradient is about competition between pairs."""

import torch
from torch import Tensor

from mghp.matching.matcher import Matcher


def coupling(
    matcher: Matcher,
    affinity: Tensor,
    source_mask: Tensor | None = None,
    destination_mask: Tensor | None = None,
) -> Tensor:
    """Return the off-diagonal share of the Jacobian's Frobenius norm, ||J - diag(J)|| / ||J||, J = dY / dA.

    0 says that each entry of the assignment depends on its own affinity alone: the matcher is a scaling, and
    training through it is training on the affinity. Below about 0.1 nothing trains "through the matching".

    Args:
        matcher: a differentiable matcher.
        affinity: shape (..., source, destination); each problem is solved source x destination times at once.
        source_mask: see `Matcher.forward`.
        destination_mask: see `Matcher.forward`.

    Returns:
        Shape (...); 0 where the Jacobian is 0.

    Raises:
        ValueError: if the matcher is not differentiable.
    """
    if not matcher.differentiable:
        raise ValueError(f"{type(matcher).__name__} is not differentiable: it has no Jacobian")
    source, destination = affinity.shape[-2:]
    if affinity.numel() == 0:
        return affinity.new_zeros(affinity.shape[:-2])
    problems = affinity.detach().reshape(-1, source, destination)
    shares = [
        _share(matcher, problem[_real(source_mask, k)][:, _real(destination_mask, k)])
        for k, problem in enumerate(problems)
    ]
    return torch.stack(shares).reshape(affinity.shape[:-2])


def _real(mask: Tensor | None, k: int) -> Tensor | slice:
    """Return an index of problem k's real candidates: masked ones add nothing to the Jacobian, and cost as much."""
    return slice(None) if mask is None else mask.reshape(-1, mask.shape[-1])[k]


def _share(matcher: Matcher, affinity: Tensor) -> Tensor:
    """Return the share of one problem, copied per entry of Y: Jacobian row k is the gradient of copy k's entry k."""
    entries = affinity.numel()
    if entries == 0:
        return affinity.new_zeros(())
    copies = affinity.expand(entries, *affinity.shape).clone().requires_grad_()
    with torch.enable_grad(), matcher.unwatched():
        assignment = matcher(copies).reshape(entries, entries)
        (jacobian,) = torch.autograd.grad(assignment.diagonal().sum(), copies)
    jacobian = jacobian.reshape(entries, entries)
    norm = jacobian.norm()
    off_diagonal = (jacobian - torch.diag(jacobian.diagonal())).norm()
    return torch.where(norm > 0, off_diagonal / norm.clamp(min=torch.finfo(norm.dtype).tiny), norm)
