"""Random problems on which a backend of PGD-Dykstra is held against the literal algorithm: values and gradients.

Each is a batch of two problems of different sizes in float64, at random places of a padded block, with options of its
own. The literal algorithm solves them one at a time, without padding, on the CPU.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mghp.matching import PGDDykstra
from mghp.matching.backends import Backend
from mghp.matching.literal import literal_algorithm

_SIDES = (8, 12)
"""Candidates a side of the padded blocks; few, since a GPU's kernels are compiled for each, rounded up."""

_CHOICES = {
    "num_steps": (1, 2, 3, 4),
    "num_cycles": (1, 2, 3, 5, 9),
    "step_size": (0.05, 0.5, 3.0),
    "average": (True, False),
    "warm_start": (False, True),
    "initial": ("zeros", "uniform"),
    "projection": ("halfspace", "as_printed"),
    "gradient_steps": (0, 0, 1, 2),
}

GROUPS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "all": lambda options: True,
    "last iterate": lambda options: not options["average"],
    "warm start": lambda options: options["warm_start"],
    "uniform start": lambda options: options["initial"] == "uniform",
    "projection as printed": lambda options: options["projection"] == "as_printed",
    "gradient of the last steps": lambda options: 0 < options["gradient_steps"] < options["num_steps"],
    "one projection": lambda options: options["num_steps"] == 1,
}
"""Which problems each row of the table is about, by their options."""


@dataclass(frozen=True)
class Drawn:
    """Two random problems in one padded batch, with the options that they are solved by.

    `affinity` and `cotangent`, dL/d assignment, have shape (2, side, side), the masks (2, side).
    """

    affinity: Tensor
    cotangent: Tensor
    source_mask: Tensor
    destination_mask: Tensor
    options: dict[str, Any]


def drawn(seed: int) -> Drawn:
    """Return the problems of a seed: half of the affinities negative, in most, and 0 to `side` candidates a side."""
    rng = np.random.default_rng(seed)
    side = int(rng.choice(_SIDES))
    options = {name: values[rng.integers(len(values))] for name, values in _CHOICES.items()}
    matrices = rng.standard_normal((2, 2, side, side))
    matrices[0] += rng.choice([0.0, 0.0, 1.0, -1.0])
    affinity, cotangent = torch.from_numpy(matrices)
    source_mask, destination_mask = (torch.from_numpy(_mask(rng, side)) for _ in range(2))
    return Drawn(affinity, cotangent, source_mask, destination_mask, options)


def _mask(rng: np.random.Generator, side: int) -> np.ndarray:
    """Return which candidates of two problems are real, shape (2, side)."""
    places: np.ndarray = rng.permuted(np.tile(np.arange(side), (2, 1)), axis=1)
    return places < rng.integers(0, side + 1, (2, 1))


def differences(problem: Drawn, backend: Backend, device: torch.device) -> tuple[float, float]:
    """Return the largest differences of a backend's assignments and gradients to the literal algorithm's."""
    affinity = problem.affinity.to(device).requires_grad_()
    masks = problem.source_mask.to(device), problem.destination_mask.to(device)
    assignment = PGDDykstra(**problem.options, backend=backend)(affinity, *masks)
    (gradient,) = torch.autograd.grad(assignment, affinity, problem.cotangent.to(device))
    expected, expected_gradient = _literal(problem)
    return _largest(assignment.detach().cpu() - expected), _largest(gradient.cpu() - expected_gradient)


def _largest(difference: Tensor) -> float:
    return float(difference.abs().max())


def _literal(problem: Drawn) -> tuple[Tensor, Tensor]:
    """Return assignments and gradients of the literal algorithm, 0 outside the masks."""
    assignment, gradient = torch.zeros_like(problem.affinity), torch.zeros_like(problem.affinity)
    for k in range(len(problem.affinity)):
        real = problem.source_mask[k].unsqueeze(-1) & problem.destination_mask[k]
        if real.any():
            shape = int(problem.source_mask[k].sum()), int(problem.destination_mask[k].sum())
            affinity = problem.affinity[k][real].reshape(shape).requires_grad_()
            alone = literal_algorithm(affinity, **problem.options)
            assignment[k][real] = alone.detach().flatten()
            (its_gradient,) = torch.autograd.grad(
                alone, affinity, problem.cotangent[k][real].reshape(shape), allow_unused=True
            )
            gradient[k][real] = its_gradient.flatten()
    return assignment, gradient


def exactness(
    backend: Backend, device: torch.device, number: int, told: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    """Yield a row per group of options: how many problems were of it, and their largest differences.

    Args:
        backend: what computes the problems.
        device: where it computes.
        number: how many problems, two by two.
        told: called with the number that is done.
    """
    measured = []
    for seed in range(-(-number // 2)):
        problem = drawn(seed)
        measured.append((problem.options, *differences(problem, backend, device)))
        told(2 * (seed + 1))
    for name, belongs in GROUPS.items():
        values = [(value, gradient) for options, value, gradient in measured if belongs(options)]
        if values:
            value, gradient = map(max, zip(*values, strict=True))
            yield {"options": name, "problems": 2 * len(values), "value": value, "gradient": gradient}
