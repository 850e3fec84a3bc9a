"""Algorithm 1 of the supplement, transcribed line by line: three correction matrices, autograd, no mask.

The reference that the package's two-vector form is held against. Batched over leading dimensions, so that it also
serves as the peer in `mghp bench matcher`'s tests.
"""

import torch


def project_c1_row_wise(z):
    """A row whose sum exceeds 1 loses (sum - 1) / N_k' from each entry; other rows stay."""
    excess = z.sum(-1, keepdim=True) - 1
    return torch.where(excess > 0, z - excess / z.shape[-1], z)


def project_c2_row_wise(z):
    excess = z.sum(-2, keepdim=True) - 1
    return torch.where(excess > 0, z - excess / z.shape[-2], z)


def project_c1_as_printed(z):
    """If all rows of the matrix keep the bound it stays, otherwise every row is set to sum 1."""
    excess = z.sum(-1, keepdim=True) - 1
    return torch.where((excess > 0).any(-2, keepdim=True), z - excess / z.shape[-1], z)


def project_c2_as_printed(z):
    excess = z.sum(-2, keepdim=True) - 1
    return torch.where((excess > 0).any(-1, keepdim=True), z - excess / z.shape[-2], z)


def literal_algorithm(
    affinity, num_steps=50, num_cycles=5, step_size=0.01, average=True, initial="zeros", projection="halfspace"
):
    project_c1, project_c2 = {
        "halfspace": (project_c1_row_wise, project_c2_row_wise),
        "as_printed": (project_c1_as_printed, project_c2_as_printed),
    }[projection]
    y = torch.zeros_like(affinity)
    if initial == "uniform":
        y = y + 1 / max(affinity.shape[-2:])
    iterates = []
    for _ in range(num_steps):
        x = y + step_size * affinity
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
