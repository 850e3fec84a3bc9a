"""Random matching problems, and how they are padded into one batch."""

import torch


def random_affinity(source, destination, seed, kind="normal"):
    """A float64 matrix: normal (half of it negative), uniform in [0, 1], or negative throughout."""
    generator = torch.Generator().manual_seed(seed)
    if kind == "normal":
        return torch.randn(source, destination, generator=generator, dtype=torch.float64)
    uniform = torch.rand(source, destination, generator=generator, dtype=torch.float64)
    return uniform if kind == "uniform" else -uniform


def random_positions(sizes, seed, room=2):
    """Masks (problem, candidate) of the given sizes, at random places of an axis with `room` to spare."""
    generator = torch.Generator().manual_seed(seed)
    masks = torch.zeros(len(sizes), max(sizes) + room, dtype=torch.bool)
    for mask, size in zip(masks, sizes, strict=True):
        mask[torch.randperm(len(mask), generator=generator)[:size]] = True
    return masks


def padded(problems, seed, filler=float("nan")):
    """Affinity and masks of one batch that holds each problem at random rows and columns, `filler` elsewhere."""
    sources = random_positions([len(problem) for problem in problems], seed)
    destinations = random_positions([problem.shape[1] for problem in problems], seed + 1)
    affinity = torch.full((len(problems), sources.shape[1], destinations.shape[1]), filler, dtype=problems[0].dtype)
    for place, problem, rows, columns in zip(affinity, problems, sources, destinations, strict=True):
        place[rows.unsqueeze(1) & columns] = problem.flatten()
    return affinity, sources, destinations


def unpadded(batch, sources, destinations):
    """Each problem's own entries."""
    return [matrix[rows][:, columns] for matrix, rows, columns in zip(batch, sources, destinations, strict=True)]


def outside(batch, sources, destinations):
    """All entries outside the masks."""
    return batch[~(sources.unsqueeze(-1) & destinations.unsqueeze(-2))]
