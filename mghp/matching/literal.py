"""Algorithm 1 of the supplement, transcribed line by line: three correction matrices, autograd, no mask.

The reference that the two-vector form of `PGDDykstra` is held against, and the peer of `mghp bench matcher`.
"""

import torch
from torch import Tensor


def literal_algorithm(
    affinity: Tensor,
    num_steps: int = 50,
    num_cycles: int = 5,
    step_size: float = 0.01,
    average: bool = True,
    initial: str = "zeros",
    projection: str = "halfspace",
    warm_start: bool = False,
    gradient_steps: int = 0,
) -> Tensor:
    """Return the assignment of Algorithm 1, with every line of it as it is printed.

    The last two options are ours, and not the supplement's; they are transcribed in the same three matrices.

    Args:
        affinity: A. Shape (..., source, destination), every entry a real pair.
        num_steps: T.
        num_cycles: N.
        step_size: alpha.
        average: whether the mean of the iterates is returned, else the last one.
        initial: Y_0, "zeros" or "uniform" (1 / max(source, destination)).
        projection: "halfspace" for the projection row by row, or "as_printed".
        warm_start: whether u1 and u2 are kept from step to step, X starting where C3 is projected onto with them.
        gradient_steps: only the last so many steps are differentiated; 0 for all.

    Returns:
        The assignment, of the affinity's shape.
    """
    project_c1, project_c2 = {
        "halfspace": (project_c1_row_wise, project_c2_row_wise),
        "as_printed": (project_c1_as_printed, project_c2_as_printed),
    }[projection]
    y = torch.zeros_like(affinity)
    if initial == "uniform":
        y = y + 1 / max(affinity.shape[-2:])
    u1 = u2 = u3 = torch.zeros_like(affinity)
    iterates = []
    for step in range(num_steps):
        x = y + step_size * affinity
        if gradient_steps and step < num_steps - gradient_steps:
            x = x.detach()
        if warm_start and step > 0:
            z = x - u1 - u2
            x = torch.relu(z)
            u3 = z - x
        else:
            u1 = u2 = u3 = torch.zeros_like(affinity)
        for _ in range(num_cycles):
            z = x + u1
            x = project_c1(z)
            u1 = z - x
            z = x + u2
            x = project_c2(z)
            u2 = z - x
            z = x + u3
            x = torch.relu(z)
            u3 = z - x
        y = x
        iterates.append(y)
    return torch.stack(iterates).mean(0) if average else y


def project_c1_row_wise(z: Tensor) -> Tensor:
    """Project onto row sums of 1 at most: a row over it loses (sum - 1) / N_k' from each entry, other rows stay."""
    excess = z.sum(-1, keepdim=True) - 1
    return torch.where(excess > 0, z - excess / z.shape[-1], z)


def project_c2_row_wise(z: Tensor) -> Tensor:
    """Project onto column sums of 1 at most, as `project_c1_row_wise` does with rows."""
    excess = z.sum(-2, keepdim=True) - 1
    return torch.where(excess > 0, z - excess / z.shape[-2], z)


def project_c1_as_printed(z: Tensor) -> Tensor:
    """Return the matrix where all rows keep the bound; otherwise set every row to sum 1, as the supplement prints."""
    excess = z.sum(-1, keepdim=True) - 1
    return torch.where((excess > 0).any(-2, keepdim=True), z - excess / z.shape[-1], z)


def project_c2_as_printed(z: Tensor) -> Tensor:
    """Return the matrix where all columns keep the bound; otherwise set every column to sum 1."""
    excess = z.sum(-2, keepdim=True) - 1
    return torch.where((excess > 0).any(-1, keepdim=True), z - excess / z.shape[-2], z)
